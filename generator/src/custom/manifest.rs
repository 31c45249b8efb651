//! The project's manifest: which crates it is built with, and how.

use std::sync::LazyLock;

use toml::{Table, Value};

use super::{Finding, Rule, Sources};
use crate::render::{render, words};

const FILE: &str = "Cargo.toml";

/// What a package may say of itself.
const PACKAGE: [&str; 14] = [
    "authors",
    "autotests",
    "categories",
    "description",
    "edition",
    "homepage",
    "keywords",
    "license",
    "name",
    "publish",
    "readme",
    "repository",
    "rust-version",
    "version",
];

/// Crates that a project may name, which all projects are built with anyway, and the features that they have there.
const CRATES: [(&str, &[&str]); 6] = [
    ("maud", &["axum"]),
    ("rust_decimal", &["serde-with-str", "std"]),
    ("serde", &["derive", "std"]),
    ("serde_json", &["std"]),
    ("time", &["formatting", "macros", "parsing", "serde-well-known", "std"]),
    ("uuid", &["serde", "std", "v4", "v7"]),
];

/// Tables that stay as they were generated, and why.
const KEPT: [(&str, &str); 3] = [
    ("lints", "it decides what the compiler lets through; `unsafe_code` stays forbidden"),
    ("workspace", "it decides what else is built"),
    ("profile", "it decides how the app is compiled, its checks too"),
];

/// Tables that a project does not have, and why.
const NONE: [(&str, &str); 7] = [
    ("build-dependencies", "they run on the machine that builds"),
    ("bin", "it builds another program than the app"),
    ("features", "they change which code is built"),
    ("lib", "it builds another library than the app"),
    ("patch", "it puts another crate in the place of one that was agreed on"),
    ("replace", "it puts another crate in the place of one that was agreed on"),
    ("target", "what is built would depend on the machine"),
];

/// The manifest of any project of this version.
static GENERATED: LazyLock<Table> = LazyLock::new(|| {
    let facts = words(&serde_json::json!({ "app": { "package": "app", "about": "An app." } }));
    let text = facts.and_then(|facts| render(FILE, &facts)).unwrap_or_default();
    text.parse().unwrap_or_default()
});

pub(super) fn check(sources: &Sources) -> Vec<Finding> {
    let Some(text) = sources.text(FILE) else { return Vec::new() };
    let manifest: Table = match text.parse() {
        Ok(manifest) => manifest,
        Err(_) => {
            return vec![finding(
                text,
                "",
                "it is no TOML that can be read",
                "Let `cargo check` say where it goes wrong",
            )];
        }
    };
    let kept: Option<Table> = sources.kept_manifest().and_then(|text| text.parse().ok());
    let generated = kept.as_ref().unwrap_or(&GENERATED);
    let mut found = Vec::new();
    for (key, value) in &manifest {
        match (key.as_str(), value) {
            ("package", Value::Table(package)) => found.extend(of_package(text, package, generated)),
            ("dependencies" | "dev-dependencies", Value::Table(crates)) => {
                found.extend(
                    crates.iter().filter_map(|(name, wanted)| of_crate(text, name, wanted, generated)),
                );
            }
            (key, _) if KEPT.iter().any(|(kept, _)| *kept == key) => {}
            (key, _) => {
                let why = NONE
                    .iter()
                    .find(|(none, _)| *none == key)
                    .map_or("a project has no such table", |(_, why)| why);
                found.push(finding(text, key, format!("`[{key}]`: {why}"), "Take it away"));
            }
        }
    }
    for (key, why) in KEPT {
        if manifest.get(key) != generated.get(key) {
            let message = format!("`[{key}]` is not as it was generated: {why}");
            found.push(finding(
                text,
                key,
                message,
                "Put it back: `healthcoder generate --dir DIR app.yaml` shows how it was",
            ));
        }
    }
    found
}

fn of_package(text: &str, package: &Table, generated: &Table) -> Vec<Finding> {
    let mut found = Vec::new();
    for key in package.keys().filter(|key| !PACKAGE.contains(&key.as_str())) {
        let why = match key.as_str() {
            "build" => "a build script runs on the machine that builds",
            "links" => "it links code that is not Rust",
            _ => "it changes what is built, or how",
        };
        found.push(finding(text, key, format!("`{key}` of the package: {why}"), "Take it away"));
    }
    let edition =
        |manifest: &Table| manifest.get("package").and_then(|package| package.get("edition")).cloned();
    if package.get("edition").cloned() != edition(generated) {
        let message = "`edition` decides what a path means, and is not as it was generated";
        found.push(finding(text, "edition", message, "Put it back"));
    }
    found
}

/// What is wrong with a crate that is asked for.
fn of_crate(text: &str, name: &str, wanted: &Value, generated: &Table) -> Option<Finding> {
    let refused = |message: String, instead: &str| Some(finding(text, name, message, instead));
    if name == "safeguards" {
        let as_generated = generated.get("dependencies").and_then(|crates| crates.get(name));
        let message = "`safeguards` is not as it was generated: its features decide which doors there are";
        return if as_generated == Some(wanted) { None } else { refused(message.to_owned(), "Put it back") };
    }
    let Some((_, features)) = CRATES.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = CRATES.iter().map(|(known, _)| *known).collect();
        let message = format!("`{name}` is not among the crates that were agreed on: {}", known.join(", "));
        return refused(message, "Write what you need of it in src/custom");
    };
    let Value::Table(wanted) = wanted else {
        return if wanted.is_str() {
            None
        } else {
            refused(format!("`{name}` names no version"), "Name one")
        };
    };
    for (key, value) in wanted {
        let fine = match key.as_str() {
            "version" => value.is_str(),
            "default-features" => value.is_bool(),
            "features" => value.as_array().is_some_and(|asked| {
                asked
                    .iter()
                    .all(|feature| feature.as_str().is_some_and(|feature| features.contains(&feature)))
            }),
            _ => false,
        };
        if !fine {
            let message =
                format!("`{key}` of `{name}`: it brings another crate than was agreed on, or more of it");
            return refused(message, "Name its version, and features that all projects have");
        }
    }
    None
}

/// A finding at the first line that speaks of a key.
fn finding(text: &str, key: &str, message: impl Into<String>, instead: &str) -> Finding {
    let speaks = |line: &str| {
        let line = line.trim_start().trim_start_matches('[').trim_start_matches(['"', '\'']);
        !key.is_empty()
            && line.strip_prefix(key).is_some_and(|rest| {
                !rest.starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == '_')
            })
    };
    let dotted = |line: &str| !key.is_empty() && line.contains(&format!(".{key}"));
    let line = text.lines().position(speaks).or_else(|| text.lines().position(dotted));
    let mut finding = Finding::of_file(FILE, Rule::Manifest, message, instead);
    if let Some(line) = line {
        (finding.line, finding.column) = (line + 1, 1);
    }
    finding
}
