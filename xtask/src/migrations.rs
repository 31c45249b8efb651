//! A migration that ran on somebody's database never changes. `migrations.lock` holds the SHA-256 of each;
//! a file that differs from its line fails, and a new file wants `cargo xtask check --accept-migrations`.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, bail};
use sha2::{Digest, Sha256};

use crate::process::root;

/// Both schemas: what every app has, and what the platform has.
const FOLDERS: [&str; 2] = ["safeguards/migrations", "control-plane/migrations"];
const LOCK: &str = "migrations.lock";

pub(crate) fn check(accept: bool) -> anyhow::Result<()> {
    let mut found = BTreeMap::new();
    for folder in FOLDERS {
        found.extend(digests(&root().join(folder))?);
    }
    let locked = read_lock(&root().join(LOCK))?;
    for (name, digest) in &locked {
        match found.get(name) {
            None => bail!("the migration {name} is gone; databases that ran it still name it"),
            Some(now) if now != digest => bail!("the migration {name} changed; write a new one instead"),
            Some(_) => {}
        }
    }
    let new: Vec<_> = found.keys().filter(|name| !locked.contains_key(*name)).map(String::as_str).collect();
    if new.is_empty() {
        return Ok(());
    }
    if !accept {
        bail!(
            "new migrations: {}; run `cargo xtask check --accept-migrations` once they are final",
            new.join(", ")
        );
    }
    let lines: String = found.iter().map(|(name, digest)| format!("{digest}  {name}\n")).collect();
    std::fs::write(root().join(LOCK), lines).context("migrations.lock cannot be written")
}

/// The format of `sha256sum`, so that anyone can check it.
fn read_lock(path: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(path)?;
    text.lines()
        .map(|line| {
            let (digest, name) =
                line.split_once("  ").context("migrations.lock has a line without a name")?;
            Ok((name.to_owned(), digest.to_owned()))
        })
        .collect()
}

fn digests(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for database in ["postgres", "sqlite"] {
        let folder = folder.join(database);
        for entry in
            std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))?
        {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                let name = path.strip_prefix(root())?.to_string_lossy().into_owned();
                let digest = Sha256::digest(std::fs::read(&path)?);
                found.insert(name, digest.iter().map(|byte| format!("{byte:02x}")).collect());
            }
        }
    }
    Ok(found)
}
