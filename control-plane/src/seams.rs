//! What the parts of the platform offer each other.
//!
//! Everything here is asked for by an operation's step, so every call may be repeated: the same order twice
//! has the effect of one.

use std::path::{Path, PathBuf};
use std::pin::Pin;

use safeguards::identity::EmailAddress;
use safeguards::identity::totp::TotpSecret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::host::provided::Reach;
use crate::ids::{AccountId, EnvironmentId, ProjectId, VersionId};
pub use crate::notices::{Wording, Words};
use crate::residency::Kept;
use crate::secret::Secret;
use crate::support::{Leave, Looked};

/// What another part answers, later.
pub type Pending<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// What is for trying out, and what is for patients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EnvironmentKind {
    /// Made-up people and records, members only, no message leaves it.
    Preview,
    /// Patients. Opened by subscription and agreement, and by nothing else.
    Production,
}

impl EnvironmentKind {
    /// The spelling in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Production => "production",
        }
    }

    /// The kind so spelled.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Preview, Self::Production].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// What an environment may do now. Decided by the platform, enforced outside the app's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// No key is handed out, so nothing runs.
    NotStarted,
    /// Everything.
    ReadAndWrite,
    /// Records are shown and cannot be changed; audit and sessions are written.
    ReadOnly,
    /// As read only, for 30 days, so that everything can be taken home.
    ExportWindow,
    /// Nothing is left.
    Nothing,
}

/// A version to be compiled.
#[derive(Clone, Debug)]
pub struct BuildOrder {
    /// Of which project: what it compiled before may be used again.
    pub project: ProjectId,
    /// The version.
    pub version: VersionId,
    /// Its source, which is not changed.
    pub source: PathBuf,
}

/// What happens while a version is compiled and brought up, as the founder is told. It is stored, and shown
/// to the project's people only: compiler messages quote source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum BuildEvent {
    /// A part of the work begins.
    Phase {
        /// Which, in words: "Compiling", "Bringing the database up to date".
        name: String,
    },
    /// So far it is.
    Progress {
        /// Compiled so far.
        done: u32,
        /// To be compiled in all.
        total: u32,
        /// What is being compiled.
        now: String,
    },
    /// The compiler said something about the source.
    Diagnostic {
        /// `error` or `warning`.
        level: String,
        /// What.
        message: String,
        /// Where, below the project's folder.
        file: Option<String>,
        /// On which line, from 1.
        line: Option<u32>,
    },
    /// It serves at this address.
    Serving {
        /// The address.
        address: String,
    },
    /// It ended without success; the version that served before goes on serving.
    Failed {
        /// Why, in words for a founder.
        why: String,
    },
}

/// Takes events as they happen. It never waits.
pub trait Progress: Send + Sync {
    /// Something happened.
    fn tell(&self, event: BuildEvent);
}

/// A compiled version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// The program, in a folder of the host's.
    pub binary: PathBuf,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// A compiled version to be verified, before it serves anybody.
#[derive(Clone, Debug)]
pub struct VerifyOrder {
    /// Of which project: its files lie where they were compiled.
    pub project: ProjectId,
    /// The version.
    pub version: VersionId,
    /// The program.
    pub artifact: Artifact,
}

/// What the verifications of a host are worth the same for: a program that passed one is not tried again by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The kind of database that versions are tried on, which is the one that environments get.
    pub database: String,
    /// SHA-256 of the program that tries them, in hexadecimal.
    pub verifier: String,
}

/// One check of a version that did not end well. It was written in the sandbox of the version: text for people, no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was to hold, in a sentence.
    pub title: String,
    /// What was seen instead, or why it could not be decided.
    pub saw: String,
}

/// What the verifier found of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many checks saw their promise kept.
    pub kept: u32,
    /// The checks that saw a promise broken.
    pub broken: Vec<Finding>,
    /// The checks that came to no end, which is no pass.
    pub undecided: Vec<Finding>,
    /// The report as one page of HTML. It is as trustworthy as the version that was tried: no page of ours includes it.
    pub page: String,
}

/// An environment, as the host is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentOrder {
    /// The environment.
    pub environment: EnvironmentId,
    /// Of which project.
    pub project: ProjectId,
    /// Of which account.
    pub account: AccountId,
    /// Preview or production.
    pub kind: EnvironmentKind,
    /// Its host name, without scheme and port.
    pub host_name: String,
}

/// A compiled version to be brought into an environment.
#[derive(Clone, Debug)]
pub struct DeployOrder {
    /// Where.
    pub environment: EnvironmentOrder,
    /// The version.
    pub version: VersionId,
    /// The program.
    pub artifact: Artifact,
    /// A number that grows with each lease; a host that has seen a larger one refuses.
    pub fence: i64,
    /// Begin with an empty database. Of a preview only, whose records are made up; else refused.
    pub fresh: bool,
}

/// Why the host did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// It is the version's own fault: it does not compile, its migration fails, it does not come up. The
    /// words are for a founder and say what to do.
    #[error("{0}")]
    Version(String),
    /// The host's own fault; it may go better later.
    #[error("{0}")]
    Unavailable(String),
}

/// Where founders' code is built and runs, untrusted, and where alone a tenant's database is touched: by
/// the tenant's own binary.
pub trait Host: Send + Sync {
    /// Compiles a version in the build sandbox. If the future is dropped, the compiler is ended.
    fn build<'a>(
        &'a self,
        order: &'a BuildOrder,
        progress: &'a dyn Progress,
    ) -> Pending<'a, Artifact, HostError>;

    /// By what and on what this host tries versions now.
    fn trial(&self) -> Pending<'_, Trial, HostError>;

    /// Tries a compiled version in a throwaway instance, with made-up people and on the kind of database that environments
    /// get. Nothing of it stays.
    fn verify<'a>(
        &'a self,
        order: &'a VerifyOrder,
        progress: &'a dyn Progress,
    ) -> Pending<'a, Verified, HostError>;

    /// Makes an environment's folder, database, roles and keys, unless they are there.
    fn provide<'a>(&'a self, order: &'a EnvironmentOrder) -> Pending<'a, (), HostError>;

    /// Migrates the environment's database by the new program and hands its host name over. The old program
    /// serves until the new one is healthy; on failure it serves on.
    fn deploy<'a>(&'a self, order: &'a DeployOrder, progress: &'a dyn Progress)
    -> Pending<'a, (), HostError>;

    /// Writes made-up people and records, once, by the tenant's own binary. Of a preview only.
    fn seed<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, (), HostError>;

    /// The people of a preview who were made up by `seed`, for the members of its account; none elsewhere.
    ///
    /// # Errors
    /// It cannot be read.
    fn made_up(&self, _environment: EnvironmentId) -> Result<Vec<MadeUpPerson>, HostError> {
        Ok(Vec::new())
    }

    /// Makes the first person of an environment, by the tenant's own binary; answers the path of a one-time
    /// link (`/welcome/…`), which is a secret.
    fn invite_owner<'a>(
        &'a self,
        environment: EnvironmentId,
        email: &'a EmailAddress,
    ) -> Pending<'a, String, HostError>;

    /// Lets an app reach these hosts and nobody else, and tells it how to call them. Once this is answered it holds, for what
    /// is open too.
    fn outward<'a>(&'a self, environment: EnvironmentId, reach: &'a Reach) -> Pending<'a, (), HostError>;

    /// Puts a gate around an environment. Once this is answered it holds, for requests under way too.
    fn gate<'a>(&'a self, environment: EnvironmentId, gate: Gate) -> Pending<'a, (), HostError>;

    /// Runs a subcommand of the tenant's own binary in its sandbox (`export`, `verify-audit`, `rotate-keys`)
    /// with these arguments, of which the first is its name; what it writes lies in `folder`, which is shared with
    /// the sandbox. `{folder}` in an argument stands for where the sandbox finds it.
    fn run<'a>(
        &'a self,
        environment: EnvironmentId,
        arguments: &'a [String],
        folder: &'a Path,
    ) -> Pending<'a, String, HostError>;

    /// The last lines that the app wrote for its operator, oldest first: typed fields only, no PHI.
    fn logs<'a>(&'a self, environment: EnvironmentId, lines: usize) -> Pending<'a, Vec<String>, HostError>;

    /// Stops the app and destroys its root key, so that nothing opens any more; says what became of the key.
    fn destroy_keys<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, KeyDestruction, HostError>;

    /// Removes everything else of an environment: database, roles, folder, host name.
    fn destroy_data<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, (), HostError>;

    /// Removes what builds of a project left: copies of its source, and their compiled form.
    fn forget<'a>(&'a self, project: ProjectId) -> Pending<'a, (), HostError>;
}

/// Somebody made up, and what they sign in to the preview with.
#[derive(Clone, Debug)]
pub struct MadeUpPerson {
    /// The role.
    pub role: String,
    /// The address.
    pub email: String,
    /// The password.
    pub password: Secret,
    /// The secret of the authenticator, where the role wants one.
    pub authenticator: Option<TotpSecret>,
}

/// Where support is shown records of a tenant: by the tenant's own binary, for a [`Leave`] and in no other way (HC-10).
pub trait Showing: Send + Sync {
    /// Has the app write the look into its own audit log, and then show the records. Where it cannot write its log, it
    /// shows nothing.
    fn look<'a>(&'a self, leave: &'a Leave) -> Pending<'a, Looked, HostError>;
}

/// What became of a root key that was destroyed. Either way it opens nothing from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyDestruction {
    /// It is gone.
    Erased,
    /// Its service lets nobody use it, and erases it after a waiting period, in which whoever administers the service
    /// could call that off.
    Scheduled {
        /// The service, as people call it.
        service: String,
        /// Where the service keeps it.
        region: String,
        /// Which key, as the service names it; never the key.
        key: String,
        /// When it is gone.
        #[serde(with = "time::serde::rfc3339")]
        until: OffsetDateTime,
    },
}

/// How an account stands: what it pays for, and what it has signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Standing {
    /// What its production may do.
    pub production: Gate,
    /// The plan's name, as people read it.
    pub plan: String,
    /// How things stand, in a sentence or two.
    pub words: String,
    /// What the owner is to do next, if anything: a sentence and a page.
    pub next: Option<(String, String)>,
    /// Until when it stands so, where that is known.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schemars(with = "Option<String>")]
    pub until: Option<OffsetDateTime>,
}

/// Why an account's standing is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BillingError {
    /// The payment provider or the database does not answer.
    #[error("{0}")]
    Unavailable(String),
}

/// What an account may do, by its subscription and its agreement.
pub trait Billing: Send + Sync {
    /// How it stands now.
    fn standing<'a>(&'a self, account: AccountId) -> Pending<'a, Standing, BillingError>;
}

/// An e-mail of the platform's. It holds no PHI, and leads to a page of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Stable, so that it is told once: the left part of its `Message-ID`.
    pub id: String,
    /// To whom.
    pub to: EmailAddress,
    /// When it was written: told again, it is the same message.
    pub written_at: OffsetDateTime,
    /// About what.
    pub subject: Wording,
    /// Paragraphs of plain text.
    pub paragraphs: Vec<Wording>,
}

/// Why a notice was not told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// The mail server does not take it now.
    #[error("{0}")]
    Later(String),
    /// It will never be taken.
    #[error("{0}")]
    Refused(String),
}

/// Tells people by e-mail: into a mailbox folder, or by SMTP.
pub trait Notices: Send + Sync {
    /// Sends it, unless one of the same id was sent.
    fn send<'a>(&'a self, notice: &'a Notice) -> Pending<'a, (), NoticeError>;
}

/// Why an archive is not where it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchivesError {
    /// There is none of that name.
    #[error("there is no such archive")]
    Missing,
    /// The store does not answer.
    #[error("{0}")]
    Unavailable(String),
    /// The store answers, and refuses: nobody may, until its operator changes something.
    #[error("the store of archives refuses: {0}")]
    Refused(String),
    /// What came back is not what was kept.
    #[error("the archive was altered where it was kept")]
    Altered,
}

/// Whether this is a name of an archive: letters, digits, dots and dashes, so that it is one file of one folder.
///
/// # Errors
/// [`ArchivesError::Refused`].
pub fn archive_name(name: &str) -> Result<&str, ArchivesError> {
    let lawful = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(lawful) {
        return Err(ArchivesError::Refused(format!("{name:?} is no name of an archive")));
    }
    Ok(name)
}

/// Where sealed archives wait for their owners: a folder, or S3. Names are chosen by us and hold no PHI.
pub trait Archives: Send + Sync {
    /// Where that is, in words, for whoever reads where their records are and were.
    fn place(&self) -> Kept;

    /// Keeps a copy of a file under this name; one that is there is replaced.
    fn keep<'a>(&'a self, name: &'a str, file: &'a Path) -> Pending<'a, (), ArchivesError>;

    /// Copies it into a file.
    fn fetch<'a>(&'a self, name: &'a str, file: &'a Path) -> Pending<'a, (), ArchivesError>;

    /// Removes it, if it is there: every version, and what a cut-off keeping left.
    fn remove<'a>(&'a self, name: &'a str) -> Pending<'a, (), ArchivesError>;

    /// The names that begin so.
    fn names<'a>(&'a self, prefix: &'a str) -> Pending<'a, Vec<String>, ArchivesError>;
}
