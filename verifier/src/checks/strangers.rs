//! People of another organisation: for them nothing here exists.

use serde_json::{Value, json};

use crate::check::{Check, Group::Access, Needs};
use crate::entity::spelling;
use crate::outcome::{Outcome, Sight};
use crate::trial::Trial;
use crate::trouble::Result;

use super::inference::ids_of;
use super::oracle::{all_ids, ids_in};

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "other-organisation-lists",
        &["CL-1", "HC-3"],
        "Another organisation's people list nothing of this one",
        Access,
        Needs::Instance,
        lists_nothing,
    ),
    Check::new(
        "other-organisation-pages",
        &["CL-1", "HC-3"],
        "No page shows them anything of it",
        Access,
        Needs::Instance,
        pages_show_nothing,
    ),
    Check::new(
        "other-organisation-writes",
        &["CL-1", "HC-3"],
        "They change nothing of it",
        Access,
        Needs::Instance,
        change_nothing,
    ),
    Check::new(
        "other-organisation-links",
        &["CL-1"],
        "They hang nothing of theirs on it",
        Access,
        Needs::Instance,
        hang_nothing,
    ),
    Check::new(
        "other-organisation-people",
        &["CL-1", "HG-4"],
        "They see and reach none of its people",
        Access,
        Needs::Instance,
        reach_nobody,
    ),
    Check::new(
        "person-links-stay-inside",
        &["CL-1"],
        "No record is changed so that it names somebody of another organisation",
        Access,
        Needs::Instance,
        named_inside,
    ),
    Check::new(
        "assignment-stays-inside",
        &["CL-1"],
        "No record is assigned to somebody of another organisation",
        Access,
        Needs::Instance,
        assigned_inside,
    ),
];

fn lists_nothing(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight =
        Sight::new("listed everything, as one person of each role in an organisation of their own");
    for person in stand.strangers() {
        for resource in trial.resources()? {
            let organisation = person.organisation();
            let foreign: Vec<String> = all_ids(&world, &resource)
                .into_iter()
                .filter(|id| {
                    let row = world.row(&resource.entity.table, id);
                    row.and_then(|row| row.get("organisation_id")).and_then(Value::as_str)
                        != Some(&organisation)
                })
                .collect();
            let found = ids_of(person, &resource)?;
            let wrong = foreign.iter().filter(|id| found.contains(*id)).count();
            sight.expect(wrong == 0, || {
                format!("{} lists {wrong} {} of another", person.role(), resource.path)
            });
        }
    }
    sight.end("nothing of another organisation")
}

fn pages_show_nothing(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("read every id in the pages that they see");
    for person in stand.strangers() {
        let organisation = person.organisation();
        for path in super::pages::plain_paths(trial).into_iter().chain(["/account/people".to_owned()]) {
            let told = ids_in(&person.page(path.as_str())?.text());
            for resource in trial.resources()? {
                let wrong = told.iter().filter(|id| {
                    world
                        .row(&resource.entity.table, id)
                        .is_some_and(|row| row.get("organisation_id") != Some(&json!(organisation)))
                });
                let wrong = wrong.count();
                sight.expect(wrong == 0, || {
                    format!("{path} shows {} {wrong} {}", person.role(), resource.path)
                });
            }
        }
    }
    sight.end("nothing of another organisation")
}

fn change_nothing(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let before = stand.look()?;
    let mut sight = Sight::new("changed, removed, assigned and moved its records, by the API and by forms");
    for person in stand.strangers() {
        for resource in trial.resources()? {
            let rows = before.rows(&resource.entity.table).iter();
            let foreign =
                rows.filter(|row| row.get("organisation_id") != Some(&json!(person.organisation())));
            for row in foreign.take(2) {
                let Some(id) = row.get("id").and_then(Value::as_str) else { continue };
                let version = row.get("version").cloned().unwrap_or(json!(1));
                let body = json!({ "version": version, "role": person.role(), "person_id": person.id });
                let mut tried = vec![("PATCH", String::new()), ("DELETE", format!("?version={version}"))];
                tried.push(("POST", "/assign".into()));
                tried.push(("POST", format!("/claim?version={version}")));
                tried.push(("POST", "/invite".into()));
                for step in resource.entity.lifecycle.iter().flat_map(|lifecycle| &lifecycle.moves) {
                    tried.push(("POST", format!("/{}?version={version}", step.name.kebab())));
                }
                for (method, rest) in tried {
                    let body = if rest.is_empty() { json!({ "version": version }) } else { body.clone() };
                    let reply = person.request(method, resource.one(id, &rest))?.json(&body).send()?;
                    sight.expect(!reply.is_success(), || {
                        format!("{method} {rest} on a {} is answered {}", resource.name(), reply.status)
                    });
                }
                for rest in ["edit", "assign", "remove"] {
                    let form = [("form.version", version.to_string()), ("name", "taken".to_owned())];
                    let fields: Vec<(&str, &str)> =
                        form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    let reply = person
                        .request("POST", format!("/{}/{id}/{rest}", resource.path))?
                        .page()
                        .form(&fields)
                        .send()?;
                    sight.expect(!matches!(reply.status, 200..=399), || {
                        format!("a form to {rest} is answered {}", reply.status)
                    });
                }
            }
        }
    }
    let after = stand.look()?;
    for resource in trial.resources()? {
        let table = &resource.entity.table;
        sight
            .expect(before.rows(table) == after.rows(table), || format!("a {} has changed", resource.name()));
    }
    sight.end("every try is refused, and every row is as it was")
}

fn hang_nothing(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.world()?;
    let mut sight = Sight::new("made parts under, and links to, records of another organisation");
    for person in stand.strangers() {
        for resource in trial.resources()? {
            if !resource.creatable(trial.api()?) {
                continue;
            }
            let schema = resource.new_schema(trial.api()?);
            let foreign = |name: &str| {
                let parent = resource.entity.parent.as_ref().filter(|parent| parent.column == name);
                let field = resource.entity.fields.iter().find(|field| spelling(field) == name);
                let target = match (parent, field.and_then(|field| field.target)) {
                    (Some(parent), _) => parent.entity,
                    (None, Some(spec::model::Target::Entity(target))) => target,
                    _ => return None,
                };
                let rows = world.rows(&trial.model().ok()?[target].table);
                let row = rows
                    .iter()
                    .find(|row| row.get("organisation_id") != Some(&json!(person.organisation())))?;
                row.get("id").and_then(Value::as_str).map(str::to_owned)
            };
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
            for name in names.filter(|name| !required.contains(&json!(name))) {
                let Some(id) = foreign(name) else { continue };
                let Some(mut body) = trial.sample_for(person, &resource, &crate::clock::word())? else {
                    continue;
                };
                body[name] = json!(id);
                let reply = person.post(format!("/api/{}", resource.path), &body)?;
                sight.expect(!reply.is_success(), || {
                    format!(
                        "{} makes a {} with {name} from there: {}",
                        person.role(),
                        resource.name(),
                        reply.status
                    )
                });
            }
            let links = required.iter().filter_map(Value::as_str).any(|name| foreign(name).is_some());
            if !links {
                continue;
            }
            let Some(body) = crate::entity::sample(resource.entity, &schema, &crate::clock::word(), &foreign)
            else {
                continue;
            };
            let reply = person.post(format!("/api/{}", resource.path), &Value::Object(body))?;
            sight.expect(!reply.is_success(), || {
                format!("{} makes a {} there: {}", person.role(), resource.name(), reply.status)
            });
        }
    }
    sight.end("refused")
}

fn reach_nobody(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let office = stand.office()?;
    let cast = stand.cast()?;
    let mut sight = Sight::new("listed and reached for people, as the administrator of another organisation");
    let told = office.get("/identity/people")?.text();
    for person in &cast {
        sight.expect(!told.contains(&person.id) && !told.contains(&person.login.email), || {
            format!("{} of another organisation is listed", person.role())
        });
        let one = format!("/identity/people/{}", person.id);
        let tries = [
            ("DELETE", one.clone()),
            ("PUT", format!("{one}/suspension")),
            ("POST", format!("{one}/roles")),
            ("POST", format!("{one}/password-link")),
            ("DELETE", format!("{one}/lock")),
        ];
        for (method, path) in tries {
            let body = json!({ "role": office.role() });
            let reply = office.request(method, path.as_str())?.json(&body).send()?;
            sight.expect(!reply.is_success(), || format!("{method} on {}: {}", person.role(), reply.status));
        }
        let page = office.page(format!("/account/people/{}", person.id))?;
        sight.expect(page.status == 404, || {
            format!("the page of {} is answered {}", person.role(), page.status)
        });
    }
    for person in &cast {
        let still = person.get("/identity/session")?;
        sight.expect(still.status == 200, || format!("{} is shut out by it", person.role()));
    }
    sight.end("404, and nobody is touched")
}

fn named_inside(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let world = stand.look()?;
    let mut sight =
        Sight::new("put somebody of another organisation, and nobody at all, where records name a person");
    let mut tried = false;
    for resource in trial.resources()? {
        let names =
            |field: &&spec::model::Field| matches!(field.target, Some(spec::model::Target::Person(_)));
        for field in resource.entity.fields.iter().filter(names) {
            for person in stand.cast()? {
                let may =
                    super::oracle::allowed(trial, &world, &person, spec::access::Action::Update, &resource)?;
                let Some(id) = may.iter().next() else { continue };
                let row = world.row(&resource.entity.table, id);
                let version = row.and_then(|row| row.get("version")).cloned().unwrap_or(json!(1));
                let outside = stand.strangers().iter().map(|other| other.id.clone());
                for to in outside.chain([crate::clock::id().to_string()]) {
                    tried = true;
                    let body = json!({ (spelling(field)): to, "version": version });
                    let reply = person.patch(resource.one(id, ""), &body)?;
                    sight.expect(!reply.is_success(), || {
                        format!("a {} names them as {}: {}", resource.name(), field.name, reply.status)
                    });
                }
            }
        }
    }
    if !tried {
        return Outcome::not_applicable("nobody changes a record that names a person");
    }
    sight.end("refused: only who belongs here")
}

fn assigned_inside(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let (world, model) = (stand.look()?, trial.model()?);
    let mut sight =
        Sight::new("assigned records to people of another organisation, and to people of other roles");
    for resource in trial.resources()? {
        let Some(assignment) = &resource.entity.assignment else { continue };
        for person in stand.cast()? {
            let may =
                super::oracle::allowed(trial, &world, &person, spec::access::Action::Assign, &resource)?;
            let Some(id) = may.iter().next() else { continue };
            let row = world.row(&resource.entity.table, id);
            let version = row.and_then(|row| row.get("version")).cloned().unwrap_or(json!(1));
            for role in &assignment.roles {
                let role = model[*role].name.as_str();
                let outside = stand.strangers().iter().filter(|other| other.role() == role);
                let unknown = crate::clock::id().to_string();
                let wrong_role = stand
                    .cast()?
                    .into_iter()
                    .find(|other| other.role() != role)
                    .map(|other| other.id.clone());
                for to in outside.map(|other| other.id.clone()).chain([unknown]).chain(wrong_role) {
                    let body = json!({ "role": role, "person_id": to, "version": version });
                    let reply = person.post(resource.one(id, "/assign"), &body)?;
                    sight.expect(!reply.is_success(), || {
                        format!("a {} is assigned to them: {}", resource.name(), reply.status)
                    });
                }
            }
        }
    }
    sight.end("404: only who has the role here")
}
