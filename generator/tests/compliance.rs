//! What an app says of where its promises are kept is true before it is built; an app's own test would find out a build later.

use std::fs;
use std::path::{Path, PathBuf};

fn templates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates/src/project")
}

/// The rows of the table of promises: the promises, and what is named in backquotes.
fn rows() -> Vec<(String, Vec<String>)> {
    let table = fs::read_to_string(templates().join("docs/COMPLIANCE.md.tera"));
    let table = table.expect("the templates lie beside this crate");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| "));
    rows.filter(|row| row.contains('`'))
        .map(|row| {
            let id = row.split('|').next().unwrap_or_default().trim().to_owned();
            (id, row.split('`').skip(1).step_by(2).map(str::to_owned).collect())
        })
        .collect()
}

/// The words of a template, whichever of its conditions hold.
fn spoken(template: &str) -> Vec<&str> {
    let parts = template.split("{%").map(|part| part.split_once("%}").map_or(part, |(_, words)| words));
    parts.filter(|words| !words.is_empty()).collect()
}

#[test]
fn the_table_of_promises_names_files_of_the_library_that_exist() {
    let workspace = templates().join("../../..");
    let rows = rows();
    let named: Vec<&str> =
        rows.iter().flat_map(|(_, named)| named).filter_map(|word| word.strip_prefix("crates/")).collect();
    assert!(named.len() > 30, "{named:?}");
    for path in named {
        assert!(workspace.join(path).exists(), "{path} is not there");
    }
}

#[test]
fn the_table_of_promises_names_tests_that_say_which_promise_they_prove() {
    let mut seen = 0;
    for (id, named) in rows() {
        let [.., file, test] = named.as_slice() else { panic!("{id} names no file and test") };
        let found = match file.strip_prefix("crates/") {
            Some(of_the_library) => vec![templates().join("../../..").join(of_the_library)],
            None => ["", ".tera"].map(|end| templates().join(format!("{file}{end}"))).to_vec(),
        };
        let text = found.into_iter().find_map(|path| fs::read_to_string(path).ok());
        let text = text.unwrap_or_else(|| panic!("{id}: {file} is not there"));
        for test in spoken(test) {
            let at =
                text.find(&format!("fn {test}()")).unwrap_or_else(|| panic!("{id}: {file} has no {test}"));
            let before = &text[..at];
            let about = &before[before.rfind("\n\n").unwrap_or_default()..];
            assert!(about.contains(&id), "{id}: {test} does not say that it proves it");
        }
        seen += 1;
    }
    assert!(seen > 30, "{seen}");
}
