//! What the tests need and cargo does not bring: PostgreSQL, a sandbox, a browser, two packages that drive it, and
//! the parts of the toolchain that generated apps are formatted and checked with.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::process::{cargo, root, run};

mod stand_ins;

/// A program from the system's packages.
struct SystemPackage {
    /// Where its program stands once it is installed.
    program: &'static str,
    /// The Debian package that brings it.
    package: &'static str,
    /// What the tests use it for.
    purpose: &'static str,
}

const SYSTEM: [SystemPackage; 9] = [
    SystemPackage {
        program: "/usr/lib/postgresql/15/bin/postgres",
        package: "postgresql-15",
        purpose: "every database test runs on PostgreSQL too",
    },
    SystemPackage {
        program: "/usr/bin/sqlite3",
        package: "sqlite3",
        purpose: "loading an archive as its owner would",
    },
    SystemPackage {
        program: "/usr/bin/bwrap",
        package: "bubblewrap",
        purpose: "founders' builds and apps run in a sandbox, in tests too",
    },
    SystemPackage { program: "/usr/bin/chromium", package: "chromium", purpose: "the browser tests" },
    SystemPackage { program: "/usr/bin/node", package: "nodejs", purpose: "driving the browser" },
    SystemPackage {
        program: "/usr/bin/faketime",
        package: "faketime",
        purpose: "records that are some days old",
    },
    SystemPackage {
        program: "/usr/bin/sslscan",
        package: "sslscan",
        purpose: "what others find where an app or the gateway speaks TLS",
    },
    SystemPackage {
        program: "/usr/bin/openssl",
        package: "openssl",
        purpose: "a certificate, and a client, for that scan",
    },
    SystemPackage {
        program: "/usr/bin/npm",
        package: "npm",
        purpose: "fetching the browser's driver and axe-core",
    },
];

/// Installs what is missing, or says what is missing and how to get it.
pub(crate) fn everything() -> anyhow::Result<()> {
    system_packages()?;
    toolchain()?;
    browser_packages()?;
    stand_ins::everything()?;
    nextest()
}

fn system_packages() -> anyhow::Result<()> {
    let missing: Vec<_> = SYSTEM.iter().filter(|wanted| !present(wanted)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = missing.iter().map(|wanted| wanted.package).collect();
    eprintln!("installing {} with apt-get", names.join(", "));
    let installed = apt(&["update", "-qq"]).and_then(|()| {
        apt(&[&["install", "-y", "-qq", "--no-install-recommends"], names.as_slice()].concat())
    });
    let still: Vec<_> = missing.iter().filter(|wanted| !present(wanted)).collect();
    if still.is_empty() {
        return Ok(());
    }
    for wanted in &still {
        eprintln!("missing: {} ({}): {}", wanted.package, wanted.program, wanted.purpose);
    }
    let reason = installed.err().map_or_else(String::new, |error| format!(": {error:#}"));
    bail!("the tests need the packages above, and they could not be installed{reason}");
}

/// rustfmt and clippy, which a minimal toolchain has not got.
fn toolchain() -> anyhow::Result<()> {
    for component in ["fmt", "clippy"] {
        let found =
            cargo().args([component, "--version"]).output().is_ok_and(|output| output.status.success());
        if !found {
            eprintln!("installing rustfmt and clippy with rustup");
            return run(Command::new("rustup").args(["component", "add", "rustfmt", "clippy"])).context(
                "missing: rustfmt and clippy: every generated app is formatted and checked with them",
            );
        }
    }
    Ok(())
}

/// On the search path as well as at the place where Debian puts it: a machine may have its own Node.js.
fn present(wanted: &SystemPackage) -> bool {
    let name = Path::new(wanted.program).file_name().expect("a program has a name");
    let on_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    };
    Path::new(wanted.program).is_file() || (wanted.package.starts_with('n') && on_path())
}

fn apt(arguments: &[&str]) -> anyhow::Result<()> {
    run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
}

/// `playwright-core` and `axe-core`, at the versions that `tests/browser/package.json` pins exactly. Neither
/// has dependencies of its own, so no lock file is needed.
fn browser_packages() -> anyhow::Result<()> {
    let source = root().join("tests/browser/package.json");
    let folder = root().join("target/browser");
    let wanted = std::fs::read(&source).with_context(|| format!("{} is missing", source.display()))?;
    let manifest = folder.join("package.json");
    let complete = folder.join("node_modules/axe-core/axe.min.js").is_file()
        && folder.join("node_modules/playwright-core/package.json").is_file();
    if complete && std::fs::read(&manifest).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::write(&manifest, wanted)?;
    eprintln!("installing the browser's driver and axe-core with npm");
    run(Command::new("npm")
        .args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
        .current_dir(&folder))
    .context("the browser tests need playwright-core and axe-core from npm")
}

fn nextest() -> anyhow::Result<()> {
    let found = cargo().args(["nextest", "--version"]).output().is_ok_and(|output| output.status.success());
    if found {
        return Ok(());
    }
    eprintln!("installing cargo-nextest; this takes some minutes, once");
    run(cargo().args(["install", "cargo-nextest", "--locked"])).context("the tests run with cargo-nextest")
}
