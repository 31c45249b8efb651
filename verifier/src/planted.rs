//! Values that stand nowhere else, put into records through the app's own doors, to be sought wherever they must not be.

use std::rc::Rc;

use serde_json::Value;
use spec::access::Action;
use spec::model::Storage;

use crate::clock;
use crate::entity::{Resource, is_text, sample};
use crate::people::Person;
use crate::trial::{Stand, Trial};
use crate::trouble::Result;

/// How many values are planted, where the app takes so many.
const COUNT: usize = 40;

/// What was planted.
#[derive(Default)]
pub(crate) struct Planted {
    pub(crate) values: Vec<PlantedValue>,
    /// The most records that one person made.
    pub(crate) records: usize,
}

/// One value that was planted.
pub(crate) struct PlantedValue {
    /// Where: entity and field, never the value.
    pub(crate) place: String,
    pub(crate) value: String,
    /// Whether the spec has the field sealed.
    pub(crate) sealed: bool,
}

impl Planted {
    /// The values that must lie nowhere in the clear.
    pub(crate) fn sealed(&self) -> impl Iterator<Item = (String, &str)> {
        let sealed = self.values.iter().enumerate().filter(|(_, value)| value.sealed);
        sealed.map(|(number, value)| (format!("value {number} ({})", value.place), value.value.as_str()))
    }
}

/// A made-up value: two words, with a letter beyond ASCII and a blank.
fn value() -> String {
    let word = clock::word();
    format!("Ü{} {}é", &word[..7], &word[7..14])
}

impl Trial {
    /// What is planted; the first who asks plants it.
    pub(crate) fn planted(&self) -> Result<&Planted> {
        let stand = self.stand()?;
        if let Some(planted) = stand.planted.get() {
            return Ok(planted);
        }
        let planted = self.plant(stand)?;
        Ok(stand.planted.get_or_init(|| planted))
    }

    fn plant(&self, stand: &Stand) -> Result<Planted> {
        let mut planted = Planted::default();
        for person in stand.cast()? {
            for resource in self.resources()? {
                let mut made = 0;
                while planted.values.len() < COUNT && made < 12 {
                    if !self.plant_one(&person, &resource, &mut planted)? {
                        break;
                    }
                    made += 1;
                }
                planted.records = planted.records.max(made);
            }
        }
        Ok(planted)
    }

    fn plant_one(&self, person: &Rc<Person>, resource: &Resource<'_>, planted: &mut Planted) -> Result<bool> {
        let word = value();
        let Some(mut body) = self.sample_for(person, resource, &word)? else { return Ok(false) };
        // Each field holds a word of its own, so that one which is shown is told from one which is hidden.
        let mut written = Vec::new();
        for (name, held) in body.as_object_mut().into_iter().flatten() {
            let text = held.to_string();
            if !text.contains(&word) {
                continue;
            }
            let own = value();
            if let Ok(changed) = serde_json::from_str(&text.replace(&word, &own)) {
                *held = changed;
                written.push((name.clone(), own));
            }
        }
        let reply = person.post(format!("/api/{}", resource.path), &body)?;
        if !reply.is_success() {
            return Ok(false);
        }
        let mut found = false;
        for (name, value) in written {
            let Some(field) = resource.field(&name).map(|index| &resource.entity[index]) else { continue };
            planted.values.push(PlantedValue {
                place: format!("{} of {}", field.name.as_str(), resource.name()),
                value,
                sealed: matches!(field.storage, Storage::Sealed { .. }),
            });
            found = true;
        }
        Ok(found)
    }

    /// A body by which a person makes a record, with `word` in every text that they may write; none where they may not,
    /// or where no example can be made.
    pub(crate) fn sample_for(
        &self,
        person: &Person,
        resource: &Resource<'_>,
        word: &str,
    ) -> Result<Option<Value>> {
        let (stand, model, api) = (self.stand()?, self.model()?, self.api()?);
        if !resource.creatable(api) {
            return Ok(None);
        }
        let Some(role) = model.role(person.role()) else { return Ok(None) };
        let grants: Vec<_> =
            model.grants(role, resource.index).filter(|grant| grant.allows(Action::Create)).collect();
        if grants.is_empty() {
            return Ok(None);
        }
        let world = stand.world()?;
        let organisation = person.organisation();
        let link = |name: &str| {
            let entity = &resource.entity;
            let parent = entity.parent.as_ref().filter(|parent| parent.column == name).map(|it| it.entity);
            let linked =
                entity.fields.iter().find(|field| field.column == name).and_then(|field| field.target);
            let target = match (parent, linked) {
                (Some(parent), _) => parent,
                (None, Some(spec::model::Target::Entity(target))) => target,
                _ => return None,
            };
            let mut records = world.records(model, target, &organisation);
            let seen = |id: &str| world.visible(model, person, Action::View, target, id).is_some();
            records.find(|(id, _)| seen(id)).map(|(id, _)| id.to_owned())
        };
        let Some(mut body) = sample(resource.entity, &resource.new_schema(api), word, &link) else {
            return Ok(None);
        };
        // What the person may not write is refused as a whole, so it is left out.
        body.retain(|name, _| match resource.field(name) {
            Some(field) if is_text(&resource.entity[field]) || resource.entity[field].target.is_none() => {
                grants.iter().any(|grant| grant.fields.covers(field))
            }
            _ => true,
        });
        Ok(Some(Value::Object(body)))
    }
}
