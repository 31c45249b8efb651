//! The browser of somebody in a trial: it keeps cookies, and sends each form with the token of the page that it stood on.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::http::{Method, header};
use serde_json::Value;

use super::seed::{PASSWORD, authenticator};
use super::trial::{Answer, Caller, Trial};
use crate::app::AppError;
use crate::identity::{NewPerson, OrganisationId, PlaceId};
use crate::store::sql;

/// A browser, signed in.
pub struct Browser<'t> {
    trial: &'t Trial,
    cookies: Mutex<BTreeMap<String, String>>,
}

impl std::fmt::Debug for Browser<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Browser").finish_non_exhaustive()
    }
}

impl Trial {
    /// The browser of one of the people, who signs in by the pages.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn browser(&self, email: &str) -> Result<Browser<'_>, AppError> {
        // The person's code of this half minute may have been used before.
        sql("UPDATE authenticators SET last_step = 0").execute(&self.services().store).await?;
        let browser = Browser { trial: self, cookies: Mutex::default() };
        let mut answer = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
        if answer.location.as_deref().is_some_and(|to| to.starts_with("/sign-in/code")) {
            let code = authenticator(email).code_at(self.services().clock.now()).to_string();
            answer = browser.post("/sign-in/code", &[("code", &code)]).await;
        }
        let signed_in = answer.location.as_deref() == Some("/");
        if signed_in {
            Ok(browser)
        } else {
            Err(AppError::Seed(format!("{email} is not signed in: {}", answer.text)))
        }
    }

    /// Somebody who joins as another of the people is here: with the same role in the same place.
    ///
    /// # Errors
    /// There is nobody of that address, or they cannot be made.
    pub async fn joined(&self, email: &'static str, like: &str) -> Result<(), AppError> {
        let identity = &self.services().identity;
        let id = self.get(Caller::Person(self.known(like)?), "/identity/session").await.json();
        let held =
            sql("SELECT organisation_id, place_id, role FROM memberships WHERE person_id = $1 LIMIT 1")
                .bind(id["person"].as_str().and_then(|id| id.parse::<uuid::Uuid>().ok()))
                .fetch_one(&self.services().store)
                .await?;
        let role = held.text("role")?;
        let person = NewPerson {
            email,
            name: "Example Other",
            role: &role,
            place: held.optional_uuid("place_id")?.map(PlaceId::new),
            password: PASSWORD,
            authenticator: Some(authenticator(email)),
        };
        identity.create_person(OrganisationId::new(held.uuid("organisation_id")?), &person).await?;
        Ok(())
    }
}

impl Browser<'_> {
    /// A page.
    pub async fn open(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// A form of the page at `from`, sent to `to`.
    pub async fn submit(&self, from: &str, to: &str, pairs: &[(&str, &str)]) -> Answer {
        let token = token_of(&self.open(from).await.text);
        let mut pairs = pairs.to_vec();
        pairs.push(("csrf", &token));
        self.post(to, &pairs).await
    }

    /// A form as it stands, with no more than these answers.
    pub async fn post(&self, to: &str, pairs: &[(&str, &str)]) -> Answer {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.ask(Method::POST, to, Some(("application/x-www-form-urlencoded", form, None))).await
    }

    /// JSON, as a script of the page at `from` sends it.
    pub async fn script(&self, from: &str, method: Method, to: &str, body: &Value) -> Answer {
        let token = token_of(&self.open(from).await.text);
        self.ask(method, to, Some(("application/json", body.to_string(), Some(token)))).await
    }

    /// What a cookie holds.
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Puts a cookie back, as somebody would who kept a copy.
    pub fn put(&self, name: &str, value: &str) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.insert(name.to_owned(), value.to_owned());
    }

    async fn ask(&self, method: Method, path: &str, body: Option<(&str, String, Option<String>)>) -> Answer {
        let accept = if path.starts_with("/api/") || path.starts_with("/identity/") {
            "application/json"
        } else {
            "text/html"
        };
        let mut request = self.trial.request(Caller::Anonymous, method, path, accept).await;
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !cookies.is_empty() {
            let pairs: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        let body = match body {
            None => Body::empty(),
            Some((kind, text, token)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                if let Some(token) = token {
                    request = request.header("x-csrf-token", token);
                }
                Body::from(text)
            }
        };
        let answer = self.trial.answered(request.body(body)).await;
        self.keep(&answer);
        answer
    }

    fn keep(&self, answer: &Answer) {
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for header in answer.headers.get_all(header::SET_COOKIE) {
            let text = header.to_str().unwrap_or_default();
            let Some((name, value)) = text.split(';').next().and_then(|pair| pair.split_once('=')) else {
                continue;
            };
            if text.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// The token that the forms of a page carry; empty where there is none.
fn token_of(page: &str) -> String {
    let after = page.split_once("name=\"csrf\" value=\"").map_or("", |(_, after)| after);
    after.split('"').next().unwrap_or_default().to_owned()
}
