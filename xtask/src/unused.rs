//! A dependency that no source file names is not needed. (A crate that is wanted only for a feature it turns
//! on in another stands in [`FOR_A_FEATURE`].)

use std::path::Path;

use anyhow::{Context, bail};
use cargo_metadata::{Dependency, Metadata};

/// Declared for the feature that it turns on, never named in source.
const FOR_A_FEATURE: [&str; 1] = ["libsqlite3-sys"];

pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let mut unused = Vec::new();
    for package in metadata.workspace_packages() {
        let folder = package.manifest_path.parent().expect("a manifest lies in a folder");
        let mut source = String::new();
        read_sources(folder.as_std_path(), &mut source)?;
        for dependency in &package.dependencies {
            let name = name_in_source(metadata, dependency);
            if !FOR_A_FEATURE.contains(&dependency.name.as_str()) && !names(&source, &name) {
                unused.push(format!("{} in {}", dependency.name, package.name));
            }
        }
    }
    if !unused.is_empty() {
        bail!("declared and never named: {}", unused.join(", "));
    }
    Ok(())
}

/// What source files call it: the name that the manifest gives it, or else the one of its library, which need not be its
/// package's.
fn name_in_source(metadata: &Metadata, dependency: &Dependency) -> String {
    let given = dependency.rename.as_deref();
    let library = || {
        let package = metadata
            .packages
            .iter()
            .find(|package| package.name == dependency.name && dependency.req.matches(&package.version));
        Some(package?.targets.iter().find(|target| target.is_lib() || target.is_proc_macro())?.name.as_str())
    };
    given.or_else(library).unwrap_or(&dependency.name).replace('-', "_")
}

fn names(source: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    source
        .match_indices(name)
        .any(|(at, _)| !source[..at].ends_with(word) && !source[at + name.len()..].starts_with(word))
}

fn read_sources(folder: &Path, source: &mut String) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && !path.ends_with("target") {
            read_sources(&path, source)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            source.push_str(&std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}
