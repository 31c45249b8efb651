//! What an app says of where its promises are kept is true before it is built.

use std::fs;
use std::path::Path;

/// The files of the library that the table of promises names lie where it says; an app's own test would find out a
/// build later.
#[test]
fn the_table_of_promises_names_files_of_the_library_that_exist() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let table = workspace.join("templates/src/project/docs/COMPLIANCE.md.tera");
    let table = fs::read_to_string(table).expect("the templates lie beside this crate");
    let named: Vec<&str> = table.split('`').filter_map(|word| word.strip_prefix("crates/")).collect();
    assert!(named.len() > 30, "{named:?}");
    for path in named {
        assert!(workspace.join(path).exists(), "{path} is not there");
    }
}
