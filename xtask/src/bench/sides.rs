//! The two sides: the generated app with all its safeguards, and the bare one.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};
use aws_lc_rs::hmac;
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

    /// A one-time link for somebody of the role that may read and write every patient: its last word.
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
    /// Sets a password by the link, and signs in with it: whose role reaches everybody's records wants a second factor,
    /// too.
    pub(super) async fn open(address: SocketAddr, link: &str) -> anyhow::Result<Self> {
        let mut session = Self { address, token: String::new(), refresh: String::new() };
        let welcome = json!({ "token": link, "password": PASSWORD });
        session.step("/identity/welcome", &welcome).await?;
        let mut step =
            session.step("/identity/sign-in", &json!({ "email": EMAIL, "password": PASSWORD })).await?;
        if step["next"] == "enrol" {
            let ticket = step["ticket"].clone();
            let offer = session.step("/identity/sign-in/authenticator", &json!({ "ticket": ticket })).await?;
            let secret = offer["secret"].as_str().context("an authenticator without a secret")?;
            let code = one_time_code(secret, SystemTime::now())?;
            let confirm = json!({ "ticket": ticket, "code": code });
            step = session.step("/identity/sign-in/authenticator/confirm", &confirm).await?;
        }
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

/// What an authenticator shows for a secret in base32 (RFC 6238: six digits, half a minute, HMAC-SHA-1).
fn one_time_code(secret: &str, at: SystemTime) -> anyhow::Result<String> {
    let (mut key, mut word, mut bits) = (Vec::new(), 0_u32, 0);
    for letter in secret.bytes().filter(|letter| *letter != b'=') {
        let five = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => bail!("a secret that is no base32"),
        };
        (word, bits) = ((word << 5) | u32::from(five), bits + 5);
        if bits >= 8 {
            bits -= 8;
            key.push((word >> bits & 0xff) as u8);
        }
    }
    let step = at.duration_since(UNIX_EPOCH)?.as_secs() / 30;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().copied().unwrap_or_default() & 0xf);
    let four: [u8; 4] = tag.get(offset..offset + 4).context("a tag of twenty bytes")?.try_into()?;
    Ok(format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// The vectors of RFC 6238, appendix B, cut to six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let at = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(one_time_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at).unwrap(), code);
        }
    }
}
