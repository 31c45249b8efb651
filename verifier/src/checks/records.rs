//! What a body may say, and what it may not.

use serde_json::{Value, json};
use spec::Kind;

use crate::check::{Check, Group::Integrity, Needs};
use crate::entity::spelling;
use crate::outcome::{Outcome, Sight};
use crate::people::Person;
use crate::trial::Trial;
use crate::trouble::Result;

use super::changer::changers;

pub(super) const CHECKS: &[Check] = &[
    Check::new(
        "mass-assignment-create",
        &["CL-1", "CF-9"],
        "A new record takes no id, owner or author from a body",
        Integrity,
        Needs::Instance,
        mass_create,
    ),
    Check::new(
        "mass-assignment-update",
        &["CL-1", "CF-9"],
        "A change takes no id, owner or author from a body",
        Integrity,
        Needs::Instance,
        mass_update,
    ),
    Check::new(
        "unknown-fields-refused",
        &["CC-14"],
        "A field that nobody asked for is refused, never kept",
        Integrity,
        Needs::Instance,
        unknown_fields,
    ),
    Check::new(
        "required-fields",
        &["HG-1"],
        "What must be filled in is demanded",
        Integrity,
        Needs::Instance,
        required,
    ),
    Check::new(
        "kinds-of-values",
        &["HG-1"],
        "A value of another kind is refused",
        Integrity,
        Needs::Instance,
        kinds,
    ),
    Check::new(
        "ranges-of-numbers",
        &["HG-1"],
        "A number outside its range is refused",
        Integrity,
        Needs::Instance,
        ranges,
    ),
    Check::new(
        "choices-are-closed",
        &["HG-1"],
        "A choice that the spec does not have is refused",
        Integrity,
        Needs::Instance,
        choices,
    ),
    Check::new(
        "text-comes-back-whole",
        &["HG-1"],
        "Text comes back letter by letter, whatever it looks like to a database",
        Integrity,
        Needs::Instance,
        text_whole,
    ),
    Check::new(
        "hostile-text-breaks-nothing",
        &["HG-4"],
        "NUL, endless text and control characters break nothing",
        Integrity,
        Needs::Instance,
        hostile_text,
    ),
];

/// Columns that only the app itself fills.
const OWN: [&str; 11] = [
    "id",
    "organisation_id",
    "created_at",
    "created_by_id",
    "updated_at",
    "updated_by_id",
    "reference",
    "person_id_",
    "ended_at",
    "locked",
    "environment_id",
];

/// Bodies that are wrong, each with what is wrong with it, made of one that is right.
type Spoiling<'s> = dyn Fn(&Person, &Value, &crate::entity::Resource<'_>) -> Vec<(String, Value)> + 's;

/// Tries bodies that make a record, of everybody who may make one. `spoilt` says what is wrong with the body that it makes.
fn creates(trial: &Trial, sight: &mut Sight, spoilt: &Spoiling<'_>) -> Result<()> {
    let stand = trial.stand()?;
    let mut seen = std::collections::BTreeSet::new();
    for person in stand.cast()? {
        for resource in trial.resources()? {
            let Some(body) = trial.sample_for(&person, &resource, &crate::clock::word())? else { continue };
            if !seen.insert((person.role().to_owned(), resource.name())) {
                continue;
            }
            for (what, body) in spoilt(&person, &body, &resource) {
                let reply = person.post(format!("/api/{}", resource.path), &body)?;
                sight.expect(matches!(reply.status, 400 | 403 | 404 | 422), || {
                    format!("{what} in a {} of {}: {}", resource.name(), person.role(), reply.status)
                });
            }
        }
    }
    Ok(())
}

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

fn mass_create(trial: &Trial) -> Result<Outcome> {
    let mut sight =
        Sight::new("made records whose bodies say id, organisation, author, version and the like");
    let other =
        trial.stand()?.strangers().first().map(|stranger| stranger.organisation()).unwrap_or_default();
    creates(trial, &mut sight, &|person, body, resource| {
        let own = OWN.iter().map(|name| {
            let value = if *name == "organisation_id" { other.clone() } else { person.id.clone() };
            ((*name).to_owned(), with(body, name, json!(value)))
        });
        let mut spoilt: Vec<(String, Value)> = own.collect();
        if resource.entity.signed_by.is_empty()
            && !matches!(resource.entity.origin, spec::model::Origin::Signatures(_))
        {
            spoilt.push(("version".into(), with(body, "version", json!(7))));
        }
        if let Some(lifecycle) = &resource.entity.lifecycle {
            let column = spelling(&resource.entity[lifecycle.field]);
            let last = lifecycle.states.last().map(ToString::to_string).unwrap_or_default();
            spoilt.push((column.to_owned(), with(body, column, json!(last))));
        }
        spoilt
    })?;
    sight.end("refused: nothing of it is taken, nor dropped in silence")
}

fn mass_update(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let other = stand.strangers().first().map(|stranger| stranger.organisation()).unwrap_or_default();
    let mut sight = Sight::new("changed records by bodies that say id, organisation, author and the like");
    for changer in changers(trial)? {
        let table = changer.resource.entity.table.clone();
        let before = stand.look()?.row(&table, &changer.id).cloned();
        for name in OWN {
            let value =
                if name == "organisation_id" { other.clone() } else { crate::clock::id().to_string() };
            let body = json!({ "version": changer.record()?["version"], name: value });
            let reply = changer.person.patch(changer.resource.one(&changer.id, ""), &body)?;
            sight.expect(matches!(reply.status, 400 | 422), || {
                format!("{name} of {}: {}", changer.resource.name(), reply.status)
            });
        }
        let after = stand.look()?.row(&table, &changer.id).cloned();
        sight.expect(before == after, || format!("a {} has changed", changer.resource.name()));
    }
    sight.end("refused, and the row is as it was")
}

fn unknown_fields(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("made records with fields that the spec does not have");
    creates(trial, &mut sight, &|_, body, _| {
        ["is_admin", "__proto__", "constructor", "role", "nmae", ""]
            .map(|name| (format!("{name:?}"), with(body, name, json!("x"))))
            .to_vec()
    })?;
    sight.end("422")
}

fn required(trial: &Trial) -> Result<Outcome> {
    let api = trial.api()?;
    let mut sight = Sight::new("left out, emptied and nulled what must be filled in");
    creates(trial, &mut sight, &|_, body, resource| {
        let schema = resource.new_schema(api);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let names = required.iter().filter_map(Value::as_str).filter(|name| body.get(*name).is_some());
        names
            .flat_map(|name| {
                let mut without = body.clone();
                if let Some(object) = without.as_object_mut() {
                    object.remove(name);
                }
                [
                    (format!("no {name}"), without),
                    (format!("an empty {name}"), with(body, name, json!(""))),
                    (format!("a null {name}"), with(body, name, Value::Null)),
                ]
            })
            .collect()
    })?;
    sight.end("422")
}

fn kinds(trial: &Trial) -> Result<Outcome> {
    let mut sight = Sight::new("sent objects, lists, numbers and truths where something else belongs");
    creates(trial, &mut sight, &|_, body, resource| {
        let mut spoilt = Vec::new();
        for (name, value) in body.as_object().into_iter().flatten() {
            let wrong: Vec<Value> = match value {
                Value::Array(_) => vec![json!({}), json!(7)],
                Value::Number(_) => vec![json!("x"), json!({}), json!(1e300), json!([1])],
                _ => vec![json!({ "a": 1 }), json!([["x"]]), json!(true)],
            };
            spoilt.extend(
                wrong.into_iter().map(|wrong| (format!("{wrong} as {name}"), with(body, name, wrong))),
            );
            let field = resource.entity.fields.iter().find(|field| spelling(field) == name);
            if field.is_some_and(|field| field.kind == Kind::Date) {
                for date in ["2026-02-30", "30.02.2026", "1951-2-3", "yesterday", "99999-01-01"] {
                    spoilt.push((format!("{date} as {name}"), with(body, name, json!(date))));
                }
            }
        }
        spoilt
    })?;
    sight.end("422")
}

fn ranges(trial: &Trial) -> Result<Outcome> {
    let api = trial.api()?;
    let mut sight = Sight::new("sent numbers one beyond their range, and far beyond any");
    creates(trial, &mut sight, &|_, body, resource| {
        let schema = resource.new_schema(api);
        let mut spoilt = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let bounds = (property["minimum"].as_f64(), property["maximum"].as_f64());
            let (Some(least), Some(most)) = bounds else { continue };
            if !crate::entity::is_of(property, "integer") {
                continue;
            }
            for number in [least as i64 - 1, most as i64 + 1, i64::MIN, i64::MAX] {
                spoilt.push((format!("{number} as {name}"), with(body, name, json!(number))));
            }
        }
        spoilt
    })?;
    sight.end("422")
}

fn choices(trial: &Trial) -> Result<Outcome> {
    let api = trial.api()?;
    let mut sight =
        Sight::new("sent choices that the spec does not have, and other spellings of those that it has");
    creates(trial, &mut sight, &|_, body, resource| {
        let schema = resource.new_schema(api);
        let mut spoilt = Vec::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let Some(first) = property["enum"].as_array().and_then(|all| all.first()).and_then(Value::as_str)
            else {
                continue;
            };
            for wrong in ["nothing of the kind".to_owned(), first.to_uppercase(), format!("{first} ")] {
                // A blank at the end may be taken for a slip of the hand.
                if wrong != first && wrong.trim() != first {
                    spoilt.push((format!("{wrong:?} as {name}"), with(body, name, json!(wrong))));
                }
            }
        }
        spoilt
    })?;
    sight.end("422")
}

/// Texts that are something else to a database, a shell or a page.
const AWKWARD: [&str; 6] = [
    "'; DROP TABLE patients; --",
    "\" OR \"1\"=\"1",
    "\\'; SELECT pg_sleep(5); --",
    "%_%",
    "O’Brien-Łącka 李",
    "${jndi:ldap://x}",
];

fn text_whole(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let mut sight = Sight::new("wrote text that is a query to a database, and read it back");
    let mut written = Vec::new();
    for person in stand.cast()? {
        for resource in trial.resources()? {
            if trial.sample_for(&person, &resource, AWKWARD[0])?.is_none() {
                continue;
            }
            for text in AWKWARD {
                let Some(body) = trial.sample_for(&person, &resource, text)? else { break };
                let made = person.post(format!("/api/{}", resource.path), &body)?;
                if !made.is_success() {
                    sight.expect(made.status < 500, || format!("{text:?} is answered {}", made.status));
                    continue;
                }
                let id = made.json()["id"].as_str().unwrap_or_default().to_owned();
                written.push((resource.clone(), id, body, json!(text)));
            }
            break;
        }
    }
    let world = stand.look()?;
    for (resource, id, body, text) in &written {
        let row = world.row(&resource.entity.table, id).cloned().unwrap_or_default();
        let awkward = |value: &Value| value.to_string().contains("DROP") || value == text;
        for (name, value) in body.as_object().into_iter().flatten().filter(|(_, value)| awkward(value)) {
            let kept = row.get(resource.column(name).unwrap_or(name));
            sight.expect(kept == Some(value), || format!("{name} came back otherwise"));
        }
    }
    sight.end("the same letters")
}

fn hostile_text(trial: &Trial) -> Result<Outcome> {
    let stand = trial.stand()?;
    let long = "a".repeat(300_000);
    let mut sight =
        Sight::new("wrote NUL, control characters, a text of 300,000 letters and half a surrogate");
    for person in stand.cast()? {
        for resource in trial.resources()? {
            for text in ["a\u{0}b", "\u{1b}[31m\u{202e}", "\u{fffe}\u{feff}", long.as_str()] {
                let Some(body) = trial.sample_for(&person, &resource, text)? else { break };
                let made = person.post(format!("/api/{}", resource.path), &body)?;
                let told: String = text.escape_default().take(12).collect();
                sight.expect(made.status < 500, || {
                    format!("{told} in a {} is answered {}", resource.name(), made.status)
                });
            }
            let raw = person
                .request("POST", format!("/api/{}", resource.path))?
                .body("application/json", "{\"name\":\"\\ud800\"}");
            let reply = raw.send()?;
            sight.expect(reply.status < 500, || format!("half a surrogate is answered {}", reply.status));
        }
    }
    stand.look()?;
    sight.end("taken or refused, never a 5xx")
}
