//! Reads: the event is durable before the data is released (invariant 4).
//!
//! A task takes what waits, writes it as one batch in one transaction, and tells everyone who waited. The
//! more readers, the larger the batches; a reader alone waits for one commit.
//!
//! If the process is killed, reads within open windows keep their first event and lose their count: who
//! saw which record through which session is in the log, how often within the minute is not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::append::append_prepared;
use super::chain::Prepared;
use super::windows::{Look, Windows};
use super::{AuditContext, AuditUnavailable, Digest, Event};
use crate::clock::Clock;
use crate::store::Store;

/// Events in one batch at most.
const BATCH: usize = 256;
/// Events that may wait; more wait at the door.
const QUEUE: usize = 4_096;
/// After this long a reader is told that the log cannot be written.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often expired windows are looked for.
const TICK: Duration = Duration::from_secs(5);

/// The log as those who read PHI, sign in, or are refused see it. Cheap to clone.
#[derive(Clone)]
pub struct Audit {
    queue: mpsc::Sender<Job>,
    windows: Arc<Mutex<Windows>>,
    clock: Arc<dyn Clock>,
}

struct Job {
    event: Prepared,
    window: Option<Digest>,
    done: Option<oneshot::Sender<Result<(), AuditUnavailable>>>,
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Audit")
    }
}

impl Audit {
    /// Begins to take events for `store`. Must be called within a Tokio runtime.
    #[must_use]
    pub fn start(store: &Store, clock: Arc<dyn Clock>) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let windows = Arc::new(Mutex::new(Windows::default()));
        tokio::spawn(write(store.clone(), jobs, Arc::clone(&windows)));
        tokio::spawn(tick(queue.downgrade(), Arc::clone(&windows), Arc::clone(&clock)));
        Self { queue, windows, clock }
    }

    /// Writes that what `event` names is about to be shown, and answers when that is durable. Only then may the data
    /// be released. Repetitions within 60 s are counted (CF-7).
    ///
    /// Not while holding a transaction: on SQLite it holds the one writer that this waits for. There,
    /// [`append`](super::append) writes the event.
    ///
    /// # Errors
    /// [`AuditUnavailable`]: show nothing, answer 503.
    pub async fn read(&self, context: &AuditContext, event: Event) -> Result<(), AuditUnavailable> {
        let mut closing = Vec::new();
        let look = self.windows().look(context, &event, &mut closing);
        for (context, event) in closing {
            self.enqueue(Job { event: Prepared::new(&context, &event)?, window: None, done: None }).await?;
        }
        let answer = match look {
            Look::Counted => return Ok(()),
            Look::Wait(answer) => answer,
            Look::Write(window) => {
                // If this reader goes away here, the window must not wait for an event that never comes.
                let mut unsettled = Unsettled { windows: &self.windows, window };
                let event = Prepared::new(context, &event)?;
                let (done, answer) = oneshot::channel();
                self.enqueue(Job { event, window, done: Some(done) }).await?;
                unsettled.window = None;
                answer
            }
        };
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        answer.map_err(|_| AuditUnavailable::because("the log is too slow"))?.map_err(|_| stopped())?
    }

    /// Writes an event that belongs to no transaction (a sign-in, a denial, a download) and answers when
    /// it is durable.
    ///
    /// # Errors
    /// [`AuditUnavailable`].
    pub async fn record(&self, context: &AuditContext, event: Event) -> Result<(), AuditUnavailable> {
        let (done, answer) = oneshot::channel();
        self.enqueue(Job { event: Prepared::new(context, &event)?, window: None, done: Some(done) }).await?;
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        answer.map_err(|_| AuditUnavailable::because("the log is too slow"))?.map_err(|_| stopped())?
    }

    /// Writes the closing events of windows that are over.
    ///
    /// # Errors
    /// [`AuditUnavailable`].
    pub async fn close_windows(&self) -> Result<(), AuditUnavailable> {
        let closing = self.windows().close(Some(self.clock.now()));
        self.write_closing(closing).await
    }

    /// Writes the closing events of all windows, for an orderly end.
    ///
    /// # Errors
    /// [`AuditUnavailable`].
    pub async fn finish(&self) -> Result<(), AuditUnavailable> {
        let closing = self.windows().close(None);
        self.write_closing(closing).await
    }

    async fn write_closing(&self, closing: Vec<(AuditContext, Event)>) -> Result<(), AuditUnavailable> {
        let mut answers = Vec::with_capacity(closing.len());
        for (context, event) in closing {
            let (done, answer) = oneshot::channel();
            self.enqueue(Job { event: Prepared::new(&context, &event)?, window: None, done: Some(done) })
                .await?;
            answers.push(answer);
        }
        for answer in answers {
            answer.await.map_err(|_| stopped())??;
        }
        Ok(())
    }

    async fn enqueue(&self, job: Job) -> Result<(), AuditUnavailable> {
        let sent = tokio::time::timeout(PATIENCE, self.queue.send(job)).await;
        sent.map_err(|_| AuditUnavailable::because("the log is too slow"))?.map_err(|_| stopped())
    }

    fn windows(&self) -> std::sync::MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes back a window whose first event was never queued.
struct Unsettled<'a> {
    windows: &'a Mutex<Windows>,
    window: Option<Digest>,
}

impl Drop for Unsettled<'_> {
    fn drop(&mut self) {
        if let Some(window) = self.window {
            self.windows.lock().unwrap_or_else(PoisonError::into_inner).settle(window, &Err(stopped()));
        }
    }
}

fn stopped() -> AuditUnavailable {
    AuditUnavailable::because("the log is not being written")
}

/// Writes batch after batch until nobody can send any more.
async fn write(store: Store, mut jobs: mpsc::Receiver<Job>, windows: Arc<Mutex<Windows>>) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        let mut events = Vec::with_capacity(batch.len());
        let mut waiting = Vec::with_capacity(batch.len());
        for Job { event, window, done } in batch.drain(..) {
            events.push(event);
            waiting.push((window, done));
        }
        let end = write_batch(&store, events).await;
        if let Err(unavailable) = &end {
            tracing::error!(error = %unavailable, events = waiting.len(), "audit events were not written");
        }
        let mut windows = windows.lock().unwrap_or_else(PoisonError::into_inner);
        for (window, done) in waiting {
            if let Some(window) = window {
                windows.settle(window, &end);
            }
            if let Some(done) = done {
                // Whoever stopped waiting was shown nothing.
                let _ = done.send(end.clone());
            }
        }
    }
}

async fn write_batch(store: &Store, events: Vec<Prepared>) -> Result<(), AuditUnavailable> {
    let write = async {
        let mut transaction = store.begin().await?;
        append_prepared(&mut transaction, events).await?;
        Ok(transaction.commit().await?)
    };
    let end = tokio::time::timeout(PATIENCE, write).await;
    end.map_err(|_| AuditUnavailable::because("the database is too slow"))?
}

/// Closes expired windows now and then, until the log is dropped.
async fn tick(queue: mpsc::WeakSender<Job>, windows: Arc<Mutex<Windows>>, clock: Arc<dyn Clock>) {
    let mut interval = tokio::time::interval(TICK);
    loop {
        interval.tick().await;
        let Some(queue) = queue.upgrade() else { return };
        let closing = windows.lock().unwrap_or_else(PoisonError::into_inner).close(Some(clock.now()));
        for (context, event) in closing {
            let Ok(event) = Prepared::new(&context, &event) else { continue };
            if queue.send(Job { event, window: None, done: None }).await.is_err() {
                return;
            }
        }
    }
}
