//! The golden project: what `generator/tests/specs/home-bp.yaml` becomes, file by file, as it is read in review.
//!
//! When it is stale on purpose: `UPDATE_GOLDENS=1 cargo test -p generator --test goldens`, and read the difference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use generator::{Edits, generate, write};
use spec::{Lock, check};

fn manifest(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file of ours below a folder; the library and the lock are compared where they are made.
fn files(root: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = path.strip_prefix(root).expect("it is below").to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "crates" && name != ".healthcoder" {
                    folders.push(path);
                }
            } else if name != "Cargo.lock" && name != ".generated" {
                found.insert(name, fs::read_to_string(&path).expect("a text file"));
            }
        }
    }
    found
}

#[test]
fn the_golden_project_is_fresh() {
    let text = fs::read_to_string(manifest("tests/specs/home-bp.yaml")).expect("the spec is there");
    let spec = check(&text, &Lock::default()).expect("the spec is valid");
    let folder = tempfile::tempdir().expect("a folder");
    let made = folder.path().join("home-bp");
    write(&generate(&spec, &text).expect("it generates"), &made, Edits::Keep).expect("it is written");
    let golden = manifest("goldens/home-bp");
    let (made, kept) = (files(&made), files(&golden));
    if env::var_os("UPDATE_GOLDENS").is_some() {
        let _ = fs::remove_dir_all(&golden);
        for (path, text) in &made {
            let file = golden.join(path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder is made");
            fs::write(file, text).expect("a file is written");
        }
        return;
    }
    let stale: Vec<&String> =
        made.keys().chain(kept.keys()).filter(|path| made.get(*path) != kept.get(*path)).collect();
    assert!(stale.is_empty(), "stale: {stale:?}; run with UPDATE_GOLDENS=1 and read the difference");
}

/// Invariant 9: the same spec gives the same bytes.
#[test]
fn generating_is_a_pure_function() {
    for name in ["home-bp", "dental", "clinicflow"] {
        let text =
            fs::read_to_string(manifest(&format!("tests/specs/{name}.yaml"))).expect("the spec is there");
        let made = || {
            let spec = check(&text, &Lock::default()).unwrap_or_else(|problems| panic!("{name}: {problems}"));
            generate(&spec, &text).expect("it generates")
        };
        assert_eq!(made(), made(), "{name}");
    }
}

/// Every spec of the collection becomes files that parse.
#[test]
fn every_spec_becomes_rust() {
    for entry in fs::read_dir(manifest("tests/specs")).expect("the specs are there").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a text file");
        let spec = check(&text, &Lock::default())
            .unwrap_or_else(|problems| panic!("{:?}: {problems}", entry.path()));
        let project = generate(&spec, &text).unwrap_or_else(|error| panic!("{:?}: {error}", entry.path()));
        for (path, file) in
            project.files.iter().filter(|(path, _)| path.ends_with(".rs") && !path.starts_with("crates/"))
        {
            syn::parse_file(file).unwrap_or_else(|error| panic!("{:?} {path}: {error}", entry.path()));
        }
    }
}
