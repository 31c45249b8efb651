//! Whatever a spec says, what is generated is what we wrote: free text stays text, names stay names.

use std::collections::BTreeMap;

use proptest::prelude::*;
use spec::{Lock, check};

const TEXTS: &[&str] = &[
    "\"); std::process::exit(1); //",
    "*/ fn evil() {} /*",
    "'; DROP TABLE patients; --",
    "{{ app.title }} {% raw %} {# #}",
    "line one\nline two\r\n//! line three",
    "\u{202e}txt.exe\u{2066}",
    "r#\"raw\"# \\ \\\" \u{0}",
    "<script>alert(1)</script> & \"quotes\"",
    "${jndi:ldap://x} $(rm -rf /) `id`",
    "مرحبا 世界 🩺",
    "]]> --> <!-- [a](javascript:b)",
];

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

/// Every generated file of ours, if the spec is taken at all.
fn generated(text: &str) -> Option<BTreeMap<String, String>> {
    let written = spec_of(text);
    let spec = check(&written, &Lock::default()).ok()?;
    let project = generator::generate(&spec, &written).expect("a valid spec generates");
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

fn assert_same_program(text: &str) {
    let Some(files) = generated(text) else { return };
    let plain = generated("Plain").expect("plain text is taken");
    assert_eq!(files.keys().collect::<Vec<_>>(), plain.keys().collect::<Vec<_>>(), "{text:?}");
    for (path, file) in files.iter().filter(|(path, _)| path.ends_with(".rs")) {
        syn::parse_file(file).unwrap_or_else(|error| panic!("{path} with {text:?}: {error}"));
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
    let manifest: toml::Value = toml::from_str(&files["Cargo.toml"]).expect("the manifest is TOML");
    assert!(manifest["dependencies"]["safeguards"].is_table());
    serde_json::from_str::<serde_json::Value>(&files["openapi.json"]).expect("OpenAPI is JSON");
}

#[test]
fn text_that_would_run_stays_text() {
    let taken = TEXTS.iter().filter(|text| generated(text).is_some()).count();
    assert!(taken > 3, "only {taken} of the hostile texts are taken at all");
    for text in TEXTS {
        assert_same_program(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_text_leaves_the_program_as_it_is(text in "\\PC{1,80}") {
        assert_same_program(&text);
    }
}
