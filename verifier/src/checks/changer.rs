//! Somebody with a record that they may change: what checks of writing begin with.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::{Map, Value, json};
use spec::access::Action;
use spec::model::{Calendar, EntityIndex, FieldIndex};

use crate::entity::{Resource, spelling};
use crate::people::Person;
use crate::trial::Trial;
use crate::trouble::Result;
use crate::wire::Reply;

use super::oracle::allowed;

/// A body that changes one field which is named by the schema, if an example can be made.
pub(super) fn change(
    resource: &Resource<'_>,
    schema: &Value,
    version: i64,
    fits: &dyn Fn(&str) -> bool,
) -> Option<(String, Value)> {
    let properties = schema["properties"].as_object()?;
    properties.iter().filter(|(name, _)| *name != "version" && fits(name)).find_map(|(name, property)| {
        let field = resource.entity.fields.iter().find(|field| spelling(field) == name)?;
        let value = crate::entity::value(Some(field), property, &crate::clock::word())?;
        Some((name.clone(), json!({ "version": version, name.clone(): value })))
    })
}

/// Whether a field says when something is booked, or what.
fn books(calendar: &Calendar, entity: EntityIndex, field: FieldIndex) -> bool {
    let when = calendar.start == field || calendar.end == Some(field);
    calendar.entity == entity && (when || calendar.resources.contains(&field))
}

/// Somebody with a record that they may change, and a change of it.
pub(super) struct Changer<'t> {
    pub(super) person: Rc<Person>,
    pub(super) resource: Resource<'t>,
    pub(super) id: String,
    /// The field that is changed.
    pub(super) field: String,
}

/// Everybody who may change something, with one record each.
pub(super) fn changers(trial: &Trial) -> Result<Vec<Changer<'_>>> {
    let (stand, model, api) = (trial.stand()?, trial.model()?, trial.api()?);
    let world = stand.look()?;
    let mut changers = Vec::new();
    let mut seen = BTreeSet::new();
    for resource in trial.resources()?.into_iter().filter(|resource| resource.has(api, "patch", "")) {
        for person in stand.cast()? {
            let may = allowed(trial, &world, &person, Action::Update, &resource)?;
            for id in may {
                let fields =
                    world.visible(model, &person, Action::Update, resource.index, &id).unwrap_or_default();
                // What is booked can be refused for what else is booked then.
                let free = |field: &FieldIndex| {
                    !model.calendars.iter().any(|calendar| books(calendar, resource.index, *field))
                };
                let fits = |name: &str| {
                    resource.field(name).is_some_and(|field| fields.contains(&field) && free(&field))
                };
                let Some((field, _)) = change(&resource, &resource.change_schema(api), 1, &fits) else {
                    continue;
                };
                if seen.insert((person.role().to_owned(), resource.name())) {
                    changers.push(Changer {
                        person: Rc::clone(&person),
                        resource: resource.clone(),
                        id,
                        field,
                    });
                }
                break;
            }
        }
    }
    Ok(changers)
}

impl Changer<'_> {
    /// The record as its changer sees it.
    pub(super) fn record(&self) -> Result<Value> {
        Ok(self.person.get(self.resource.one(&self.id, ""))?.json())
    }

    /// A lawful value for the field, which differs by number.
    pub(super) fn value(&self, trial: &Trial, number: i64) -> Result<Value> {
        let schema = self.resource.change_schema(trial.api()?);
        let property = &schema["properties"][&self.field];
        let field = self.resource.entity.fields.iter().find(|field| spelling(field) == self.field);
        if let Some(choices) = property["enum"].as_array() {
            let lawful: Vec<&Value> = choices.iter().filter(|choice| !choice.is_null()).collect();
            let at = usize::try_from(number).unwrap_or(0) % lawful.len().max(1);
            return Ok(lawful.get(at).copied().cloned().unwrap_or(Value::Null));
        }
        let value = crate::entity::value(field, property, &format!("Word{number} {}", crate::clock::word()));
        Ok(match value {
            Some(Value::Number(middle)) => json!(middle.as_i64().unwrap_or(0) + number),
            Some(other) => other,
            None => Value::Null,
        })
    }

    /// Changes the field at a version.
    pub(super) fn send(&self, version: &Value, value: &Value) -> Result<Reply> {
        let mut body = Map::new();
        body.insert("version".to_owned(), version.clone());
        body.insert(self.field.clone(), value.clone());
        self.person.patch(self.resource.one(&self.id, ""), &Value::Object(body))
    }
}
