//! Who looks as a colleague in an emergency, what they can do then, and who hears of it.

use std::rc::Rc;

use spec::access::Action;

use crate::browser::{Browser, form_with, hidden_field};
use crate::check::{Check, Group::Access, Needs};
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::recruits::first_sign_in;
use crate::trial::{Stand, Trial};
use crate::trouble::{Result, Trouble};
use crate::wire::Reply;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "impersonation-only-by-its-role",
        &["CF-3", "HC-3"],
        "Nobody looks as a colleague but the role that the spec names for it",
        Access,
        Needs::Instance,
        only_by_its_role,
    ),
    Check::new(
        "impersonation-wants-a-reason",
        &["CF-3"],
        "Who looks as a colleague says why, for an hour at most, and never as somebody who has far-reaching rights",
        Access,
        Needs::Instance,
        wants_a_reason,
    ),
    Check::new(
        "impersonation-only-looks",
        &["CF-3", "CL-1"],
        "Who looks as a colleague changes nothing, and sees nothing of the colleague's own account",
        Access,
        Needs::Instance,
        only_looks,
    ),
    Check::new(
        "impersonation-bound-to-its-session",
        &["CF-3", "CF-12"],
        "What lets somebody look as a colleague opens nothing in other hands, and ends with the session",
        Access,
        Needs::Instance,
        bound,
    ),
    Check::new(
        "impersonation-told",
        &["CF-3"],
        "The log names both, and the colleague is told at once",
        Access,
        Needs::Instance,
        told,
    ),
];

const NEW: &str = "/account/impersonation/new";
const HERE: &str = "/account/impersonation";
const STOP: &str = "/account/impersonation/stop";
const COOKIE: &str = "impersonation";
const REASON: &str = "A verification looks as a colleague, for a minute";

/// Somebody who may look, in a browser of theirs, and a colleague as whom they may.
struct Looker {
    browser: Browser,
    person: Rc<Person>,
    colleague: Rc<Person>,
    /// Colleagues as whom nobody may look.
    beyond: Vec<Rc<Person>>,
}

/// The name of the role that may.
fn role(trial: &Trial) -> Result<String> {
    let model = trial.model()?;
    let role = model.impersonation.map(|role| model[role].name.as_str().to_owned());
    role.ok_or_else(|| Trouble::Absent("nobody looks as a colleague in this spec".to_owned()))
}

impl Looker {
    fn new(trial: &Trial) -> Result<Self> {
        let (stand, role) = (trial.stand()?, role(trial)?);
        let login = stand.people().iter().find(|login| login.role == role);
        let login = login.ok_or_else(|| Trouble::Absent(format!("nobody is made up as {role}")))?;
        let person = stand.person(login)?;
        let browser = Browser::new(stand.wire());
        browser.sign_in(login)?;
        let offered = browser.get(NEW)?.text();
        let others = stand
            .cast()?
            .into_iter()
            .filter(|other| other.id != person.id && other.organisation() == person.organisation());
        let (mut within, beyond): (Vec<_>, Vec<_>) = others.partition(|other| offered.contains(&other.id));
        // Who may change something shows best that nothing is changed.
        let (model, resources) = (trial.model()?, trial.resources()?);
        let writes = |person: &Rc<Person>| {
            let changes = |role, entity| model.grants(role, entity).any(|grant| grant.allows(Action::Update));
            let role = model.role(person.role());
            role.is_some_and(|role| resources.iter().any(|resource| changes(role, resource.index)))
        };
        within.sort_by_key(|person| !writes(person));
        let none = || Trouble::Absent("there is no colleague as whom anybody may look".to_owned());
        let colleague = (!within.is_empty()).then(|| within.remove(0)).ok_or_else(none)?;
        Ok(Self { browser, person, colleague, beyond })
    }

    fn ask(&self, colleague: &str, reason: &str, minutes: &str) -> Result<Reply> {
        self.browser.send(NEW, &[("colleague", colleague), ("reason", reason), ("minutes", minutes)])
    }

    /// Begins to look.
    fn begin(&self) -> Result<()> {
        let began = self.ask(&self.colleague.id, REASON, "5")?;
        if is_begun(&began) {
            return Ok(());
        }
        Err(Trouble::unexpected(format!(
            "looking as a colleague is answered {} {}",
            began.status,
            began.text()
        )))
    }

    /// The token of its forms: the page of one's account, where it usually stands, is closed now.
    fn form_token(&self) -> Result<String> {
        hidden_field(&self.browser.get(HERE)?.text(), "csrf")
            .ok_or_else(|| Trouble::unexpected("the page that tells of looking has no way to stop"))
    }

    /// Stops, as who looks may at any time.
    fn stop(&self) -> Result<Reply> {
        self.browser.send_bare(STOP, &[("csrf", &self.form_token()?)])
    }
}

fn is_begun(reply: &Reply) -> bool {
    reply.cookies().any(|cookie| {
        let (name, rest) = cookie.split_once('=').unwrap_or_default();
        name.ends_with(COOKIE) && !rest.starts_with(';') && !rest.is_empty()
    })
}

fn only_by_its_role(trial: &Trial) -> Result<Outcome> {
    let (stand, role) = (trial.stand()?, role(trial)?);
    let mut sight = Sight::new("asked for the page, and sent its form, as everybody else");
    let victim = stand.cast()?.first().map(|person| person.id.clone()).unwrap_or_default();
    for login in first_of_each_role(stand).into_iter().filter(|login| login.role != role) {
        let browser = Browser::new(stand.wire());
        browser.sign_in(login)?;
        let page = browser.get(NEW)?;
        sight.expect(page.status == 404, || format!("{} is answered {}", login.role, page.status));
        let fields = [("colleague", victim.as_str()), ("reason", REASON), ("minutes", "5")];
        let sent = browser.send(NEW, &fields)?;
        sight.expect(!is_begun(&sent) && sent.status == 404, || {
            format!("{} begins to look: {}", login.role, sent.status)
        });
    }
    sight.end("404: there is no such page for them")
}

fn first_of_each_role(stand: &Stand) -> Vec<&Rc<crate::people::Login>> {
    let mut seen = std::collections::BTreeSet::new();
    stand.people().iter().filter(|login| seen.insert(login.role.as_str())).collect()
}

fn wants_a_reason(trial: &Trial) -> Result<Outcome> {
    let looker = Looker::new(trial)?;
    let mut sight = Sight::new(
        "asked without a reason, for too long, as oneself, and as whoever has far-reaching rights",
    );
    let colleague = looker.colleague.id.clone();
    let mut asked = vec![
        ("without a reason".to_owned(), colleague.clone(), "", "5"),
        ("by a word".to_owned(), colleague.clone(), "check", "5"),
        ("for two hours".to_owned(), colleague.clone(), REASON, "120"),
        ("for no time".to_owned(), colleague, REASON, "0"),
        ("as oneself".to_owned(), looker.person.id.clone(), REASON, "5"),
        ("as nobody".to_owned(), crate::clock::id().to_string(), REASON, "5"),
    ];
    asked.extend(
        looker.beyond.iter().map(|other| (format!("as {}", other.role()), other.id.clone(), REASON, "5")),
    );
    let stranger = trial.stand()?.strangers().first().map(|stranger| stranger.id.clone());
    asked.extend(stranger.map(|id| ("as somebody of another organisation".to_owned(), id, REASON, "5")));
    for (what, whom, reason, minutes) in asked {
        let reply = looker.ask(&whom, reason, minutes)?;
        sight.expect(!is_begun(&reply), || format!("{what} it begins"));
    }
    as_an_equal(trial, &mut sight)?;
    sight.end("none of it begins")
}

/// Whoever may look asks to look as another who may, in an organisation that has two of them.
fn as_an_equal(trial: &Trial, sight: &mut Sight) -> Result<()> {
    let (stand, role) = (trial.stand()?, role(trial)?);
    let Ok(office) = stand.office() else { return Ok(()) };
    if office.role() != role {
        return Ok(());
    }
    let equal = stand.recruit(&role)?;
    let equal = first_sign_in(stand.wire(), &role, &equal.email, true)?;
    let browser = Browser::new(stand.wire());
    browser.sign_in(&office.login)?;
    let fields = [("colleague", equal.id.as_str()), ("reason", REASON), ("minutes", "5")];
    let reply = browser.send(NEW, &fields)?;
    sight.expect(!is_begun(&reply), || format!("as another {role} it begins"));
    Ok(())
}

fn only_looks(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let looker = Looker::new(trial)?;
    looker.begin()?;
    let mut sight = Sight::new(
        "looked as a colleague, and sent every kind of change that the colleague may make, and opened their account",
    );
    let token = looker.form_token()?;
    let home = looker.browser.get("/")?;
    sight.expect(home.status < 400, || format!("the first page is answered {}", home.status));
    let world = stand.world()?;
    for resource in trial.resources()? {
        let mut paths = vec![format!("/{}", resource.path), format!("/{}/new", resource.path)];
        let organisation = looker.colleague.organisation();
        let mut records = world.records(model, resource.index, &organisation);
        let seen = records.find(|(id, _)| {
            world.visible(model, &looker.colleague, Action::View, resource.index, id).is_some()
        });
        if let Some((id, _)) = seen {
            paths.extend([format!("/{}/{id}", resource.path), format!("/{}/{id}/edit", resource.path)]);
        }
        for path in paths {
            // As the colleague would send it, where they have a form; else something short.
            let own = looker.colleague.page(path.clone())?;
            let mut fields =
                if own.is_success() { form_with(&own.text(), "form.version") } else { Vec::new() };
            fields.retain(|(name, _)| name != "csrf");
            if fields.is_empty() {
                fields.push(("version".to_owned(), "1".to_owned()));
            }
            fields.push(("csrf".to_owned(), token.clone()));
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let sent = looker.browser.send_bare(&path, &fields)?;
            sight.expect((400..500).contains(&sent.status) && sent.status != 422, || {
                format!("a change at {path} is answered {}", sent.status)
            });
        }
    }
    let own = [
        "/account",
        "/account/devices",
        "/account/password",
        "/identity/session",
        "/identity/sessions",
        "/api/compliance/emergencies",
        NEW,
    ];
    for path in own {
        let page = looker.browser.get(path)?;
        sight.expect(!page.is_success(), || format!("{path} is answered {}", page.status));
    }
    let body = [("csrf", token.as_str()), ("current", "x"), ("new", crate::recruits::OTHER_PASSWORD)];
    let changed = looker.browser.send_bare("/account/password", &body)?;
    sight.expect((400..500).contains(&changed.status), || {
        format!("a new password is answered {}", changed.status)
    });
    let stopped = looker.stop()?;
    sight.expect(stopped.status < 400, || format!("stopping is answered {}", stopped.status));
    sight.end("refused, whatever it is; the account is closed")
}

fn bound(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let looker = Looker::new(trial)?;
    looker.begin()?;
    let mut sight =
        Sight::new("took the cookie of somebody who looks into other browsers, and signed its owner out");
    let (name, value) = looker
        .browser
        .cookies()
        .split("; ")
        .filter_map(|pair| pair.split_once('='))
        .find(|(name, _)| name.ends_with(COOKIE))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| Trouble::unexpected("there is no cookie of looking"))?;
    let alone = Browser::new(stand.wire());
    alone.plant(&name, &value);
    let reply = alone.get(HERE)?;
    sight.expect(!reply.is_success(), || format!("alone it is answered {}", reply.status));
    for login in first_of_each_role(stand).into_iter().take(3) {
        let other = Browser::new(stand.wire());
        other.sign_in(login)?;
        other.plant(&name, &value);
        for path in [HERE, "/identity/impersonation"] {
            let reply = other.get(path)?;
            sight.expect(!reply.is_success(), || {
                format!("in the session of {} {path} is {}", login.role, reply.status)
            });
        }
    }
    let bearer = stand.wire().get("/identity/session").bearer(&value).send()?;
    sight.expect(bearer.status == 401, || format!("as a bearer token it is answered {}", bearer.status));
    // Signed out in another window, whose jar has no word of looking.
    let (session, secret) =
        looker.browser.session().ok_or_else(|| Trouble::unexpected("there is no session"))?;
    let window = Browser::new(stand.wire());
    window.plant(&session, &secret);
    let out = window.send("/sign-out", &[])?;
    sight.expect(out.status < 400, || format!("signing out is answered {}", out.status));
    let after = looker.browser.get(HERE)?;
    sight.expect(!after.is_success(), || format!("after signing out it is answered {}", after.status));
    sight.end("nothing but beside its own session, while that lives")
}

fn told(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let looker = Looker::new(trial)?;
    looker.begin()?;
    let resource = trial.resources()?.into_iter().next();
    if let Some(resource) = resource {
        looker.browser.get(&format!("/{}", resource.path))?;
    }
    looker.stop()?;
    let mut sight = Sight::new("looked as a colleague, read the log, and the colleague's first page");
    let events = &stand.look()?.events;
    let of_it: Vec<_> = events.iter().filter(|event| event.action == "impersonate").collect();
    let both = of_it
        .iter()
        .filter(|event| event.line.contains(&looker.person.id) && event.line.contains(&looker.colleague.id));
    sight.expect(both.count() > 0, || {
        format!("of {} events about looking as a colleague none names both", of_it.len())
    });
    let page = looker.colleague.page("/")?.text();
    sight.expect(page.contains("/account/compliance/emergencies/"), || {
        "the colleague's first page does not tell of it".to_owned()
    });
    sight.end("an event with both, and a notice with a link to what was looked at")
}
