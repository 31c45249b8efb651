//! Two versions of one crate cost build time and review. Each that cannot be avoided stands in `deny.toml`
//! with its reason; a new one fails the check, and so does a line that is no longer needed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use cargo_metadata::Metadata;
use serde::Deserialize;

use crate::process::root;

/// The part of cargo-deny's configuration that is read here.
#[derive(Deserialize)]
struct Deny {
    bans: Bans,
}

#[derive(Deserialize)]
struct Bans {
    skip: Vec<Skip>,
}

#[derive(Deserialize)]
struct Skip {
    #[serde(rename = "crate")]
    name: String,
}

pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let deny: Deny = toml::from_str(&std::fs::read_to_string(root().join("deny.toml"))?)?;
    let known: BTreeSet<_> = deny.bans.skip.into_iter().map(|skip| skip.name).collect();
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in &metadata.packages {
        versions.entry(package.name.as_str()).or_default().insert(package.version.to_string());
    }
    let found: BTreeSet<_> = versions
        .iter()
        .filter(|(name, all)| all.len() > 1 && !elsewhere(name))
        .map(|(name, _)| (*name).to_owned())
        .collect();
    let new: Vec<_> = found.difference(&known).map(String::as_str).collect();
    if !new.is_empty() {
        bail!(
            "two versions of {}: avoid it, or add it to `bans.skip` in deny.toml with a reason",
            new.join(", ")
        );
    }
    let gone: Vec<_> = known.difference(&found).map(String::as_str).collect();
    if !gone.is_empty() {
        bail!("deny.toml skips {}, which no longer stands twice", gone.join(", "));
    }
    Ok(())
}

/// Crates that are only resolved for systems on which we do not build.
fn elsewhere(name: &str) -> bool {
    name.starts_with("windows")
        || name.starts_with("wasi")
        || name.starts_with("wit-")
        || name.starts_with("r-efi")
}
