//! People as they sign in to the API, and what they ask as somebody who is signed in.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::authenticator::Authenticator;
use crate::clock;
use crate::trouble::{Result, Trouble};
use crate::wire::{Reply, Request, Wire};

/// An access token is renewed well before the five minutes that it lives.
const FRESH: Duration = Duration::from_secs(200);

/// What somebody signs in with.
pub(crate) struct Login {
    pub(crate) role: String,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) authenticator: Option<Rc<Authenticator>>,
}

impl Login {
    /// Reads a line of `seed`: `role  email  password WORD  [authenticator SECRET]`; a role may be of several words.
    pub(crate) fn read(line: &str) -> Result<Self> {
        let wrong = || Trouble::unexpected("`seed` told a login in words that are not understood");
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.iter().position(|word| word.contains('@')).ok_or_else(wrong)?;
        let after = |name: &str| {
            let found = words.iter().position(|word| *word == name)?;
            words.get(found + 1).map(|word| (*word).to_owned())
        };
        let authenticator = after("authenticator").map(|secret| Authenticator::read(&secret)).transpose()?;
        Ok(Self {
            role: words[..at].join(" "),
            email: words[at].to_owned(),
            password: after("password").ok_or_else(wrong)?,
            authenticator: authenticator.map(Rc::new),
        })
    }
}

/// The tokens of a session.
#[derive(Clone)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) session: String,
    pub(crate) organisation: String,
}

impl Tokens {
    pub(crate) fn read(answer: &Value) -> Option<Self> {
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        Some(Self {
            access: text("access_token")?,
            refresh: text("refresh_token")?,
            session: text("session")?,
            organisation: text("organisation")?,
        })
    }
}

/// Sends a step of signing in.
pub(crate) fn step(wire: &Wire, path: &str, body: &Value) -> Result<Reply> {
    wire.elsewhere().post(format!("/identity/{path}")).json(body).send()
}

/// The first step: address and password.
pub(crate) fn first_step(wire: &Wire, login: &Login) -> Result<Reply> {
    step(wire, "sign-in", &json!({ "email": login.email, "password": login.password }))
}

/// All steps.
pub(crate) fn sign_in(wire: &Wire, login: &Login) -> Result<Tokens> {
    let mut reply = first_step(wire, login)?;
    if reply.json()["next"] == "second_factor" {
        let authenticator = login.authenticator.as_ref().ok_or_else(|| {
            Trouble::unexpected(format!("{} is asked for a second factor that nobody has", login.role))
        })?;
        let ticket = reply.json()["ticket"].clone();
        // `seed` may have used the code of this half minute: then a later one is due.
        for _ in 0..3 {
            let code = authenticator.code();
            reply = step(wire, "sign-in/code", &json!({ "ticket": ticket, "code": code }))?;
            if reply.json()["next"] == "signed_in" {
                break;
            }
        }
    }
    let answer = reply.json();
    Tokens::read(&answer).ok_or_else(|| {
        Trouble::unexpected(format!("{} cannot sign in: {} {}", login.role, reply.status, reply.text()))
    })
}

/// Somebody who is signed in.
pub(crate) struct Person {
    pub(crate) login: Rc<Login>,
    /// The person's id.
    pub(crate) id: String,
    wire: Wire,
    tokens: RefCell<(Tokens, Instant)>,
}

impl Person {
    /// Signs in.
    pub(crate) fn new(wire: &Wire, login: Rc<Login>) -> Result<Self> {
        let tokens = sign_in(wire, &login)?;
        Self::with(wire, login, tokens)
    }

    /// Somebody whose tokens are there.
    pub(crate) fn with(wire: &Wire, login: Rc<Login>, tokens: Tokens) -> Result<Self> {
        let wire = wire.elsewhere();
        let who = wire.get("/identity/session").bearer(&tokens.access).send()?;
        let id = who.json()["person"].as_str().map(str::to_owned);
        let id = id.ok_or_else(|| Trouble::unexpected("a session does not say whose it is"))?;
        Ok(Self { login, id, wire, tokens: RefCell::new((tokens, clock::instant())) })
    }

    /// Their role.
    pub(crate) fn role(&self) -> &str {
        &self.login.role
    }

    /// Their tokens, renewed when they are old.
    pub(crate) fn tokens(&self) -> Result<Tokens> {
        let (tokens, since) = self.tokens.borrow().clone();
        if since.elapsed() < FRESH {
            return Ok(tokens);
        }
        let renewed = step(&self.wire, "refresh", &json!({ "refresh_token": tokens.refresh }))?;
        let renewed = match Tokens::read(&renewed.json()) {
            Some(renewed) => renewed,
            // On a slow machine somebody has nothing to do for longer than a session lives.
            None if !self.login.password.is_empty() => sign_in(&self.wire, &self.login)?,
            None => {
                return Err(Trouble::unexpected(format!("{}'s session ended by itself", self.role())));
            }
        };
        *self.tokens.borrow_mut() = (renewed.clone(), clock::instant());
        Ok(renewed)
    }

    /// Their organisation.
    pub(crate) fn organisation(&self) -> String {
        self.tokens.borrow().0.organisation.clone()
    }

    /// The connection that they ask by.
    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A request of theirs, to be sent.
    pub(crate) fn request(&self, method: &str, path: impl Into<String>) -> Result<Request<'_>> {
        Ok(self.wire.request(method, path).bearer(&self.tokens()?.access))
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Result<Reply> {
        self.request("GET", path)?.send()
    }

    /// As a browser would show it.
    pub(crate) fn page(&self, path: impl Into<String>) -> Result<Reply> {
        self.request("GET", path)?.page().send()
    }

    pub(crate) fn post(&self, path: impl Into<String>, body: &Value) -> Result<Reply> {
        let path = path.into();
        let reply = self.request("POST", path.clone())?.json(body).send()?;
        // To sign something, or to give somebody something, wants a proof of the last ten minutes, as from anybody.
        if path.starts_with("/api/") && reply.status == 403 && reply.json()["code"] == "prove-again" {
            crate::recruits::prove(self)?;
            return self.request("POST", path)?.json(body).send();
        }
        Ok(reply)
    }

    pub(crate) fn patch(&self, path: impl Into<String>, body: &Value) -> Result<Reply> {
        self.request("PATCH", path)?.json(body).send()
    }

    pub(crate) fn delete(&self, path: impl Into<String>) -> Result<Reply> {
        self.request("DELETE", path)?.send()
    }
}
