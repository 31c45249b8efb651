//! The host as the rest of the platform asks for it: everything on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use safeguards::clock::Clock;
use safeguards::identity::EmailAddress;
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, mpsc};
use uuid::Uuid;

use super::build::{Base, Bounds, BuildError, Builder, Progress as Step};
use super::folders::private_folder;
use super::gateway::{Certificates, Gateway, Limits};
use super::key_agent::KeyAgent;
use super::provided::Reach;
use super::sandbox::{Access, Account};
use super::supervisor::{Manner, NewEnvironment, PostgresServer, Shown, SupervisorError};
use super::verification::{Candidate, Verification};
use super::{DatabaseKind, Folders, Gate, HostName, Register, Supervisor, Work};
use crate::ids::{EnvironmentId, ProjectId};
use crate::seams::{
    self, Artifact, BuildEvent, BuildOrder, DeployOrder, EnvironmentKind, EnvironmentOrder, HostError,
    KeyDestruction, MadeUpPerson, Pending, Progress, Trial, Verified, VerifyOrder,
};
use crate::support::{Leave, Looked};

/// The users of builds, where the host is root: below those of environments.
const FIRST_BUILDER: u32 = 1_000_000;
const BUILDERS: u128 = 900_000;

/// How many records of each kind a preview holds: enough to try an app, and too few for a clinic.
const PREVIEW_ROWS: u32 = 1_000;

/// Where the folder of an errand stands inside.
const ERRAND: &str = "/errand";

/// The command that starts a key agent for a folder.
pub type AgentCommand = Box<dyn Fn(&Path) -> io::Result<Command> + Send + Sync>;

/// What a host on this machine is made of.
pub struct HostSettings {
    /// Its folder.
    pub folder: PathBuf,
    /// Starts the key agent for that folder; see [`super::key_agent::run_key_agent`].
    pub key_agent: AgentCommand,
    /// The program that verifies new versions (`verify-version`), in a sandbox with each.
    pub verifier: PathBuf,
    /// Where environments get PostgreSQL databases; without it, they get files.
    pub postgres: Option<PostgresServer>,
    /// The port that people type, where it is not 443.
    pub port: Option<u16>,
    /// How apps are looked after.
    pub manner: Manner,
    /// How much a build may take.
    pub bounds: Bounds,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for HostSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("HostSettings").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Builds and environments on this machine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LocalHost(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folders: Folders,
    supervisor: Supervisor,
    agent: KeyAgent,
    builder: Builder,
    verification: Verification,
    base: OnceCell<Base>,
    database: DatabaseKind,
    port: Option<u16>,
}

impl LocalHost {
    /// Opens the host: what an earlier run left asleep can be woken, and what it left half-way is made good.
    ///
    /// # Errors
    /// Its folder, its toolchain or its database server cannot be used.
    pub async fn open(settings: HostSettings) -> Result<Self, HostError> {
        let folders = Folders::open(&settings.folder).map_err(unavailable)?;
        let (start, root) = (settings.key_agent, folders.root().to_owned());
        let agent = KeyAgent::start(folders.clone(), move || start(&root));
        let register = Arc::new(Register::open(folders.clone()).map_err(unavailable)?);
        let builder = Builder::open(&folders.root().join("build"), settings.bounds).map_err(unavailable)?;
        let verification =
            Verification::open(&folders.root().join("verifications"), settings.verifier, settings.bounds)
                .map_err(unavailable)?;
        let database =
            if settings.postgres.is_some() { DatabaseKind::Postgres } else { DatabaseKind::Sqlite };
        let (postgres, manner, clock) = (settings.postgres, settings.manner, settings.clock);
        let supervisor =
            Supervisor::start(folders.clone(), register, agent.clone(), postgres, manner, clock).await;
        let supervisor = supervisor.map_err(unavailable)?;
        let base = OnceCell::new();
        let port = settings.port;
        Ok(Self(Arc::new(Inner { folders, supervisor, agent, builder, verification, base, database, port })))
    }

    /// Looks after apps, and answers on `listener` until the task is aborted; `own` are our own pages, behind unix
    /// sockets.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub async fn serve(
        &self,
        listener: TcpListener,
        certificates: Arc<dyn Certificates>,
        own: BTreeMap<HostName, PathBuf>,
    ) -> io::Result<()> {
        let watch = self.0.supervisor.keep_watch();
        let gateway =
            Gateway::new(self.0.supervisor.clone(), certificates, own, Limits::default(), self.0.port);
        let served = gateway.serve(listener).await;
        watch.abort();
        served
    }

    /// Lets every app finish what it has begun.
    pub async fn close(&self) {
        self.0.supervisor.close().await;
    }

    /// What all projects stand on, compiled the first time; it takes some minutes.
    ///
    /// # Errors
    /// Its crates cannot be had, or do not compile.
    pub async fn base(&self, progress: &dyn Progress) -> Result<&Base, HostError> {
        let make = || async {
            let sample = self.0.folders.root().join("build/sample");
            write_sample(&sample).map_err(unavailable)?;
            let (sender, receiver) = mpsc::channel(64);
            let digest = generator::vendored::digest();
            let made = self.0.builder.base(&digest, &sample, Account(FIRST_BUILDER), sender);
            let (made, ()) = tokio::join!(made, tell(receiver, progress));
            made.map_err(unavailable)
        };
        self.0.base.get_or_try_init(make).await
    }

    async fn compile(&self, order: &BuildOrder, progress: &dyn Progress) -> Result<Artifact, HostError> {
        let phase = |name: &str| progress.tell(BuildEvent::Phase { name: name.to_owned() });
        if self.0.base.get().is_none() {
            phase("Preparing what all projects stand on");
        }
        let base = self.base(progress).await?;
        phase("Compiling");
        let project = order.project.uuid();
        let account = builder_of(project);
        let (sender, receiver) = mpsc::channel(256);
        let built = self.0.builder.build(base, project, account, &order.source, sender);
        let (built, ()) = tokio::join!(built, tell(receiver, progress));
        let program = built.map_err(|error| match error {
            BuildError::Project(_)
            | BuildError::Crate(_)
            | BuildError::Exceeded(_)
            | BuildError::Tree { .. } => HostError::Version(error.to_string()),
            error => unavailable(error),
        })?;
        let folder = self.0.folders.root().join("build/programs").join(project.simple().to_string());
        keep(fs::File::from(program), &folder, &order.version.uuid().simple().to_string())
            .map_err(unavailable)
    }

    async fn try_out(&self, order: &VerifyOrder, progress: &dyn Progress) -> Result<Verified, HostError> {
        if digest(&order.artifact.binary).map_err(unavailable)? != order.artifact.sha256 {
            return Err(HostError::Unavailable("the program is not the one that was built".to_owned()));
        }
        let project = order.project.uuid();
        let candidate = Candidate {
            version: order.version.uuid(),
            project: &self.0.builder.files(project),
            program: &order.artifact.binary,
            account: builder_of(project),
        };
        self.0.verification.verify(&self.0.supervisor, &candidate, progress).await
    }

    async fn bring_up(&self, order: &DeployOrder, progress: &dyn Progress) -> Result<(), HostError> {
        let id = order.environment.environment.uuid();
        if digest(&order.artifact.binary).map_err(unavailable)? != order.artifact.sha256 {
            return Err(HostError::Unavailable("the program is not the one that was built".to_owned()));
        }
        self.0.supervisor.fence(id, order.fence).map_err(told)?;
        if order.fresh {
            if order.environment.kind != EnvironmentKind::Preview {
                return Err(HostError::Version("only a preview begins anew".to_owned()));
            }
            progress.tell(BuildEvent::Phase { name: "Beginning with an empty database".to_owned() });
            self.0.supervisor.reset(id).await.map_err(told)?;
        }
        progress
            .tell(BuildEvent::Phase { name: "Bringing the database up to date, and starting".to_owned() });
        self.0.supervisor.deploy(id, &order.artifact.binary).await.map_err(told)?;
        let address = self.address(&order.environment.host_name);
        progress.tell(BuildEvent::Serving { address });
        Ok(())
    }

    fn address(&self, host_name: &str) -> String {
        match self.0.port {
            Some(port) if port != 443 => format!("https://{host_name}:{port}"),
            _ => format!("https://{host_name}"),
        }
    }
}

impl seams::Host for LocalHost {
    fn build<'a>(
        &'a self,
        order: &'a BuildOrder,
        progress: &'a dyn Progress,
    ) -> Pending<'a, Artifact, HostError> {
        Box::pin(self.compile(order, progress))
    }

    fn trial(&self) -> Pending<'_, Trial, HostError> {
        Box::pin(async {
            let verifier = self.0.verification.verifier().to_owned();
            let verifier =
                tokio::task::spawn_blocking(move || digest(&verifier)).await.map_err(unavailable)?;
            let database = self.0.database.word().to_owned();
            Ok(Trial { database, verifier: verifier.map_err(unavailable)? })
        })
    }

    fn verify<'a>(
        &'a self,
        order: &'a VerifyOrder,
        progress: &'a dyn Progress,
    ) -> Pending<'a, Verified, HostError> {
        Box::pin(self.try_out(order, progress))
    }

    fn provide<'a>(&'a self, order: &'a EnvironmentOrder) -> Pending<'a, (), HostError> {
        Box::pin(async move {
            let host = HostName::parse(&order.host_name)
                .ok_or_else(|| HostError::Version(format!("{} is not a host name", order.host_name)))?;
            let id = order.environment.uuid();
            // A preview is open for as long as its project has one; production begins closed.
            let first = match order.kind {
                EnvironmentKind::Preview => Gate::ReadWrite,
                EnvironmentKind::Production => Gate::NotStarted,
            };
            let known = self.0.supervisor.register().environment(id);
            let gate = known.map_or(first, |known| known.gate);
            let public_url = self.address(host.as_str());
            let rows = (order.kind == EnvironmentKind::Preview).then_some(PREVIEW_ROWS);
            let new = NewEnvironment { id, host, public_url, database: self.0.database, rows, gate };
            self.0.supervisor.create(new).await.map_err(told)
        })
    }

    fn deploy<'a>(
        &'a self,
        order: &'a DeployOrder,
        progress: &'a dyn Progress,
    ) -> Pending<'a, (), HostError> {
        Box::pin(self.bring_up(order, progress))
    }

    fn seed<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, (), HostError> {
        Box::pin(async move { self.0.supervisor.seed(environment.uuid()).await.map_err(told) })
    }

    fn made_up(&self, environment: EnvironmentId) -> Result<Vec<MadeUpPerson>, HostError> {
        self.0
            .supervisor
            .made_up(environment.uuid())
            .map_err(|error| HostError::Unavailable(error.to_string()))
    }

    fn invite_owner<'a>(
        &'a self,
        environment: EnvironmentId,
        email: &'a EmailAddress,
    ) -> Pending<'a, String, HostError> {
        Box::pin(async move {
            let arguments = ["--email", email.as_str()];
            let done = self.0.supervisor.work(environment.uuid(), Work::CreateOwner, &arguments).await;
            let link = done.map_err(told)?.result;
            let path = link.trim().find("/welcome/").map(|place| link.trim()[place..].to_owned());
            path.ok_or_else(|| HostError::Version("the app gave no link for its first person".to_owned()))
        })
    }

    fn outward<'a>(&'a self, environment: EnvironmentId, reach: &'a Reach) -> Pending<'a, (), HostError> {
        Box::pin(async move {
            self.0.supervisor.set_outward(environment.uuid(), reach.clone()).await.map_err(told)
        })
    }

    fn gate<'a>(&'a self, environment: EnvironmentId, gate: seams::Gate) -> Pending<'a, (), HostError> {
        Box::pin(
            async move { self.0.supervisor.set_gate(environment.uuid(), gate.into()).await.map_err(told) },
        )
    }

    fn run<'a>(
        &'a self,
        environment: EnvironmentId,
        arguments: &'a [String],
        folder: &'a Path,
    ) -> Pending<'a, String, HostError> {
        Box::pin(async move {
            let (word, rest) =
                arguments.split_first().map_or(("", &[][..]), |(word, rest)| (word.as_str(), rest));
            let works =
                [Work::Export, Work::VerifyAudit, Work::RotateKeys, Work::Migrate, Work::DestroyOrganisation];
            let work = works.into_iter().find(|work| work.word() == word);
            let work = work.ok_or_else(|| HostError::Version(format!("`{word}` is no work of an app")))?;
            let rest: Vec<String> = rest.iter().map(|word| word.replace("{folder}", ERRAND)).collect();
            let rest: Vec<&str> = rest.iter().map(String::as_str).collect();
            let shown = Shown { access: Access::Write, host: folder, inside: ERRAND };
            let done = self.0.supervisor.work_with(environment.uuid(), work, &rest, &[shown]).await;
            let done = done.map_err(told)?;
            Ok(if done.result.is_empty() { done.remarks } else { done.result })
        })
    }

    fn logs<'a>(&'a self, environment: EnvironmentId, lines: usize) -> Pending<'a, Vec<String>, HostError> {
        Box::pin(async move {
            let status = self.0.supervisor.status(environment.uuid()).await.map_err(told)?;
            let crashes = status.crashes.iter().map(|crash| format!("{}: the app stopped {crash}", crash.at));
            let all: Vec<String> = crashes.chain(status.said).collect();
            Ok(all[all.len().saturating_sub(lines)..].to_vec())
        })
    }

    fn destroy_keys<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, KeyDestruction, HostError> {
        Box::pin(async move {
            let id: Uuid = environment.uuid();
            if self.0.supervisor.register().environment(id).is_some() {
                self.0.supervisor.set_gate(id, Gate::Nothing).await.map_err(told)?;
            }
            self.0.supervisor.withhold(id).map_err(told)?;
            self.0.agent.destroy(id).await.map_err(unavailable)
        })
    }

    fn destroy_data<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, (), HostError> {
        Box::pin(async move { self.0.supervisor.destroy(environment.uuid()).await.map_err(told) })
    }

    fn forget<'a>(&'a self, project: ProjectId) -> Pending<'a, (), HostError> {
        Box::pin(async move {
            let builder = self.0.builder.clone();
            let removed = tokio::task::spawn_blocking(move || builder.forget(project.uuid())).await;
            let removed = removed.map_err(|error| HostError::Unavailable(error.to_string()))?;
            removed.map_err(|error| HostError::Unavailable(error.to_string()))
        })
    }
}

impl seams::Showing for LocalHost {
    fn look<'a>(&'a self, leave: &'a Leave) -> Pending<'a, Looked, HostError> {
        Box::pin(async move {
            let done = self.0.supervisor.look(leave).await.map_err(told)?;
            Ok(Looked::new(done.result))
        })
    }
}

/// Passes steps on as they come.
async fn tell(mut steps: mpsc::Receiver<Step>, progress: &dyn Progress) {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    while let Some(step) = steps.recv().await {
        let event = match step {
            Step::Started { of } => BuildEvent::Progress { done: 0, total: count(of), now: String::new() },
            Step::Compiled { name, done, of } => {
                BuildEvent::Progress { done: count(done), total: count(of), now: name }
            }
            Step::Warning { text, file, line } => diagnostic("warning", text, file, line),
            Step::Error { text, file, line } => diagnostic("error", text, file, line),
            // Whoever gave the order tells the end of it.
            Step::Finished { .. } | Step::Failed => continue,
        };
        progress.tell(event);
    }
}

fn diagnostic(level: &str, message: String, file: Option<String>, line: Option<u32>) -> BuildEvent {
    BuildEvent::Diagnostic { level: level.to_owned(), message, file, line }
}

/// A project of our own that carries what every generated project carries.
fn write_sample(folder: &Path) -> io::Result<()> {
    const SAMPLE: &str = include_str!("sample/Cargo.toml");
    private_folder(folder)?;
    let mut files = generator::vendored::files();
    files.insert("Cargo.toml".to_owned(), SAMPLE.to_owned());
    files.insert("Cargo.lock".to_owned(), generator::vendored::lock("sample"));
    files.insert("src/main.rs".to_owned(), include_str!("sample/main.rs").to_owned());
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        if fs::read_to_string(&path).is_ok_and(|found| found == text) {
            continue;
        }
        fs::write(path, text)?;
    }
    Ok(())
}

/// Copies a program to a place of its version's own.
fn keep(mut program: fs::File, folder: &Path, name: &str) -> io::Result<Artifact> {
    fs::create_dir_all(folder)?;
    let (draft, binary) = (folder.join(".next"), folder.join(name));
    let mut file = fs::File::create(&draft)?;
    io::copy(&mut program, &mut file)?;
    file.set_permissions(fs::Permissions::from_mode(0o555))?;
    file.sync_all()?;
    fs::rename(&draft, &binary)?;
    let sha256 = digest(&binary)?;
    Ok(Artifact { binary, sha256 })
}

fn digest(path: &Path) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    let (mut file, mut part) = (fs::File::open(path)?, vec![0; 1 << 16]);
    loop {
        match file.read(&mut part)? {
            0 => return Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()),
            read => context.update(&part[..read]),
        }
    }
}

fn told(error: SupervisorError) -> HostError {
    match error {
        SupervisorError::NotReady(_)
        | SupervisorError::Work { .. }
        | SupervisorError::Closed(_)
        | SupervisorError::Empty
        | SupervisorError::Unknown => HostError::Version(error.to_string()),
        error => unavailable(error),
    }
}

/// As whom a project's builds run, and what they built while it is tried.
fn builder_of(project: Uuid) -> Account {
    Account(FIRST_BUILDER + 1 + u32::try_from(project.as_u128() % BUILDERS).unwrap_or_default())
}

pub(super) fn unavailable(error: impl std::fmt::Display) -> HostError {
    HostError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests {
    /// The base is compiled as projects are, or they would not find it fresh.
    #[test]
    fn the_sample_is_compiled_by_the_profiles_of_generated_projects() {
        let profiles =
            |manifest: &str| manifest.split_once("[profile.dev]").map(|(_, rest)| rest.trim().to_owned());
        let generated = include_str!("../../../generator/goldens/home-bp/Cargo.toml");
        let dependencies = |manifest: &str| {
            let (_, rest) = manifest.split_once("[dependencies]")?;
            rest.split_once("[lints").map(|(dependencies, _)| dependencies.trim().to_owned())
        };
        let sample = include_str!("sample/Cargo.toml");
        assert_eq!(profiles(sample), profiles(generated));
        assert_eq!(dependencies(sample), dependencies(generated));
    }
}
