//! The text of every generated file, in a tree that mirrors the generated project.
//!
//! `src/project/` holds one tera template for each kind of file; `src/project/src/slice.rs.tera`
//! becomes `src/patients.rs` and its siblings. The crate has no logic: what a template prints is
//! prepared by `generator`, whose doors for identifiers, literals and SQL are the only way that a
//! word of a spec gets into a file.

use include_dir::{Dir, include_dir};

static PROJECT: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/project");

/// Each template: its path in the tree without `.tera`, and its text, sorted by path.
pub fn all() -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    collect(&PROJECT, &mut found);
    let mut templates: Vec<_> =
        found.into_iter().filter_map(|(path, text)| Some((path.strip_suffix(".tera")?, text))).collect();
    templates.sort_unstable();
    templates
}

fn collect(folder: &'static Dir<'static>, found: &mut Vec<(&'static str, &'static str)>) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            found.push((path, text));
        }
    }
    for inner in folder.dirs() {
        collect(inner, found);
    }
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn every_file_of_the_tree_is_a_template() {
        let found = all();
        assert!(found.iter().any(|(path, _)| *path == "src/main.rs"));
        assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0), "paths are sorted and unique");
    }
}
