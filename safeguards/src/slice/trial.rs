//! The trial of a generated app: its own routes, called by its own made-up people and by strangers.
//!
//! A trial is the app as it serves, without a socket, over a database of its own: a SQLCipher file in a temporary
//! folder, and PostgreSQL where `TEST_DATABASE_URL` names a server on which databases may be made. Nothing in it
//! passes by the policy: everybody signs in.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use tower::Service;

pub use super::browser::Browser;
use super::seed::{Person, stranger, token, visit};
use crate::app::{App, AppError, Services, Settings};
use crate::audit::{self, Finding};
use crate::folder::make_folder;
use crate::identity::OrganisationId;
use crate::store::{DatabaseAddress, Environment, PostgresOptions, Store, provision, sql};
use crate::web::{Entry, Log, Peer};

/// An app under trial.
pub struct Trial {
    services: Services,
    router: Router,
    people: &'static [Person],
    /// The organisation of strangers.
    other: OrganisationId,
    /// Access tokens of those who called already. Most trials need one or two of the people, and to sign in costs each
    /// a hash that is meant to be slow.
    tokens: Mutex<HashMap<Caller, String>>,
    calls: AtomicU32,
    folder: PathBuf,
    app: App,
    settings: BTreeMap<String, String>,
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Trial").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A trial of a thousand refusals would drown what a test says.
struct Unwritten;

impl Log for Unwritten {
    fn write(&self, _at: OffsetDateTime, _entry: &Entry) {}
}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// Nobody who is signed in.
    Anonymous,
    /// One of the made-up people, by address.
    Person(&'static str),
    /// Somebody of another organisation, by role.
    Stranger(&'static str),
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: axum::http::HeaderMap,
    /// The body.
    pub text: String,
    /// Where it sends the caller.
    pub location: Option<String>,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The ids of a list of records.
    pub fn ids(&self) -> Vec<String> {
        let records = self.json();
        let id = |record: &Value| record.get("id").and_then(Value::as_str).map(str::to_owned);
        records.as_array().into_iter().flatten().filter_map(id).collect()
    }
}

/// Runs a trial on SQLite, and on PostgreSQL where `TEST_DATABASE_URL` is set; with `TEST_SQLITE=no` there alone. The
/// name tells trials apart that run at the same time.
///
/// # Errors
/// The app does not start, or its people and records cannot be made.
pub fn on_each_database(
    app: &App,
    name: &str,
    people: &'static [Person],
    check: impl AsyncFn(&Trial),
) -> Result<(), AppError> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(AppError::System)?;
    runtime.block_on(async {
        let without_sqlite = std::env::var("TEST_SQLITE").is_ok_and(|word| word == "no");
        let mut databases = if without_sqlite { Vec::new() } else { vec![None] };
        databases.extend(std::env::var("TEST_DATABASE_URL").ok().map(Some));
        assert!(!databases.is_empty(), "without SQLite there must be TEST_DATABASE_URL");
        for server in databases {
            let trial = Trial::begin(app, name, people, server).await?;
            check(&trial).await;
            trial.end().await?;
        }
        Ok(())
    })
}

impl Trial {
    async fn begin(
        app: &App,
        name: &str,
        people: &'static [Person],
        server: Option<String>,
    ) -> Result<Self, AppError> {
        let kind = if server.is_some() { "postgres" } else { "sqlite" };
        let folder = place(&format!("{kind}-{name}"));
        let mut settings = data_in(&folder);
        if let Some(server) = server {
            let addresses = fresh(&DatabaseAddress::new(server), name).await?;
            settings.insert("DATABASE_URL".to_owned(), addresses.0.reveal().to_owned());
            settings.insert("DATABASE_OWNER_URL".to_owned(), addresses.1.reveal().to_owned());
            app.migrated(read(&settings)?).await?;
        } else {
            write_files(&folder, seeded_files(app).await?).map_err(AppError::System)?;
        }
        let (services, router) = app.assembled(read(&settings)?, Some(Arc::new(Unwritten))).await?;
        // Where that was done before, it does nothing.
        app.seeded(&services).await?;
        let other = services.identity.create_organisation("Other Example Clinic (made up)").await?;
        Ok(Self {
            services,
            router,
            people,
            other,
            tokens: Mutex::default(),
            calls: AtomicU32::new(0),
            folder,
            app: *app,
            settings,
        })
    }

    /// The access token of a caller, who signs in for it once.
    async fn token(&self, caller: Caller) -> Result<Option<String>, AppError> {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(&caller) {
            return Ok(Some(token.clone()));
        }
        let number = |wanted: &dyn Fn(&Person) -> bool| self.people.iter().position(wanted);
        let token = match caller {
            Caller::Anonymous => return Ok(None),
            Caller::Person(email) => {
                let Some(number) = number(&|person| person.email == email) else { return Ok(None) };
                token(&self.services, email, &visit(&self.services, 50 + number), Duration::seconds(30))
                    .await?
            }
            Caller::Stranger(role) => {
                let Some(number) = number(&|person| person.role == role) else { return Ok(None) };
                stranger(&self.services, self.other, role, number).await?
            }
        };
        tokens.insert(caller, token.clone());
        Ok(Some(token))
    }

    async fn end(self) -> Result<(), AppError> {
        self.services.store.close().await;
        fs::remove_dir_all(&self.folder).map_err(AppError::System)
    }

    /// Has erasures carried out and expired rows removed: by the app itself where the database is its own, elsewhere by its owner.
    ///
    /// # Errors
    /// The database or the audit log failed.
    pub async fn swept(&self) -> Result<(), AppError> {
        if self.services.store.is_postgres() {
            return self.app.swept_as_owner(read(&self.settings)?).await.map(drop);
        }
        self.app.swept(&self.services).await
    }

    /// What a verification of the audit log finds; nothing where all is as it was written, and as it was rewritten by erasures that
    /// it tells of.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn log_findings(&self) -> Result<String, AppError> {
        let report = audit::verify_against(&self.services.store, &[], None).await?;
        // In a trial nobody signs heads.
        let findings = report.findings.iter().filter(|finding| **finding != Finding::Unwitnessed);
        Ok(findings.map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    }

    /// What the app stands on, for a test that looks behind its doors.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The files that the app keeps, of a trial on SQLite: path and bytes. None elsewhere.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn files(&self) -> std::io::Result<Vec<(PathBuf, Vec<u8>)>> {
        if self.services.store.is_postgres() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.is_file() {
                files.push((path.clone(), std::fs::read(path)?));
            }
        }
        Ok(files)
    }

    /// The messages that the app has handed over, the newest last.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn letters(&self) -> std::io::Result<Vec<String>> {
        let folder = self.folder.join("mailbox");
        if !folder.exists() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            // Ids tell when they were made.
            let path = entry?.path();
            found.push((path.clone(), fs::read_to_string(path)?));
        }
        found.sort();
        Ok(found.into_iter().map(|(_, text)| text).collect())
    }

    /// How many events of this action the audit log has about a record, alone or among others.
    ///
    /// # Errors
    /// The log cannot be read.
    pub async fn events(&self, action: &str, record: &str) -> Result<i64, AppError> {
        let counted =
            sql("SELECT count(*) AS n FROM audit_log WHERE action = $1 AND (record = $2 OR records LIKE $3)");
        let counted = counted.bind(action.to_owned()).bind(record.to_owned()).bind(format!("%{record}%"));
        Ok(counted.fetch_one(&self.services.store).await?.integer("n")?)
    }

    /// Signs one of the people in anew, by the JSON API, and says every step's answer: the last holds the tokens.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn sign_in_anew(&self, email: &str) -> Result<Vec<Answer>, AppError> {
        // The person's code of this half minute was used when the trial began.
        sql("UPDATE authenticators SET last_step = 0").execute(&self.services.store).await?;
        let proof = serde_json::json!({ "email": email, "password": super::seed::PASSWORD });
        let mut steps = vec![self.send(Caller::Anonymous, Method::POST, "/identity/sign-in", &proof).await];
        if let Some(ticket) = steps[0].json().get("ticket") {
            let code = super::seed::authenticator(email).code_at(self.services.clock.now()).to_string();
            let step = serde_json::json!({ "ticket": ticket, "code": code });
            steps.push(self.send(Caller::Anonymous, Method::POST, "/identity/sign-in/code", &step).await);
        }
        Ok(steps)
    }

    /// `GET`, as a program asks.
    pub async fn get(&self, caller: Caller, path: &str) -> Answer {
        self.call(caller, Method::GET, path, None, "application/json").await
    }

    /// `GET`, as a browser asks.
    pub async fn page(&self, caller: Caller, path: &str) -> Answer {
        self.call(caller, Method::GET, path, None, "text/html").await
    }

    /// Any other method with a JSON body.
    pub async fn send(&self, caller: Caller, method: Method, path: &str, body: &Value) -> Answer {
        let body = Some(("application/json", body.to_string()));
        self.call(caller, method, path, body, "application/json").await
    }

    /// `DELETE`.
    pub async fn delete(&self, caller: Caller, path: &str) -> Answer {
        self.call(caller, Method::DELETE, path, None, "application/json").await
    }

    /// A file as a program sends it, under a name.
    pub async fn send_file(
        &self,
        caller: Caller,
        method: Method,
        path: &str,
        name: &str,
        content: Vec<u8>,
    ) -> Answer {
        let request = self.request(caller, method, path, "application/json").await;
        let named = format!("attachment; filename=\"{name}\"");
        let request = request
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_DISPOSITION, named);
        self.answered(request.body(Body::from(content))).await
    }

    /// A form as a browser sends it.
    pub async fn submit(&self, caller: Caller, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let body = Some(("application/x-www-form-urlencoded", form));
        self.call(caller, Method::POST, path, body, "text/html").await
    }

    /// A form as a browser of nobody who is signed in sends it, always from this address.
    ///
    /// # Panics
    /// The address is none.
    pub async fn submit_from(&self, address: &str, path: &str, pairs: &[(&str, &str)]) -> Answer {
        let address: IpAddr = address.parse().unwrap_or_else(|_| panic!("{address} is no address"));
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let request = self.request(Caller::Anonymous, Method::POST, path, "text/html").await;
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.answered(request.extension(Peer(Some(address))).body(Body::from(form))).await
    }

    async fn call(
        &self,
        caller: Caller,
        method: Method,
        path: &str,
        body: Option<(&str, String)>,
        accept: &str,
    ) -> Answer {
        let mut request = self.request(caller, method, path, accept).await;
        if let Some((kind, _)) = &body {
            request = request.header(header::CONTENT_TYPE, *kind);
        }
        let body = body.map_or_else(Body::empty, |(_, body)| Body::from(body));
        self.answered(request.body(body)).await
    }

    /// A request as this caller makes it, without its body.
    pub(super) async fn request(
        &self,
        caller: Caller,
        method: Method,
        path: &str,
        accept: &str,
    ) -> axum::http::request::Builder {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        let [_, b, c, d] = number.to_be_bytes();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, accept)
            // Each call from an address of its own: what is tried is the policy, not the rate limit.
            .extension(Peer(Some(IpAddr::V4(Ipv4Addr::new(10, b, c, d)))));
        let token = self.token(caller).await;
        let token = token.unwrap_or_else(|error| panic!("{caller:?} cannot sign in: {error}"));
        match token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// One of the people, by address.
    pub(super) fn known(&self, email: &str) -> Result<&'static str, AppError> {
        let known = self.people.iter().map(|person| person.email).find(|known| *known == email);
        known.ok_or_else(|| AppError::Seed(format!("nobody is called {email}")))
    }

    pub(super) async fn answered(&self, request: Result<Request<Body>, axum::http::Error>) -> Answer {
        let unsent = |reason: String| Answer {
            status: StatusCode::BAD_REQUEST,
            headers: header::HeaderMap::new(),
            text: reason,
            location: None,
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => return unsent(error.to_string()),
        };
        // A router is always ready; its own `poll_ready` says so.
        let Ok(response) = self.router.clone().call(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        match response.into_body().collect().await {
            Ok(body) => {
                let text = String::from_utf8_lossy(&body.to_bytes()).into_owned();
                Answer { status, headers, text, location }
            }
            Err(error) => unsent(error.to_string()),
        }
    }
}

fn place(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("trial-{}-{name}", std::process::id()))
}

fn data_in(folder: &Path) -> BTreeMap<String, String> {
    BTreeMap::from([("DATA_DIR".to_owned(), folder.display().to_string())])
}

/// The files of a folder, by their paths in it.
type Files = Arc<Vec<(PathBuf, Vec<u8>)>>;

/// What each trial on SQLite begins with: the files of the app as it was seeded once in this process.
async fn seeded_files(app: &App) -> Result<Files, AppError> {
    static SEEDED: Mutex<BTreeMap<&'static str, Files>> = Mutex::const_new(BTreeMap::new());
    let mut seeded = SEEDED.lock().await;
    if let Some(files) = seeded.get(app.name) {
        return Ok(Arc::clone(files));
    }
    let folder = place("first");
    let (services, _) = app.assembled(read(&data_in(&folder))?, Some(Arc::new(Unwritten))).await?;
    app.seeded(&services).await?;
    services.audit.finish().await?;
    services.store.close().await;
    let mut files = Vec::new();
    let read = read_files(&folder, &folder, &mut files).and_then(|()| fs::remove_dir_all(&folder));
    read.map_err(AppError::System)?;
    let files = Arc::new(files);
    seeded.insert(app.name, Arc::clone(&files));
    Ok(files)
}

fn read_files(root: &Path, folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let kind = fs::symlink_metadata(&path)?.file_type();
        if kind.is_dir() {
            read_files(root, &path, files)?;
        } else if kind.is_file() {
            let within = path.strip_prefix(root).map_err(std::io::Error::other)?;
            files.push((within.to_owned(), fs::read(&path)?));
        }
    }
    Ok(())
}

fn write_files(folder: &Path, files: Files) -> std::io::Result<()> {
    for (within, content) in files.iter() {
        let path = folder.join(within);
        make_folder(path.parent().unwrap_or(folder)).map_err(std::io::Error::other)?;
        // Keys are for their owner alone, and the app looks whether they are.
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content)?;
    }
    Ok(())
}

fn read(settings: &BTreeMap<String, String>) -> Result<Settings, AppError> {
    Settings::read(&|name| settings.get(name).cloned()).map_err(AppError::Settings)
}

/// An empty database of this name on the server; one of an earlier trial is emptied. Says its addresses for the app
/// and for the owner.
async fn fresh(server: &DatabaseAddress, name: &str) -> Result<(DatabaseAddress, DatabaseAddress), AppError> {
    let environment = Environment::new(format!("trial_{name}"))
        .ok_or_else(|| AppError::Seed(format!("{name} is not a name for a database")))?;
    let before = provision(server, &environment).await?;
    let owner = Store::open_postgres(PostgresOptions::new(before.owner)).await?;
    sql("DROP SCHEMA public CASCADE").execute(&owner).await?;
    sql("DROP SCHEMA IF EXISTS fence CASCADE").execute(&owner).await?;
    sql("CREATE SCHEMA public").execute(&owner).await?;
    owner.close().await;
    let addresses = provision(server, &environment).await?;
    Ok((addresses.app, addresses.owner))
}
