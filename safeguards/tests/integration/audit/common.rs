//! What the tests of the log share.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use safeguards::audit::{self, Actor, AuditContext, Entry, Event, Keeper, Purpose, Report};
use safeguards::clock::{Clock, ManualClock};
use safeguards::store::{PostgresOptions, Store};
use safeguards::testing::{self, TestDatabase};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Uuid, uuid};

pub(crate) const CLINIC: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000001");
pub(crate) const PROVIDER: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000002");
pub(crate) const PATIENT: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000003");
pub(crate) const SESSION: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000004");
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 11:18:03.123456 UTC);

pub(crate) fn clock() -> ManualClock {
    ManualClock::at(NOW)
}

pub(crate) fn context(clock: &ManualClock) -> AuditContext {
    AuditContext {
        clock: Arc::new(clock.clone()),
        organisation: CLINIC,
        actor: Actor::Person(PROVIDER),
        impersonator: None,
        session: Some(SESSION),
        address: Some([192, 0, 2, 7].into()),
        request: None,
        purpose: Purpose::Treatment,
    }
}

pub(crate) async fn append(store: &Store, context: &AuditContext, event: Event) {
    let mut transaction = store.begin().await.unwrap();
    audit::append(&mut transaction, context, event).await.unwrap();
    transaction.commit().await.unwrap();
}

pub(crate) async fn entries(store: &Store) -> Vec<Entry> {
    let mut source = audit::Source::default();
    let mut entries = Vec::new();
    loop {
        let page = source.next_page(store).await.unwrap();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page.into_iter().map(|entry| entry.expect("every row reads as an entry")));
    }
}

/// Both databases with one connection each, so that events written one after the other lie in one lane.
pub(crate) async fn both_with_one_lane() -> [TestDatabase; 2] {
    let [sqlite, mut postgres] = testing::both().await;
    assert!(postgres.store.is_postgres());
    let addresses = postgres.addresses.clone().expect("PostgreSQL has addresses");
    // The owner writes to the app's lane only if it is the app's connection; so here it is both.
    let options = PostgresOptions { connections: 1, ..PostgresOptions::new(addresses.owner) };
    postgres.owner = Store::open_postgres(options).await.unwrap();
    postgres.store = postgres.owner.clone();
    [sqlite, postgres]
}

/// All of `futures`, at the same time.
pub(crate) async fn all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|task| {
        for (future, done) in futures.iter_mut().zip(&mut done).filter(|(_, done)| done.is_none()) {
            if let std::task::Poll::Ready(value) = future.as_mut().poll(task) {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done.into_iter().flatten().collect()
}

/// A keeper with a signer process, in folders of their own.
pub(crate) struct Witness {
    pub(crate) keeper: Arc<Keeper>,
    folder: TempDir,
    clock: ManualClock,
}

impl Witness {
    pub(crate) fn new(store: &Store, clock: &ManualClock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().to_owned();
        let launch = move || signer_command(&place);
        let keeper = Arc::new(Keeper::new(store, Arc::new(clock.clone()), launch));
        let witness = Self { keeper, folder, clock: clock.clone() };
        witness.tell_time();
        witness
    }

    /// Tells the signer's process, whose clock reads a file, what time it is.
    pub(crate) fn tell_time(&self) {
        tell_time(self.folder.path(), self.clock.now());
    }

    pub(crate) fn tell_another_time(&self, now: OffsetDateTime) {
        tell_time(self.folder.path(), now);
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    pub(crate) fn lines(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("witness").join(audit::WITNESS)
    }

    pub(crate) async fn verify(&self, store: &Store) -> Report {
        let key = self.keeper.public_key().await.unwrap();
        let end = audit::known_end(&self.root()).unwrap();
        audit::verify(store, self.lines().lines(), &key, end).await.unwrap()
    }
}

fn tell_time(folder: &Path, now: OffsetDateTime) {
    let next = folder.join("time.next");
    std::fs::write(&next, now.unix_timestamp_nanos().to_string()).unwrap();
    std::fs::rename(next, folder.join("time")).unwrap();
}

pub(crate) fn signer_command(folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["audit::common::signer_process", "--exact", "--ignored", "--nocapture"]);
    command.env("SIGNER_FOLDER", folder).stdout(std::process::Stdio::null());
    command
}

/// A clock that another process sets.
#[derive(Debug)]
struct FileClock(PathBuf);

impl Clock for FileClock {
    fn now(&self) -> OffsetDateTime {
        let text = std::fs::read_to_string(&self.0).unwrap();
        OffsetDateTime::from_unix_timestamp_nanos(text.parse().unwrap()).unwrap()
    }
}

/// This is the signer's process, which the other tests start as an app starts its own.
#[test]
#[ignore = "the signer's process of the other tests"]
fn signer_process() {
    let Some(folder) = std::env::var_os("SIGNER_FOLDER").map(PathBuf::from) else { return };
    let clock = Arc::new(FileClock(folder.join("time")));
    audit::run_signer(&folder.join("root"), &folder.join("witness"), clock).unwrap();
}

/// An id that no other call gives.
pub(crate) fn fresh() -> Uuid {
    static GIVEN: AtomicU64 = AtomicU64::new(0);
    Uuid::from_u64_pair(0x0193_574c_5d7e_7fff, GIVEN.fetch_add(1, Ordering::Relaxed))
}
