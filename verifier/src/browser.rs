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

/// What a browser would send of the form that holds this field: its fields as they stand, as far as they have a value.
pub(crate) fn form_with(page: &str, name: &str) -> Vec<(String, String)> {
    let named = format!("name=\"{name}\"");
    let form = page
        .split("<form")
        .skip(1)
        .filter_map(|form| form.split_once("</form>"))
        .find(|(form, _)| form.contains(&named));
    let Some((form, _)) = form else { return Vec::new() };
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
        rest.split('"').next().map(unescaped)
    };
    let mut fields = Vec::new();
    for tag in form.split('<').skip(1) {
        let (head, text) = tag.split_once('>').unwrap_or((tag, ""));
        let Some(name) = attribute(head, "name") else { continue };
        if head.starts_with("textarea") {
            fields.push((name, unescaped(text)));
        } else if head.starts_with("input") {
            let chosen = head.contains(" checked")
                || !matches!(attribute(head, "type").as_deref(), Some("radio" | "checkbox"));
            fields.extend(attribute(head, "value").filter(|_| chosen).map(|value| (name, value)));
        } else if head.starts_with("select") {
            let options = form
                .split_once(tag)
                .map_or("", |(_, rest)| rest.split("</select").next().unwrap_or_default());
            let chosen = options
                .split("<option")
                .skip(1)
                .find(|option| option.split('>').next().is_some_and(|head| head.contains(" selected")));
            fields.extend(chosen.and_then(|option| attribute(option, "value")).map(|value| (name, value)));
        }
    }
    fields
}

fn unescaped(text: &str) -> String {
    text.replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_sent_as_it_stands() {
        let page = r#"<form><input name="q"></form><form action="/x"><input type="hidden" name="version" value="3">
            <input type="radio" name="sex" value="f"><input type="radio" name="sex" value="m" checked>
            <textarea name="note">a &amp; b</textarea>
            <select name="unit"><option value="kg">kg</option><option value="lb" selected>lb</option></select></form>"#;
        let fields = form_with(page, "version");
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields, [("version", "3"), ("sex", "m"), ("note", "a & b"), ("unit", "lb")]);
        assert!(form_with(page, "nothing").is_empty());
    }

    #[test]
    fn a_hidden_field_is_found() {
        let page = r#"<form><input type="hidden" name="csrf" value="ab12"><input name="x" value="y"></form>"#;
        assert_eq!(hidden_field(page, "csrf").as_deref(), Some("ab12"));
        assert_eq!(hidden_field(page, "z"), None);
    }
}
