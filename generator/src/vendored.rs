//! The library crates that a project carries as source, and the versions that it is built with.
//!
//! They are embedded as they stood when this program was compiled, without their own tests: a project builds
//! without us, and a security fix is one folder that its owner replaces.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

/// The crates, by folder below `crates/`.
pub const CRATES: [&str; 4] = ["safeguards", "exporter", "models", "deidentify"];

static SAFEGUARDS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../safeguards/src");
static MIGRATIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../safeguards/migrations");
static EXPORTER: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../exporter/src");
static MODELS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../models/src");
static DEIDENTIFY: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../deidentify/src");
/// The lists of names by which the gate knows people.
static NAMES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../deidentify/data");
const SAFEGUARDS_MANIFEST: &str = include_str!("../../safeguards/Cargo.toml");
const EXPORTER_MANIFEST: &str = include_str!("../../exporter/Cargo.toml");
const MODELS_MANIFEST: &str = include_str!("../../models/Cargo.toml");
const DEIDENTIFY_MANIFEST: &str = include_str!("../../deidentify/Cargo.toml");
const LOCK: &str = include_str!("vendored/Cargo.lock");

/// Every file of the crates, by its path in the project.
pub fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    collect(&SAFEGUARDS, "crates/safeguards/src", &mut files);
    collect(&MIGRATIONS, "crates/safeguards/migrations", &mut files);
    collect(&EXPORTER, "crates/exporter/src", &mut files);
    collect(&MODELS, "crates/models/src", &mut files);
    collect(&DEIDENTIFY, "crates/deidentify/src", &mut files);
    collect(&NAMES, "crates/deidentify/data", &mut files);
    for (name, manifest) in [
        ("safeguards", SAFEGUARDS_MANIFEST),
        ("exporter", EXPORTER_MANIFEST),
        ("models", MODELS_MANIFEST),
        ("deidentify", DEIDENTIFY_MANIFEST),
    ] {
        files.insert(format!("crates/{name}/Cargo.toml"), without_tests(manifest));
    }
    files
}

/// A short digest of all files: two projects with the same one carry the same crates.
pub fn digest() -> String {
    let mut digest = Sha256::new();
    for (path, text) in files() {
        digest.update((path.len() as u64).to_le_bytes());
        digest.update(&path);
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(&text);
    }
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `Cargo.lock` of a project whose package has this name: the one lock of all projects, so that their
/// dependencies are compiled once.
pub fn lock(package: &str) -> String {
    let (head, body) = LOCK.split_once("[[package]]").expect("the lock lists packages");
    let mut packages: Vec<String> = body
        .split("[[package]]")
        .map(|entry| entry.trim().replace("name = \"generated-app\"", &format!("name = \"{package}\"")))
        .collect();
    // Cargo keeps them in the order of their names; a lock in another order would count as changed.
    packages.sort_by_cached_key(|entry| (value(entry, "name"), value(entry, "version")));
    let entries: Vec<_> = packages.iter().map(|entry| format!("[[package]]\n{entry}\n")).collect();
    format!("{head}{}", entries.join("\n"))
}

fn value(entry: &str, key: &str) -> String {
    let line = entry.lines().find_map(|line| line.strip_prefix(key)?.trim().strip_prefix("= "));
    line.unwrap_or_default().trim_matches('"').to_owned()
}

fn collect(folder: &Dir<'_>, below: &str, files: &mut BTreeMap<String, String>) {
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8()) {
            files.insert(format!("{below}/{path}"), text.to_owned());
        }
    }
    for inner in folder.dirs() {
        collect(inner, below, files);
    }
}

/// The manifest without what only our own tests need, and without a table that a build elsewhere would miss.
fn without_tests(manifest: &str) -> String {
    let mut kept = String::new();
    let mut keep = true;
    for line in manifest.lines() {
        if line.starts_with('[') {
            keep = !matches!(line, "[dev-dependencies]" | "[[test]]" | "[[example]]" | "[[bench]]");
        }
        if keep {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    format!("{}\n", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::{digest, files, lock};

    #[test]
    fn hc_11_a_project_carries_the_whole_library_and_none_of_our_tests() {
        let files = files();
        assert!(files.contains_key("crates/safeguards/src/lib.rs"));
        assert!(files.contains_key("crates/safeguards/migrations/list.rs"));
        assert!(files.contains_key("crates/exporter/src/lib.rs"));
        let manifest = &files["crates/safeguards/Cargo.toml"];
        assert!(manifest.contains("exporter = { path = \"../exporter\" }"));
        assert!(!manifest.contains("dev-dependencies") && !manifest.contains("workspace"), "{manifest}");
    }

    #[test]
    fn the_lock_names_the_package_in_its_place() {
        for package in ["aaa", "home-bp", "zzz"] {
            let lock = lock(package);
            let names: Vec<_> =
                lock.lines().filter_map(|line| line.strip_prefix("name = ")).map(str::to_owned).collect();
            assert!(names.contains(&format!("\"{package}\"")) && names.is_sorted(), "{names:?}");
        }
    }

    #[test]
    fn the_digest_is_one_folder_name() {
        assert_eq!(digest().len(), 16);
        assert_eq!(digest(), digest());
    }
}
