//! The connections of an SQLite file that read.
//!
//! They are lent and come back without a detour through the runtime, even from a future that was
//! dropped half-way: what was left open in one is rolled back before it is lent again.
//!
//! **A connection is closed by [`Readers::close`] or never.** At the end of a process SQLCipher frees its
//! heap while sqlx's threads may still be closing connections, and that is a segmentation fault. So a
//! store that is merely dropped leaves its connections open to the end of the process: idle threads do
//! no harm, and SQLite's files are whole at every moment.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::sqlite::{SqliteOptions, run_plain};
use super::{Result, StoreError};

/// How long a reader is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The readers of a file; a connection is opened when none is idle.
pub(super) struct Readers {
    options: Arc<SqliteOptions>,
    idle: Mutex<Vec<Idle>>,
    places: Arc<Semaphore>,
}

struct Idle {
    connection: SqliteConnection,
    /// A transaction was begun in it and not ended.
    begun: bool,
}

/// A connection that was lent.
pub(super) struct Reader {
    lent: Option<Idle>,
    home: Arc<Readers>,
    /// Given back after the connection, so that whoever takes the place finds it.
    _place: OwnedSemaphorePermit,
}

impl Readers {
    pub(super) fn new(options: Arc<SqliteOptions>) -> Arc<Self> {
        let places = Arc::new(Semaphore::new(options.readers.max(1) as usize));
        Arc::new(Self { options, idle: Mutex::default(), places })
    }

    pub(super) async fn take(self: &Arc<Self>) -> Result<Reader> {
        let place = timeout(PATIENCE, Arc::clone(&self.places).acquire_owned())
            .await
            .map_err(|_| StoreError::Busy)?
            .map_err(|_| StoreError::Unavailable { reason: "the store is closed".into() })?;
        let idle = self.idle().pop();
        let lent = match idle {
            Some(idle) => idle,
            None => Idle { connection: self.options.connect_reader().await?, begun: false },
        };
        let mut reader = Reader { lent: Some(lent), home: Arc::clone(self), _place: place };
        if reader.lent.as_ref().is_some_and(|lent| lent.begun) {
            reader.end().await?;
        }
        Ok(reader)
    }

    /// Waits for the connections that are lent, and closes them all.
    pub(super) async fn close(&self) {
        let all = self.options.readers.max(1);
        let _everyone = timeout(PATIENCE, self.places.acquire_many(all)).await;
        self.places.close();
        let idle = mem::take(&mut *self.idle());
        for Idle { connection, .. } in idle {
            let _ = connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.idle().drain(..).for_each(mem::forget);
    }
}

impl Reader {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        let lent = self.lent.as_mut().ok_or(StoreError::Aborted)?;
        Ok(&mut lent.connection)
    }

    /// Begins a transaction, which sees the moment of its first read: now.
    pub(super) async fn begin(&mut self) -> Result<()> {
        if let Some(lent) = &mut self.lent {
            lent.begun = true;
            run_plain(&mut lent.connection, "BEGIN").await?;
            run_plain(&mut lent.connection, "SELECT count(*) FROM sqlite_master").await?;
        }
        Ok(())
    }

    /// Ends the transaction, if one was begun.
    pub(super) async fn end(&mut self) -> Result<()> {
        if let Some(lent) = &mut self.lent
            && lent.begun
        {
            // Where beginning itself was cut off there is none to roll back, and that is as well.
            let _ = run_plain(&mut lent.connection, "ROLLBACK").await;
            lent.begun = false;
        }
        Ok(())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(lent) = self.lent.take() {
            self.home.idle().push(lent);
        }
    }
}
