//! What hostile text and hostile names must not change. The fuzz target of the generator judges by it, too.

use std::collections::BTreeMap;

use spec::{Lock, check};

/// A spec in which every free text is the given one.
fn spec_of(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    format!(
        "app: {quoted}\nabout: {quoted}\nroles:\n  nurse: {{ label: {quoted} }}\n  patient: {{ self: patient }}\n\
         entities:\n  patient:\n    label: {quoted}\n    plural: {quoted}\n    title: [name]\n    fields:\n\
         \x20     name: {{ type: \"identifier name, required\", label: {quoted}, hint: {quoted}, purpose: {quoted} }}\n\
         \x20     order: {{ type: \"clinical text\", default: {quoted}, label: {quoted} }}\n\
         \x20     type: clinical one of select | drop table | a b\n\
         \x20     match: {{ type: \"clinical decimal 0..10, queryable\", label: {quoted} }}\n\
         \x20   access:\n      nurse: view, create, update in organisation\n      patient: view own\n\
         lists:\n  table: {{ of: patient, where: \"match > 3\", for: [nurse], shows: [name], label: {quoted} }}\n"
    )
}

/// Every generated file of ours, if the spec with this text is taken at all.
pub(crate) fn generated(text: &str) -> Option<BTreeMap<String, String>> {
    files(&spec_of(text))
}

fn files(written: &str) -> Option<BTreeMap<String, String>> {
    let spec = check(written, &Lock::default()).ok()?;
    let project = generator::generate(&spec, written).expect("a valid spec generates");
    Some(project.files.into_iter().filter(|(path, _)| !path.starts_with("crates/")).collect())
}

/// The shape of a Rust file: everything but the texts in it.
fn shape(file: &str) -> String {
    let mut shape = String::new();
    tokens(file.parse().expect("it lexes"), &mut shape);
    shape
}

fn tokens(stream: proc_macro2::TokenStream, shape: &mut String) {
    for token in stream {
        match token {
            proc_macro2::TokenTree::Group(group) => {
                shape.push('(');
                tokens(group.stream(), shape);
                shape.push(')');
            }
            proc_macro2::TokenTree::Literal(literal) if literal.to_string().starts_with(['"', 'r']) => {
                shape.push('"')
            }
            other => {
                shape.push_str(&other.to_string());
                shape.push(' ');
            }
        }
    }
}

/// Panics if the program with this text differs from the one with a plain text in anything but its texts.
pub(crate) fn assert_same_program(text: &str) {
    let Some(files) = generated(text) else { return };
    let plain = generated("Plain").expect("plain text is taken");
    assert_eq!(files.keys().collect::<Vec<_>>(), plain.keys().collect::<Vec<_>>(), "{text:?}");
    for (path, file) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        // Labels that are equal to a role's or an entity's own name leave a line out; all else is the same program.
        if !path.ends_with("home.rs") {
            assert_eq!(shape(file), shape(&plain[path]), "{path} with {text:?}");
        }
    }
    for (path, file) in files.iter().filter(|(path, _)| path.ends_with(".sql")) {
        let statements = |file: &str| {
            let lines = file.lines().map(|line| line.split("--").next().unwrap_or_default().trim_end());
            lines.filter(|line| !line.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(statements(file), statements(&plain[path]), "{path} with {text:?}");
    }
    assert_readable(&files, text);
}

/// A spec in which an entity, a field, a role, a choice and a list have the given name.
fn spec_named(name: &str) -> String {
    let quoted = serde_json::Value::from(name).to_string();
    format!(
        "app: Names\nroles:\n  {quoted}: {{}}\nentities:\n  {quoted}:\n    fields:\n      {quoted}: clinical text\n\
         \x20     level: clinical integer 0..9, queryable\n      kind: {{ type: {kind} }}\n    access:\n      {quoted}: view, create, \
         update in organisation\nlists:\n  {quoted}: {{ of: {quoted}, where: \"level > 3\", for: [{quoted}], shows: \
         [{quoted}] }}\n",
        kind = serde_json::Value::from(format!("clinical one of {name} | other")),
    )
}

/// Whether a spec with this name is taken. Panics if it is, and what is generated of it cannot be read.
pub(crate) fn assert_sound_name(name: &str) -> bool {
    let files = files(&spec_named(name));
    if let Some(files) = &files {
        assert_readable(files, name);
    }
    files.is_some()
}

fn assert_readable(files: &BTreeMap<String, String>, said: &str) {
    for (path, file) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        syn::parse_file(file).unwrap_or_else(|error| panic!("{path} with {said:?}: {error}"));
    }
    let manifest: toml::Value = toml::from_str(&files["Cargo.toml"]).expect("the manifest is TOML");
    assert!(manifest["dependencies"]["safeguards"].is_table());
    serde_json::from_str::<serde_json::Value>(&files["openapi.json"]).expect("OpenAPI is JSON");
}
