//! Where measuring happens, and the programs that are measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use generator::Edits;
use spec::{Lock, ValidatedSpec};

use crate::process::{self, cargo, root};

/// The folder of everything that a measurement makes, and where cargo puts what it compiles for it.
pub(super) struct Lab {
    pub(super) folder: PathBuf,
    pub(super) target: PathBuf,
}

/// Which database a program stands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub(super) const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl Lab {
    pub(super) fn open() -> anyhow::Result<Self> {
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(root()).no_deps().exec()?;
        let target: PathBuf = metadata.target_directory.into();
        let folder = target.join("bench");
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, target })
    }

    /// An empty folder of this name.
    pub(super) fn fresh(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.folder.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The command line tool, as it is shipped.
    pub(super) fn healthcoder(&self) -> anyhow::Result<PathBuf> {
        process::run(cargo().args(["build", "--quiet", "--release", "--package", "healthcoder"]))?;
        Ok(self.target.join("release/healthcoder"))
    }

    /// The generated app of `bench/clinic.yaml`. It is compiled beside the workspace, whose lock and profile it has, so
    /// that what both stand on is compiled once.
    pub(super) fn app(&self) -> anyhow::Result<PathBuf> {
        let (spec, text) = clinic()?;
        let project = self.folder.join("clinic");
        generator::write(&generator::generate(&spec, &text)?, &project, Edits::Overwrite)?;
        let mut build = cargo();
        build.args(["build", "--quiet", "--release", "--locked"]).current_dir(&project);
        process::run(build.env("CARGO_TARGET_DIR", &self.target))?;
        self.taken(&self.target.join("release/bench-clinic"), "app")
    }

    /// The bare app on `database`, with the profile of a release.
    pub(super) fn bare(&self, database: Database) -> anyhow::Result<PathBuf> {
        let mut build = self.bare_cargo("build");
        build.arg("--release");
        if database == Database::Postgres {
            build.args(["--features", "postgres"]);
        }
        process::run(&mut build)?;
        let name = format!("bare-{}", database.name().to_lowercase());
        self.taken(&self.folder.join("bare/release/bare"), &name)
    }

    /// A cargo command on the bare app.
    pub(super) fn bare_cargo(&self, word: &str) -> Command {
        let mut command = cargo();
        command.args([word, "--quiet", "--locked"]).current_dir(root().join("bench/bare"));
        command.env("CARGO_TARGET_DIR", self.folder.join("bare"));
        command
    }

    /// A copy that the next build does not replace.
    fn taken(&self, binary: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let own = self.folder.join(name);
        fs::copy(binary, &own).with_context(|| format!("{} was not built", binary.display()))?;
        Ok(own)
    }
}

/// The spec whose tables the bare app serves, and its text.
pub(super) fn clinic() -> anyhow::Result<(ValidatedSpec, String)> {
    let text = fs::read_to_string(root().join("bench/clinic.yaml"))?;
    Ok((checked(&text)?, text))
}

pub(super) fn checked(text: &str) -> anyhow::Result<ValidatedSpec> {
    spec::check(text, &Lock::default())
        .map_err(|problems| anyhow::anyhow!("the spec is not valid:\n{problems}"))
}
