//! What is written down: every look and every change, before anything is released, and nothing of what was seen.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::json;
use spec::access::Action;

use crate::check::{Check, Group::Audit, Needs};
use crate::entity::Resource;
use crate::outcome::{Outcome, Sight};
use crate::people::{Person, sign_in, step};
use crate::trial::Trial;
use crate::trouble::{Result, Trouble};
use crate::world::{Event, World};

use super::changer::changers;
use super::oracle::{allowed, listed};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "audit-view",
        &["CF-7", "CL-3"],
        "Opening a record is an event with person, session, record and fields",
        Audit,
        Needs::Instance,
        view,
    ),
    Check::new("audit-page", &["CF-7", "CL-3"], "So is opening its page", Audit, Needs::Instance, page),
    Check::new(
        "audit-list",
        &["CF-7", "CL-3"],
        "A list is an event that names every record that it shows",
        Audit,
        Needs::Instance,
        list,
    ),
    Check::new("audit-search", &["CF-7", "CL-3"], "So is a search", Audit, Needs::Instance, search),
    Check::new(
        "audit-saved-list",
        &["CF-7", "CL-3"],
        "So is a saved list, and the first page",
        Audit,
        Needs::Instance,
        saved_list,
    ),
    Check::new(
        "audit-create",
        &["CF-6"],
        "Making a record is an event, with what was written",
        Audit,
        Needs::Instance,
        create,
    ),
    Check::new(
        "audit-update",
        &["CF-6"],
        "Changing one is an event, with the fields and what was written",
        Audit,
        Needs::Instance,
        update,
    ),
    Check::new(
        "audit-denied",
        &["HG-4", "CL-3"],
        "A refusal is an event, with whom and what",
        Audit,
        Needs::Instance,
        denied,
    ),
    Check::new(
        "audit-sign-in",
        &["HG-4"],
        "Signing in, failing to and signing out are events",
        Audit,
        Needs::Instance,
        signing_in,
    ),
    Check::new(
        "audit-administration",
        &["CF-6", "HG-4"],
        "So is everything that is done to people",
        Audit,
        Needs::Instance,
        administration,
    ),
    Check::new(
        "audit-export",
        &["CL-3"],
        "So is an archive, before it is written",
        Audit,
        Needs::Instance,
        export,
    ),
];

/// Somebody with a record that they may open, in a session of its own: repeated looks within a minute are counted, not
/// written one by one.
pub(super) fn looker(trial: &Trial) -> Result<(Person, Resource<'_>, String)> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let cast = stand.cast()?;
    let plain_first = cast.iter().filter(|person| person.login.authenticator.is_none());
    for person in plain_first.chain(cast.iter().filter(|person| person.login.authenticator.is_some())) {
        for resource in trial.resources()?.into_iter().filter(|resource| resource.entity.has_phi()) {
            if let Some(id) = allowed(trial, &world, person, Action::View, &resource)?.into_iter().next() {
                return Ok((again(trial, person)?, resource, id));
            }
        }
    }
    Err(Trouble::Absent("nobody may open any health record".to_owned()))
}

/// The same person in a new session.
fn again(trial: &Trial, person: &Person) -> Result<Person> {
    let wire = trial.stand()?.wire();
    let tokens = sign_in(wire, &person.login)?;
    Person::with(wire, Rc::clone(&person.login), tokens)
}

/// The events of a person's session.
fn of_session(world: &World, person: &Person) -> Result<Vec<Event>> {
    let session = person.tokens()?.session;
    Ok(world.events.iter().filter(|event| event.session == session).cloned().collect())
}

fn named(
    sight: &mut Sight,
    events: &[Event],
    person: &Person,
    resource: &Resource<'_>,
    id: &str,
    action: &str,
) {
    let found = events.iter().find(|event| {
        event.action == action
            && event.entity == resource.name()
            && event.records.iter().any(|record| record == id)
    });
    sight.expect(found.is_some(), || format!("no event `{action}` names the {}", resource.name()));
    if let Some(event) = found {
        sight.expect(event.actor == person.id, || "it names another person".to_owned());
        sight.expect(event.outcome() == "succeeded", || format!("it ended as {}", event.outcome()));
        let fields = event.body["fields"].as_array().map_or(0, Vec::len);
        sight.expect(fields > 0, || "it names no field".to_owned());
        sight.expect(event.body["purpose"].is_string() && event.body["at"].is_string(), || {
            "it has no purpose or time".to_owned()
        });
    }
}

fn view(trial: &Trial) -> Result<Outcome> {
    let (person, resource, id) = looker(trial)?;
    let mut sight =
        Sight::new(format!("opened a {} by the API in a new session, and read the log", resource.name()));
    let reply = person.get(resource.one(&id, ""))?;
    sight.expect(reply.is_success(), || format!("it is answered {}", reply.status));
    let events = of_session(&*trial.stand()?.look()?, &person)?;
    named(&mut sight, &events, &person, &resource, &id, "view");
    sight.end("an event `view` with person, session, record, fields, purpose and time")
}

fn page(trial: &Trial) -> Result<Outcome> {
    let (person, resource, id) = looker(trial)?;
    let mut sight =
        Sight::new(format!("opened the page of a {} in a new session, and read the log", resource.name()));
    let reply = person.page(format!("/{}/{id}", resource.path))?;
    sight.expect(reply.status == 200, || format!("it is answered {}", reply.status));
    let events = of_session(&*trial.stand()?.look()?, &person)?;
    named(&mut sight, &events, &person, &resource, &id, "view");
    sight.end("an event `view`")
}

/// Looks whether the events of a session name all records that it was shown.
fn all_named(sight: &mut Sight, events: &[Event], resource: &Resource<'_>, shown: &BTreeSet<String>) {
    let told = events.iter().filter(|event| event.entity == resource.name() && event.action == "list");
    let named: BTreeSet<String> = told.flat_map(|event| event.records.iter().cloned()).collect();
    let missing = shown.difference(&named).count();
    sight.expect(missing == 0 && !shown.is_empty(), || {
        format!("{missing} of {} records are named by no event", shown.len())
    });
}

fn list(trial: &Trial) -> Result<Outcome> {
    let (person, resource, _) = looker(trial)?;
    let mut sight = Sight::new(format!("listed {} in a new session, and read the log", resource.path));
    let shown =
        listed(&person, &format!("/api/{}", resource.path))?.unwrap_or_default().into_keys().collect();
    let events = of_session(&*trial.stand()?.look()?, &person)?;
    all_named(&mut sight, &events, &resource, &shown);
    sight.end("events `list` that name every record")
}

fn search(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("searched in new sessions, and read the log");
    for known in stand.cast()? {
        for resource in trial.resources()? {
            if !resource.search_names(trial.api()?).iter().any(|name| name == "find") {
                continue;
            }
            let person = again(trial, &known)?;
            let reply =
                person.post(format!("/api/{}/search", resource.path), &json!({ "find": "Example" }))?;
            let rows = reply.json();
            let shown: BTreeSet<String> = rows
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|row| row["id"].as_str().map(str::to_owned))
                .collect();
            if shown.is_empty() {
                continue;
            }
            let events = of_session(&*stand.look()?, &person)?;
            all_named(&mut sight, &events, &resource, &shown);
            return sight.end("events `list` that name every record found");
        }
    }
    Outcome::not_applicable("no search finds anything by words")
}

fn saved_list(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let mut sight = Sight::new("opened saved lists and the first page in new sessions, and read the log");
    for known in stand.cast()? {
        let person = again(trial, &known)?;
        let mut shown = BTreeSet::new();
        for list in &model.lists {
            let path = format!("/api/lists/{}", list.name.kebab());
            shown.extend(listed(&person, &path)?.unwrap_or_default().into_keys());
        }
        let home = person.page("/")?;
        let world = stand.look()?;
        for resource in trial.resources()? {
            let ids: BTreeSet<String> = super::oracle::all_ids(&world, &resource).into_iter().collect();
            shown.extend(super::oracle::ids_in(&home.text()).intersection(&ids).cloned());
        }
        let named: BTreeSet<String> =
            of_session(&world, &person)?.into_iter().flat_map(|event| event.records).collect();
        let missing = shown.difference(&named).count();
        sight.expect(missing == 0, || {
            format!("{missing} of {} records that {} saw are named by no event", shown.len(), person.role())
        });
    }
    sight.end("every record that was shown is named by an event of that session")
}

fn create(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("made records, and read the log");
    let (cast, resources) = (stand.cast()?, trial.resources()?);
    let mut made = Vec::new();
    for person in &cast {
        for resource in &resources {
            let word = crate::clock::word();
            let Some(body) = trial.sample_for(person, resource, &word)? else { continue };
            let reply = person.post(format!("/api/{}", resource.path), &body)?;
            let Some(id) = reply.json()["id"].as_str().map(str::to_owned) else { continue };
            made.push((person, resource, id, body, word));
        }
    }
    let world = stand.look()?;
    for (person, resource, id, body, word) in made {
        let events: Vec<Event> =
            world.events.iter().filter(|event| event.actor == person.id).cloned().collect();
        named(&mut sight, &events, person, resource, &id, "create");
        let opened = world.payloads.iter().find(|payload| payload["record"] == json!(id));
        let wrote = opened.map(|payload| payload["wrote"].to_string()).unwrap_or_default();
        sight.expect(!body.to_string().contains(&word) || wrote.contains(&word), || {
            format!("the event of a {} does not say what was written", resource.name())
        });
    }
    sight.end("an event `create` with person, record and fields; what was written opens in the archive")
}

fn update(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("changed records, and read the log");
    for changer in changers(trial)? {
        let before = stand.world()?.events.len();
        let reply = changer.send(&changer.record()?["version"], &changer.value(trial, 5)?)?;
        if !reply.is_success() {
            continue;
        }
        let world = stand.look()?;
        let events: Vec<Event> =
            world.events.iter().filter(|event| event.actor == changer.person.id).cloned().collect();
        named(&mut sight, &events, &changer.person, &changer.resource, &changer.id, "update");
        let with_payload = events.iter().any(|event| {
            event.action == "update" && event.records.contains(&changer.id) && event.payload.is_some()
        });
        sight.expect(with_payload, || {
            format!("what was written to a {} is not there", changer.resource.name())
        });
        sight.expect(world.events.len() > before, || "the log has not grown".to_owned());
    }
    sight.end("an event `update` with person, record, fields and a sealed payload")
}

fn denied(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.look()?;
    let mut sight = Sight::new("opened hidden records, and read the log");
    let mut tried = Vec::new();
    for person in stand.cast()? {
        for resource in trial.resources()? {
            if let Some(id) = super::access::hidden(trial, &world, &person, &resource)? {
                let _refused = person.get(resource.one(&id, ""))?;
                tried.push((person.id.clone(), person.role().to_owned(), resource.name(), id));
            }
        }
    }
    let world = stand.look()?;
    for (who, role, entity, id) in tried {
        let found = world.events.iter().any(|event| {
            event.action == "denied"
                && event.outcome() == "denied"
                && event.actor == who
                && event.entity == entity
                && event.records.contains(&id)
        });
        // Whose role has nothing to do with such records at all is refused before any is looked for.
        let found = found
            || world
                .events
                .iter()
                .any(|event| event.action == "denied" && event.actor == who && event.entity == entity);
        sight.expect(found, || format!("no event says that {role} was refused a {entity}"));
    }
    sight.end("an event `denied` with person and record")
}

fn signing_in(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let login = stand.plain_recruit()?;
    let mut sight = Sight::new("failed to sign in, signed in, signed out, and read the log");
    let mut wrong = json!({ "email": login.email, "password": "Wrong%Guess77Tower" });
    let _failed = step(stand.wire(), "sign-in", &wrong)?;
    wrong["email"] = json!("nobody.at.all@example.net");
    let _unknown = step(stand.wire(), "sign-in", &wrong)?;
    let person = Person::new(stand.wire(), Rc::clone(&login))?;
    let _out = person.post("/identity/sign-out", &json!({}))?;
    let session = person.tokens()?.session;
    let world = stand.look()?;
    let has = |action: &str, of: &dyn Fn(&Event) -> bool| {
        world.events.iter().any(|event| event.action == action && of(event))
    };
    sight.expect(has("login", &|event| event.actor == person.id && event.session == session), || {
        "no `login`".to_owned()
    });
    sight
        .expect(has("logout", &|event| event.session == session || event.records.contains(&session)), || {
            "no `logout`".to_owned()
        });
    sight.expect(has("login-failed", &|event| event.records.contains(&person.id)), || {
        "no `login-failed` of the account".to_owned()
    });
    sight.expect(has("login-failed", &|event| event.records.is_empty()), || {
        "no `login-failed` of the unknown account".to_owned()
    });
    let told = world
        .events
        .iter()
        .any(|event| event.line.contains(&login.email) || event.line.contains("nobody.at.all"));
    sight.expect(!told, || "an address stands in the log".to_owned());
    sight.end("`login-failed` of both, `login`, `logout`, and no address")
}

fn administration(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let office = stand.office()?;
    let person = Person::new(stand.wire(), stand.plain_recruit()?)?;
    let mut sight = Sight::new("invited, suspended and lifted somebody, and read the log");
    let path = format!("/identity/people/{}/suspension", person.id);
    for method in ["PUT", "DELETE"] {
        let reply = office.request(method, path.as_str())?.json(&json!({})).send()?;
        sight.expect(reply.is_success(), || format!("{method} is answered {}", reply.status));
    }
    let world = stand.look()?;
    let about: Vec<&Event> = world
        .events
        .iter()
        .filter(|event| event.actor == office.id && event.records.contains(&person.id))
        .collect();
    sight.expect(about.len() >= 3, || format!("{} events name them", about.len()));
    let told: BTreeSet<&str> = about.iter().map(|event| event.action.as_str()).collect();
    sight.expect(told.contains("configure"), || format!("they are {told:?}"));
    sight.end("an event for each, with who did it to whom")
}

fn export(trial: &Trial) -> Result<Outcome> {
    let world = trial.stand()?.look()?;
    let mut sight = Sight::new("wrote an archive, and read the log in it");
    let organisations: BTreeSet<&str> =
        world.rows("organisations").iter().filter_map(|row| row.get("id")?.as_str()).collect();
    for organisation in organisations {
        let found = world
            .events
            .iter()
            .any(|event| event.action == "export" && event.body["organisation"] == json!(organisation));
        sight.expect(found, || "an organisation's log has no such event".to_owned());
    }
    sight.end("an event `export` in each organisation's log, which the archive itself holds")
}
