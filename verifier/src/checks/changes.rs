//! Who may write: each write is tried by everybody, and its effect looked at afterwards.

use std::rc::Rc;

use serde_json::{Value, json};
use spec::access::Action;
use spec::model::FieldIndex;

use crate::check::{Check, Group::Access, Needs};
use crate::entity::{Resource, spelling};
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::trial::{Stand, Trial};
use crate::trouble::Result;
use crate::wire::Reply;
use crate::world::World;

use super::changer::change;
use super::oracle::{all_ids, allowed};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "create-oracle",
        &["CL-1", "HC-3"],
        "Each role makes only what the spec lets it make",
        Access,
        Needs::Instance,
        create_oracle,
    ),
    Check::new(
        "update-oracle",
        &["CL-1", "HC-3"],
        "Each role changes only the records that the spec lets it change",
        Access,
        Needs::Instance,
        update_oracle,
    ),
    Check::new(
        "update-mask",
        &["CL-1", "HC-3"],
        "Each role changes only the fields that the spec lets it change",
        Access,
        Needs::Instance,
        update_mask,
    ),
    Check::new(
        "update-by-form-oracle",
        &["CL-1", "HC-3"],
        "Forms change no more than the API does",
        Access,
        Needs::Instance,
        update_by_form,
    ),
    Check::new(
        "delete-oracle",
        &["CL-1", "HC-3"],
        "Each role removes only what the spec lets it remove",
        Access,
        Needs::Instance,
        delete_oracle,
    ),
    Check::new(
        "move-oracle",
        &["CL-1", "HC-3"],
        "Each role makes only the moves of a lifecycle that are its own",
        Access,
        Needs::Instance,
        move_oracle,
    ),
    Check::new(
        "assign-oracle",
        &["CL-1", "HC-3"],
        "Only whom the spec names assigns records",
        Access,
        Needs::Instance,
        assign_oracle,
    ),
    Check::new(
        "reassignment-at-once",
        &["CL-1"],
        "Who loses a record to another loses it at once",
        Access,
        Needs::Instance,
        reassignment,
    ),
];

/// The version of a record, as the archive has it.
fn version(world: &World, resource: &Resource<'_>, id: &str) -> i64 {
    let row = world.row(&resource.entity.table, id);
    row.and_then(|row| row.get("version")).and_then(Value::as_i64).unwrap_or(1)
}

/// Sends what is tried, as a person, of a record and its version; nothing where there is nothing to send.
type Sending<'s> = dyn Fn(&Person, &Resource<'_>, &str, i64) -> Result<Option<Reply>> + 's;

/// Tries something with every record by everybody, and looks whether it was allowed. `send` tries it at a version.
///
/// A look takes as long as an export. So all that is not allowed is tried before anything that is: one look tells whether
/// any of it has changed anything.
fn tried(
    trial: &Trial,
    action: Action,
    sight: &mut Sight,
    has: &dyn Fn(&Resource<'_>) -> bool,
    send: &Sending<'_>,
) -> Result<()> {
    let stand = trial.stand()?;
    let before = stand.look()?;
    let resources: Vec<_> = trial.resources()?.into_iter().filter(|resource| has(resource)).collect();
    let mut allowed_ones = Vec::new();
    for resource in &resources {
        for person in stand.cast()? {
            let may = allowed(trial, &before, &person, action, resource)?;
            for id in all_ids(&before, resource).into_iter().filter(|id| !may.contains(id)).take(4) {
                let reply = send(&person, resource, &id, version(&before, resource, &id))?;
                let refused = |reply: &Reply| !reply.is_success() && reply.status < 500;
                sight.expect(reply.as_ref().is_none_or(refused), || {
                    let status = reply.map(|reply| reply.status).unwrap_or_default();
                    format!("{} is answered {status} for a {}", person.role(), resource.name())
                });
            }
            allowed_ones.extend(may.into_iter().next().map(|id| (resource, person, id)));
        }
    }
    let after = stand.look()?;
    for resource in &resources {
        for id in all_ids(&before, resource) {
            let row = |world: &World| world.row(&resource.entity.table, &id).cloned();
            sight.expect(row(&before) == row(&after), || {
                format!("somebody has changed a {}", resource.name())
            });
        }
    }
    for (resource, person, id) in allowed_ones {
        // Who may can still be refused by a rule of the app, or since somebody was faster.
        let reply = send(&person, resource, &id, version(&after, resource, &id))?;
        let status = reply.map(|reply| reply.status).unwrap_or_default();
        sight.expect(status < 500, || {
            format!("{} is answered {status} for a {}", person.role(), resource.name())
        });
    }
    stand.look()?;
    Ok(())
}

fn create_oracle(trial: &Trial) -> Result<Outcome> {
    let (stand, model) = (trial.stand()?, trial.model()?);
    let before = stand.look()?;
    let mut sight = Sight::new("made a record of every kind, as everybody who may not");
    for person in stand.cast()?.iter().chain(stand.strangers()) {
        for resource in trial
            .resources()?
            .into_iter()
            .filter(|resource| trial.api().is_ok_and(|api| resource.creatable(api)))
        {
            let role = model.role(person.role());
            let may = role.is_some_and(|role| {
                model.grants(role, resource.index).any(|grant| grant.allows(Action::Create))
            });
            if may {
                continue;
            }
            let parent = resource.entity.parent.as_ref();
            let under = parent.and_then(|parent| before.rows(&model[parent.entity].table).first());
            let id = under.and_then(|row| row.get("id")).and_then(Value::as_str).unwrap_or_default();
            let link = |_: &str| Some(id.to_owned());
            let schema = resource.new_schema(trial.api()?);
            let body = crate::entity::sample(resource.entity, &schema, &crate::clock::word(), &link)
                .unwrap_or_default();
            let reply = person.post(format!("/api/{}", resource.path), &Value::Object(body))?;
            sight.expect(matches!(reply.status, 403 | 404), || {
                format!("{} is answered {} for a {}", person.role(), reply.status, resource.name())
            });
        }
    }
    let after = stand.look()?;
    for resource in trial.resources()? {
        let (was, is) = (all_ids(&before, &resource).len(), all_ids(&after, &resource).len());
        sight.expect(was == is, || format!("{} {} more", is - was, resource.path));
    }
    sight.end("403 or 404, and nothing made")
}

fn update_oracle(trial: &Trial) -> Result<Outcome> {
    let api = trial.api()?;
    let mut sight = Sight::new("changed every record by the API, as everybody");
    tried(
        trial,
        Action::Update,
        &mut sight,
        &|resource| resource.has(api, "patch", ""),
        &|person, resource, id, version| {
            let Some((_, body)) = change(resource, &resource.change_schema(api), version, &|_| true) else {
                return Ok(None);
            };
            person.patch(resource.one(id, ""), &body).map(Some)
        },
    )?;
    sight.end("only what the oracle lets be changed has changed")
}

fn update_mask(trial: &Trial) -> Result<Outcome> {
    let (stand, model, api) = (trial.stand()?, trial.model()?, trial.api()?);
    let mut sight = Sight::new("changed fields that a role may not, in records that it may change");
    let before = stand.look()?;
    let mut tried = Vec::new();
    for resource in trial.resources()?.into_iter().filter(|resource| resource.has(api, "patch", "")) {
        let schema = resource.change_schema(api);
        for person in stand.cast()? {
            let may = allowed(trial, &before, &person, Action::Update, &resource)?;
            let Some(id) = may.into_iter().next() else { continue };
            let fields =
                before.visible(model, &person, Action::Update, resource.index, &id).unwrap_or_default();
            let hidden = |name: &str| resource.field(name).is_some_and(|field| !fields.contains(&field));
            let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
            for name in names.filter(|name| hidden(name)) {
                let version = version(&before, &resource, &id);
                let Some((_, body)) = change(&resource, &schema, version, &|one| one == name) else {
                    continue;
                };
                let reply = person.patch(resource.one(&id, ""), &body)?;
                sight.expect(!reply.is_success(), || {
                    format!("{} changes {name} of {}: {}", person.role(), resource.name(), reply.status)
                });
            }
            tried.push((resource.clone(), person, id));
        }
    }
    let after = stand.look()?;
    for (resource, person, id) in tried {
        let row = |world: &World| world.row(&resource.entity.table, &id).cloned();
        sight.expect(row(&before) == row(&after), || {
            format!("a {} has changed that {} may change", resource.name(), person.role())
        });
    }
    sight.end("refused, and nothing changed")
}

/// A form that sends a word in every text of a record that somebody may not change.
struct Forged<'t> {
    resource: Resource<'t>,
    person: Rc<Person>,
    id: String,
    fields: Vec<FieldIndex>,
}

impl Forged<'_> {
    /// Sends it at a version, and says the word.
    fn send(&self, version: i64) -> Result<String> {
        let word = crate::clock::word();
        let mut form = vec![("form.version".to_owned(), version.to_string())];
        let texts = self.resource.entity.fields().filter(|(_, field)| crate::entity::is_text(field));
        for (_, field) in texts.filter(|(index, _)| !self.fields.contains(index)) {
            form.push((spelling(field).to_owned(), word.clone()));
        }
        let pairs: Vec<(&str, &str)> =
            form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let path = format!("/{}/{}/edit", self.resource.path, self.id);
        let _answer = self.person.request("POST", path)?.page().form(&pairs).send()?;
        Ok(word)
    }

    fn expect_unwritten(&self, word: &str, world: &World, sight: &mut Sight) {
        let row = world.row(&self.resource.entity.table, &self.id).cloned().unwrap_or_default();
        let written = Value::Object(row).to_string().contains(word);
        sight.expect(!written, || {
            format!("a form of {} writes a {}", self.person.role(), self.resource.name())
        });
    }
}

fn update_by_form(trial: &Trial) -> Result<Outcome> {
    let (stand, model, api) = (trial.stand()?, trial.model()?, trial.api()?);
    let mut sight = Sight::new("sent forms with every field of a record, as everybody who may not change it");
    let before = stand.look()?;
    let (mut others, mut own) = (Vec::new(), Vec::new());
    for resource in trial.resources()?.into_iter().filter(|resource| resource.has(api, "patch", "")) {
        for person in stand.cast()? {
            let may = allowed(trial, &before, &person, Action::Update, &resource)?;
            let forged = |id: String| {
                let fields = before.visible(model, &person, Action::Update, resource.index, &id);
                Forged {
                    resource: resource.clone(),
                    person: Rc::clone(&person),
                    id,
                    fields: fields.unwrap_or_default().into_iter().collect(),
                }
            };
            let hidden = all_ids(&before, &resource).into_iter().filter(|id| !may.contains(id)).take(2);
            others.extend(hidden.map(forged));
            own.extend(may.iter().take(1).cloned().map(forged));
        }
    }
    // A form on one's own record may change it: the others come first, at versions that are known.
    let mut sent = Vec::new();
    for forged in others {
        let word = forged.send(version(&before, &forged.resource, &forged.id))?;
        sent.push((forged, word));
    }
    for forged in own {
        let seen = forged.person.get(forged.resource.one(&forged.id, ""))?.json();
        let known = version(&before, &forged.resource, &forged.id);
        let word = forged.send(seen["version"].as_i64().unwrap_or(known))?;
        sent.push((forged, word));
    }
    let after = stand.look()?;
    for (forged, word) in &sent {
        forged.expect_unwritten(word, &after, &mut sight);
    }
    sight.end("nothing is written that the role may not write")
}

fn delete_oracle(trial: &Trial) -> Result<Outcome> {
    let api = trial.api()?;
    let mut sight = Sight::new(
        "removed records, as everybody who may not; where the API has no such route, by asking for it all the same",
    );
    tried(trial, Action::Delete, &mut sight, &|_| true, &|person, resource, id, version| {
        let stand = trial.stand()?;
        let world = stand.world()?;
        if allowed(trial, &world, person, Action::Delete, resource)?.contains(id)
            && resource.has(api, "delete", "")
        {
            return Ok(None);
        }
        person.delete(resource.one(id, &format!("?version={version}"))).map(Some)
    })?;
    sight.end("every record is still there")
}

fn move_oracle(trial: &Trial) -> Result<Outcome> {
    let model = trial.model()?;
    if model.entities.iter().all(|entity| entity.lifecycle.is_none()) {
        return Outcome::not_applicable("no record of the spec has a lifecycle");
    }
    let moves = model
        .entities
        .iter()
        .filter_map(|entity| entity.lifecycle.as_ref())
        .map(|lifecycle| lifecycle.moves.len())
        .max();
    let mut sight = Sight::new("made every move of every lifecycle, as everybody");
    for at in 0..moves.unwrap_or(0) {
        let name = |resource: &Resource<'_>| {
            let lifecycle = resource.entity.lifecycle.as_ref()?;
            lifecycle.moves.get(at).map(|step| step.name.kebab())
        };
        tried(
            trial,
            Action::Move(at),
            &mut sight,
            &|resource| name(resource).is_some(),
            &|person, resource, id, version| {
                let path = format!("/{}?version={version}", name(resource).unwrap_or_default());
                person.post(resource.one(id, &path), &json!({})).map(Some)
            },
        )?;
    }
    sight.end("only whose move it is makes it")
}

/// Somebody whom a record can be assigned to.
fn assignee(stand: &Stand, role: &str, not: Option<&str>) -> Result<Option<Rc<Person>>> {
    let fits = |person: &Rc<Person>| person.role() == role && Some(person.id.as_str()) != not;
    Ok(stand.cast()?.into_iter().find(fits))
}

fn assign_oracle(trial: &Trial) -> Result<Outcome> {
    let (api, model) = (trial.api()?, trial.model()?);
    if model.entities.iter().all(|entity| entity.assignment.is_none()) {
        return Outcome::not_applicable("no record of the spec is assigned to anybody");
    }
    let mut sight = Sight::new("assigned records, as everybody who may not");
    tried(
        trial,
        Action::Assign,
        &mut sight,
        &|resource| resource.has(api, "post", "/assign"),
        &|person, resource, id, version| {
            let stand = trial.stand()?;
            let Some(assignment) = &resource.entity.assignment else { return Ok(None) };
            let Some(role) = assignment.roles.first().map(|role| model[*role].name.as_str().to_owned())
            else {
                return Ok(None);
            };
            let Some(to) = assignee(stand, &role, None)? else { return Ok(None) };
            let body = json!({ "role": role, "person_id": to.id, "version": version });
            person.post(resource.one(id, "/assign"), &body).map(Some)
        },
    )?;
    sight.end("only whom the spec names assigns")
}

fn reassignment(trial: &Trial) -> Result<Outcome> {
    let (stand, model, api) = (trial.stand()?, trial.model()?, trial.api()?);
    let mut sight = Sight::new("assigned a record from one person to another, and asked for it as the first");
    for resource in trial.resources()?.into_iter().filter(|resource| resource.has(api, "post", "/assign")) {
        let Some(assignment) = &resource.entity.assignment else { continue };
        let Some(role) = assignment.roles.first().map(|role| model[*role].name.as_str().to_owned()) else {
            continue;
        };
        let (Some(one), Some(by)) = (assignee(stand, &role, None)?, assigner(trial, &resource)?) else {
            continue;
        };
        let Some(other) = assignee(stand, &role, Some(&one.id))? else { continue };
        let world = stand.look()?;
        let Some(id) = allowed(trial, &world, &by, Action::Assign, &resource)?.into_iter().next() else {
            continue;
        };
        for to in [&one, &other] {
            let world = stand.look()?;
            let body =
                json!({ "role": role, "person_id": to.id, "version": version(&world, &resource, &id) });
            let reply = by.post(resource.one(&id, "/assign"), &body)?;
            sight.expect(reply.is_success(), || format!("it cannot be assigned: {}", reply.status));
        }
        let world = stand.look()?;
        for person in [&one, &other] {
            let sees = world.visible(model, person, Action::View, resource.index, &id).is_some();
            let reply = person.get(resource.one(&id, ""))?;
            sight.expect(reply.is_success() == sees, || {
                format!("{} is answered {}", person.role(), reply.status)
            });
        }
        // By name rather than by oracle: who had it before has it no more, unless the spec lets the past keep it.
        let keeps = world.visible(model, &one, Action::View, resource.index, &id).is_some();
        let reply = one.get(resource.one(&id, ""))?;
        sight.expect(keeps || reply.status == 404, || {
            format!("who had it before is answered {}", reply.status)
        });
    }
    sight.end("404 for who had it before, at the next request")
}

fn assigner(trial: &Trial, resource: &Resource<'_>) -> Result<Option<Rc<Person>>> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    for person in stand.cast()? {
        if !allowed(trial, &world, &person, Action::Assign, resource)?.is_empty() {
            return Ok(Some(person));
        }
    }
    Ok(None)
}
