//! No entity takes a name that is taken: the type of one that the generated slices import would stand in its stead, in
//! silence, and an app with a table of the library's would not start.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use spec::Name;

/// The types that `safeguards::slice::prelude` hands on, out of its source: the generator does not link the library.
fn prelude() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../safeguards/src/slice/mod.rs");
    let source = fs::read_to_string(&path).expect("the library's source lies beside this crate");
    let file = syn::parse_file(&source).expect("it is Rust");
    let prelude = file.items.into_iter().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "prelude" => module.content,
        _ => None,
    });
    let mut names = Vec::new();
    for item in prelude.expect("it has a prelude").1 {
        if let syn::Item::Use(item) = item {
            leaves(&item.tree, &mut names);
        }
    }
    names.retain(|name| name.starts_with(char::is_uppercase));
    names
}

fn leaves(tree: &syn::UseTree, names: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => leaves(&path.tree, names),
        syn::UseTree::Name(name) => names.push(name.ident.to_string()),
        syn::UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| leaves(tree, names)),
        syn::UseTree::Glob(_) => panic!("a glob in the prelude hides what it hands on"),
    }
}

/// `StatusCode` as a spec would have to call its entity: `status code`.
fn words(pascal: &str) -> String {
    let mut words = String::new();
    for character in pascal.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

#[test]
fn no_entity_shadows_the_prelude() {
    let prelude = prelude();
    assert!(prelude.len() > 30, "{prelude:?}");
    for name in prelude {
        let called: Name = words(&name).parse().unwrap_or_else(|_| panic!("{name} is no name of words"));
        assert_ne!(called.pascal(), name, "add `{name}` to the reserved types in spec/src/name.rs");
    }
}

/// The tables of the library, out of its migrations for both databases.
fn tables() -> BTreeSet<String> {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../safeguards/migrations");
    let folders = ["sqlite", "postgres"].map(|kind| fs::read_dir(migrations.join(kind)).expect("a folder"));
    let texts = folders.into_iter().flatten().map(|file| fs::read_to_string(file.expect("a file").path()));
    let made = texts.flat_map(|text| {
        let text = text.expect("a migration is text");
        let tables = text.split("CREATE TABLE ").skip(1);
        tables.filter_map(|rest| rest.split([' ', '(']).next().map(str::to_owned)).collect::<Vec<_>>()
    });
    made.collect()
}

#[test]
fn no_record_has_a_table_of_the_library() {
    let tables = tables();
    assert!(tables.len() > 30, "{tables:?}");
    for table in &tables {
        assert!(spec::library::TABLES.contains(&table.as_str()), "add `{table}` to spec/src/library.rs");
    }
    assert!(spec::library::TABLES.is_sorted());
    for record in ["incident", "training", "person", "session", "place", "search", "erasure"] {
        let called: Name = record.parse().expect("it is a name");
        assert_eq!(called.table(), format!("{record}_records"));
        assert!(!tables.contains(&called.table()));
    }
}
