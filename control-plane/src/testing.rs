//! Platforms for tests: on real databases of both kinds, in a temporary folder, on a clock that the test
//! moves. This module is for tests: it panics.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use safeguards::axum::http::{HeaderMap, header};
use safeguards::crypto::{FileKeyService, KeyService};
use safeguards::identity::totp::TotpSecret;
use safeguards::identity::{Credentials, Door, EmailAddress, NewPerson, Next, PersonId, Session, Visit};
use safeguards::testing::{self, TestDatabase};
use safeguards::web::{Entry, Log};
use safeguards::{Clock, Ids, ManualClock, Store, SystemIds};
use tempfile::TempDir;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use crate::accounts::Member;
use crate::agreement::{Agreements, CountersigningKey, Signatory};
use crate::billing::Gatekeeper;
use crate::builds::BuildWork;
use crate::host::provided::{Provided, Reach};
use crate::http::{Site, SiteParts};
use crate::ids::{AccountId, EnvironmentId, ProjectId};
use crate::lifecycle::{ArchiveFolder, Lifecycle, Mailbox};
use crate::operations::Engine;
use crate::platform::SETS;
use crate::residency::{Kept, Region, Residency};
use crate::seams::{
    self, Artifact, Billing, BillingError, BuildEvent, BuildOrder, DeployOrder, EnvironmentOrder, Gate, Host,
    HostError, KeyDestruction, MadeUpPerson, Notices, Progress, Showing, Standing, Trial, Verified,
    VerifyOrder,
};
use crate::secret::Secret;
use crate::support::{Leave, Looked};
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
    platform_told(kind, |_| ()).await
}

/// The same, told something from outside.
pub async fn platform_told(kind: &'static str, tell: impl FnOnce(&mut Configuration)) -> TestPlatform {
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
    let mut configuration = Configuration::embedded(folder.path().join("data"));
    configuration.residency = residency();
    tell(&mut configuration);
    let platform = Platform::assemble(
        configuration,
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

/// Where the environments of a test platform lie, as its operator would tell it.
fn residency() -> Residency {
    let region = |name: &str| Some(name.parse::<Region>().expect("a lawful region"));
    let keys = Kept { by: "AWS KMS".into(), region: region("eu-west-1") };
    Residency { records: Kept::here(region("eu-central-1")), keys }
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

/// The password of everybody in tests.
pub const PASSWORD: &str = "Wren-lamp-42-quill";

/// Somebody who can sign in, and how.
#[derive(Debug)]
pub struct TestPerson {
    /// Their address.
    pub email: String,
    /// Their id.
    pub id: PersonId,
    authenticator: TotpSecret,
}

impl TestPlatform {
    /// A member of an account, as `owner` or `builder`, with a second factor.
    pub async fn person(&self, account: AccountId, role: &str, email: &str) -> TestPerson {
        let authenticator = TotpSecret::random().expect("randomness");
        let copy = TotpSecret::from_bytes(authenticator.as_bytes().to_vec());
        let person = NewPerson {
            email,
            name: "Kim Doe",
            role,
            place: None,
            password: PASSWORD,
            authenticator: Some(copy),
        };
        let id = self.identity.create_person(account.into(), &person).await.expect("a lawful person");
        TestPerson { email: email.into(), id, authenticator }
    }

    /// Signs somebody in by the API; their access token. A code works once, so the clock is moved a step.
    pub async fn sign_in(&self, person: &TestPerson) -> String {
        self.clock.advance(Duration::seconds(31));
        let visit =
            Visit { address: IpAddr::V4(Ipv4Addr::LOCALHOST), device: None, request: self.ids.next() };
        let next = self.identity.sign_in(&person.email, PASSWORD, Door::Api, &visit).await.expect("they may");
        let Next::SecondFactor(ticket) = next else { panic!("a second factor is asked for") };
        let code = person.authenticator.code_at(self.clock.now());
        let next = self.identity.second_factor(&ticket, &code, &visit).await.expect("the code is right");
        let Next::SignedIn(opened) = next else { panic!("they are members of one account") };
        let Credentials::Api { access, .. } = opened.credentials else { panic!("by the API") };
        access
    }

    /// The member behind an access token, as a handler has them.
    pub async fn member(&self, access: &str) -> Member {
        let mut headers = HeaderMap::new();
        let value = format!("Bearer {access}").parse().expect("a lawful header");
        headers.insert(header::AUTHORIZATION, value);
        let visit =
            Visit { address: IpAddr::V4(Ipv4Addr::LOCALHOST), device: None, request: self.ids.next() };
        let session = Session::authenticate(&self.identity, &headers, visit).await.expect("a living session");
        Member::of(session).expect("a member")
    }
}

/// Stands in for the host, so that a test need not compile: it remembers what it was asked, and fails where
/// it is told to. The host itself has tests of its own.
#[derive(Default)]
pub struct ScriptedHost {
    asked: Mutex<Vec<String>>,
    fails: Mutex<Vec<(&'static str, HostError)>>,
    meanwhile: Mutex<Option<Meanwhile>>,
    finds: Mutex<Option<Verified>>,
    program: Mutex<Option<String>>,
    trial: Mutex<Option<Trial>>,
    provided: Mutex<Provided>,
}

/// What is found of a version in which nothing is wrong.
#[must_use]
pub fn all_kept() -> Verified {
    let page = "<!DOCTYPE html><title>Verification</title>".to_owned();
    Verified { kept: 170, broken: Vec::new(), undecided: Vec::new(), page }
}

/// What happens while the host is at work.
type Meanwhile = Box<dyn FnOnce() -> seams::Pending<'static, (), HostError> + Send>;

impl std::fmt::Debug for ScriptedHost {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ScriptedHost").field("asked", &self.asked).finish_non_exhaustive()
    }
}

impl ScriptedHost {
    /// Has something happen while the app shows support its records the next time.
    pub fn meanwhile(
        &self,
        happens: impl FnOnce() -> seams::Pending<'static, (), HostError> + Send + 'static,
    ) {
        *self.meanwhile.lock().expect("nobody panicked") = Some(Box::new(happens));
    }

    /// Every order so far, in words: `build`, `provide`, `deploy fresh` …
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }

    /// Has this be found of every version from now on.
    pub fn find(&self, found: Verified) {
        *self.finds.lock().expect("nobody panicked") = Some(found);
    }

    /// Has every version compile to the program of this hash from now on.
    pub fn compile_to(&self, sha256: &str) {
        *self.program.lock().expect("nobody panicked") = Some(sha256.to_owned());
    }

    /// Has versions be tried by this from now on.
    pub fn try_by(&self, trial: Trial) {
        *self.trial.lock().expect("nobody panicked") = Some(trial);
    }

    /// What an app was last told of how to call others.
    #[must_use]
    pub fn provided(&self) -> Provided {
        self.provided.lock().expect("nobody panicked").clone()
    }

    /// Fails the next order of this word.
    pub fn fail(&self, word: &'static str, error: HostError) {
        self.fails.lock().expect("nobody panicked").push((word, error));
    }

    fn order(&self, word: &'static str, more: &str) -> Result<(), HostError> {
        self.asked.lock().expect("nobody panicked").push(format!("{word}{more}"));
        let mut fails = self.fails.lock().expect("nobody panicked");
        match fails.iter().position(|(which, _)| *which == word) {
            Some(at) => Err(fails.remove(at).1),
            None => Ok(()),
        }
    }
}

impl Host for ScriptedHost {
    fn build<'a>(
        &'a self,
        order: &'a BuildOrder,
        progress: &'a dyn Progress,
    ) -> seams::Pending<'a, Artifact, HostError> {
        Box::pin(async move {
            for done in 1..=3 {
                progress.tell(BuildEvent::Progress { done, total: 3, now: format!("crate {done}") });
            }
            assert!(order.source.join("Cargo.toml").is_file(), "the source is there before it is compiled");
            self.order("build", "")?;
            let program = self.program.lock().expect("nobody panicked").clone();
            Ok(Artifact { binary: "/programs/app".into(), sha256: program.unwrap_or_else(|| "00".into()) })
        })
    }

    fn trial(&self) -> seams::Pending<'_, Trial, HostError> {
        let trial = self.trial.lock().expect("nobody panicked").clone();
        let usual = || Trial { database: "sqlite".into(), verifier: "aa".into() };
        Box::pin(async move { Ok(trial.unwrap_or_else(usual)) })
    }

    fn verify<'a>(
        &'a self,
        _order: &'a VerifyOrder,
        progress: &'a dyn Progress,
    ) -> seams::Pending<'a, Verified, HostError> {
        Box::pin(async move {
            progress.tell(BuildEvent::Progress { done: 1, total: 1, now: "Records stay whole".into() });
            self.order("verify", "")?;
            Ok(self.finds.lock().expect("nobody panicked").clone().unwrap_or_else(all_kept))
        })
    }

    fn provide<'a>(&'a self, _order: &'a EnvironmentOrder) -> seams::Pending<'a, (), HostError> {
        Box::pin(async move { self.order("provide", "") })
    }

    fn deploy<'a>(
        &'a self,
        order: &'a DeployOrder,
        _progress: &'a dyn Progress,
    ) -> seams::Pending<'a, (), HostError> {
        Box::pin(async move { self.order("deploy", if order.fresh { " fresh" } else { "" }) })
    }

    fn seed<'a>(&'a self, _environment: EnvironmentId) -> seams::Pending<'a, (), HostError> {
        Box::pin(async move { self.order("seed", "") })
    }

    fn made_up(&self, _environment: EnvironmentId) -> Result<Vec<MadeUpPerson>, HostError> {
        let person = |role: &str, authenticator: Option<Vec<u8>>| MadeUpPerson {
            role: role.to_owned(),
            email: format!("{role}.1@example.org"),
            password: Secret::new("what all of them sign in with"),
            authenticator: authenticator.map(TotpSecret::from_bytes),
        };
        Ok(vec![person("nurse", Some((1..=20).collect())), person("patient", None)])
    }

    fn invite_owner<'a>(
        &'a self,
        _environment: EnvironmentId,
        _email: &'a EmailAddress,
    ) -> seams::Pending<'a, String, HostError> {
        Box::pin(async move { self.order("invite", "").map(|()| "/welcome/secret".to_owned()) })
    }

    fn outward<'a>(
        &'a self,
        _environment: EnvironmentId,
        reach: &'a Reach,
    ) -> seams::Pending<'a, (), HostError> {
        let to: Vec<String> = reach.to.iter().map(ToString::to_string).collect();
        Box::pin(async move {
            self.order("outward", &format!(" [{}]", to.join(", ")))?;
            *self.provided.lock().expect("nobody panicked") = reach.provided.clone();
            Ok(())
        })
    }

    fn gate<'a>(&'a self, _environment: EnvironmentId, gate: Gate) -> seams::Pending<'a, (), HostError> {
        Box::pin(async move { self.order("gate", &format!(" {gate:?}")) })
    }

    fn run<'a>(
        &'a self,
        _environment: EnvironmentId,
        arguments: &'a [String],
        folder: &'a Path,
    ) -> seams::Pending<'a, String, HostError> {
        Box::pin(async move {
            self.order("run", &format!(" {}", arguments.join(" ")))?;
            if arguments.first().is_some_and(|word| word == "export") {
                let summary = r#"{"signed_by":"00","head":"{}"}"#;
                for (name, text) in
                    [("archive.zip", "sealed"), ("passphrase", "secret\n"), ("summary.json", summary)]
                {
                    std::fs::write(folder.join(name), text).expect("the folder of an errand can be written");
                }
            }
            Ok(String::new())
        })
    }

    fn logs<'a>(
        &'a self,
        _environment: EnvironmentId,
        _lines: usize,
    ) -> seams::Pending<'a, Vec<String>, HostError> {
        Box::pin(async move { self.order("logs", "").map(|()| vec!["{\"event\":\"listening\"}".to_owned()]) })
    }

    fn destroy_keys<'a>(
        &'a self,
        _environment: EnvironmentId,
    ) -> seams::Pending<'a, KeyDestruction, HostError> {
        Box::pin(async move { self.order("destroy keys", "").map(|()| KeyDestruction::Erased) })
    }

    fn destroy_data<'a>(&'a self, _environment: EnvironmentId) -> seams::Pending<'a, (), HostError> {
        Box::pin(async move { self.order("destroy data", "") })
    }

    fn forget<'a>(&'a self, _project: ProjectId) -> seams::Pending<'a, (), HostError> {
        Box::pin(async move { self.order("forget", "") })
    }
}

impl Showing for ScriptedHost {
    fn look<'a>(&'a self, leave: &'a Leave) -> seams::Pending<'a, Looked, HostError> {
        Box::pin(async move {
            self.order("look", &format!(" {}", leave.request()))?;
            let meanwhile = self.meanwhile.lock().expect("nobody panicked").take();
            if let Some(happens) = meanwhile {
                happens().await?;
            }
            Ok(Looked::new(SHOWN.to_owned()))
        })
    }
}

/// What the app behind a scripted host shows support.
pub const SHOWN: &str = r#"{"entity":"reading","records":[{"systolic":151}],"withheld":[]}"#;

/// Says of every account what the test says.
#[derive(Debug)]
pub struct ScriptedBilling(pub Mutex<Gate>);

impl Billing for ScriptedBilling {
    fn standing<'a>(&'a self, _account: AccountId) -> seams::Pending<'a, Standing, BillingError> {
        let production = *self.0.lock().expect("nobody panicked");
        Box::pin(async move {
            Ok(Standing {
                production,
                plan: "Sandbox".into(),
                words: "Production is not part of the Sandbox plan.".into(),
                next: Some(("Upgrade".into(), "/billing".into())),
                until: None,
            })
        })
    }
}

/// The agreements of a platform whose countersigning key lies in this folder.
///
/// # Panics
/// The key cannot be made.
#[must_use]
pub fn agreements(platform: &Platform, folder: &Path) -> Agreements {
    let key = CountersigningKey::open(folder).expect("a key can be made");
    let operator = Signatory::new("Health Coder", "Pat Operator", "Operator").expect("a lawful signatory");
    Agreements::new(platform.clone(), Arc::new(key), operator)
}

/// The ends of a platform's projects: archives and mail lie in its own folders.
#[must_use]
pub fn lifecycle(platform: &Platform, host: Arc<dyn Host>, billing: Arc<dyn Billing>) -> Lifecycle {
    let configuration = &platform.configuration;
    let archives = ArchiveFolder::new(&configuration.archives_folder());
    Lifecycle::new(platform.clone(), host, Arc::new(archives), mailbox(platform), billing)
}

/// The folder that stands in for a mail server.
#[must_use]
pub fn mailbox(platform: &Platform) -> Arc<dyn Notices> {
    let configuration = &platform.configuration;
    Arc::new(Mailbox::new(&configuration.mailbox_folder(), &configuration.dashboard_host))
}

impl TestPlatform {
    /// The dashboard's parts, on a scripted host.
    #[must_use]
    pub fn site(&self) -> (Site, Arc<ScriptedHost>) {
        let host = Arc::new(ScriptedHost::default());
        let billing: Arc<dyn Billing> = Arc::new(ScriptedBilling(Mutex::new(Gate::NotStarted)));
        let parts = SiteParts {
            platform: self.platform.clone(),
            host: host.clone(),
            lifecycle: lifecycle(&self.platform, host.clone(), Arc::clone(&billing)),
            billing,
            payments: crate::billing::Billing::new(self.platform.clone(), None),
            agreements: agreements(&self.platform, self.folder.path()),
            more: Vec::new(),
        };
        (Site::new(parts), host)
    }

    /// An engine that builds and carries gates, on this host.
    #[must_use]
    pub fn builder(&self, host: &Arc<ScriptedHost>) -> Engine {
        let (platform, host): (_, Arc<dyn Host>) = (self.platform.clone(), host.clone());
        let payments = crate::billing::Billing::new(platform.clone(), None);
        Engine::new(self.operations.clone(), self.log.clone())
            .work(Arc::new(Gatekeeper::new(platform.clone(), payments.clone(), Arc::clone(&host))))
            .work(Arc::new(BuildWork::new(platform, host, payments)))
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
