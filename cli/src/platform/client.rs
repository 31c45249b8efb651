//! A platform, as the command line speaks to it: its JSON API.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use ureq::config::Config;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Error, http};

use super::session::Session;
use crate::outcome::Failure;

/// Speaks to one platform, as somebody.
pub(crate) struct Client {
    agent: Agent,
    server: String,
    session: Option<Session>,
}

impl Client {
    /// Nobody yet, at this platform.
    pub(crate) fn at(server: &str, authority: Option<&Path>) -> anyhow::Result<Self> {
        Ok(Self { agent: agent(authority)?, server: server.trim_end_matches('/').to_owned(), session: None })
    }

    /// Whoever is signed in on this machine.
    pub(crate) fn signed_in() -> anyhow::Result<Self> {
        let session = Session::load()?;
        let mut client = Self::at(&session.server, session.authority.as_deref())?;
        client.session = Some(session);
        Ok(client)
    }

    /// Asks, and reads the answer; an expired token is renewed once.
    pub(crate) fn get(&mut self, path: &str) -> Result<Value, Failure> {
        self.ask("GET", path, None)
    }

    /// Sends, and reads the answer.
    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.ask("POST", path, Some(body))
    }

    /// Removes, and reads the answer.
    pub(crate) fn delete(&mut self, path: &str) -> Result<Value, Failure> {
        self.ask("DELETE", path, None)
    }

    /// Copies a file of the platform's into `to`.
    pub(crate) fn download(&mut self, path: &str, to: &mut impl Write) -> Result<(), Failure> {
        self.get("/api/projects")?; // Renews the token, should it have expired meanwhile.
        let mut answer = self.send("GET", path, None)?;
        if !answer.status().is_success() {
            return read(answer).map(drop);
        }
        std::io::copy(&mut answer.body_mut().as_reader(), to).context("the file broke off")?;
        Ok(())
    }

    fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let answer = self.send(method, path, body)?;
        if answer.status() == 401 && self.session.is_some() {
            self.renew()?;
            let answer = self.send(method, path, body)?;
            return read(answer);
        }
        read(answer)
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<http::Response<ureq::Body>> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header("accept", "application/json");
        if let Some(session) = &self.session {
            request = request.header("authorization", format!("Bearer {}", session.access_token));
        }
        let sent = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string())?)
            }
            None => self.agent.run(request.body(())?),
        };
        sent.map_err(|error| unreachable(&self.server, &error))
    }

    /// A new pair of tokens for the old one, kept before it is used: each works once.
    fn renew(&mut self) -> Result<(), Failure> {
        let Some(mut session) = self.session.take() else { return Ok(()) };
        let body = json!({ "refresh_token": session.refresh_token });
        let answer = self.send("POST", "/identity/refresh", Some(&body))?;
        if answer.status() == 401 {
            return Err(Failure::input("your session has ended: run `healthcoder login`"));
        }
        let tokens = read(answer)?;
        session.take(&tokens)?;
        session.save()?;
        self.session = Some(session);
        Ok(())
    }

    /// Follows server-sent events from the first, and calls `each` with the kind and the data of each. A
    /// connection that breaks is taken up after the last event that was seen.
    pub(crate) fn follow(&mut self, path: &str, mut each: impl FnMut(&str, &Value)) -> Result<(), Failure> {
        let mut last = 0_i64;
        for _ in 0..1_000 {
            self.get("/api/projects")?; // Renews the token, should it have expired meanwhile.
            let answer = self.send("GET", &format!("{path}?after={last}"), None)?;
            if answer.status() != 200 {
                read(answer)?;
            } else if stream(answer, &mut last, &mut each) {
                return Ok(());
            }
        }
        Err(Failure::Failed(anyhow::anyhow!("the platform ended the stream of events again and again")))
    }
}

/// Reads one stream; true if it told the end.
fn stream(
    mut answer: http::Response<ureq::Body>,
    last: &mut i64,
    each: &mut impl FnMut(&str, &Value),
) -> bool {
    let (mut kind, mut data) = (String::new(), String::new());
    for line in BufReader::new(answer.body_mut().as_reader()).lines() {
        let Ok(line) = line else { return false };
        if line.is_empty() {
            if kind == "over" {
                return true;
            }
            if let Ok(value) = serde_json::from_str(&data) {
                each(&kind, &value);
            }
            kind.clear();
            data.clear();
        } else if let Some(id) = line.strip_prefix("id:") {
            *last = id.trim().parse().unwrap_or(*last);
        } else if let Some(name) = line.strip_prefix("event:") {
            name.trim().clone_into(&mut kind);
        } else if let Some(text) = line.strip_prefix("data:") {
            data.push_str(text.trim_start());
        }
    }
    false
}

impl Session {
    /// Takes the tokens of an answer of identity.
    pub(crate) fn take(&mut self, tokens: &Value) -> anyhow::Result<()> {
        let text =
            |name: &str| tokens[name].as_str().map(str::to_owned).context("the platform sent no tokens");
        self.access_token = text("access_token")?;
        self.refresh_token = text("refresh_token")?;
        Ok(())
    }
}

/// An answer, or what the problem says (RFC 9457).
fn read(mut answer: http::Response<ureq::Body>) -> Result<Value, Failure> {
    let status = answer.status();
    let text = answer.body_mut().read_to_string().context("the answer could not be read")?;
    if status.is_success() {
        return Ok(if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? });
    }
    let problem: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let mut words = vec![
        problem["detail"]
            .as_str()
            .or_else(|| problem["title"].as_str())
            .unwrap_or("the platform refused")
            .to_owned(),
    ];
    for error in problem["errors"].as_array().into_iter().flatten() {
        words.push(error["detail"].as_str().unwrap_or_default().to_owned());
    }
    if status.as_u16() == 404 {
        words.push("no such thing in your account: `healthcoder projects` lists what there is".to_owned());
    }
    let report = words.join("\n");
    if status.is_client_error() {
        return Err(Failure::Input { json: json!({ "error": report, "problem": problem }), report });
    }
    Err(Failure::Failed(anyhow::anyhow!("{report} (status {status})")))
}

fn unreachable(server: &str, error: &Error) -> anyhow::Error {
    match error {
        Error::Tls(_) | Error::Rustls(_) => anyhow::anyhow!(
            "{server} has a certificate that nobody vouches for ({error}); if it is your own platform, sign in with \
             --authority FILE, where FILE is the certificate that `healthcoder serve` names"
        ),
        other => anyhow::anyhow!("{server} cannot be reached: {other}"),
    }
}

fn agent(authority: Option<&Path>) -> anyhow::Result<Agent> {
    let mut tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    if let Some(path) = authority {
        let pem = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let certificate =
            Certificate::from_pem(&pem).with_context(|| format!("{} is no certificate", path.display()))?;
        tls = tls.root_certs(RootCerts::new_with_certs(&[certificate]));
    }
    let config =
        Config::builder().http_status_as_error(false).max_redirects(0).tls_config(tls.build()).build();
    Ok(Agent::with_parts(config, DefaultConnector::new(), Localhost(DefaultResolver::default())))
}

/// Names below `localhost` are this machine (RFC 6761, section 6.3); not every system knows.
#[derive(Debug)]
struct Localhost(DefaultResolver);

impl Resolver for Localhost {
    fn resolve(
        &self,
        uri: &http::Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        if uri.host().is_some_and(|host| host.ends_with(".localhost")) {
            let usual = if uri.scheme_str() == Some("https") { 443 } else { 80 };
            let mut found = self.empty();
            found.push(SocketAddr::from((Ipv4Addr::LOCALHOST, uri.port_u16().unwrap_or(usual))));
            return Ok(found);
        }
        self.0.resolve(uri, config, timeout)
    }
}

/// The one project that is meant: by its id, or by the beginning of its name or label.
pub(crate) fn project(client: &mut Client, wanted: &str) -> Result<Value, Failure> {
    let all = client.get("/api/projects")?;
    let lower = wanted.to_lowercase();
    let found: Vec<&Value> = all
        .as_array()
        .into_iter()
        .flatten()
        .filter(|project| {
            let begins = |field: &str| {
                project[field].as_str().is_some_and(|text| text.to_lowercase().starts_with(&lower))
            };
            project["id"] == wanted || begins("name") || begins("label")
        })
        .collect();
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Failure::input(format!(
            "no project begins with `{wanted}`: `healthcoder projects` lists them"
        ))),
        several => {
            let labels: Vec<&str> = several.iter().filter_map(|project| project["label"].as_str()).collect();
            Err(Failure::input(format!("`{wanted}` may be several: {}", labels.join(", "))))
        }
    }
}

/// A number or word of an answer, for people.
pub(crate) fn word<'a>(value: &'a Value, field: &str) -> anyhow::Result<&'a str> {
    match value[field].as_str() {
        Some(text) => Ok(text),
        None => bail!("the platform's answer lacks `{field}`: it may be of another release"),
    }
}
