//! What a denial takes away: all that its words can mean.

use super::Memory;
use super::targets::{Target, fields_of, resolve};
use crate::catalogue::{EntityKind, catalogue};
use crate::clauses::{Clause, Phrase};
use crate::entities::phrase_key;
use crate::words::key_of;
use crate::world::World;

/// What a denied phrase takes away: all that it can mean, for a restriction that is too wide is safe.
pub(crate) fn resolve_denied(
    phrase: &Phrase,
    clause: &Clause,
    roles: &[String],
    world: &World,
    memory: &Memory,
) -> Vec<Target> {
    // Who books and collects may not open a chart: what is written in it, and not the appointments and the money.
    let office = !roles.is_empty()
        && roles.iter().all(|role| {
            world.roles.get(role).is_some_and(|known| known.kind == crate::catalogue::RoleKind::Office)
        });
    let key = match phrase_key(phrase).as_str() {
        "clinical" | "medical" => "clinical data".to_owned(),
        "chart" | "medical record" | "clinical record" | "patient chart" | "client chart"
            if office
                && world.entity_named("chart").is_none_or(|name| Some(name.as_str()) == world.subject()) =>
        {
            "clinical data".to_owned()
        }
        key => key.to_owned(),
    };
    let grouped = group(&key, world);
    if !grouped.is_empty() {
        return grouped;
    }
    if matches!(key.as_str(), "narrative" | "free text") {
        return narratives(world);
    }
    // `no insurance details`: what tells of the insurance.
    let about = [" detail", " information", " info", " data"].iter().find_map(|end| key.strip_suffix(end));
    if let Some(about) = about.filter(|_| phrase.of.is_empty()) {
        let told = fields_everywhere(about, world);
        if !told.is_empty() {
            return told.into_iter().chain(world.entity_named(about).map(Target::whole)).collect();
        }
    }
    let of_that_name: Vec<Target> = world
        .entities
        .keys()
        .chain(world.forms.keys())
        .filter(|name| key_of(name) == key || key_of(name).ends_with(&format!(" {key}")))
        .cloned()
        .map(Target::whole)
        .collect();
    if !of_that_name.is_empty() && phrase.of.is_empty() {
        // `no referrals`, where an exchange tells the referrals made: neither.
        let told = world.entities.iter().filter_map(|(name, entity)| {
            let fields: Vec<String> = entity
                .fields
                .keys()
                .filter(|field| {
                    let field = key_of(field);
                    key.len() > 5 && !key.contains(' ') && field.starts_with(&format!("{key} "))
                })
                .cloned()
                .collect();
            let other = of_that_name.iter().all(|target| target.entity != *name);
            (other && !fields.is_empty())
                .then(|| Target { fields: Some(fields), ..Target::whole(name.clone()) })
        });
        let told: Vec<Target> = told.collect();
        return of_that_name.into_iter().chain(told).collect();
    }
    let everywhere = fields_everywhere(&key, world);
    let plain = resolve(phrase, clause, roles, world, memory);
    let narrowed = plain.iter().any(|target| target.fields.is_none());
    if !everywhere.is_empty() && !narrowed && phrase.of.is_empty() {
        return everywhere;
    }
    if !plain.is_empty() {
        return plain;
    }
    // `HIV status`: a value that the first words name.
    for width in (1..phrase.words.len()).rev() {
        let found = fields_everywhere(&key_of(&phrase.words[..width].join(" ")), world);
        if !found.is_empty() && world.entity_of(&phrase.words[..width]).is_none() {
            return found;
        }
    }
    // `care notes`, `test findings`: the last word names a record, or values in any record.
    let last = phrase.words.last().map(|word| crate::words::singular(word)).unwrap_or_default();
    if phrase.words.len() > 1
        && let Some(entity) = world.entity_named(&last)
    {
        return vec![Target::whole(entity)];
    }
    fields_everywhere(&last, world)
}

/// The values of that name, in every record that holds one.
pub(super) fn fields_everywhere(key: &str, world: &World) -> Vec<Target> {
    world
        .entities
        .keys()
        .filter_map(|entity| {
            let mut fields = fields_of(entity, key, world).unwrap_or_default();
            fields.extend(
                told_by(entity, key, world)
                    .into_iter()
                    .filter(|field| !fields.contains(field))
                    .collect::<Vec<_>>(),
            );
            (!fields.is_empty()).then(|| Target { fields: Some(fields), ..Target::whole(entity.clone()) })
        })
        .collect()
}

/// `diagnosis` is told by a *primary diagnosis* and by *diagnosis codes*, too.
fn told_by(entity: &str, key: &str, world: &World) -> Vec<String> {
    // Everyday words tell of something else in each record.
    let everyday = matches!(
        key,
        "name"
            | "number"
            | "date"
            | "time"
            | "type"
            | "status"
            | "note"
            | "code"
            | "start"
            | "end"
            | "id"
            | "title"
            | "score"
            | "result"
            | "reason"
            | "plan"
            | "history"
            | "contact"
            | "email"
            | "phone"
            | "address"
    );
    if everyday || key.is_empty() {
        return Vec::new();
    }
    let wanted: Vec<&str> = key.split(' ').collect();
    world
        .entities
        .get(entity)
        .into_iter()
        .flat_map(|known| known.fields.iter())
        .filter(|(field, written)| {
            let field = key_of(field);
            let words: Vec<&str> = field.split(' ').collect();
            !written.starts_with("link")
                && words.len() > wanted.len()
                && words.windows(wanted.len()).any(|piece| piece == wanted)
        })
        .map(|(field, _)| field.clone())
        .collect()
}

/// Whether a phrase names a value that health apps know and this one does not keep: nothing is there to hide.
pub(crate) fn is_kept_nowhere(phrase: &Phrase, world: &World) -> bool {
    let key = phrase_key(phrase);
    catalogue().field(&key).is_some() && fields_everywhere(&key, world).is_empty()
}

/// Whether a phrase means many records at once, of which the app may have none: `lab data`.
pub(crate) fn is_group(phrase: &Phrase) -> bool {
    let key = phrase_key(phrase);
    key.split_once(' ').is_some_and(|(first, last)| {
        matches!(
            first,
            "clinical" | "medical" | "health" | "lab" | "laboratory" | "personal" | "financial" | "billing"
        ) && matches!(
            last,
            "data" | "information" | "info" | "record" | "detail" | "content" | "answer" | "stuff"
        )
    })
}

/// `clinical data`, `patient information`, `lab data`, `medical answers`: many records at once.
pub(super) fn group(key: &str, world: &World) -> Vec<Target> {
    const ANYTHING: &[&str] = &[
        "data",
        "information",
        "info",
        "record",
        "detail",
        "content",
        "answer",
        "thing",
        "note",
        "file",
        "stuff",
    ];
    let mut words = key.split(' ');
    let (Some(first), Some(last), None) = (words.next(), words.next(), words.next()) else {
        return Vec::new();
    };
    if !ANYTHING.contains(&last) || world.entities.keys().any(|name| key_of(name) == key) {
        return Vec::new();
    }
    let subject = world.subject().map(str::to_owned);
    let person = crate::catalogue::catalogue()
        .role(first)
        .is_some_and(|(kind, _)| kind == crate::catalogue::RoleKind::Subject);
    if person || matches!(first, "personal" | "identifying" | "phi") {
        return subject.into_iter().map(Target::whole).collect();
    }
    if !matches!(first, "clinical" | "medical" | "health" | "lab" | "laboratory") {
        return Vec::new();
    }
    let lab = first.starts_with("lab");
    let mut out: Vec<Target> = world
        .entities
        .iter()
        .filter(|(name, entity)| {
            entity.kind == EntityKind::Clinical
                && (!lab
                    || ["lab", "result", "test", "sample", "specimen"].iter().any(|word| name.contains(word)))
        })
        .map(|(name, _)| Target::whole(name.clone()))
        .chain(world.forms.keys().filter(|_| !lab).cloned().map(Target::whole))
        .collect();
    for (name, entity) in
        world.entities.iter().filter(|(_, entity)| entity.kind == EntityKind::Subject || lab)
    {
        let fields: Vec<String> = entity
            .fields
            .iter()
            .filter(|(field, written)| {
                !written.starts_with("identifier")
                    && !written.starts_with("none")
                    && (!lab || ["lab", "result", "test"].iter().any(|word| field.contains(word)))
            })
            .map(|(field, _)| field.clone())
            .collect();
        if !fields.is_empty() {
            out.push(Target { fields: Some(fields), ..Target::whole(name.clone()) });
        }
    }
    out
}

/// Every text that tells a story: `except the narrative`.
pub(super) fn narratives(world: &World) -> Vec<Target> {
    world
        .entities
        .iter()
        .filter_map(|(name, entity)| {
            let fields: Vec<String> = entity
                .fields
                .iter()
                .filter(|(_, written)| written.starts_with("narrative"))
                .map(|(field, _)| field.clone())
                .collect();
            (!fields.is_empty()).then(|| Target { fields: Some(fields), ..Target::whole(name.clone()) })
        })
        .collect()
}
