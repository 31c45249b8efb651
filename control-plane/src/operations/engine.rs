//! The engine: takes what is due and has it done.

use std::collections::HashMap;
use std::sync::Arc;

use safeguards::web::{Entry, Log};
use safeguards::{StoreError, Transaction, sql};
use time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use super::Pending;
use super::faults::{Boundary, Faults, NoFaults};
use super::queue::{LEASE, Operation, Operations};
use super::step::{Ended, Step, StepError};

/// How often an idle worker looks whether something has become due.
const LOOK: std::time::Duration = std::time::Duration::from_millis(500);

/// How often a step is tried, and how long is waited in between.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How often at most; `None` never gives up.
    pub attempts: Option<u32>,
    /// How long after the first failure; twice as long after each other one.
    pub first: Duration,
    /// How long at most.
    pub longest: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { attempts: Some(8), first: Duration::seconds(2), longest: Duration::minutes(10) }
    }
}

impl Patience {
    fn wait(self, attempts: u32) -> Duration {
        let doubled = self.first * 2_f64.powi(attempts.saturating_sub(1).min(30) as i32);
        doubled.min(self.longest)
    }
}

/// One kind of work.
pub trait Work: Send + Sync {
    /// The kind of operation that it does.
    fn kind(&self) -> &'static str;

    /// Every step that an operation of this kind can have. A step that is not among them is neither done nor gone on to,
    /// so that whoever walks them, as the test does that kills at each boundary, walks them all.
    fn steps(&self) -> &'static [&'static str];

    /// How long it keeps trying.
    fn patience(&self) -> Patience {
        Patience::default()
    }

    /// Does one step, and ends it. If the future is dropped, whatever it started must stop.
    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended>;

    /// Writes what the domain keeps of an operation that was given up, in the transaction that gives it up.
    /// The words are for a person.
    fn failed<'a>(
        &'a self,
        _operation: &'a Operation,
        _words: &'a str,
        _transaction: &'a mut Transaction,
    ) -> Pending<'a, (), StoreError> {
        Box::pin(async { Ok(()) })
    }
}

/// What came of looking for something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A step was tried.
    Worked,
    /// Nothing is due.
    Idle,
    /// A test stopped the engine.
    Stopped,
}

/// Takes operations that are due and has their steps done.
pub struct Engine {
    operations: Operations,
    log: Arc<dyn Log>,
    faults: Arc<dyn Faults>,
    works: HashMap<&'static str, Arc<dyn Work>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Engine").field("works", &self.works.keys()).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine without any work.
    #[must_use]
    pub fn new(operations: Operations, log: Arc<dyn Log>) -> Self {
        Self { operations, log, faults: Arc::new(NoFaults), works: HashMap::new() }
    }

    /// Adds a kind of work. One that is there already is replaced.
    #[must_use]
    pub fn work(mut self, work: Arc<dyn Work>) -> Self {
        self.works.insert(work.kind(), work);
        self
    }

    /// Stops where a test wants it to.
    #[must_use]
    pub fn faults(mut self, faults: Arc<dyn Faults>) -> Self {
        self.faults = faults;
        self
    }

    /// Works until the future is dropped, on so many operations at a time. What was being done then is taken
    /// up again by the next engine.
    pub async fn run(self: Arc<Self>, workers: usize) {
        let mut all = JoinSet::new();
        for _ in 0..workers.max(1) {
            let engine = Arc::clone(&self);
            all.spawn(async move {
                loop {
                    // Asked for before the look, so that nothing is missed in between.
                    let news = engine.operations.news.notified();
                    match engine.turn().await {
                        Ok(Turn::Worked) => continue,
                        Ok(Turn::Stopped) => return,
                        Ok(Turn::Idle) => {}
                        Err(_) => engine.tell("operations-unreachable", None),
                    }
                    // Time is looked at anew at each turn: a clock may have been moved.
                    let _either = tokio::time::timeout(LOOK, news).await;
                }
            });
        }
        while all.join_next().await.is_some() {}
    }

    /// Works until nothing is due any more; true unless a test stopped it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn drain(&self) -> Result<bool, StoreError> {
        loop {
            match self.turn().await? {
                Turn::Worked => {}
                Turn::Idle => return Ok(true),
                Turn::Stopped => return Ok(false),
            }
        }
    }

    /// Takes one operation that is due, and tries one step of it.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn turn(&self) -> Result<Turn, StoreError> {
        let Some(operation) = self.operations.take().await? else { return Ok(Turn::Idle) };
        let Some(work) = self.works.get(operation.kind.as_str()) else {
            let words = "this platform has no part that does this work".to_owned();
            self.put_off(&operation, Patience { attempts: None, ..Patience::default() }, &words).await?;
            return Ok(Turn::Worked);
        };
        let (operations, faults) = (self.operations.clone(), Arc::clone(&self.faults));
        let step = Step { operation, operations, faults, steps: work.steps() };
        match self.attempt(&**work, &step).await {
            Ok(Ended { .. }) | Err(StepError::Overtaken) => Ok(Turn::Worked),
            Err(StepError::Stopped) => Ok(Turn::Stopped),
            Err(StepError::Refused(words)) => {
                self.give_up(&**work, &step, &words).await?;
                Ok(Turn::Worked)
            }
            Err(error @ (StepError::Later(_) | StepError::Store(_))) => {
                let words = match error {
                    StepError::Later(words) => words,
                    // What a database says is for the log; a person is told that it is not their fault.
                    _ => "the platform's database did not answer as it should".to_owned(),
                };
                let patience = work.patience();
                if patience.attempts.is_some_and(|most| step.operation.attempts >= most) {
                    self.give_up(&**work, &step, &words).await?;
                } else {
                    self.put_off(&step.operation, patience, &words).await?;
                }
                Ok(Turn::Worked)
            }
        }
    }

    /// Does the step while giving signs of life. One that is no longer ours is dropped.
    async fn attempt(&self, work: &dyn Work, step: &Step) -> Result<Ended, StepError> {
        step.known(step.name())?;
        step.boundary(Boundary::Taken)?;
        let every = std::time::Duration::from_secs(LEASE.whole_seconds().unsigned_abs() / 4);
        let mut beat = interval(every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat.tick().await;
        let mut doing = work.step(step);
        loop {
            tokio::select! {
                ended = &mut doing => return ended,
                _ = beat.tick() => {
                    // A database that does not answer is no proof that the lease is lost.
                    if matches!(self.operations.renew(&step.operation).await, Ok(false)) {
                        return Err(StepError::Overtaken);
                    }
                }
            }
        }
    }

    async fn put_off(
        &self,
        operation: &Operation,
        patience: Patience,
        words: &str,
    ) -> Result<(), StoreError> {
        let now = self.operations.clock.now();
        self.tell("operation-put-off", Some(operation.attempts.into()));
        sql("UPDATE operations SET due_at = $3, failure = $4, leased_until = NULL, updated_at = $5
             WHERE id = $1 AND fence = $2 AND state = 'open'")
        .bind(operation.id)
        .bind(operation.fence)
        .bind(now + patience.wait(operation.attempts))
        .bind(words)
        .bind(now)
        .execute(&self.operations.store)
        .await?;
        Ok(())
    }

    async fn give_up(&self, work: &dyn Work, step: &Step, words: &str) -> Result<(), StoreError> {
        let operation = &step.operation;
        let now = self.operations.clock.now();
        self.tell("operation-failed", Some(operation.attempts.into()));
        let mut transaction = self.operations.store.begin().await?;
        let mine =
            sql("UPDATE operations SET state = 'failed', failure = $3, leased_until = NULL, updated_at = $4,
                 finished_at = $4 WHERE id = $1 AND fence = $2 AND state = 'open'")
            .bind(operation.id)
            .bind(operation.fence)
            .bind(words)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        if mine == 1 {
            work.failed(operation, words, &mut transaction).await?;
        }
        transaction.commit().await
    }

    fn tell(&self, what: &'static str, count: Option<u64>) {
        self.log.write(self.operations.clock.now(), &Entry::Happened { what, count });
    }
}
