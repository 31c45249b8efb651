//! Which of our crates may depend on which, and what none of them may link.
//!
//! The table is the one of `ARCHITECTURE.md`. Development dependencies do not count: a test may look anywhere.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{bail, ensure};
use cargo_metadata::{DependencyKind, Metadata};

use crate::process;

/// Our crates, and ours that each may depend on.
const DIRECTIONS: [(&str, &[&str]); 19] = [
    ("spec", &[]),
    ("deidentify", &[]),
    ("templates", &[]),
    ("exporter", &[]),
    // What `safeguards` carries into projects: it knows none of ours.
    ("models", &[]),
    ("models-double", &[]),
    ("planner", &["spec", "deidentify", "models"]),
    ("generator", &["spec", "templates"]),
    ("safeguards", &["deidentify", "exporter", "models"]),
    ("control-plane", &["spec", "deidentify", "models", "planner", "generator", "exporter", "safeguards"]),
    ("control-plane-aws", &["control-plane", "safeguards"]),
    ("control-plane-mail", &["control-plane"]),
    ("control-plane-stripe", &["control-plane"]),
    ("control-plane-print", &["control-plane"]),
    ("stripe-double", &[]),
    // Never the library that apps stand on: it must not trust what it tests.
    ("verifier", &["spec", "exporter"]),
    (
        "healthcoder",
        &[
            "spec",
            "deidentify",
            "models",
            "planner",
            "generator",
            "exporter",
            "safeguards",
            "control-plane",
            "control-plane-aws",
            "control-plane-mail",
            "control-plane-stripe",
            "verifier",
        ],
    ),
    (
        "system-tests",
        &["spec", "planner", "generator", "exporter", "safeguards", "control-plane", "deidentify"],
    ),
    ("xtask", &["spec", "generator", "planner"]),
];

/// Crates that speak to the network. What generates may link none (invariant 1).
const NETWORK: [&str; 6] = ["reqwest", "hyper", "ureq", "curl", "tokio", "rustls"];
const OFFLINE: [&str; 4] = ["spec", "deidentify", "templates", "generator"];

pub(crate) fn check(metadata: &Metadata) -> anyhow::Result<()> {
    let allowed: BTreeMap<_, BTreeSet<_>> =
        DIRECTIONS.iter().map(|(name, may)| (*name, may.iter().copied().collect())).collect();
    let ours: BTreeSet<&str> =
        metadata.workspace_packages().iter().map(|package| package.name.as_str()).collect();
    for package in metadata.workspace_packages() {
        let Some(may) = allowed.get(package.name.as_str()) else {
            bail!("`{}` has no line in xtask/src/crates.rs: say what it may depend on", package.name);
        };
        for dependency in &package.dependencies {
            let name = dependency.name.as_str();
            let counts = dependency.kind == DependencyKind::Normal && ours.contains(name);
            ensure!(!counts || may.contains(name), "`{}` must not depend on `{name}`", package.name);
        }
    }
    for linked in linked_by(metadata, "verifier") {
        ensure!(
            !["safeguards", "sqlx", "sqlx-core"].contains(&linked.as_str()),
            "`verifier` links `{linked}`: it must not trust what it tests"
        );
    }
    for name in OFFLINE {
        for linked in linked_by(metadata, name) {
            ensure!(
                !NETWORK.contains(&linked.as_str()),
                "`{name}` links `{linked}`, which can reach the network"
            );
        }
    }
    Ok(())
}

/// The embedded planner links nothing that reaches a network (invariant 1): only its feature `models` does. Features of
/// a workspace are united, so cargo is asked about this one package.
pub(crate) fn plans_offline() -> anyhow::Result<()> {
    let mut command = process::cargo();
    command.args(["tree", "--package", "planner", "--edges", "normal", "--prefix", "none"]);
    let output = command.output()?;
    ensure!(output.status.success(), "`{}` failed", process::shown(&command));
    let tree = String::from_utf8_lossy(&output.stdout);
    ensure!(
        tree.lines().any(|line| line.starts_with("spec ")),
        "`cargo tree` no longer tells what `planner` links"
    );
    for line in tree.lines() {
        let linked = line.split(' ').next().unwrap_or_default();
        ensure!(
            linked != "models" && !NETWORK.contains(&linked),
            "`planner` links `{linked}` without its feature `models`, and that can reach the network"
        );
    }
    Ok(())
}

/// The platform's binary is built without the feature that opens a tenant's database (invariant 11). Features of a
/// workspace are united, so cargo is asked about this one package.
pub(crate) fn opens_no_tenant() -> anyhow::Result<()> {
    let mut command = process::cargo();
    command.args(["tree", "--package", "healthcoder", "--edges", "normal,features", "--prefix", "none"]);
    let output = command.output()?;
    ensure!(output.status.success(), "`{}` failed", process::shown(&command));
    let tree = String::from_utf8_lossy(&output.stdout);
    ensure!(tree.contains("safeguards feature"), "`cargo tree` tells no features of `safeguards` any more");
    ensure!(
        !tree.contains("safeguards feature \"tenant\""),
        "`healthcoder` enables the feature `tenant` of `safeguards`, which opens a tenant's database"
    );
    Ok(())
}

/// Every crate that a workspace crate links in a normal build, by name.
fn linked_by(metadata: &Metadata, name: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().expect("metadata was asked for with dependencies");
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let start = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name);
    let mut open: Vec<_> = start.map(|package| &package.id).into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        let normal = nodes[id]
            .deps
            .iter()
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
        open.extend(normal.map(|dependency| &dependency.pkg));
    }
    seen.into_iter().map(|id| metadata[id].name.to_string()).collect()
}
