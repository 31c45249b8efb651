//! What is hidden is as if it were not there.

use std::rc::Rc;

use serde_json::json;
use spec::access::Action;

use crate::check::{Check, Group::Access, Needs};
use crate::entity::Resource;
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::trial::Trial;
use crate::trouble::Result;
use crate::wire::Reply;
use crate::world::World;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "anonymous-api",
        &["CF-2", "CL-1"],
        "No route of the API answers nobody",
        Access,
        Needs::Instance,
        anonymous_api,
    ),
    Check::new(
        "hidden-is-missing-api",
        &["CL-1"],
        "What is hidden and what does not exist are answered alike by the API",
        Access,
        Needs::Instance,
        hidden_is_missing_api,
    ),
    Check::new(
        "hidden-is-missing-pages",
        &["CL-1"],
        "What is hidden and what does not exist are answered alike by pages",
        Access,
        Needs::Instance,
        hidden_is_missing_pages,
    ),
    Check::new(
        "hidden-is-missing-writes",
        &["CL-1"],
        "A write to what is hidden and to what does not exist are answered alike",
        Access,
        Needs::Instance,
        hidden_is_missing_writes,
    ),
    Check::new(
        "ids-have-one-spelling",
        &["CL-1"],
        "No other spelling of an id opens what the usual one does not",
        Access,
        Needs::Instance,
        id_spellings,
    ),
    Check::new(
        "who-looked-restricted",
        &["CL-3", "CL-10"],
        "Who looked is told to whose record it is, and to whoever answers for the log",
        Access,
        Needs::Instance,
        who_looked,
    ),
    Check::new(
        "files-follow-their-record",
        &["CL-1", "CL-4"],
        "A file opens to whoever sees its record, and to nobody else",
        Access,
        Needs::Instance,
        files_follow,
    ),
];

/// A record that a person must not see, in their own organisation or, where there is none, in another.
pub(super) fn hidden(
    trial: &Trial,
    world: &World,
    person: &Person,
    resource: &Resource<'_>,
) -> Result<Option<String>> {
    let model = trial.model()?;
    let rows = world.rows(&resource.entity.table);
    let ids = rows.iter().filter_map(|row| row.get("id").and_then(|id| id.as_str()));
    let mut ids = ids.filter(|id| {
        let sees = |action| world.visible(model, person, action, resource.index, id).is_some();
        !sees(Action::View) && !sees(Action::List)
    });
    Ok(ids.next().map(str::to_owned))
}

/// Every person with every kind of record, and one of it that they must not see.
fn pairs(trial: &Trial) -> Result<Vec<(Rc<Person>, Resource<'_>, String)>> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut pairs = Vec::new();
    for person in stand.cast()?.into_iter().chain(stand.strangers().iter().cloned()) {
        for resource in trial.resources()? {
            if let Some(id) = hidden(trial, &world, &person, &resource)? {
                pairs.push((Rc::clone(&person), resource, id));
            }
        }
    }
    Ok(pairs)
}

fn anonymous_api(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("called every route with the ids of records that are there, as nobody");
    for resource in trial.resources()? {
        let rows = world.rows(&resource.entity.table);
        let id = rows.first().and_then(|row| row.get("id")).and_then(|id| id.as_str()).unwrap_or_default();
        let one = resource.one(id, "");
        let asked = [
            ("GET", format!("/api/{}", resource.path)),
            ("POST", format!("/api/{}", resource.path)),
            ("POST", format!("/api/{}/search", resource.path)),
            ("GET", one.clone()),
            ("PATCH", one.clone()),
            ("DELETE", one),
            ("POST", resource.one(id, "/assign")),
            ("GET", resource.one(id, "/who-looked")),
        ];
        for (method, path) in asked {
            let reply = stand.wire().request(method, path.as_str()).body("application/json", "{}").send()?;
            sight.expect(matches!(reply.status, 401 | 404 | 405), || {
                format!("{method} {path}: {}", reply.status)
            });
        }
    }
    sight.end("401, or nothing there")
}

/// Whether two answers differ in anything that a caller can see.
fn alike(one: &Reply, other: &Reply) -> bool {
    one.shape() == other.shape()
}

fn hidden_is_missing_api(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("asked for hidden records, and for ids that nothing has");
    for (person, resource, id) in pairs(trial)? {
        for rest in ["", "/who-looked"] {
            let there = person.get(resource.one(&id, rest))?;
            let not = person.get(resource.one(&crate::clock::id().to_string(), rest))?;
            sight.expect(alike(&there, &not) && !there.is_success(), || {
                format!(
                    "{} for {}: {} and {}",
                    resource.one("…", rest),
                    person.role(),
                    there.status,
                    not.status
                )
            });
        }
    }
    sight.end("the same status, headers and body")
}

fn hidden_is_missing_pages(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("asked for the pages of hidden records, and of ids that nothing has");
    for (person, resource, id) in pairs(trial)? {
        for rest in ["", "/edit", "/assign", "/who-looked", "/remove"] {
            let path = |id: &str| format!("/{}/{id}{rest}", resource.path);
            let there = person.page(path(&id))?;
            let not = person.page(path(&crate::clock::id().to_string()))?;
            sight.expect(alike(&there, &not) && !there.is_success(), || {
                format!("{} for {}: {} and {}", path("…"), person.role(), there.status, not.status)
            });
        }
    }
    sight.end("the same status, headers and page")
}

fn hidden_is_missing_writes(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("wrote to hidden records, and to ids that nothing has");
    for (person, resource, id) in pairs(trial)? {
        let api = trial.api()?;
        let unknown = crate::clock::id().to_string();
        let mut compare = |method: &str, rest: &str, body: serde_json::Value| -> Result<()> {
            let send = |id: &str| person.request(method, resource.one(id, rest))?.json(&body).send();
            let (there, not) = (send(&id)?, send(&unknown)?);
            sight.expect(alike(&there, &not) && !there.is_success(), || {
                format!(
                    "{method} {} for {}: {} and {}",
                    resource.one("…", rest),
                    person.role(),
                    there.status,
                    not.status
                )
            });
            Ok(())
        };
        if resource.has(api, "patch", "") {
            compare("PATCH", "", json!({ "version": 1 }))?;
        }
        if resource.has(api, "delete", "") {
            compare("DELETE", "?version=1", json!({}))?;
        }
        if resource.has(api, "post", "/assign") {
            let body = json!({ "version": 1, "role": "nobody", "person_id": person.id });
            compare("POST", "/assign", body)?;
        }
        for step in resource.entity.lifecycle.iter().flat_map(|lifecycle| &lifecycle.moves) {
            compare("POST", &format!("/{}?version=1", step.name.kebab()), json!({}))?;
        }
    }
    sight.end("the same status, headers and body")
}

fn id_spellings(trial: &Trial) -> Result<Outcome> {
    let mut sight =
        Sight::new("spelt the ids of hidden records in capitals, without hyphens, in braces and as URN");
    for (person, resource, id) in pairs(trial)? {
        let spellings = [
            id.to_uppercase(),
            id.replace('-', ""),
            format!("%7B{id}%7D"),
            format!("urn:uuid:{id}"),
            format!("{id}%00"),
            format!("{id}%20"),
        ];
        for spelling in spellings {
            let reply = person.get(resource.one(&spelling, ""))?;
            sight.expect(!reply.is_success() && reply.status < 500, || {
                format!("{} opens to {}: {}", resource.name(), person.role(), reply.status)
            });
        }
    }
    sight.end("nothing opens")
}

fn who_looked(trial: &Trial) -> Result<Outcome> {
    let (stand, model, api) = (trial.stand()?, trial.model()?, trial.api()?);
    let world = stand.world()?;
    let mut sight = Sight::new("asked who looked at a record, as each role that sees it");
    for resource in trial.resources()? {
        if !resource.has(api, "get", "/who-looked") {
            continue;
        }
        for person in stand.cast()? {
            let organisation = person.organisation();
            let role = model.roles.iter().find(|role| role.name == person.role());
            let answers = role.is_some_and(|role| {
                role.administers.iter().any(|what| what.as_str() == "people" || what.as_str() == "agreements")
            });
            for (id, row) in world.records(model, resource.index, &organisation).take(8) {
                if world.visible(model, &person, Action::View, resource.index, id).is_none() {
                    continue;
                }
                let own = row.get("person_id").and_then(|own| own.as_str()) == Some(&person.id);
                let reply = person.get(resource.one(id, "/who-looked"))?;
                sight.expect(reply.is_success() == (own || answers), || {
                    format!("{} is answered {} (own: {own})", person.role(), reply.status)
                });
            }
        }
    }
    sight.end("the person whose record it is, and whoever answers for the log; 404 for all others")
}

fn files_follow(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let has_files =
        |resource: &Resource<'_>| resource.entity.fields.iter().any(|field| field.kind == spec::Kind::File);
    if !trial.resources()?.iter().any(has_files) {
        return Outcome::not_applicable("no record has a file");
    }
    let world = stand.world()?;
    let mut sight = Sight::new("asked for the files of records, as everybody");
    for resource in trial.resources()?.into_iter().filter(has_files) {
        for person in stand.cast()?.iter().chain(stand.strangers()) {
            for (_, field) in resource.entity.fields().filter(|(_, field)| field.kind == spec::Kind::File) {
                for row in world.rows(&resource.entity.table).iter().take(6) {
                    let Some(id) = row.get("id").and_then(|id| id.as_str()) else { continue };
                    let sees = world.visible(model, person, Action::View, resource.index, id).is_some();
                    let path = format!("/{}", field.name.kebab());
                    let reply = person.get(resource.one(id, &path))?;
                    sight.expect(sees || !reply.is_success(), || {
                        format!("{} of {} opens to {}", field.name, resource.name(), person.role())
                    });
                }
            }
        }
    }
    sight.end("a file opens only with its record")
}
