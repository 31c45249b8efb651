//! Platforms for tests: on real databases of both kinds, in a temporary folder, on a clock that the test
//! moves. This module is for tests: it panics.

use std::sync::{Arc, Mutex};

use safeguards::crypto::{FileKeyService, KeyService};
use safeguards::testing::{self, TestDatabase};
use safeguards::web::{Entry, Log};
use safeguards::{Clock, Ids, ManualClock, Store, SystemIds};
use tempfile::TempDir;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::ids::AccountId;
use crate::platform::SETS;
use crate::{Configuration, Platform};

/// When every test begins.
pub const BEGINNING: OffsetDateTime = datetime!(2026-11-26 09:00 UTC);

/// A platform that lives as long as this value.
#[derive(Debug)]
pub struct TestPlatform {
    /// The platform.
    pub platform: Platform,
    /// Its clock.
    pub clock: ManualClock,
    /// What it wrote for its operator.
    pub log: Arc<Lines>,
    /// `sqlite` or `postgres`, to name a case by.
    pub database: &'static str,
    /// The same database as its owner, who may make tables.
    pub owner: Store,
    folder: TempDir,
    _database: TestDatabase,
}

impl std::ops::Deref for TestPlatform {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        &self.platform
    }
}

/// One platform on each database, to run the same case on.
pub async fn platforms() -> [TestPlatform; 2] {
    [platform_on("sqlite").await, platform_on("postgres").await]
}

/// A platform on `sqlite` or `postgres`.
pub async fn platform_on(kind: &'static str) -> TestPlatform {
    let database = if kind == "sqlite" { testing::sqlite().await } else { testing::postgres().await };
    database.owner.migrate(SETS).await.expect("the platform's migrations apply");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let clock = ManualClock::at(BEGINNING);
    let root: Arc<dyn KeyService> =
        Arc::new(FileKeyService::create(&folder.path().join("platform.key")).expect("a key can be made"));
    let log = Arc::new(Lines::default());
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let ids: Arc<dyn Ids> = Arc::new(SystemIds::new(Arc::clone(&shared)));
    let environment = ids.next();
    let platform = Platform::assemble(
        Configuration::embedded(folder.path().join("data")),
        database.store.clone(),
        root,
        environment,
        shared,
        ids,
        log.clone(),
    )
    .await
    .expect("a platform starts on a fresh database");
    TestPlatform {
        platform,
        clock,
        log,
        database: kind,
        owner: database.owner.clone(),
        folder,
        _database: database,
    }
}

impl TestPlatform {
    /// The folder of everything, the data folder within it.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// A customer without people.
    pub async fn account(&self, name: &str) -> AccountId {
        AccountId::from(self.identity.create_organisation(name).await.expect("a lawful name"))
    }
}

/// A log that a test reads.
#[derive(Debug, Default)]
pub struct Lines(Mutex<Vec<String>>);

impl Lines {
    /// Every line so far, as JSON.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").clone()
    }
}

impl Log for Lines {
    fn write(&self, _at: OffsetDateTime, entry: &Entry<'_>) {
        let line = serde_json::to_string(entry).expect("an entry is JSON");
        self.0.lock().expect("nobody panicked").push(line);
    }
}
