//! A browser without a screen: a cookie jar of two, and the form token that stands in a page.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::people::Login;
use crate::trouble::{Result, Trouble};
use crate::wire::{Reply, Wire};

/// Somebody's browser.
pub(crate) struct Browser {
    wire: Wire,
    jar: RefCell<BTreeMap<String, String>>,
}

impl Browser {
    /// With nothing in its jar.
    pub(crate) fn new(wire: &Wire) -> Self {
        Self { wire: wire.elsewhere(), jar: RefCell::default() }
    }

    /// Puts a cookie into the jar, as an attacker may have done.
    pub(crate) fn plant(&self, name: &str, value: &str) {
        self.jar.borrow_mut().insert(name.to_owned(), value.to_owned());
    }

    /// The name and value of the session's cookie.
    pub(crate) fn session(&self) -> Option<(String, String)> {
        let jar = self.jar.borrow();
        let found = jar.iter().find(|(name, value)| name.ends_with("session") && !value.is_empty());
        found.map(|(name, value)| (name.clone(), value.clone()))
    }

    /// What it sends as `Cookie`.
    pub(crate) fn cookies(&self) -> String {
        let jar = self.jar.borrow();
        let pairs = jar.iter().filter(|(_, value)| !value.is_empty());
        pairs.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.wire
    }

    pub(crate) fn get(&self, path: &str) -> Result<Reply> {
        let reply = self.wire.get(path).page().header("cookie", self.cookies()).send()?;
        Ok(self.kept(reply))
    }

    /// Sends a form as a page of the app would.
    pub(crate) fn send(&self, path: &str, fields: &[(&str, &str)]) -> Result<Reply> {
        let token = self.form_token()?;
        let own = token.as_deref().map(|token| ("csrf", token));
        let fields: Vec<(&str, &str)> = own.into_iter().chain(fields.iter().copied()).collect();
        self.send_bare(path, &fields)
    }

    /// Sends a form without its token.
    pub(crate) fn send_bare(&self, path: &str, fields: &[(&str, &str)]) -> Result<Reply> {
        let request = self.wire.post(path).page().header("cookie", self.cookies());
        let reply = request.header("origin", self.wire.origin()).form(fields).send()?;
        Ok(self.kept(reply))
    }

    /// The token of forms in this session, out of a page.
    pub(crate) fn form_token(&self) -> Result<Option<String>> {
        if self.session().is_none() {
            return Ok(None);
        }
        Ok(hidden_field(&self.get("/account")?.text(), "csrf"))
    }

    /// Signs in by the pages.
    pub(crate) fn sign_in(&self, login: &Login) -> Result<Reply> {
        let fields = [("email", login.email.as_str()), ("password", login.password.as_str())];
        let mut reply = self.send("/sign-in", &fields)?;
        if reply.header("location").is_some_and(|to| to.starts_with("/sign-in/code")) {
            let authenticator = login
                .authenticator
                .as_ref()
                .ok_or_else(|| Trouble::unexpected("a second factor is asked for that nobody has"))?;
            for _ in 0..3 {
                reply = self.send_bare("/sign-in/code", &[("code", &authenticator.code())])?;
                if self.session().is_some() {
                    break;
                }
            }
        }
        if self.session().is_none() {
            return Err(Trouble::unexpected(format!(
                "{} cannot sign in by the pages: {}",
                login.role, reply.status
            )));
        }
        Ok(reply)
    }

    fn kept(&self, reply: Reply) -> Reply {
        for cookie in reply.cookies() {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.jar.borrow_mut().insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        reply
    }
}

/// The value of a hidden field of a page.
pub(crate) fn hidden_field(page: &str, name: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("name=\"{name}\""))?;
    let (tag, _) = rest.split_once('>')?;
    let (_, value) = tag.split_once("value=\"")?;
    value.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_field_is_found() {
        let page = r#"<form><input type="hidden" name="csrf" value="ab12"><input name="x" value="y"></form>"#;
        assert_eq!(hidden_field(page, "csrf").as_deref(), Some("ab12"));
        assert_eq!(hidden_field(page, "z"), None);
    }
}
