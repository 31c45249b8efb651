//! People who are made for one check: whatever locks, suspends or ends an account is tried on them, so that it is nobody
//! else's. They belong to a second organisation, whose administrator the verifier is.

use std::rc::Rc;

use serde_json::{Value, json};
use spec::model::{Model, PlaceIndex};

use crate::authenticator::Authenticator;
use crate::clock;
use crate::people::{Login, Person, Tokens, first_step, step};
use crate::trial::Stand;
use crate::trouble::{Result, Trouble};
use crate::wire::{Reply, Wire};

/// A password that every policy takes.
pub(crate) const PASSWORD: &str = "Kestrel%Ovation62Plum";
/// Another one.
pub(crate) const OTHER_PASSWORD: &str = "Marzipan?Gondola85Fjord";

/// Takes a one-time link, by setting a password.
pub(crate) fn welcome(wire: &Wire, link: &str) -> Result<()> {
    let token = link.rsplit('/').next().unwrap_or_default();
    let reply = step(wire, "welcome", &json!({ "token": token, "password": PASSWORD }))?;
    if reply.is_success() {
        return Ok(());
    }
    Err(Trouble::unexpected(format!("a link of welcome is refused: {} {}", reply.status, reply.text())))
}

/// What enrolling gives.
pub(crate) struct Enrolled {
    pub(crate) tokens: Tokens,
    pub(crate) authenticator: Rc<Authenticator>,
    pub(crate) recovery_codes: Vec<String>,
}

/// Signs somebody in for the first time whose role demands a second factor: they enrol it on the way.
pub(crate) fn enrol(wire: &Wire, login: &Login) -> Result<Enrolled> {
    let wrong = |what: &str| Trouble::unexpected(format!("enrolling a second factor: {what}"));
    let first = first_step(wire, login)?.json();
    if first["next"] != "enrol" {
        return Err(wrong(&format!("the next step is {}", first["next"])));
    }
    let ticket = &first["ticket"];
    let offer = step(wire, "sign-in/authenticator", &json!({ "ticket": ticket }))?.json();
    let authenticator = Authenticator::read(offer["secret"].as_str().unwrap_or_default())?;
    let body = json!({ "ticket": ticket, "code": authenticator.code() });
    let confirmed = step(wire, "sign-in/authenticator/confirm", &body)?.json();
    let codes = confirmed["recovery_codes"].as_array().into_iter().flatten();
    let recovery_codes = codes.filter_map(Value::as_str).map(str::to_owned).collect();
    let tokens = Tokens::read(&confirmed).ok_or_else(|| wrong("no session comes of it"))?;
    Ok(Enrolled { tokens, authenticator: Rc::new(authenticator), recovery_codes })
}

/// Signs in whoever just took a link, enrolling where the role wants it.
pub(crate) fn first_sign_in(wire: &Wire, role: &str, email: &str, privileged: bool) -> Result<Person> {
    let mut login = Login {
        role: role.to_owned(),
        email: email.to_owned(),
        password: PASSWORD.to_owned(),
        authenticator: None,
    };
    // An app that asks a privileged role for nothing more is looked at all the same: a check holds it against the app.
    if !privileged || first_step(wire, &login)?.json()["next"] == "signed_in" {
        return Person::new(wire, Rc::new(login));
    }
    let enrolled = enrol(wire, &login)?;
    login.authenticator = Some(enrolled.authenticator);
    Person::with(wire, Rc::new(login), enrolled.tokens)
}

impl Stand {
    /// A new person of a role in the second organisation, who has a password and nothing else.
    pub(crate) fn recruit(&self, role: &str) -> Result<Login> {
        let place = self.needs_place(role).map(|kind| self.new_place(kind)).transpose()?;
        self.office()?.invite(self.wire(), role, place)
    }

    /// The kind of place at which a role is had; none in the whole organisation, nor for who administers people there.
    fn needs_place(&self, role: &str) -> Option<PlaceIndex> {
        let role = self.model().roles.iter().find(|known| known.name == role)?;
        let administers = role.administers.iter().any(|what| what.as_str() == "people");
        self.model().place_of(role).filter(|_| !administers)
    }

    /// A new place in the second organisation, in new ones of the kinds above it.
    fn new_place(&self, kind: PlaceIndex) -> Result<String> {
        let known = &self.model()[kind];
        let mut body = json!({ "kind": known.name.as_str(), "name": format!("Site {}", clock::word()) });
        if let Some(above) = known.inside.filter(|above| *above != Model::ORGANISATION) {
            body["inside"] = self.new_place(above)?.into();
        }
        let made = self.office()?.proving("POST", "/identity/places", &body)?;
        made.json()["id"].as_str().map(str::to_owned).ok_or_else(|| {
            Trouble::unexpected(format!("no {} can be made: {} {}", known.name, made.status, made.text()))
        })
    }

    /// A new person who needs no second factor.
    pub(crate) fn plain_recruit(&self) -> Result<Rc<Login>> {
        let role = self.plain_role().ok_or_else(|| {
            Trouble::Absent("every role needs a second factor or has its people in places".to_owned())
        })?;
        self.recruit(&role).map(Rc::new)
    }

    /// A new person whose role is privileged, before their first sign-in.
    pub(crate) fn privileged_recruit(&self) -> Result<Login> {
        let role =
            self.privileged_role().ok_or_else(|| Trouble::Absent("no role is privileged".to_owned()))?;
        self.recruit(&role)
    }
}

impl Person {
    /// Sends what may want a fresh proof: gives it where it is asked for, and sends it again.
    pub(crate) fn proving(&self, method: &str, path: &str, body: &Value) -> Result<Reply> {
        let send = || self.request(method, path)?.json(body).send();
        let reply = send()?;
        if reply.json()["code"] != "prove-again" {
            return Ok(reply);
        }
        prove(self)?;
        send()
    }

    /// Invites somebody to a role, at a place where it is had at one, and takes the link by setting a password.
    pub(crate) fn invite(&self, wire: &Wire, role: &str, place: Option<String>) -> Result<Login> {
        let email = format!("{}@example.net", clock::word());
        let mut body = json!({ "email": email, "role": role });
        if let Some(place) = place {
            body["place"] = place.into();
        }
        let made = self.proving("POST", "/identity/people", &body)?;
        let link = made.json()["link"].as_str().map(str::to_owned).ok_or_else(|| {
            Trouble::unexpected(format!("nobody can be invited as {role}: {} {}", made.status, made.text()))
        })?;
        welcome(wire, &link)?;
        Ok(Login { role: role.to_owned(), email, password: PASSWORD.to_owned(), authenticator: None })
    }
}

/// Shows anew who somebody is, as giving a privileged role demands.
pub(crate) fn prove(person: &Person) -> Result<()> {
    let code = person.login.authenticator.as_ref().map(|authenticator| authenticator.code());
    let body = json!({ "password": person.login.password, "code": code.unwrap_or_default() });
    let reply = person.post("/identity/session/proof", &body)?;
    if reply.is_success() {
        return Ok(());
    }
    Err(Trouble::unexpected(format!("a proof is refused: {} {}", reply.status, reply.text())))
}
