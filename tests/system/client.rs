//! A program that speaks to an app over its socket, as any API client does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use safeguards::identity::totp::TotpSecret;
use safeguards::{Clock, SystemClock};
use serde_json::{Value, json};

use crate::served::until;

/// How long an answer may take: the app gives up after thirty seconds by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A login, as `seed` tells it.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The person's role.
    pub(crate) role: String,
    email: String,
    password: String,
    /// The authenticator's secret, in base32.
    authenticator: Option<String>,
}

impl Login {
    /// Reads `role  email  password WORD  [authenticator SECRET]`; a role may be of several words.
    pub(crate) fn read(line: &str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at =
            words.iter().position(|word| word.contains('@')).unwrap_or_else(|| panic!("no login: {line}"));
        let after = |name: &str| {
            let found = words.iter().position(|word| *word == name);
            found.and_then(|found| words.get(found + 1)).map(|word| (*word).to_owned())
        };
        Self {
            role: words[..at].join(" "),
            email: words[at].to_owned(),
            password: after("password").expect("a login has a password"),
            authenticator: after("authenticator"),
        }
    }
}

/// Somebody who is signed in.
pub(crate) struct Client {
    address: SocketAddr,
    token: Option<String>,
    refresh: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    /// Such as 200.
    pub(crate) status: u16,
    /// What came before the body: the status line and the headers.
    head: String,
    /// What came after the headers.
    pub(crate) body: String,
}

impl Reply {
    /// The value of a header, by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }
}

impl Client {
    /// Signs in, with the second factor where there is one.
    pub(crate) fn sign_in(address: SocketAddr, login: &Login) -> Self {
        let mut client = Self { address, token: None, refresh: None };
        let asked = json!({ "email": login.email, "password": login.password });
        let mut step = client.patiently("/identity/sign-in", &asked).json();
        if step["next"] == "second_factor" {
            let secret = login.authenticator.as_deref().expect("who needs a second factor has one");
            let secret = TotpSecret::from_base32(secret).expect("it is in base32");
            let ticket = step["ticket"].clone();
            // A code is good once, and `seed` may have used that of this half minute: then the next one is due.
            for ahead in [Duration::ZERO, Duration::from_secs(30)] {
                let code = secret.code_at(SystemClock.now() + ahead);
                let proof = json!({ "ticket": ticket, "code": code.as_str() });
                step = client.patiently("/identity/sign-in/code", &proof).json();
                if step["next"] == "signed_in" {
                    break;
                }
            }
        }
        assert_eq!(step["next"], "signed_in", "{login:?}: {step}");
        client.token = step["access_token"].as_str().map(str::to_owned);
        client.refresh = step["refresh_token"].as_str().map(str::to_owned);
        client
    }

    /// Tries a password; the status of the answer.
    pub(crate) fn knock(address: SocketAddr, login: &Login, password: &str) -> u16 {
        let client = Self { address, token: None, refresh: None };
        client.patiently("/identity/sign-in", &json!({ "email": login.email, "password": password })).status
    }

    /// The token that renews the session, once.
    pub(crate) fn refresh_token(&self) -> &str {
        self.refresh.as_deref().expect("a client of the API has one")
    }

    /// The same session, with the same app started anew.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self { address, token: self.token.clone(), refresh: self.refresh.clone() }
    }

    /// `GET`.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.send("GET", path, None)
    }

    /// `GET`, as a browser asks.
    pub(crate) fn page(&self, path: &str) -> Reply {
        self.ask("GET", path, None, "text/html")
    }

    /// `POST` of a JSON document.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, Some(body))
    }

    /// `POST` at a door that holds up an address which asks too often: everybody here comes from one.
    fn patiently(&self, path: &str, body: &Value) -> Reply {
        let mut reply = self.post(path, body);
        until("the app lets this address try again", || {
            if reply.status == 429 {
                reply = self.post(path, body);
            }
            reply.status != 429
        });
        reply
    }

    /// Any request.
    pub(crate) fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        self.ask(method, path, body, "application/json")
    }

    /// `POST` of a table of comma-separated values.
    pub(crate) fn post_csv(&self, path: &str, table: &str) -> Reply {
        self.ask_with("POST", path, ("text/csv", table), "application/json")
    }

    fn ask(&self, method: &str, path: &str, body: Option<&Value>, accept: &str) -> Reply {
        let body = body.map(Value::to_string).unwrap_or_default();
        self.ask_with(method, path, ("application/json", &body), accept)
    }

    fn ask_with(&self, method: &str, path: &str, (kind, body): (&str, &str), accept: &str) -> Reply {
        let token = self.token.as_ref().map(|token| format!("authorization: Bearer {token}\r\n"));
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE).expect("the app listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket takes a time limit");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\naccept: {accept}\r\n\
             content-type: {kind}\r\ncontent-length: {}\r\n{}\r\n{body}",
            self.address,
            body.len(),
            token.unwrap_or_default(),
        );
        stream.write_all(request.as_bytes()).expect("the app reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let (head, body) =
            answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {answer}"));
        let status =
            head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("an answer has a status");
        Reply { status, head: head.to_owned(), body: body.to_owned() }
    }
}
