//! `cargo build` of a generated project, with its real progress.

use std::collections::BTreeSet;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use cargo_metadata::{CargoOpt, Message, MetadataCommand};

use super::cache::Cache;
use crate::progress::{Progress, Step};

/// Builds the project and returns the path of its binary.
pub(crate) fn build(project: &Path, cache: &Cache, progress: Progress) -> anyhow::Result<PathBuf> {
    if !project.join("Cargo.toml").is_file() {
        bail!("{} holds no generated project: `healthcoder new` makes one", project.display());
    }
    let plan = BuildPlan::new(project, cache)?;
    // One build at a time in the shared folder: cargo would wait in silence, and the binary it leaves there is
    // anybody's until it has been taken away.
    let _turn = plan.shared.then(|| cache.turn(progress)).transpose()?;
    let step = progress.counted("building", units(project));
    let built = run(plan.cargo(), &step, project);
    match built.and_then(|binary| taken(&binary, project)) {
        Ok(binary) => {
            step.done("built");
            Ok(binary)
        }
        Err(error) => {
            step.failed();
            Err(error)
        }
    }
}

/// How one project is built.
struct BuildPlan<'a> {
    project: &'a Path,
    target: PathBuf,
    overrides: Vec<PathBuf>,
    /// Whether the dependencies and the library come compiled from the cache.
    shared: bool,
}

impl<'a> BuildPlan<'a> {
    /// A project whose library is unedited shares the cache; an edited one is compiled in its own folder, since
    /// cargo tells two copies of a crate apart by their path *within* a project, not by the project.
    fn new(project: &'a Path, cache: &Cache) -> anyhow::Result<Self> {
        let overrides = cache.shared_crates(project)?;
        let shared = !overrides.is_empty();
        let target = if shared { cache.target() } else { project.join("target") };
        Ok(Self { project, target, overrides, shared })
    }

    fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(["rustc", "--quiet", "--locked", "--message-format", "json"])
            .current_dir(self.project)
            .env("CARGO_TARGET_DIR", &self.target)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        forget_outer_cargo(&mut command);
        if self.shared {
            let paths: Vec<_> =
                self.overrides.iter().map(|path| format!("{:?}", path.display().to_string())).collect();
            command.arg("--config").arg(format!("paths = [{}]", paths.join(", ")));
            // Two projects of one name at two places are one package to cargo: without this, the second would
            // be handed the first's binary.
            command.arg("--").arg("-C").arg(format!("metadata={}", place(self.project)));
        }
        command
    }
}

/// A word that differs for every folder.
fn place(project: &Path) -> String {
    project.as_os_str().as_encoded_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Runs cargo and returns the binary that it names.
fn run(mut command: Command, step: &Step, project: &Path) -> anyhow::Result<PathBuf> {
    let mut cargo = command.spawn().context(
        "cargo could not be started: the app is built with the Rust toolchain (https://rustup.rs)",
    )?;
    let output = cargo.stdout.take().expect("cargo's output is piped");
    let mut errors = cargo.stderr.take().expect("cargo's errors are piped");
    let log = std::thread::spawn(move || {
        let mut log = String::new();
        errors.read_to_string(&mut log).map(|_| log)
    });
    let mut binary = None;
    let mut problems = Vec::new();
    for message in Message::parse_stream(BufReader::new(output)) {
        match message? {
            Message::CompilerArtifact(artifact) => {
                step.advance(&artifact.target.name);
                binary = artifact.executable.map(Into::into).or(binary);
            }
            Message::CompilerMessage(message) => problems.extend(message.message.rendered),
            _ => {}
        }
    }
    let log = log.join().ok().and_then(Result::ok).unwrap_or_default();
    if !cargo.wait()?.success() {
        let shown = if problems.is_empty() { log } else { problems.concat() };
        bail!("the project in {} does not build:\n{}", project.display(), shown.trim_end());
    }
    binary.context("cargo built no binary: the project's src/main.rs is gone")
}

/// The binary in the project's own folder, where no other build replaces it.
fn taken(binary: &Path, project: &Path) -> anyhow::Result<PathBuf> {
    let folder = project.join("target/run");
    std::fs::create_dir_all(&folder)?;
    let own = folder.join(binary.file_name().expect("a binary has a name"));
    let fresh = folder.join(".fresh");
    let _ = std::fs::remove_file(&fresh);
    // A link where the file system allows it; the rename replaces a binary that may be running.
    if std::fs::hard_link(binary, &fresh).is_err() {
        std::fs::copy(binary, &fresh)?;
    }
    std::fs::rename(&fresh, &own)?;
    Ok(own)
}

/// Started by `cargo run`, we inherit variables that describe *our* package; crates that watch them would be
/// compiled anew at every call.
fn forget_outer_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let ours = text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_BIN_")
            || text.starts_with("CARGO_MANIFEST_");
        if ours || matches!(text.as_ref(), "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR") {
            command.env_remove(&name);
        }
    }
}

/// About how many units cargo will report: the packages that the project resolves to on this machine.
fn units(project: &Path) -> u64 {
    let resolved = MetadataCommand::new()
        .current_dir(project)
        .features(CargoOpt::SomeFeatures(Vec::new()))
        .other_options(["--locked".to_owned(), "--filter-platform".to_owned(), host()])
        .exec();
    let packages = resolved
        .ok()
        .and_then(|metadata| metadata.resolve)
        .map_or(1, |resolve| resolve.nodes.into_iter().map(|node| node.id).collect::<BTreeSet<_>>().len());
    packages as u64
}

/// The target that cargo builds for when nothing is said.
fn host() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}
