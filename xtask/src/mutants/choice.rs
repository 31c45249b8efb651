//! Which mutants are tried where all would take too long.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};

use super::table::Mutant;
use crate::process::{root, shown};

/// So many of them, by chance that the seed decides: whoever is asked again with the same seed names the same.
pub(super) fn at_random(mutants: &[&Mutant], count: usize, seed: &str) -> Vec<&'static str> {
    let mut drawn: Vec<([u8; 32], &'static str)> = mutants
        .iter()
        .map(|mutant| (Sha256::digest(format!("{seed} {}", mutant.name)).into(), mutant.name))
        .collect();
    drawn.sort_unstable();
    drawn.into_iter().take(count).map(|(_, name)| name).collect()
}

/// The commit behind a name.
pub(super) fn revision(name: &str) -> anyhow::Result<String> {
    Ok(git(&["rev-parse", "--verify", name])?.trim().to_owned())
}

/// The files that differ from a revision, from the workspace's root; none where there is no such revision, as in a clone
/// of the last commit alone.
pub(super) fn changed_since(name: &str) -> anyhow::Result<BTreeSet<PathBuf>> {
    let Ok(revision) = revision(name) else { return Ok(BTreeSet::new()) };
    Ok(git(&["diff", "--name-only", &revision])?.lines().map(PathBuf::from).collect())
}

fn git(words: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    command.current_dir(root()).args(words);
    let output = command.output().with_context(|| shown(&command))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{}`: {}", shown(&command), said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A failure in CI is repeated at home; the next commit is tried by others.
    #[test]
    fn chance_is_decided_by_the_seed() {
        let all: Vec<&Mutant> = crate::mutants::all().collect();
        let first = at_random(&all, 10, "one");
        assert_eq!(first.len(), 10);
        assert_eq!(first, at_random(&all, 10, "one"));
        assert_ne!(first, at_random(&all, 10, "two"));
        assert_eq!(at_random(&all, usize::MAX, "one").len(), all.len());
    }
}
