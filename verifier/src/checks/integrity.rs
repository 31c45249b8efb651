//! What is written is whole: nothing is lost to another's change, nothing is claimed that is not so, nothing closed moves.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use spec::access::Action;

use crate::check::{Check, Group::Integrity, Needs};
use crate::entity::{Resource, spelling};
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::Result;

use super::changer::changers;
use super::oracle::allowed;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "lost-update",
        &["CF-9", "CF-10"],
        "A change of an older version is refused",
        Integrity,
        Needs::Instance,
        lost_update,
    ),
    Check::new(
        "concurrent-updates",
        &["CF-9", "CF-10"],
        "Of many changes of one version at once, one is made",
        Integrity,
        Needs::Instance,
        concurrent,
    ),
    Check::new(
        "version-wanted",
        &["CF-9"],
        "A change names the version that was changed",
        Integrity,
        Needs::Instance,
        version_wanted,
    ),
    Check::new(
        "updated-by",
        &["CF-9"],
        "Each record says who changed it last, and when",
        Integrity,
        Needs::Instance,
        updated_by,
    ),
    Check::new(
        "created-by",
        &["CF-9"],
        "Each record says who made it, and that never changes",
        Integrity,
        Needs::Instance,
        created_by,
    ),
    Check::new(
        "locked-records",
        &["CF-10"],
        "A locked record is changed by nobody, by no route",
        Integrity,
        Needs::Instance,
        locked,
    ),
    Check::new(
        "locked-parts",
        &["CF-10"],
        "Nor are its parts, while addenda can be made",
        Integrity,
        Needs::Instance,
        locked_parts,
    ),
    Check::new(
        "signatures-freeze",
        &["CF-10"],
        "A signed record is changed by nobody",
        Integrity,
        Needs::Instance,
        signatures,
    ),
];

fn lost_update(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("changed records twice from the same version");
    for changer in changers(trial)? {
        let version = changer.record()?["version"].clone();
        let first = changer.send(&version, &changer.value(trial, 1)?)?;
        if !first.is_success() {
            continue;
        }
        let kept = changer.record()?[&changer.field].clone();
        let second = changer.send(&version, &changer.value(trial, 2)?)?;
        sight.expect(matches!(second.status, 409 | 412), || {
            format!("{} of {}: {}", changer.field, changer.resource.name(), second.status)
        });
        sight.expect(changer.record()?[&changer.field] == kept, || "the first change is lost".to_owned());
        for wrong in [json!(0), json!(-1), json!(999_999), json!("1"), json!(null), json!(1.5)] {
            let reply = changer.send(&wrong, &changer.value(trial, 3)?)?;
            sight.expect(!reply.is_success() && reply.status < 500, || {
                format!("version {wrong}: {}", reply.status)
            });
        }
    }
    sight.end("409, and the first change stays")
}

fn concurrent(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("changed a record eight times at the same moment, from the same version");
    for changer in changers(trial)?.into_iter().take(2) {
        let version = changer.record()?["version"].clone();
        let mut requests = Vec::new();
        for number in 0..8 {
            let body = json!({ "version": version, changer.field.clone(): changer.value(trial, number)? });
            let request = changer.person.request("PATCH", changer.resource.one(&changer.id, ""))?.json(&body);
            requests.push(request.bytes());
        }
        let wire = changer.person.wire();
        let made = std::thread::scope(|scope| {
            let sent: Vec<_> = requests.iter().map(|bytes| scope.spawn(|| wire.raw(bytes))).collect();
            sent.into_iter()
                .filter_map(|one| one.join().ok()?.ok())
                .filter_map(|bytes| crate::wire::Reply::parse(&bytes))
                .filter(crate::wire::Reply::is_success)
                .count()
        });
        sight
            .expect(made == 1, || format!("{made} of 8 changes of a {} were taken", changer.resource.name()));
        let after = changer.record()?["version"].as_i64().unwrap_or(0);
        let expected = version.as_i64().unwrap_or(0) + 1;
        sight.expect(after == expected, || format!("the version went to {after}, not {expected}"));
    }
    sight.end("one is made, the others are refused")
}

fn version_wanted(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("changed records without a version");
    for changer in changers(trial)? {
        let body = json!({ changer.field.clone(): changer.value(trial, 1)? });
        let reply = changer.person.patch(changer.resource.one(&changer.id, ""), &body)?;
        sight.expect(matches!(reply.status, 400 | 422 | 428), || {
            format!("{}: {}", changer.resource.name(), reply.status)
        });
    }
    sight.end("refused")
}

fn updated_by(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("changed records as several roles, and read who the archive says it was");
    for changer in changers(trial)? {
        let table = changer.resource.entity.table.clone();
        let before = stand.world()?.row(&table, &changer.id).cloned().unwrap_or_default();
        let reply = changer.send(&changer.record()?["version"], &changer.value(trial, 4)?)?;
        if !reply.is_success() {
            continue;
        }
        let after = stand.look()?.row(&table, &changer.id).cloned().unwrap_or_default();
        let by = after.get("updated_by_id").and_then(Value::as_str);
        sight.expect(by == Some(&changer.person.id), || {
            format!("a {} changed by {} says otherwise", changer.resource.name(), changer.person.role())
        });
        let at = |row: &crate::world::Row| row.get("updated_at").and_then(Value::as_str).map(str::to_owned);
        sight.expect(at(&after) > at(&before), || "the time of the change did not move".to_owned());
        let number = |row: &crate::world::Row| row.get("version").and_then(Value::as_i64).unwrap_or(0);
        sight.expect(number(&after) == number(&before) + 1, || "the version did not grow by one".to_owned());
        sight.expect(
            after.get("created_by_id") == before.get("created_by_id")
                && after.get("created_at") == before.get("created_at"),
            || "who made it has changed".to_owned(),
        );
    }
    sight.end("the person, the moment, and a version more")
}

fn created_by(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("made records as several roles, and read who the archive says it was");
    let (cast, resources) = (stand.cast()?, trial.resources()?);
    let mut made = Vec::new();
    for person in &cast {
        for resource in &resources {
            let Some(body) = trial.sample_for(person, resource, &crate::clock::word())? else { continue };
            let reply = person.post(format!("/api/{}", resource.path), &body)?;
            let Some(id) = reply.json()["id"].as_str().map(str::to_owned) else { continue };
            made.push((person, resource, id));
        }
    }
    let world = stand.look()?;
    for (person, resource, id) in made {
        let row = world.row(&resource.entity.table, &id).cloned().unwrap_or_default();
        let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        sight.expect(text("created_by_id") == person.id && text("updated_by_id") == person.id, || {
            format!("a {} made by {} says otherwise", resource.name(), person.role())
        });
        sight.expect(text("organisation_id") == person.organisation(), || {
            "it belongs to another organisation".to_owned()
        });
        sight.expect(row.get("version") == Some(&json!(1)), || "its version is not 1".to_owned());
    }
    sight.end("its maker, their organisation, version 1")
}

/// The states in which a record is frozen.
fn frozen(resource: &Resource<'_>) -> BTreeSet<String> {
    let lifecycle = resource.entity.lifecycle.iter();
    lifecycle.flat_map(|lifecycle| &lifecycle.locked).map(|state| state.as_str().to_owned()).collect()
}

/// Frozen records, with the column of their state.
fn frozen_records<'t>(trial: &'t Trial) -> Result<Vec<(Resource<'t>, String)>> {
    let stand = trial.stand()?;
    let world = stand.look()?;
    let mut found = Vec::new();
    for resource in trial.resources()? {
        let states = frozen(&resource);
        let Some(lifecycle) = &resource.entity.lifecycle else { continue };
        let column = &resource.entity[lifecycle.field].column;
        for row in world.rows(&resource.entity.table) {
            let state = row.get(column).and_then(Value::as_str).unwrap_or_default();
            if states.contains(state)
                && let Some(id) = row.get("id").and_then(Value::as_str)
            {
                found.push((resource.clone(), id.to_owned()));
            }
        }
    }
    Ok(found)
}

/// Moves records on as whoever may, so that some are frozen.
fn advance(trial: &Trial) -> Result<()> {
    let stand = trial.stand()?;
    stand.look()?;
    for resource in trial.resources()? {
        let Some(lifecycle) = &resource.entity.lifecycle else { continue };
        for _ in 0..2 {
            for (at, step) in lifecycle.moves.iter().enumerate() {
                for person in stand.cast()? {
                    let world = stand.world()?;
                    let may = allowed(trial, &world, &person, Action::Move(at), &resource)?;
                    for id in may.iter().take(2) {
                        let version =
                            world.row(&resource.entity.table, id).and_then(|row| row.get("version").cloned());
                        let path = format!("/{}?version={}", step.name.kebab(), version.unwrap_or(json!(1)));
                        let _moved = person.post(resource.one(id, &path), &json!({}))?;
                    }
                    if !may.is_empty() {
                        stand.look()?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn locked(trial: &Trial) -> Result<Outcome> {
    let model = trial.model()?;
    if model
        .entities
        .iter()
        .all(|entity| entity.lifecycle.as_ref().is_none_or(|lifecycle| lifecycle.locked.is_empty()))
    {
        return Outcome::not_applicable("no record of the spec locks");
    }
    advance(trial)?;
    let stand = trial.stand()?;
    let api = trial.api()?;
    let mut sight =
        Sight::new("changed, removed, assigned and moved locked records, as everybody, by API and form");
    for (resource, id) in frozen_records(trial)?.into_iter().take(4) {
        let before = stand.look()?.row(&resource.entity.table, &id).cloned().unwrap_or_default();
        let version = before.get("version").cloned().unwrap_or(json!(1));
        for person in stand.cast()? {
            let schema = resource.change_schema(api);
            for name in schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
                .filter(|name| *name != "version")
            {
                let field = resource.entity.fields.iter().find(|field| spelling(field) == name);
                let Some(value) = crate::entity::value(field, &schema["properties"][name], "Changed") else {
                    continue;
                };
                let reply = person
                    .patch(resource.one(&id, ""), &json!({ "version": version, name.clone(): value }))?;
                sight.expect(!reply.is_success(), || {
                    format!("{} changes {name}: {}", person.role(), reply.status)
                });
            }
            let removed = person.delete(resource.one(&id, &format!("?version={version}")))?;
            sight.expect(!removed.is_success(), || {
                format!("{} removes it: {}", person.role(), removed.status)
            });
            let form = [("form.version", version.to_string())];
            let fields: Vec<(&str, &str)> =
                form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            for rest in ["edit", "remove"] {
                let _answer = person
                    .request("POST", format!("/{}/{id}/{rest}", resource.path))?
                    .page()
                    .form(&fields)
                    .send()?;
            }
        }
        let after = stand.look()?.row(&resource.entity.table, &id).cloned().unwrap_or_default();
        sight.expect(before == after, || format!("a locked {} has changed", resource.name()));
    }
    sight.end("refused, and the row is as it was")
}

fn locked_parts(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let resources = trial.resources()?;
    let mut sight = Sight::new("made, changed and removed parts of locked records");
    for (whole, id) in frozen_records(trial)?.into_iter().take(4) {
        for part in resources
            .iter()
            .filter(|part| part.entity.parent.as_ref().is_some_and(|parent| parent.entity == whole.index))
        {
            let is_addenda = part.entity.origin == spec::model::Origin::Addenda(whole.index)
                || matches!(
                    part.entity.origin,
                    spec::model::Origin::Signatures(_) | spec::model::Origin::Task(_)
                );
            let before = stand.look()?;
            let of_it = |row: &&crate::world::Row| {
                part.entity.parent.as_ref().and_then(|parent| row.get(&parent.column)) == Some(&json!(id))
            };
            let was: Vec<_> = before.rows(&part.entity.table).iter().filter(of_it).cloned().collect();
            for person in stand.cast()? {
                let link = |_: &str| Some(id.clone());
                let body = crate::entity::sample(part.entity, &part.new_schema(trial.api()?), "Later", &link);
                if !is_addenda && let Some(body) = body {
                    let reply = person.post(format!("/api/{}", part.path), &Value::Object(body))?;
                    sight.expect(!reply.is_success(), || {
                        format!("{} makes a {}: {}", person.role(), part.name(), reply.status)
                    });
                }
                for row in &was {
                    let (one, version) = (
                        row.get("id").and_then(Value::as_str).unwrap_or_default(),
                        row.get("version").cloned(),
                    );
                    let version = version.unwrap_or(json!(1));
                    let reply = person.delete(part.one(one, &format!("?version={version}")))?;
                    sight.expect(!reply.is_success(), || {
                        format!("{} removes a {}: {}", person.role(), part.name(), reply.status)
                    });
                    let _change = person.patch(part.one(one, ""), &json!({ "version": version }))?;
                }
            }
            let after = stand.look()?;
            let is: Vec<_> = after.rows(&part.entity.table).iter().filter(of_it).cloned().collect();
            sight.expect(was == is, || format!("a {} of a locked {} has changed", part.name(), whole.name()));
        }
    }
    sight.end("refused, and the rows are as they were")
}

fn signatures(trial: &Trial) -> Result<Outcome> {
    let model = trial.model()?;
    if model.entities.iter().all(|entity| entity.signed_by.is_empty()) {
        return Outcome::not_applicable("no record of the spec is signed");
    }
    let (stand, api) = (trial.stand()?, trial.api()?);
    let world = stand.look()?;
    let resources = trial.resources()?;
    let mut sight = Sight::new("changed and removed signed records, as everybody");
    for resource in resources.iter().filter(|resource| resource.entity.signatures.is_some()) {
        let Some(signatures) = resource.entity.signatures else { continue };
        let column =
            model[signatures].parent.as_ref().map(|parent| parent.column.clone()).unwrap_or_default();
        for row in world.rows(&model[signatures].table).iter().take(3) {
            let Some(id) = row.get(&column).and_then(Value::as_str) else { continue };
            let before = world.row(&resource.entity.table, id).cloned().unwrap_or_default();
            let version = before.get("version").cloned().unwrap_or(json!(1));
            for person in stand.cast()? {
                let schema = resource.change_schema(api);
                for name in schema["properties"]
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(name, _)| name)
                    .filter(|name| *name != "version")
                {
                    let field = resource.entity.fields.iter().find(|field| spelling(field) == name);
                    let Some(value) = crate::entity::value(field, &schema["properties"][name], "Changed")
                    else {
                        continue;
                    };
                    let reply = person
                        .patch(resource.one(id, ""), &json!({ "version": version, name.clone(): value }))?;
                    sight.expect(!reply.is_success(), || {
                        format!("{} changes {name} after it was signed: {}", person.role(), reply.status)
                    });
                }
                let removed = person.delete(resource.one(id, &format!("?version={version}")))?;
                sight.expect(!removed.is_success(), || {
                    format!("{} removes it after it was signed: {}", person.role(), removed.status)
                });
            }
            let after = stand.look()?.row(&resource.entity.table, id).cloned().unwrap_or_default();
            let column = |row: &crate::world::Row, name: &str| row.get(name).cloned();
            let same = resource
                .entity
                .fields
                .iter()
                .all(|field| column(&before, &field.column) == column(&after, &field.column));
            sight.expect(same, || format!("a signed {} has changed", resource.name()));
        }
    }
    sight.end("refused, and the record says what was signed")
}
