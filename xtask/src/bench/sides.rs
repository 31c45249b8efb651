//! The two sides: the generated app with all its safeguards, and the bare one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use super::client::{Connection, request};
use super::databases::Postgres;
use super::lab::{Database, Lab};
use super::servers::Server;

const EMAIL: &str = "bench@example.org";
const PASSWORD: &str = "Measure-twice-41-Harbour";

/// The generated app over a database of its own.
pub(super) struct Safe {
    binary: PathBuf,
    folder: PathBuf,
    database: Option<(String, String)>,
}

impl Safe {
    /// An app whose database has its tables and nothing else.
    pub(super) fn prepare(lab: &Lab, binary: &Path, postgres: Option<&Postgres>) -> anyhow::Result<Self> {
        let database = postgres
            .map(|postgres| (postgres.address("safe_app", "safe"), postgres.address("safe_owner", "safe")));
        let name = if database.is_some() { "safe-postgresql" } else { "safe-sqlite" };
        let safe = Self { binary: binary.to_owned(), folder: lab.fresh(name)?, database };
        safe.subcommand(&["migrate"])?;
        Ok(safe)
    }

    /// Its rates are set so high that one client may be everybody; all else is as it is by itself.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.folder).env("DATA_DIR", self.folder.join("data"));
        command.env("RATE_PER_ADDRESS", "1000000").env("RATE_PER_SESSION", "1000000");
        if let Some((app, owner)) = &self.database {
            command.env("DATABASE_URL", app).env("DATABASE_OWNER_URL", owner);
        }
        command
    }

    fn subcommand(&self, words: &[&str]) -> anyhow::Result<String> {
        let output = self.command().args(words).stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the app's `{}` failed: {said}", words.join(" "));
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub(super) fn serve(&self) -> anyhow::Result<Server> {
        let mut command = self.command();
        command.arg("serve").env_remove("DATABASE_OWNER_URL");
        Server::start(command, "/readyz", &self.folder.join("log"))
    }

    /// A one-time link for somebody of the role that may read and write every patient, and is not privileged: its
    /// last word.
    pub(super) fn invite(&self) -> anyhow::Result<String> {
        let words = ["create-owner", "--email", EMAIL, "--organisation", "Bench clinic", "--role", "desk"];
        let link = self.subcommand(&words)?;
        Ok(link.trim().rsplit('/').next().context("the app printed no link")?.to_owned())
    }
}

/// The bare app over a database of its own.
pub(super) fn bare(lab: &Lab, database: Database, postgres: &Postgres) -> anyhow::Result<Server> {
    let folder = lab.fresh(&format!("bare-data-{}", database.name().to_lowercase()))?;
    let mut command = Command::new(lab.bare(database)?);
    command.env(
        "DATABASE_URL",
        match database {
            Database::Sqlite => folder.join("bare.db").into_os_string(),
            Database::Postgres => postgres.address("bare", "bare").into(),
        },
    );
    Server::start(command, "/healthz", &folder.join("log"))
}

/// Somebody signed in at the generated app.
pub(super) struct Session {
    address: SocketAddr,
    pub(super) token: String,
    refresh: String,
}

impl Session {
    /// Sets a password by the link, and signs in with it.
    pub(super) async fn open(address: SocketAddr, link: &str) -> anyhow::Result<Self> {
        let mut session = Self { address, token: String::new(), refresh: String::new() };
        let welcome = json!({ "token": link, "password": PASSWORD });
        session.step("/identity/welcome", &welcome).await?;
        let step =
            session.step("/identity/sign-in", &json!({ "email": EMAIL, "password": PASSWORD })).await?;
        session.keep(&step)?;
        Ok(session)
    }

    /// An access token is good for five minutes; this makes another.
    pub(super) async fn renew(&mut self) -> anyhow::Result<()> {
        let step = self.step("/identity/refresh", &json!({ "refresh_token": self.refresh })).await?;
        self.keep(&step)
    }

    fn keep(&mut self, step: &Value) -> anyhow::Result<()> {
        let text = |name: &str| step[name].as_str().map(str::to_owned);
        self.token = text("access_token").with_context(|| format!("signing in ended with {step}"))?;
        self.refresh = text("refresh_token").context("signing in gave no refresh token")?;
        Ok(())
    }

    async fn step(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.send(&request("POST", path, None, Some(body))).await?;
        match answer.status {
            204 => Ok(Value::Null),
            200 => Ok(serde_json::from_slice(answer.body)?),
            status => bail!("{path} answered {status}: {}", String::from_utf8_lossy(answer.body)),
        }
    }
}
