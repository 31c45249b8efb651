//! The road of a tenant on real parts, on each kind of database: preview, production, records, the end, the archive taken
//! home and restored, and nothing left. What is not compiled here is the program, which is the clinic of these tests.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use control_plane::accounts::{Member, Owned};
use control_plane::agreement::{AgreementText, Signatory, Signing};
use control_plane::billing::Billing;
use control_plane::builds::{self, Build, BuildState};
use control_plane::custom::{self, Custom};
use control_plane::host::LocalHost;
use control_plane::host::gateway::LocalAuthority;
use control_plane::host::provided::Reach;
use control_plane::host::supervisor::PostgresServer;
use control_plane::ids::{EnvironmentId, ProjectId};
use control_plane::lifecycle::{DepartureState, Lifecycle, StepUp, certificate, reminders::WINDOW};
use control_plane::operations::Engine;
use control_plane::projects::Project;
use control_plane::prompts::{self, PromptText};
use control_plane::seams::{
    Artifact, BuildOrder, DeployOrder, EnvironmentKind, EnvironmentOrder, Gate, Host, HostError,
    KeyDestruction, Pending, Progress, Trial, Verified, VerifyOrder,
};
use control_plane::server::works;
use control_plane::testing::{TestPlatform, agreements, all_kept, lifecycle, mailbox, platform_on};
use control_plane::versions::{self, Version};
use control_plane::{BuildId, environments};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use safeguards::identity::EmailAddress;
use safeguards::store::{PostgresOptions, Store};
use safeguards::testing::{TestDatabase, blank_postgres};
use safeguards::{Clock as _, SystemClock, sql};

use crate::lab::{Caller, clinic, postgres};
use crate::orders::{artifact, host};

const PROMPT: &str = "A home blood pressure app for a clinic. Patients log systolic and diastolic readings. \
    Nurses see the readings of the patients assigned to them. The clinic owner manages people.";

const MINE: &str = "//! Mine.\n\nuse safeguards::slice::Routes;\n\nuse crate::extensions::Extensions;\n\n/// Mine.\n\
    pub struct Custom;\n\nimpl Extensions for Custom {}\n\n/// None.\npub fn routes() -> Routes {\n    Routes::new()\n}\n";

/// The host, which is handed a program instead of compiling one.
struct Prebuilt(LocalHost);

impl Host for Prebuilt {
    fn build<'a>(&'a self, _: &'a BuildOrder, _: &'a dyn Progress) -> Pending<'a, Artifact, HostError> {
        Box::pin(async { Ok(artifact(&clinic())) })
    }

    fn trial(&self) -> Pending<'_, Trial, HostError> {
        self.0.trial()
    }

    fn verify<'a>(&'a self, _: &'a VerifyOrder, _: &'a dyn Progress) -> Pending<'a, Verified, HostError> {
        Box::pin(async { Ok(all_kept()) })
    }

    fn provide<'a>(&'a self, order: &'a EnvironmentOrder) -> Pending<'a, (), HostError> {
        self.0.provide(order)
    }

    fn deploy<'a>(
        &'a self,
        order: &'a DeployOrder,
        progress: &'a dyn Progress,
    ) -> Pending<'a, (), HostError> {
        self.0.deploy(order, progress)
    }

    fn seed<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, (), HostError> {
        self.0.seed(environment)
    }

    fn invite_owner<'a>(
        &'a self,
        environment: EnvironmentId,
        email: &'a EmailAddress,
    ) -> Pending<'a, String, HostError> {
        self.0.invite_owner(environment, email)
    }

    fn outward<'a>(&'a self, environment: EnvironmentId, reach: &'a Reach) -> Pending<'a, (), HostError> {
        self.0.outward(environment, reach)
    }

    fn gate<'a>(&'a self, environment: EnvironmentId, gate: Gate) -> Pending<'a, (), HostError> {
        self.0.gate(environment, gate)
    }

    fn run<'a>(
        &'a self,
        environment: EnvironmentId,
        arguments: &'a [String],
        folder: &'a Path,
    ) -> Pending<'a, String, HostError> {
        self.0.run(environment, arguments, folder)
    }

    fn logs<'a>(&'a self, environment: EnvironmentId, lines: usize) -> Pending<'a, Vec<String>, HostError> {
        self.0.logs(environment, lines)
    }

    fn destroy_keys<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, KeyDestruction, HostError> {
        self.0.destroy_keys(environment)
    }

    fn destroy_data<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, (), HostError> {
        self.0.destroy_data(environment)
    }

    fn forget<'a>(&'a self, project: ProjectId) -> Pending<'a, (), HostError> {
        self.0.forget(project)
    }
}

/// A founder on a platform whose host is real.
pub(crate) struct Founder {
    pub(crate) platform: TestPlatform,
    pub(crate) member: Member,
    pub(crate) host: Arc<dyn Host>,
    project: ProjectId,
    payments: Billing,
    lifecycle: Lifecycle,
    engine: Engine,
    gateway: Caller,
    pub(crate) serving: tokio::task::JoinHandle<()>,
}

impl Founder {
    async fn on(folder: &Path, server: Option<PostgresServer>) -> Self {
        Self::by(host(folder, server).await, folder).await
    }

    /// The same, on this host.
    pub(crate) async fn by(local: LocalHost, folder: &Path) -> Self {
        let platform = platform_on("sqlite").await;
        let account = platform.account("Clinic").await;
        let person = platform.person(account, "owner", "olga@example.org").await;
        let member = platform.member(&platform.sign_in(&person).await).await;
        let text = PromptText::parse(PROMPT).unwrap();
        let (project, prompt) = prompts::begin(&platform, &member, "Clinic", &text).await.unwrap();
        let owned: Owned<Project> = member.owned(&platform, project).await.unwrap();
        let prompt = member.owned(&platform, (project, prompt)).await.unwrap();
        versions::plan(&platform, &owned, &prompt).await.unwrap();

        let authority = LocalAuthority::open(&folder.join("tls"), Arc::new(SystemClock)).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway =
            Caller { address: listener.local_addr().unwrap(), authority: authority.pem().to_owned() };
        let gate = local.clone();
        let serving = tokio::spawn(async move {
            gate.serve(listener, Arc::new(authority), BTreeMap::new()).await.unwrap();
        });
        let host: Arc<dyn Host> = Arc::new(Prebuilt(local));
        let payments = Billing::new(platform.platform.clone(), None);
        let lifecycle = lifecycle(&platform, Arc::clone(&host), Arc::new(payments.clone()));
        let engine = Engine::new(platform.operations.clone(), platform.log.clone());
        let works = works(&platform, &host, &payments, &lifecycle, &mailbox(&platform));
        let engine = works.into_iter().fold(engine, Engine::work);
        Self { platform, member, host, project, payments, lifecycle, engine, gateway, serving }
    }

    pub(crate) fn project(&self) -> ProjectId {
        self.project
    }

    /// Sends a request to the app.
    pub(crate) async fn send(
        &self,
        host_name: &str,
        request: Request<Full<Bytes>>,
    ) -> (u16, hyper::HeaderMap, String) {
        self.gateway.send(host_name, request).await
    }

    /// A spec that the founder wrote takes the place of the planned one.
    pub(crate) async fn submit(&self, spec: &str) {
        let (project, _) = self.version().await;
        versions::submit(&self.platform, &project, spec).await.unwrap();
    }

    /// Code of the founder's own joins the planned spec.
    async fn write_code(&self) {
        let (project, version) = self.version().await;
        let (spec, _) = versions::read(&self.platform, &version).await.unwrap();
        let code =
            custom::parse(BTreeMap::from([("src/custom/mod.rs".to_owned(), MINE.to_owned())])).unwrap();
        versions::submit_with(&self.platform, &project, &spec, Custom::Sent(code)).await.unwrap();
    }

    async fn work(&self) {
        assert!(self.engine.drain().await.unwrap());
    }

    async fn version(&self) -> (Owned<Project>, Owned<Version>) {
        let project: Owned<Project> = self.member.owned(&self.platform, self.project).await.unwrap();
        let newest = versions::list(&self.platform, &project).await.unwrap().remove(0);
        let version = self.member.owned(&self.platform, (self.project, newest.id)).await.unwrap();
        (project, version)
    }

    async fn served(&self, build: BuildId) {
        self.work().await;
        let build: Owned<Build> = self.member.owned(&self.platform, (self.project, build)).await.unwrap();
        assert_eq!(build.state, BuildState::Serving, "{:?}", build.failure);
    }

    pub(crate) async fn reach_preview(&self) {
        let (project, version) = self.version().await;
        let digest = version.digest.clone();
        let build = builds::approve(&self.platform, &project, &version, &digest, None).await.unwrap();
        self.served(build).await;
    }

    async fn reach_production(&self) {
        self.payments.grant(self.member.account(), None).await.unwrap();
        let signing = Signing {
            account: self.member.account(),
            person: self.member.person().uuid(),
            from: "203.0.113.7".parse().unwrap(),
            version: AgreementText::newest(self.platform.clock.now()).version.to_owned(),
            signatory: Signatory::new("Clinic LLC", "Olga Owner", "Owner").unwrap(),
        };
        agreements(&self.platform, self.platform.folder()).sign(signing).await.unwrap();
        let (project, version) = self.version().await;
        let kind = EnvironmentKind::Production;
        let build =
            builds::again(&self.platform, &self.payments, &project, &version, kind, None).await.unwrap();
        self.served(build).await;
    }

    async fn environment(&self, kind: EnvironmentKind) -> environments::Environment {
        let owned: Owned<environments::Environment> =
            self.member.owned(&self.platform, (self.project, kind)).await.unwrap();
        environments::Environment::clone(&owned)
    }

    pub(crate) async fn ask(
        &self,
        method: &str,
        at: &environments::Environment,
        path: &str,
    ) -> (u16, String) {
        let request = Request::builder().method(method).uri(path).header("host", &at.host_name);
        let request = request.header("accept", "application/json").body(Full::new(Bytes::new())).unwrap();
        let (status, _, body) = self.gateway.send(&at.host_name, request).await;
        (status, body)
    }

    /// Takes the archive home; answers it and what opens it.
    async fn take_home(
        &self,
        departure: control_plane::ids::DepartureId,
        id: EnvironmentId,
    ) -> [std::path::PathBuf; 2] {
        let [zip, secret] = ["home.zip", "home.passphrase"].map(|name| self.platform.folder().join(name));
        let proof = StepUp::in_a_test();
        let (account, by) = (self.member.account(), self.member.person());
        let passphrase = self.lifecycle.fetch(account, departure, id, by, &zip, &proof).await.unwrap();
        std::fs::write(&secret, format!("{}\n", &*passphrase)).unwrap();
        [zip, secret]
    }
}

/// The clinic's own program at home, without a platform.
struct Home {
    folder: tempfile::TempDir,
    database: Option<TestDatabase>,
}

impl Home {
    fn run(&self, words: &[&str]) {
        let mut command = Command::new(clinic());
        command.args(words).env("DATA_DIR", self.folder.path().join("data"));
        if let Some(addresses) = self.database.as_ref().and_then(|database| database.addresses.as_ref()) {
            command.env("DATABASE_URL", addresses.app.reveal());
            command.env("DATABASE_OWNER_URL", addresses.owner.reveal());
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The patients, as an archive of this home has them.
    fn patients(&self) -> String {
        let to = self.folder.path().join("again.zip");
        self.run(&["export", "--open", "--without-project", "--to", to.to_str().unwrap()]);
        patients(&to, None)
    }
}

fn patients(archive: &Path, secret: Option<&Path>) -> String {
    file_of(archive, secret, "data/patients.ndjson")
}

fn file_of(archive: &Path, secret: Option<&Path>, path: &str) -> String {
    let secret = secret.map(|path| std::fs::read_to_string(path).unwrap().trim().to_owned());
    let file = std::fs::File::open(archive).unwrap();
    let mut archive = exporter::Archive::open(file, secret.map(exporter::Passphrase::new)).unwrap();
    archive.verify(None).expect("it is as it was written");
    let mut text = String::new();
    archive.file(path).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// How many databases and roles of the server have the environment in their name.
async fn on_the_server(server: &PostgresServer, id: EnvironmentId) -> i64 {
    let store = Store::open_postgres(PostgresOptions::new(server.administrator.clone())).await.unwrap();
    let row = sql("SELECT (SELECT count(*) FROM pg_database WHERE datname LIKE $1)
             + (SELECT count(*) FROM pg_roles WHERE rolname LIKE $1) AS n")
    .bind(format!("%{}%", id.uuid().simple()))
    .fetch_one(&store)
    .await
    .unwrap();
    store.close().await;
    row.integer("n").unwrap()
}

async fn gone(server: Option<PostgresServer>) {
    let folder = tempfile::tempdir().unwrap();
    let founder = Founder::on(folder.path(), server.clone()).await;
    founder.write_code().await;
    founder.reach_preview().await;
    let preview = founder.environment(EnvironmentKind::Preview).await;
    assert_eq!(founder.ask("GET", &preview, "/patients").await, (200, "1".into()), "made-up people");

    founder.reach_production().await;
    let production = founder.environment(EnvironmentKind::Production).await;
    assert_eq!(founder.ask("GET", &production, "/patients").await, (200, "0".into()), "nobody is made up");
    assert_eq!(founder.ask("POST", &production, "/insert").await, (200, "1".into()));
    if let Some(server) = &server {
        // A database and its three roles each.
        for environment in [&preview, &production] {
            assert_eq!(on_the_server(server, environment.id).await, 4);
        }
    }

    let (account, person) = (founder.member.account(), founder.member.person());
    let departure = founder.lifecycle.cancel(account, founder.project, person).await.unwrap();
    let cancelled = founder.platform.clock.now();
    founder.work().await;
    let (status, words) = founder.ask("POST", &production, "/insert").await;
    assert!(status == 403 && words.contains("This app is read-only"), "{status} {words}");
    assert_eq!(founder.ask("GET", &production, "/patients").await, (200, "1".into()), "records are shown");

    let [zip, secret] = founder.take_home(departure, production.id).await;
    let taken = patients(&zip, Some(&secret));
    assert_eq!(taken.lines().count(), 1, "{taken}");
    assert_eq!(
        file_of(&zip, Some(&secret), "project/src/custom/mod.rs"),
        MINE,
        "their own code goes with them"
    );
    for database in [None, Some(blank_postgres().await)] {
        let home = Home { folder: tempfile::tempdir().unwrap(), database };
        let (from, secret) = (zip.to_str().unwrap(), secret.to_str().unwrap());
        home.run(&["restore", "--from", from, "--passphrase-file", secret]);
        assert_eq!(home.patients(), taken, "what was taken home is there again");
    }

    founder.platform.clock.set(cancelled + WINDOW);
    founder.work().await;
    let end = founder.lifecycle.find(account, departure).await.unwrap();
    assert_eq!(end.state, DepartureState::Destroyed);
    let signed = founder.lifecycle.certificate(account, departure).await.unwrap();
    let (told, _) = certificate::verify(&signed.json(), None).unwrap();
    assert!(told.disabled.iter().any(|item| item.what.contains("root key of production")));
    for environment in [&preview, &production] {
        let reached = founder.gateway.connect(&environment.host_name, "http/1.1").await;
        assert!(reached.is_err(), "nobody answers there any more");
        if let Some(server) = &server {
            assert_eq!(on_the_server(server, environment.id).await, 0, "no database and no role is left");
        }
        let name = environment.id.uuid().simple().to_string();
        for part in ["environments", "keys", "programs"] {
            assert!(!folder.path().join(part).join(&name).exists(), "{part}");
        }
    }
    founder.serving.abort();
}

/// HC-4, HC-11, HC-12 of a tenant whose records are a file.
#[tokio::test(flavor = "multi_thread")]
async fn the_road_of_a_tenant_in_a_file() {
    gone(None).await;
}

/// The same of a tenant with a PostgreSQL database of its own.
#[tokio::test(flavor = "multi_thread")]
async fn the_road_of_a_tenant_on_postgresql() {
    gone(Some(postgres().await)).await;
}
