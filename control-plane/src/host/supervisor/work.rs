//! Work that the app's own binary does: nobody else opens its database (invariant 11).

use std::path::{Path, PathBuf};
use std::time::Duration;

use safeguards::store::gate::{Part, admit_owner, dismiss};
use tokio::io::{AsyncRead, AsyncReadExt};
use uuid::Uuid;

use super::{DatabaseKind, Environment, NewEnvironment, Supervisor, SupervisorError, places};
use crate::host::gate::Work;
use crate::host::provided::Provided;
use crate::host::sandbox::{Access, Inheritance};
use crate::support::Leave;

/// What a piece of work may print.
const RESULT: u64 = 4 << 20;
/// What it may say beside that.
const REMARKS: u64 = 64 << 10;

/// A file or folder of the host that a piece of work sees.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Whether it may be changed.
    pub access: Access,
    /// Where it is.
    pub host: &'a Path,
    /// Where it is seen.
    pub inside: &'a str,
}

/// What a piece of work is told. A variable may hold a password, or a look that names somebody: it cannot be printed.
#[derive(Clone, Copy, Default)]
pub(super) struct Told<'a> {
    pub(super) arguments: &'a [&'a str],
    pub(super) shown: &'a [Shown<'a>],
    pub(super) variable: Option<(&'static str, &'a str)>,
}

/// A piece of work that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What it printed: its result. It may hold a secret, such as a one-time link.
    pub result: String,
    /// What it said beside that.
    pub remarks: String,
}

impl Supervisor {
    /// Makes an environment. Cut off half-way, it is made whole by being asked again.
    ///
    /// # Errors
    /// Its keys or its database could not be made, or its host name is taken.
    pub async fn create(&self, new: NewEnvironment) -> Result<(), SupervisorError> {
        let NewEnvironment { id, host, public_url, database, rows, gate } = new;
        let known = self.0.register.environment(id);
        let whole = known.as_ref().is_some_and(|known| {
            known.host == host
                && known.public_url == public_url
                && known.rows == rows
                && known.enforced == Some(gate)
        });
        if whole {
            return Ok(());
        }
        let account = known.as_ref().map_or_else(|| self.0.register.free_account(), |known| known.account);
        let program = known.as_ref().and_then(|known| known.program.clone());
        let fence = known.as_ref().map_or(0, |known| known.fence);
        let outward = known.as_ref().map_or_else(Vec::new, |known| known.outward.clone());
        // Its records stay where they are, whatever new environments get.
        let database = known.as_ref().map_or(database, |known| known.database);
        let environment = Environment {
            id,
            host,
            public_url,
            database,
            account,
            program,
            rows,
            gate,
            enforced: None,
            fence,
            outward,
        };
        self.0.register.keep(environment.clone())?;
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        places::make(&self.0, &environment).await?;
        self.enforce(&slot, &mut state).await
    }

    /// Has the app's binary do a piece of work, which its gate must allow.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn work(&self, id: Uuid, work: Work, arguments: &[&str]) -> Result<Done, SupervisorError> {
        self.work_with(id, work, arguments, &[]).await
    }

    /// The same, with files and folders of the host that the work is about, such as the folder that an archive is
    /// written to. Each is given to the environment's account.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn work_with(
        &self,
        id: Uuid,
        work: Work,
        arguments: &[&str],
        shown: &[Shown<'_>],
    ) -> Result<Done, SupervisorError> {
        if work == Work::SupportLook {
            return Err(SupervisorError::Closed("support is shown records for a leave only"));
        }
        let (environment, program) = self.ready(id, work)?;
        self.run(&environment, &program, work, arguments, shown).await
    }

    /// Has the app's binary show records to support, for a leave; answers what it printed. What is asked for goes by a
    /// variable of the sandbox, which nobody but the app's account can read.
    ///
    /// # Errors
    /// Why nothing was shown.
    pub async fn look(&self, leave: &Leave) -> Result<Done, SupervisorError> {
        let (environment, program) = self.ready(leave.environment().uuid(), Work::SupportLook)?;
        let told = Told { variable: Some(("SUPPORT_LOOK", leave.request())), ..Told::default() };
        self.run_told(&environment, &program, Work::SupportLook, told).await
    }

    /// The environment and its program, where its gate allows the work.
    pub(super) fn ready(&self, id: Uuid, work: Work) -> Result<(Environment, PathBuf), SupervisorError> {
        let environment = self.0.register.environment(id).ok_or(SupervisorError::Unknown)?;
        if !environment.gate.allows(work) || environment.enforced != Some(environment.gate) {
            let why = environment.gate.closed_because().unwrap_or("its records are only read at the moment");
            return Err(SupervisorError::Closed(why));
        }
        let program = environment.program.clone().ok_or(SupervisorError::Empty)?;
        Ok((environment, program))
    }

    /// Takes note of an order's number.
    ///
    /// # Errors
    /// A later order was here before: [`SupervisorError::Late`].
    pub fn fence(&self, id: Uuid, number: i64) -> Result<(), SupervisorError> {
        let mut environment = self.0.register.environment(id).ok_or(SupervisorError::Unknown)?;
        if number < environment.fence {
            return Err(SupervisorError::Late);
        }
        environment.fence = number;
        Ok(self.0.register.keep(environment)?)
    }

    /// Begins the environment anew: without a record, under a new root key. For made-up data only; the caller knows
    /// whether it is.
    ///
    /// # Errors
    /// Something is still there; asking again goes on from there.
    pub async fn reset(&self, id: Uuid) -> Result<(), SupervisorError> {
        let environment = self.0.register.environment(id).ok_or(SupervisorError::Unknown)?;
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        self.stop(&mut state).await;
        // Whom it calls, and how, is its owner's word and no record of it.
        let provided = Provided::laid(&self.0.folders.keys(id))?;
        self.0.agent.destroy(id).await?;
        let folders = [self.0.folders.data(id), self.0.folders.keys(id), self.0.folders.witness(id)];
        for folder in folders {
            match std::fs::remove_dir_all(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        if let (DatabaseKind::Postgres, Some(server)) = (environment.database, &self.0.postgres) {
            let name = places::database_name(id);
            safeguards::store::gate::drop_environment(&server.administrator, &name).await?;
        }
        places::make(&self.0, &environment).await?;
        provided.lay(&self.0.folders.keys(id))?;
        self.0.register.keep(Environment { enforced: None, ..environment })?;
        self.enforce(&slot, &mut state).await
    }

    /// Destroys the environment: its keys first, so that from then on nothing opens; then its database, its data and
    /// its programs. Witness and signed heads stay. It may be repeated.
    ///
    /// # Errors
    /// Something is still there; asking again goes on from there.
    pub async fn destroy(&self, id: Uuid) -> Result<(), SupervisorError> {
        if self.0.register.environment(id).is_some() {
            self.set_gate(id, crate::host::Gate::Nothing).await?;
        }
        self.withhold(id)?;
        self.0.agent.destroy(id).await?;
        let keys = self.0.folders.keys(id);
        match std::fs::remove_dir_all(&keys) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if let Some(server) = &self.0.postgres {
            let name = places::database_name(id);
            safeguards::store::gate::drop_environment(&server.administrator, &name).await?;
        }
        self.0.register.remove(id)?;
        self.0.slots.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&id);
        Ok(())
    }

    pub(super) async fn migrate(
        &self,
        environment: &Environment,
        program: &Path,
    ) -> Result<(), SupervisorError> {
        self.run(environment, program, Work::Migrate, &[], &[]).await.map(drop)
    }

    /// Runs a subcommand, as the owner of the database where that is a role.
    pub(super) async fn run(
        &self,
        environment: &Environment,
        program: &Path,
        work: Work,
        arguments: &[&str],
        more: &[Shown<'_>],
    ) -> Result<Done, SupervisorError> {
        self.run_told(environment, program, work, Told { arguments, shown: more, variable: None }).await
    }

    pub(super) async fn run_told(
        &self,
        environment: &Environment,
        program: &Path,
        work: Work,
        told: Told<'_>,
    ) -> Result<Done, SupervisorError> {
        let inner = &self.0;
        let slot = self.slot(environment.id)?;
        let turn = tokio::time::timeout(inner.manner.work, slot.work.lock()).await;
        let _turn = turn.map_err(|_| SupervisorError::Busy)?;
        let mut sandbox = places::common(inner, environment, program)?;
        if let Some((name, value)) = told.variable {
            sandbox = sandbox.variable(name, value);
        }
        for Shown { access, host, inside } in told.shown {
            places::give(host, environment.account)?;
            sandbox = sandbox.mount(*access, host, inside);
        }
        let (witness, keys) = (inner.folders.witness(environment.id), inner.folders.keys(environment.id));
        // Copies: the originals lie where no app may look, and the signer goes on writing them.
        let shown = tempfile::tempdir_in(places::run_folder(&inner.folders, environment.id)?)?;
        let files = [
            (witness.join("witness.ndjson"), "/run/witness/witness.ndjson"),
            (witness.join("public-key"), "/run/witness/public-key"),
            (keys.join("audit-witness-end"), "/run/keys/audit-witness-end"),
        ];
        for (number, (original, inside)) in files.into_iter().enumerate() {
            if original.exists() {
                let copy = shown.path().join(number.to_string());
                std::fs::copy(original, &copy)?;
                places::give(&copy, environment.account)?;
                sandbox = sandbox.mount(Access::Read, copy, inside);
            }
        }
        inner.agent.signer(environment.id).await?;
        let signer = places::run_folder(&inner.folders, environment.id)?.join("signer");
        sandbox = sandbox
            .mount(Access::Read, signer, "/run/signer")
            .variable("SIGNER_SOCKET", "/run/signer/socket");
        let owner = self.owner(environment).await?;
        if let Some(address) = &owner {
            let inside = places::seen_inside(address.reveal());
            sandbox = sandbox.variable("DATABASE_OWNER_URL", &inside);
            // `seed` and `create-owner` act as the app does.
            sandbox = sandbox.variable("DATABASE_URL", places::app_url(&inner.folders, environment.id)?);
        }
        let words: Vec<&str> = std::iter::once(work.word()).chain(told.arguments.iter().copied()).collect();
        let input = Some(inner.agent.keys(environment.id).await?.into());
        let inherited = Inheritance { input, ..Inheritance::default() };
        let done =
            self.finish(sandbox.start(Path::new(places::PROGRAM), &words, inherited).await?, work).await;
        if owner.is_some() {
            self.dismiss_owner(environment).await?;
        }
        done
    }

    async fn finish(
        &self,
        mut running: crate::host::sandbox::Running,
        work: Work,
    ) -> Result<Done, SupervisorError> {
        let failed = |why: String| SupervisorError::Work { word: work.word(), why };
        let (output, errors) = (running.child.stdout.take(), running.child.stderr.take());
        let patience: Duration = self.0.manner.work;
        let all = async {
            let (result, remarks, ended) =
                tokio::join!(read(output, RESULT), read(errors, REMARKS), running.ended());
            (result, remarks, ended)
        };
        let Ok((result, remarks, ended)) = tokio::time::timeout(patience, all).await else {
            running.kill().await;
            return Err(failed(format!("it took longer than {} s", patience.as_secs())));
        };
        let ended = ended?;
        let (result, remarks) = (result?, remarks?);
        if ended.is_success() {
            return Ok(Done { result, remarks });
        }
        let last: Vec<&str> = remarks.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Err(failed(if last.is_empty() { ended.to_string() } else { last.join("; ") }))
    }

    async fn owner(
        &self,
        environment: &Environment,
    ) -> Result<Option<safeguards::store::DatabaseAddress>, SupervisorError> {
        if environment.database == DatabaseKind::Sqlite {
            return Ok(None);
        }
        let server = self.0.postgres.as_ref().ok_or(SupervisorError::NoPostgres)?;
        let name = places::database_name(environment.id);
        Ok(Some(admit_owner(&server.administrator, &name).await?))
    }

    async fn dismiss_owner(&self, environment: &Environment) -> Result<(), SupervisorError> {
        let server = self.0.postgres.as_ref().ok_or(SupervisorError::NoPostgres)?;
        let name = places::database_name(environment.id);
        Ok(dismiss(&server.administrator, &name, &[Part::Owner]).await?)
    }
}

/// What a program writes, up to `most` bytes; the rest is read and dropped, so that it can go on.
async fn read(stream: Option<impl AsyncRead + Unpin>, most: u64) -> std::io::Result<String> {
    let Some(mut stream) = stream else { return Ok(String::new()) };
    let mut bytes = Vec::new();
    (&mut stream).take(most).read_to_end(&mut bytes).await?;
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
