//! The one writer of an SQLite file, and its group commit.
//!
//! A commit costs a flush to disk; a hundred writers that wait for each other's flush would each pay
//! it. So one task owns the one writing connection and takes requests in the order of their coming.
//! It opens a transaction (`BEGIN IMMEDIATE`), serves request after request inside it, each behind a
//! savepoint of its own, and commits when nobody is waiting any more or the batch is full. While the
//! flush runs, the next batch gathers by itself, so there is no timer and no added wait for one alone.
//!
//! What a caller may rely on is the same as without it: it hears of success only after the commit
//! that holds its work is on disk (`synchronous = FULL`), and its failure undoes its work only. If
//! that shared commit fails, everybody in the batch is told so and nobody's work is kept.
//!
//! An interactive transaction gets the connection itself on lease, so that its statements make no
//! detour through this task. A lease that is dropped, by an error, a panic or a caller that went
//! away, comes back as a rollback.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::sqlite::{SqliteOptions, close_connection, run, run_each, run_plain};
use super::statement::{Outcome, Statement, Wanted};
use super::{Result, Row, StoreError};

/// How long a caller waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many requests share one commit at most.
const BATCH: usize = 128;
/// How old a batch may be when it takes on another request.
const BATCH_AGE: Duration = Duration::from_millis(20);

/// The door to the writer. Cheap to clone; the task ends when the last one is gone.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: mpsc::Sender<Request>,
    commits: Arc<AtomicU64>,
}

enum Request {
    Once(Statement, Wanted, oneshot::Sender<Result<Outcome>>),
    Lease(oneshot::Sender<Result<Lease>>),
    Close(oneshot::Sender<()>),
}

/// The writing connection, lent to one transaction.
pub(super) struct Lease {
    lent: Option<(SqliteConnection, oneshot::Sender<Returned>)>,
    ended: Option<StoreError>,
}

struct Returned {
    connection: SqliteConnection,
    /// An error after which SQLite may have rolled everything back by itself.
    ended: Option<StoreError>,
    commit: Option<oneshot::Sender<Result<()>>>,
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection, options: Arc<SqliteOptions>) -> Self {
        let (queue, requests) = mpsc::channel(1024);
        let commits = Arc::new(AtomicU64::new(0));
        let task = Task { connection: Some(connection), options, requests, commits: Arc::clone(&commits) };
        tokio::spawn(task.serve());
        Self { queue, commits }
    }

    /// How many commits there were. Each is one flush to disk, however many writers it served.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Runs one statement; answers when it is durable.
    pub(super) async fn once(&self, statement: Statement, wanted: Wanted) -> Result<Outcome> {
        let (reply, answer) = oneshot::channel();
        let sent = self.queue.send(Request::Once(statement, wanted, reply));
        timeout(PATIENCE, sent).await.map_err(|_| StoreError::Busy)?.map_err(|_| closed())?;
        // Once it is queued it will run, so its end is waited for, however long that takes.
        answer.await.map_err(|_| closed())?
    }

    /// Waits for the turn of a transaction. Whoever holds one and asks for another waits in vain, and
    /// is told [`StoreError::Busy`].
    pub(super) async fn lease(&self) -> Result<Lease> {
        let turn = async {
            let (reply, answer) = oneshot::channel();
            self.queue.send(Request::Lease(reply)).await.map_err(|_| closed())?;
            answer.await.map_err(|_| closed())?
        };
        timeout(PATIENCE, turn).await.map_err(|_| StoreError::Busy)?
    }

    pub(super) async fn close(&self) {
        let (reply, answer) = oneshot::channel();
        if self.queue.send(Request::Close(reply)).await.is_ok() {
            let _ = answer.await;
        }
    }
}

impl Lease {
    pub(super) async fn run(&mut self, statement: Statement, wanted: Wanted) -> Result<Outcome> {
        let (connection, _) = self.lent.as_mut().ok_or(StoreError::Aborted)?;
        let done = run(connection, statement, wanted).await;
        if let Err(error) = &done
            && error.ends_transaction()
        {
            self.ended = Some(error.clone());
        }
        done
    }

    pub(super) async fn run_each(
        &mut self,
        statement: Statement,
        each: &mut (dyn FnMut(Row) -> Result<()> + Send),
    ) -> Result<()> {
        let (connection, _) = self.lent.as_mut().ok_or(StoreError::Aborted)?;
        let done = run_each(connection, statement, each).await;
        if let Err(error) = &done
            && error.ends_transaction()
        {
            self.ended = Some(error.clone());
        }
        done
    }

    /// Hands the work in; answers when it is durable.
    pub(super) async fn commit(mut self) -> Result<()> {
        let (commit, answer) = oneshot::channel();
        self.hand_back(Some(commit));
        answer.await.map_err(|_| closed())?
    }

    fn hand_back(&mut self, commit: Option<oneshot::Sender<Result<()>>>) {
        if let Some((connection, back)) = self.lent.take() {
            let returned = Returned { connection, ended: self.ended.take(), commit };
            // Nobody to take it back means that the writer is gone with its runtime. See `readers` for why
            // a connection is not closed by being dropped.
            if let Err(returned) = back.send(returned) {
                std::mem::forget(returned.connection);
            }
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.hand_back(None);
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable { reason: "the store is closed".into() }
}

/// Who waits for the commit of a batch.
enum Waiting {
    Once(oneshot::Sender<Result<Outcome>>, Outcome),
    Transaction(oneshot::Sender<Result<()>>),
}

impl Waiting {
    /// A receiver that is gone has stopped waiting; its work stands all the same.
    fn tell(self, end: &Result<()>) {
        match self {
            Waiting::Once(reply, outcome) => drop(reply.send(end.clone().map(|()| outcome))),
            Waiting::Transaction(reply) => drop(reply.send(end.clone())),
        }
    }
}

struct Task {
    connection: Option<SqliteConnection>,
    options: Arc<SqliteOptions>,
    requests: mpsc::Receiver<Request>,
    commits: Arc<AtomicU64>,
}

impl Drop for Task {
    fn drop(&mut self) {
        // See `readers` for why a connection is not closed by being dropped.
        std::mem::forget(self.connection.take());
    }
}

impl Task {
    async fn serve(mut self) {
        let mut close = None;
        while let Some(request) = self.requests.recv().await {
            if let Some(reply) = self.batch(request).await {
                close = Some(reply);
                break;
            }
        }
        self.requests.close();
        if let Some(reply) = close {
            if let Some(connection) = self.connection.take() {
                close_connection(connection).await;
            }
            let _ = reply.send(());
        }
    }

    /// Serves `first` and whoever waits behind it, then commits once and tells everybody.
    async fn batch(&mut self, first: Request) -> Option<oneshot::Sender<()>> {
        let began = Instant::now();
        let mut waiting = Vec::new();
        let mut next = Some(first);
        let mut close = None;
        let mut end = Ok(());
        while let Some(request) = next.take() {
            let served = match request {
                Request::Once(statement, wanted, reply) => {
                    self.once(statement, wanted, reply, &mut waiting).await
                }
                Request::Lease(reply) => self.lend(reply, &mut waiting).await,
                Request::Close(reply) => {
                    close = Some(reply);
                    break;
                }
            };
            if let Err(error) = served {
                end = Err(error);
                break;
            }
            if waiting.len() < BATCH && began.elapsed() < BATCH_AGE {
                next = self.requests.try_recv().ok();
            }
        }
        if end.is_ok() && !waiting.is_empty() {
            end = self.plain("COMMIT").await;
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        if end.is_err() {
            // SQLite may have rolled back by itself already, in which case this fails, as it should.
            let _ = self.plain("ROLLBACK").await;
        }
        for waiter in waiting {
            waiter.tell(&end);
        }
        close
    }

    /// One statement undoes itself when it fails, so it needs no savepoint.
    async fn once(
        &mut self,
        statement: Statement,
        wanted: Wanted,
        reply: oneshot::Sender<Result<Outcome>>,
        waiting: &mut Vec<Waiting>,
    ) -> Result<()> {
        if reply.is_closed() {
            return Ok(());
        }
        if let Err(error) = self.begin(waiting.is_empty()).await {
            let _ = reply.send(Err(error.clone()));
            return if waiting.is_empty() { Ok(()) } else { Err(error) };
        }
        match run(self.connection().await?, statement, wanted).await {
            Ok(outcome) => waiting.push(Waiting::Once(reply, outcome)),
            Err(error) => {
                let ended = error.ends_transaction();
                let _ = reply.send(Err(error.clone()));
                if ended {
                    return Err(error);
                }
                if waiting.is_empty() {
                    return self.plain("ROLLBACK").await;
                }
            }
        }
        Ok(())
    }

    /// Lends the connection to one transaction and takes it back.
    async fn lend(
        &mut self,
        reply: oneshot::Sender<Result<Lease>>,
        waiting: &mut Vec<Waiting>,
    ) -> Result<()> {
        if reply.is_closed() {
            return Ok(());
        }
        // The first of a batch is the transaction itself; those behind it stand on savepoints.
        let alone = waiting.is_empty();
        let begun = match self.begin(alone).await {
            Ok(()) if !alone => self.plain("SAVEPOINT unit").await,
            begun => begun,
        };
        if let Err(error) = begun {
            let _ = reply.send(Err(error.clone()));
            return if alone { Ok(()) } else { Err(error) };
        }
        let connection = self.connection.take().ok_or_else(closed)?;
        let (back, returned) = oneshot::channel();
        // Whoever stopped waiting drops the lease here, and it comes back as any dropped lease does.
        drop(reply.send(Ok(Lease { lent: Some((connection, back)), ended: None })));
        let returned = returned.await.map_err(|_| closed())?;
        self.connection = Some(returned.connection);
        let kept = match (returned.ended, returned.commit) {
            (Some(error), Some(commit)) => {
                let _ = commit.send(Err(StoreError::Aborted));
                return Err(error);
            }
            (Some(error), None) => return Err(error),
            (None, commit) => commit,
        };
        match kept {
            Some(commit) => {
                let released = if alone { Ok(()) } else { self.plain("RELEASE unit").await };
                waiting.push(Waiting::Transaction(commit));
                released
            }
            None if alone => self.plain("ROLLBACK").await,
            None => self.plain("ROLLBACK TO unit").await.and(self.plain("RELEASE unit").await),
        }
    }

    async fn begin(&mut self, fresh: bool) -> Result<()> {
        if fresh { self.plain("BEGIN IMMEDIATE").await } else { Ok(()) }
    }

    async fn plain(&mut self, text: &'static str) -> Result<()> {
        run_plain(self.connection().await?, text).await
    }

    /// A connection that got lost (its holder leaked it) is replaced by a new one.
    async fn connection(&mut self) -> Result<&mut SqliteConnection> {
        if self.connection.is_none() {
            self.connection = Some(self.options.connect_writer().await?);
        }
        self.connection.as_mut().ok_or_else(closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{DatabaseKey, Store, sql};

    /// Writers that wait together are flushed together: while one holds the writer, fifty gather.
    #[tokio::test]
    async fn those_who_wait_share_one_commit() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new(folder.path().join("app.db"), DatabaseKey::new([1; 32]));
        let store = Store::open_sqlite(options).await.unwrap();
        sql("CREATE TABLE numbers (number INTEGER) STRICT").execute(&store).await.unwrap();
        let Store::Sqlite(sqlite) = &store else { panic!("it is SQLite") };
        let mut holder = store.begin().await.unwrap();
        sql("INSERT INTO numbers (number) VALUES (0)").execute(&mut holder).await.unwrap();
        let before = sqlite.writer.commits();
        let writers: Vec<_> = (1..=50i64)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    sql("INSERT INTO numbers (number) VALUES ($1)").bind(number).execute(&store).await
                })
            })
            .collect();
        let queue = &sqlite.writer.queue;
        while queue.max_capacity() - queue.capacity() < 50 {
            tokio::task::yield_now().await;
        }
        holder.commit().await.unwrap();
        for writer in writers {
            assert_eq!(writer.await.unwrap(), Ok(1));
        }
        assert_eq!(sqlite.writer.commits() - before, 1);
        let row = sql("SELECT count(*) AS n FROM numbers").fetch_one(&store).await.unwrap();
        assert_eq!(row.integer("n"), Ok(51));
    }

    /// A write to records that are only read is refused alone: who shares its commit is not told of it.
    #[tokio::test]
    async fn a_neighbour_that_is_refused_takes_nobody_along() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new(folder.path().join("app.db"), DatabaseKey::new([1; 32]));
        let store = Store::open_sqlite(options.clone()).await.unwrap();
        store.migrate(&[]).await.unwrap();
        sql("CREATE TABLE numbers (number INTEGER) STRICT").execute(&store).await.unwrap();
        store.close().await;
        let store = Store::open_sqlite(SqliteOptions { read_only: true, ..options }).await.unwrap();
        let Store::Sqlite(sqlite) = &store else { panic!("it is SQLite") };
        let holder = store.begin().await.unwrap();
        let queue = &sqlite.writer.queue;
        let mut writers = Vec::new();
        for text in [
            "INSERT INTO sign_in_attempts (key, failures, last_at) VALUES (x'01', 1, 'then')",
            "INSERT INTO numbers (number) VALUES (1)",
            "UPDATE sign_in_attempts SET failures = 2",
        ] {
            let (store, waiting) = (store.clone(), queue.capacity());
            writers.push(tokio::spawn(async move { sql(text).execute(&store).await }));
            while queue.capacity() == waiting {
                tokio::task::yield_now().await;
            }
        }
        drop(holder);
        let mut answers = Vec::new();
        for writer in writers {
            answers.push(writer.await.unwrap());
        }
        assert_eq!(answers, [Ok(1), Err(StoreError::Forbidden), Ok(1)]);
    }

    /// Who gives up waiting leaves nothing behind, and the next one is served.
    #[tokio::test]
    async fn a_writer_that_goes_away_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let options = SqliteOptions::new(folder.path().join("app.db"), DatabaseKey::new([1; 32]));
        let store = Store::open_sqlite(options).await.unwrap();
        sql("CREATE TABLE numbers (number INTEGER) STRICT").execute(&store).await.unwrap();
        let Store::Sqlite(sqlite) = &store else { panic!("it is SQLite") };
        let holder = store.begin().await.unwrap();
        let impatient = tokio::spawn({
            let store = store.clone();
            async move {
                let mut transaction = store.begin().await.unwrap();
                sql("INSERT INTO numbers (number) VALUES (1)").execute(&mut transaction).await.unwrap();
                transaction.commit().await
            }
        });
        let queue = &sqlite.writer.queue;
        while queue.max_capacity() == queue.capacity() {
            tokio::task::yield_now().await;
        }
        impatient.abort();
        assert!(impatient.await.unwrap_err().is_cancelled());
        drop(holder);
        sql("INSERT INTO numbers (number) VALUES (2)").execute(&store).await.unwrap();
        let rows = sql("SELECT number FROM numbers").fetch_all(&store).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.integer("number").unwrap()).collect::<Vec<_>>(), [2]);
    }
}
