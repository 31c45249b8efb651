//! A project to a program, in a sandbox: a founder's build scripts and macros are code that runs here (invariant 12).
//!
//! **What is shared, and how.** Everything that an unedited project stands on is compiled once, from a project of our
//! own, into the *base*: the crates of the one lock file, vendored into a folder that no build can write, and the
//! library. A project's first build begins with a *copy* of the base; from then on its target folder is its own, and
//! nothing that it compiles is ever seen by another. Inside, every project stands at the same path, so the copy is
//! fresh to cargo. Cargo judges sources by the time of their change, so files are written to a project's folder only
//! where their content differs: an older version's file, put back, is new.
//!
//! A project may use the crates of the base and no others: there is no network to fetch one from.

mod base;
mod messages;
mod tree;

use std::fs;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::sync::{Semaphore, mpsc};
use uuid::Uuid;

pub use base::Base;
pub use messages::Progress;
use messages::Reading;

use super::folders::private_folder;
use super::sandbox::{Access, Account, Inheritance, Limits, Sandbox, SandboxError, is_root};
use super::supervisor::folder_size;

/// Where things stand inside.
const PROJECT: &str = "/build/project";
const TARGET: &str = "/build/target";
const VENDOR: &str = "/build/vendor";
const TOOLCHAIN: &str = "/build/toolchain";

/// How much a build may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// From start to end.
    pub time: Duration,
    /// Of memory, processes, files.
    pub limits: Limits,
    /// Bytes of a project's compiled form.
    pub target: u64,
    /// Bytes of what cargo and the compiler say.
    pub output: u64,
    /// Builds at once.
    pub at_once: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            time: Duration::from_secs(20 * 60),
            limits: Limits {
                memory: 8 << 30,
                processes: 512,
                file: 2 << 30,
                temporary: 512 << 20,
                open_files: 4096,
            },
            target: 8 << 30,
            output: 32 << 20,
            at_once: 1,
        }
    }
}

/// Why there is no program.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The project does not compile; what the compiler said.
    #[error("the project does not build:\n{0}")]
    Project(String),
    /// The project asks for a crate that the base does not hold.
    #[error(
        "the project asks for `{0}`, which is not among the crates that this platform builds with; remove it from \
         Cargo.toml, or bring its source below src/custom"
    )]
    Crate(String),
    /// It took too much of something.
    #[error("the build was ended: {0}")]
    Exceeded(&'static str),
    /// A file of the project cannot be taken.
    #[error("{path}: {why}")]
    Tree {
        /// In the project.
        path: String,
        /// Why not.
        why: &'static str,
    },
    /// The base cannot be made.
    #[error("what projects stand on cannot be prepared: {0}")]
    Base(String),
    /// No sandbox, no build.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// A file of the host.
    #[error("the host: {0}")]
    Host(#[from] io::Error),
}

/// Builds projects. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Builder {
    root: PathBuf,
    toolchain: PathBuf,
    bounds: Bounds,
    places: Arc<Semaphore>,
}

impl Builder {
    /// A builder whose bases and projects lie below `root`, with the toolchain that `rustc` names.
    ///
    /// # Errors
    /// There is no toolchain, or the folder cannot be made.
    pub fn open(root: &Path, bounds: Bounds) -> Result<Self, BuildError> {
        private_folder(root)?;
        private_folder(&root.join("projects"))?;
        let told = std::process::Command::new("rustc").args(["--print", "sysroot"]).output();
        let told = told.map_err(|_| {
            BuildError::Base("there is no Rust toolchain on this machine (https://rustup.rs)".to_owned())
        })?;
        let toolchain = PathBuf::from(String::from_utf8_lossy(&told.stdout).trim());
        let places = Arc::new(Semaphore::new(bounds.at_once.max(1)));
        Ok(Self { root: root.canonicalize()?, toolchain, bounds, places })
    }

    /// Builds the project in `source` as `account`, and answers with its program: an open file, since the place where
    /// the build left it is the build's. `progress` hears of every step; whether somebody listens does not matter.
    ///
    /// # Errors
    /// [`BuildError`].
    pub async fn build(
        &self,
        base: &Base,
        project: Uuid,
        account: Account,
        source: &Path,
        progress: mpsc::Sender<Progress>,
    ) -> Result<OwnedFd, BuildError> {
        let folder = self.root.join("projects").join(project.simple().to_string());
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| BuildError::Exceeded("the host is ending"))?;
        let (from, to, what) = (base.clone(), folder.clone(), source.to_owned());
        let units = tokio::task::spawn_blocking(move || {
            let _place = &place;
            begin(&from, &to, account, &what).map(|units| (units, place))
        });
        let (units, _place) = units.await.map_err(io::Error::other)??;
        let executable = self.cargo(&folder, base, account, units, progress).await?;
        opened_below(&folder.join("target"), &executable)
    }

    /// The files of a project as they were compiled the last time. Builds read them and change nothing.
    #[must_use]
    pub fn files(&self, project: Uuid) -> PathBuf {
        self.root.join("projects").join(project.simple().to_string()).join("project")
    }

    /// Removes everything that a project's builds have left.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget(&self, project: Uuid) -> Result<(), BuildError> {
        match fs::remove_dir_all(self.root.join("projects").join(project.simple().to_string())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn sandbox(&self, folder: &Path, vendor: &Path, account: Account) -> Sandbox {
        Sandbox::new("build", Some(account), self.bounds.limits)
            .mount(Access::Read, &self.toolchain, TOOLCHAIN)
            .mount(Access::Read, vendor, VENDOR)
            .mount(Access::Read, folder.join("project"), PROJECT)
            .mount(Access::Write, folder.join("target"), TARGET)
            .variable("PATH", format!("{TOOLCHAIN}/bin:/usr/bin"))
            .variable("CARGO_HOME", "/tmp/cargo")
            .variable("CARGO_TARGET_DIR", TARGET)
            .variable("CARGO_NET_OFFLINE", "true")
            .variable("CARGO_TERM_COLOR", "never")
            .folder(PROJECT)
    }

    /// Runs cargo, and answers where it says the program is, below the target folder.
    async fn cargo(
        &self,
        folder: &Path,
        base: &Base,
        account: Account,
        units: u64,
        progress: mpsc::Sender<Progress>,
    ) -> Result<PathBuf, BuildError> {
        const WORDS: [&str; 8] = [
            "build",
            "--locked",
            "--offline",
            "--message-format=json",
            "--config=source.crates-io.replace-with='vendored'",
            "--config=source.vendored.directory='/build/vendor'",
            "--bins",
            "--quiet",
        ];
        let cargo = Path::new(TOOLCHAIN).join("bin/cargo");
        let sandbox = self.sandbox(folder, &base.vendor(), account);
        let mut running = sandbox.start(&cargo, &WORDS, Inheritance::default()).await?;
        let (output, errors) = (running.child.stdout.take(), running.child.stderr.take());
        let most = self.bounds.output;
        let errors = tokio::spawn(async move {
            let mut said = Vec::new();
            if let Some(errors) = errors {
                errors.take(most).read_to_end(&mut said).await?;
            }
            Ok::<_, io::Error>(String::from_utf8_lossy(&said).into_owned())
        });
        let mut reading = Reading::new(units, progress);
        let done = {
            let read = async {
                let Some(output) = output else { return Ok(true) };
                let mut lines = BufReader::new(output.take(most));
                let mut line = Vec::new();
                while lines.read_until(b'\n', &mut line).await? > 0 {
                    reading.line(&line);
                    line.clear();
                }
                Ok::<_, io::Error>(lines.into_inner().limit() > 0)
            };
            tokio::select! {
                read = read => match read? {
                    true => Ok(()),
                    false => Err("it said more than anybody would read"),
                },
                () = tokio::time::sleep(self.bounds.time) => Err("it took too long"),
                () = outgrown(folder.join("target"), self.bounds.target) => Err("it wrote more than a build may"),
            }
        };
        if let Err(why) = done {
            running.kill().await;
            return Err(BuildError::Exceeded(why));
        }
        let ended = running.ended().await?;
        let said = errors.await.map_err(io::Error::other)??;
        // cargo outlives a build script that was ended, and tells by which signal.
        if said.contains("SIGSYS") {
            tracing::error!(event = "sandbox-escape", sandbox = "build", folder = %folder.display(), "a forbidden system call");
        }
        reading.finish(ended, &said).await
    }
}

/// Brings a project's folder to where the build can begin; says about how many units there are.
fn begin(base: &Base, folder: &Path, account: Account, source: &Path) -> Result<u64, BuildError> {
    private_folder(folder)?;
    let (project, target) = (folder.join("project"), folder.join("target"));
    if !target.is_dir() {
        base.copy_into(folder)?;
        tree::give_all(&target, account)?;
    }
    tree::synchronise(source, &project)?;
    let lock = fs::read_to_string(project.join("Cargo.lock")).unwrap_or_default();
    Ok(lock.matches("[[package]]").count().max(1) as u64)
}

/// Waits until a folder holds more than it may.
pub(super) async fn outgrown(folder: PathBuf, most: u64) {
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let looked = folder.clone();
        let size = tokio::task::spawn_blocking(move || folder_size(&looked)).await;
        if size.unwrap_or_default() > most {
            return;
        }
    }
}

/// Opens the program that a build left. Its folder is the build's, which may have put a link there: none is followed,
/// and nothing but a plain file is taken.
fn opened_below(target: &Path, program: &Path) -> Result<OwnedFd, BuildError> {
    let refused = |_| BuildError::Tree {
        path: program.display().to_string(),
        why: "what the build left there is not a program",
    };
    let folder = openat(CWD, target, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let folder = folder.map_err(io::Error::from)?;
    let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let found = openat2(&folder, program, how, Mode::empty(), within).map_err(refused)?;
    let mut file = fs::File::from(found);
    let mut head = [0; 4];
    let plain = file.metadata()?.is_file() && file.read_exact(&mut head).is_ok() && head == *b"\x7fELF";
    if !plain {
        return Err(refused(rustix::io::Errno::NOENT));
    }
    io::Seek::rewind(&mut file)?;
    Ok(file.into())
}

/// Whether a project's target folder can be given to another user than ourselves.
fn separate() -> bool {
    is_root()
}
