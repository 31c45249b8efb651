//! The supervisor: it owns the sockets of apps, starts an app when somebody asks for it, and puts it to sleep when
//! nobody has for a while.
//!
//! An environment has at most one *instance* that serves: a process in a sandbox, on a socket of its own that we made
//! and handed over. A request for a sleeping app waits while it starts. A new version is started beside the old one,
//! which serves until the new one says that it is ready and then finishes what it has begun. An app that dies is
//! started again, each time a little later, and why it died is kept in words.
//!
//! Everything that must outlive us stands in the [`Register`]; when we start again, sleeping apps sleep and the next
//! request wakes them.

mod houses;
mod instance;
mod lines;
mod made_up;
mod places;
mod throwaway;
mod work;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use safeguards::clock::Clock;
use safeguards::store::{DatabaseAddress, StoreError};
use time::OffsetDateTime;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::environment::{DatabaseKind, Environment, HostName, Register, RegisterError};
use super::folders::Folders;
use super::gate::Gate;
use super::key_agent::{AgentError, KeyAgent};
use super::outward::{Internet, Outside};
use super::provided::{Provided, Reach};
use super::sandbox::{Ended, Limits, SandboxError};
use instance::Instance;
pub use instance::Lease;
pub(crate) use places::folder_size;
pub(super) use places::give;
pub(super) use throwaway::Throwaway;
pub use work::{Done, Shown};

/// The PostgreSQL server on which environments get databases of their own.
#[derive(Clone, Debug)]
pub struct PostgresServer {
    /// A role that may make databases and roles.
    pub administrator: DatabaseAddress,
    /// The server's unix socket, which is all that an app sees of it. A server on another machine is reached through
    /// a pooler on this one.
    pub socket: PathBuf,
}

/// How the supervisor goes about it.
#[derive(Clone, Debug)]
pub struct Manner {
    /// An app that nobody asked for so long goes to sleep.
    pub idle: Duration,
    /// An app whose rules look for what is missing and late is woken for it after so long a sleep.
    pub rounds: Duration,
    /// How long an app may take until it is ready, and a request waits for it.
    pub start: Duration,
    /// How long an app may take to finish what it has begun.
    pub finish: Duration,
    /// How long a piece of work of the app's binary may take.
    pub work: Duration,
    /// How much an app may take.
    pub limits: Limits,
    /// How many bytes its folder may hold.
    pub folder: u64,
    /// What lies outside, for apps that may reach something there.
    pub outside: Arc<dyn Outside>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(15 * 60),
            rounds: Duration::from_secs(10 * 60),
            start: Duration::from_secs(60),
            finish: Duration::from_secs(30),
            work: Duration::from_secs(60 * 60),
            limits: Limits {
                memory: 1 << 30,
                processes: 128,
                file: 20 << 30,
                temporary: 256 << 20,
                open_files: 4096,
            },
            folder: 50 << 30,
            outside: Arc::new(Internet),
        }
    }
}

/// Why an app does not answer, or was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// There is none.
    #[error("there is no such environment")]
    Unknown,
    /// Its gate keeps it from running, or from this work.
    #[error("the app does not run: {0}")]
    Closed(&'static str),
    /// It was made and has no program yet.
    #[error("nothing has been deployed here yet")]
    Empty,
    /// It died, and is not started again before a while has passed.
    #[error("the app has stopped and is started again in {} s", .0.as_secs())]
    Resting(Duration),
    /// It did not become ready.
    #[error("the app did not start: {0}")]
    NotReady(String),
    /// A later order was here before this one.
    #[error("a later order was here before")]
    Late,
    /// It is being started or changed, and that takes too long.
    #[error("the app is busy with an earlier change")]
    Busy,
    /// A piece of work failed.
    #[error("the app's `{word}` failed: {why}")]
    Work {
        /// The subcommand.
        word: &'static str,
        /// In words.
        why: String,
    },
    /// Its keys cannot be had, so it is not started.
    #[error(transparent)]
    Keys(#[from] AgentError),
    /// Its sandbox cannot be made, so it is not started.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// It wants PostgreSQL, and this host has none.
    #[error("this host has no PostgreSQL server")]
    NoPostgres,
    /// Its database cannot be made, opened or closed.
    #[error("its database: {0}")]
    Database(#[from] StoreError),
    /// The register cannot be written.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A file or socket of the host.
    #[error("the host: {0}")]
    Host(#[from] std::io::Error),
}

/// What is to be made.
#[derive(Clone, Debug)]
pub struct NewEnvironment {
    /// Its id, from the platform.
    pub id: Uuid,
    /// Where it answers.
    pub host: HostName,
    /// The address that people type.
    pub public_url: String,
    /// Where its records are to be.
    pub database: DatabaseKind,
    /// How many records of each kind it may hold.
    pub rows: Option<u32>,
    /// What it may do at first.
    pub gate: Gate,
}

/// A death of an app, as its owner is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// When.
    pub at: OffsetDateTime,
    /// How.
    pub ended: Ended,
    /// How long it had run.
    pub after: Duration,
    /// The last lines that it wrote: typed fields only, for what a founder's code writes may be about a patient.
    pub said: Vec<String>,
}

impl fmt::Display for Crash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "after {} s {}", self.after.as_secs(), self.ended)
    }
}

/// How an environment is, at this moment.
#[derive(Clone, Debug)]
pub struct Status {
    /// What it does.
    pub phase: Phase,
    /// Its latest deaths, the newest last.
    pub crashes: Vec<Crash>,
    /// The last lines that the running app wrote: typed fields only.
    pub said: Vec<String>,
    /// When its audit log was last found to be witnessed outside it. An app that serves asks every 20 seconds; one that
    /// has not for a minute does not keep its log as it should.
    pub witnessed: Option<OffsetDateTime>,
}

/// What an environment does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nothing; a request wakes it.
    Asleep,
    /// It answers.
    Serving,
    /// It has died, and is started again at this time.
    Resting(OffsetDateTime),
    /// Its gate is closed.
    Closed,
}

/// The supervisor. Cheap to clone; apps end with the process.
#[derive(Clone, Debug)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    folders: Folders,
    register: Arc<Register>,
    agent: KeyAgent,
    postgres: Option<PostgresServer>,
    manner: Manner,
    clock: Arc<dyn Clock>,
    slots: RwLock<HashMap<Uuid, Arc<Slot>>>,
}

impl fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Supervisor").field("folders", &self.folders).finish_non_exhaustive()
    }
}

/// One environment's place.
struct Slot {
    id: Uuid,
    /// Held while the environment is started or changed: whoever asks meanwhile waits.
    state: Mutex<State>,
    /// Held while its binary does a piece of work: the owner of a database signs in for one at a time.
    work: Mutex<()>,
    /// When the owner of its database sweeps next.
    sweeps: std::sync::Mutex<Option<OffsetDateTime>>,
}

#[derive(Default)]
struct State {
    serving: Option<Arc<Instance>>,
    generation: u64,
    crashes: Vec<Crash>,
    /// Deaths in a row.
    failures: u32,
    not_before: Option<OffsetDateTime>,
    /// When it is woken for its rounds, if nobody asks for it before.
    rounds: Option<OffsetDateTime>,
}

/// By this file in its folder an app says that it makes rounds, as the library writes it.
const ROUNDS: &str = "makes-rounds";
/// How many deaths are kept.
const CRASHES: usize = 10;
/// An app that ran for so long had started well: its next death is the first in a row.
const WELL: Duration = Duration::from_secs(120);

impl Supervisor {
    /// Takes over the environments of the register. What was cut off half-way is made good before this returns.
    ///
    /// # Errors
    /// A gate that an earlier run had begun to close cannot be closed.
    pub async fn start(
        folders: Folders,
        register: Arc<Register>,
        agent: KeyAgent,
        postgres: Option<PostgresServer>,
        manner: Manner,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SupervisorError> {
        let slots = RwLock::default();
        let supervisor = Self(Arc::new(Inner { folders, register, agent, postgres, manner, clock, slots }));
        for environment in supervisor.0.register.all() {
            if environment.enforced != Some(environment.gate) {
                let slot = supervisor.slot(environment.id)?;
                let mut state = slot.state.lock().await;
                supervisor.enforce(&slot, &mut state).await?;
            }
            supervisor.slot(environment.id)?.state.lock().await.rounds =
                supervisor.next_rounds(environment.id);
        }
        supervisor.clone().renew_with_the_agent();
        Ok(supervisor)
    }

    /// A way to the app: the one that runs, or the one that is started for this request.
    ///
    /// # Errors
    /// Why it cannot answer now.
    pub async fn wake(&self, id: Uuid) -> Result<Lease, SupervisorError> {
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        if let Some(instance) = state.serving.as_ref().filter(|instance| instance.is_alive()) {
            return Ok(instance.lease(self.0.clock.now()));
        }
        self.bury(&mut state).await;
        let now = self.0.clock.now();
        if let Some(until) = state.not_before.filter(|until| *until > now) {
            return Err(SupervisorError::Resting((until - now).try_into().unwrap_or_default()));
        }
        let instance = self.begin(&slot, &mut state, None).await?;
        let lease = instance.lease(self.0.clock.now());
        state.serving = Some(instance);
        Ok(lease)
    }

    /// How the environment is.
    ///
    /// # Errors
    /// There is none, or it is being changed.
    pub async fn status(&self, id: Uuid) -> Result<Status, SupervisorError> {
        let environment = self.0.register.environment(id).ok_or(SupervisorError::Unknown)?;
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        self.bury(&mut state).await;
        let phase = match (&state.serving, state.not_before) {
            _ if !environment.gate.runs() => Phase::Closed,
            (Some(_), _) => Phase::Serving,
            (None, Some(until)) if until > self.0.clock.now() => Phase::Resting(until),
            _ => Phase::Asleep,
        };
        let said = state.serving.as_ref().map_or_else(Vec::new, |instance| instance.said());
        let crashes = state.crashes.clone();
        drop(state);
        // Not known while the agent is away, which is told elsewhere.
        let witnessed = self.0.agent.signed(id).await.unwrap_or_default();
        Ok(Status { phase, crashes, said, witnessed })
    }

    /// Puts a program in the place of the one that serves: it is started beside it, and takes over once it is ready.
    /// The schema is brought up to date first, by the new program; migrations are such that both versions work.
    ///
    /// `program` is a file that is copied to where no build changes it.
    ///
    /// # Errors
    /// Why the new program does not serve; then the old one goes on, and nothing has changed but the schema.
    pub async fn deploy(&self, id: Uuid, program: &Path) -> Result<(), SupervisorError> {
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        let mut environment = self.0.register.environment(id).ok_or(SupervisorError::Unknown)?;
        let kept = places::keep_program(&self.0.folders, id, program)?;
        if environment.gate.writes() {
            self.migrate(&environment, &kept).await?;
        }
        if !environment.gate.runs() {
            environment.program = Some(kept);
            return Ok(self.0.register.keep(environment)?);
        }
        self.make_way(&environment, &mut state).await;
        let instance = self.begin(&slot, &mut state, Some(&kept)).await?;
        environment.program = Some(kept);
        // Written before the old one stops: cut off here, the new program is what the next request starts.
        self.0.register.keep(environment)?;
        state.failures = 0;
        state.not_before = None;
        let old = state.serving.replace(instance);
        drop(state);
        if let Some(old) = old {
            old.finish(self.0.manner.finish).await;
        }
        places::forget_programs(&self.0.folders, &self.0.register, id);
        Ok(())
    }

    /// Changes what the environment may do. When this returns, it holds.
    ///
    /// # Errors
    /// It could not be enforced; then the app does not run until it is.
    pub async fn set_gate(&self, id: Uuid, gate: Gate) -> Result<(), SupervisorError> {
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        let mut environment = self.0.register.environment(id).ok_or(SupervisorError::Unknown)?;
        if environment.gate == gate && environment.enforced == Some(gate) {
            return Ok(());
        }
        environment.gate = gate;
        environment.enforced = None;
        self.0.register.keep(environment)?;
        self.enforce(&slot, &mut state).await
    }

    /// Changes whom the app may reach, and what it is told of how to call them. When this returns, it reaches nobody else, and
    /// what it had open is cut.
    ///
    /// # Errors
    /// There is no such environment, it is being changed, or it does not start again; the new list holds all the same.
    pub async fn set_outward(&self, id: Uuid, reach: Reach) -> Result<(), SupervisorError> {
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        let mut environment = self.0.register.environment(id).ok_or(SupervisorError::Unknown)?;
        let is_listed = environment.outward == reach.to;
        if !is_listed {
            environment.outward = reach.to;
            // From here on a door that is open asks by the new list.
            self.0.register.keep(environment.clone())?;
        }
        let laid = reach.provided.lay(&self.0.folders.keys(id));
        if is_listed && matches!(laid, Ok(false)) {
            return Ok(());
        }
        let Some(old) = state.serving.take() else { return Ok(laid.map(drop)?) };
        old.shut_the_door();
        self.make_way(&environment, &mut state).await;
        let begun = match laid {
            Ok(_) => self.begin(&slot, &mut state, None).await,
            Err(error) => Err(error.into()),
        };
        if let Ok(instance) = &begun {
            state.serving = Some(Arc::clone(instance));
        }
        drop(state);
        old.finish(self.0.manner.finish).await;
        begun.map(drop)
    }

    /// Removes what an app was told of how to call others, before its own keys are destroyed.
    ///
    /// # Errors
    /// A file is still there.
    pub fn withhold(&self, id: Uuid) -> Result<(), SupervisorError> {
        Provided::default().lay(&self.0.folders.keys(id))?;
        Ok(())
    }

    /// Puts an app to sleep; the next request wakes it.
    ///
    /// # Errors
    /// There is no such environment, or it is being changed.
    pub async fn sleep(&self, id: Uuid) -> Result<(), SupervisorError> {
        let slot = self.slot(id)?;
        let mut state = self.turn(&slot).await?;
        self.stop(&mut state).await;
        Ok(())
    }

    /// What is due now: apps that nobody asks for sleep, dead ones are started again, full folders are told.
    pub async fn tick(&self) {
        let now = self.0.clock.now();
        for slot in self.slots() {
            // One that is being changed is looked at the next time.
            let Ok(mut state) = slot.state.try_lock() else { continue };
            let died = self.bury(&mut state).await;
            let due = state.not_before.is_some_and(|until| until <= now);
            let rounds = state.not_before.is_none() && state.rounds.is_some_and(|at| at <= now);
            if state.serving.is_none() && (due || rounds || (died && state.not_before.is_none())) {
                (state.not_before, state.rounds) = (None, None);
                match self.begin(&slot, &mut state, None).await {
                    Ok(instance) => state.serving = Some(instance),
                    Err(error) => tracing::warn!(event = "app-restart", environment = %slot.id, %error),
                }
            } else if state.serving.as_ref().is_some_and(|instance| instance.idle(now) >= self.0.manner.idle)
            {
                self.stop(&mut state).await;
                state.rounds = self.next_rounds(slot.id);
            } else if let Some(instance) = &state.serving
                && places::folder_size(&self.0.folders.data(slot.id)) > self.0.manner.folder
            {
                tracing::warn!(event = "app-folder-full", environment = %slot.id);
                instance.kill_because("its folder holds more than it may").await;
            }
        }
    }

    /// Looks after what is due, every second after apps and every minute after their records, until the task is aborted.
    pub fn keep_watch(&self) -> tokio::task::JoinHandle<()> {
        let supervisor = self.clone();
        tokio::spawn(async move {
            let apps = async {
                let mut second = tokio::time::interval(Duration::from_secs(1));
                loop {
                    second.tick().await;
                    supervisor.tick().await;
                }
            };
            tokio::join!(apps, supervisor.clone().keep_houses_for_ever());
        })
    }

    /// Puts every app to sleep, so that each finishes what it has begun.
    pub async fn close(&self) {
        for slot in self.slots() {
            let mut state = slot.state.lock().await;
            self.stop(&mut state).await;
        }
    }

    /// The register.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.0.register
    }

    /// When an app that sleeps from now on is woken for its rounds; never, if it makes none.
    fn next_rounds(&self, id: Uuid) -> Option<OffsetDateTime> {
        let makes = self.0.folders.data(id).join(ROUNDS).exists();
        makes.then(|| self.0.clock.now() + self.0.manner.rounds)
    }

    fn slots(&self) -> Vec<Arc<Slot>> {
        self.0.slots.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn slot(&self, id: Uuid) -> Result<Arc<Slot>, SupervisorError> {
        if self.0.register.environment(id).is_none() {
            return Err(SupervisorError::Unknown);
        }
        let mut slots = self.0.slots.write().unwrap_or_else(PoisonError::into_inner);
        let slot = || Slot {
            id,
            state: Mutex::default(),
            work: Mutex::default(),
            sweeps: std::sync::Mutex::default(),
        };
        Ok(Arc::clone(slots.entry(id).or_insert_with(|| Arc::new(slot()))))
    }

    async fn turn<'a>(&self, slot: &'a Slot) -> Result<tokio::sync::MutexGuard<'a, State>, SupervisorError> {
        let patience = self.0.manner.start + self.0.manner.finish;
        tokio::time::timeout(patience, slot.state.lock()).await.map_err(|_| SupervisorError::Busy)
    }

    /// Starts an instance, and answers when it is ready.
    async fn begin(
        &self,
        slot: &Slot,
        state: &mut State,
        program: Option<&Path>,
    ) -> Result<Arc<Instance>, SupervisorError> {
        let environment = self.0.register.environment(slot.id).ok_or(SupervisorError::Unknown)?;
        if let Some(why) = environment.gate.closed_because() {
            return Err(SupervisorError::Closed(why));
        }
        if environment.enforced != Some(environment.gate) {
            return Err(SupervisorError::Closed("its gate is being changed"));
        }
        let kept = environment.program.clone();
        let program = program.map(Path::to_owned).or(kept).ok_or(SupervisorError::Empty)?;
        state.generation += 1;
        let begun = Instance::start(&self.0, &environment, &program, state.generation).await;
        if let Err(SupervisorError::NotReady(_)) = &begun
            && environment.program.as_deref() == Some(&*program)
        {
            self.rest(state);
        }
        begun
    }

    /// Notes a death, if there was one; says whether there was.
    async fn bury(&self, state: &mut State) -> bool {
        let Some(instance) = state.serving.take_if(|instance| !instance.is_alive()) else { return false };
        let crash = instance.autopsy(self.0.clock.now()).await;
        if crash.after >= WELL {
            state.failures = 0;
        }
        if state.failures > 0 || crash.after < WELL {
            self.rest(state);
        }
        tracing::warn!(event = "app-died", environment = %instance.environment(), crash = %crash);
        state.crashes.push(crash);
        let surplus = state.crashes.len().saturating_sub(CRASHES);
        state.crashes.drain(..surplus);
        true
    }

    /// Not again at once: 1, 2, 4, … 60 seconds.
    fn rest(&self, state: &mut State) {
        let seconds = 1_i64.checked_shl(state.failures.min(6)).unwrap_or(60).min(60);
        state.failures = state.failures.saturating_add(1);
        state.not_before = Some(self.0.clock.now() + time::Duration::seconds(seconds));
    }

    async fn stop(&self, state: &mut State) {
        if let Some(instance) = state.serving.take() {
            instance.finish(self.0.manner.finish).await;
        }
    }

    /// Makes the gate hold: what may no longer run is stopped before anything else, and what was running runs again.
    async fn enforce(&self, slot: &Slot, state: &mut State) -> Result<(), SupervisorError> {
        let mut environment = self.0.register.environment(slot.id).ok_or(SupervisorError::Unknown)?;
        let ran = state.serving.is_some();
        places::enforce_database(&self.0, &environment).await?;
        self.stop(state).await;
        if environment.gate.runs() {
            places::settle(self, &environment).await?;
        } else {
            // An agent that does not answer holds nothing either once it starts anew.
            if let Err(error) = self.0.agent.forget(slot.id).await {
                tracing::warn!(event = "key-agent-forget", environment = %slot.id, %error);
            }
        }
        environment.enforced = Some(environment.gate);
        self.0.register.keep(environment.clone())?;
        if ran && environment.gate.runs() && environment.program.is_some() {
            state.serving = Some(self.begin(slot, state, None).await?);
        }
        Ok(())
    }

    /// Whenever the agent has been started again, apps that run are handed over to instances with a new connection.
    fn renew_with_the_agent(self) {
        let mut starts = self.0.agent.starts();
        let weak = Arc::downgrade(&self.0);
        drop(self);
        tokio::spawn(async move {
            starts.mark_unchanged();
            while starts.changed().await.is_ok() {
                let Some(inner) = weak.upgrade() else { return };
                let supervisor = Self(inner);
                for slot in supervisor.slots() {
                    if let Err(error) = supervisor.renew(&slot).await {
                        // It serves with the keys that it has.
                        tracing::warn!(event = "app-renewal", environment = %slot.id, %error);
                    }
                }
            }
        });
    }

    async fn renew(&self, slot: &Slot) -> Result<(), SupervisorError> {
        let mut state = self.turn(slot).await?;
        let now_serving = |state: &State| state.serving.as_ref().is_some_and(|instance| instance.is_alive());
        let starts = *self.0.agent.starts().borrow();
        let renewed = state.serving.as_ref().is_some_and(|instance| instance.agent_start() == starts);
        if !now_serving(&state) || renewed {
            return Ok(());
        }
        let environment = self.0.register.environment(slot.id).ok_or(SupervisorError::Unknown)?;
        self.make_way(&environment, &mut state).await;
        let instance = self.begin(slot, &mut state, None).await?;
        let old = state.serving.replace(instance);
        drop(state);
        if let Some(old) = old {
            old.finish(self.0.manner.finish).await;
        }
        Ok(())
    }

    /// Two instances share an environment while one hands over to the other; but not where its file is only read:
    /// what is mounted for the new one must not change under our eyes.
    async fn make_way(&self, environment: &Environment, state: &mut State) {
        if environment.database == DatabaseKind::Sqlite && !environment.gate.writes() {
            self.stop(state).await;
        }
    }
}
