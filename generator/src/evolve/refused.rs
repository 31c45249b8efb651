//! Changes that no migration can make, each in words with what to do instead.
//!
//! Values are sealed by the app, not by the database: what changes how a value is kept or written cannot be said in SQL.

use spec::model::{Entity, EntityIndex, Field, Model, Storage};
use spec::{Choice, Kind};

/// Everything of a change that is refused.
pub(super) fn changes(before: &Model, after: &Model) -> Vec<String> {
    let mut refused = Vec::new();
    for entity in &after.entities {
        if let Some(was) = before.entities.iter().find(|was| was.id == entity.id) {
            of_entity((before, was), (after, entity), &mut refused);
        }
    }
    refused
}

fn of_entity((before, was): (&Model, &Entity), (after, is): (&Model, &Entity), refused: &mut Vec<String>) {
    let name = &is.name;
    let id_of = |model: &Model, index: EntityIndex| model[index].id;
    let whole =
        |model: &Model, entity: &Entity| entity.parent.as_ref().map(|parent| id_of(model, parent.entity));
    if whole(before, was) != whole(after, is) {
        refused.push(format!(
            "`{name}` cannot become part of another record: nobody can say of which each of them; make a new record for it"
        ));
    }
    if is.has_place_column() && !was.has_place_column() {
        refused.push(format!(
            "`{name}` cannot come to belong to a place: nobody can say to which; make a new record for it"
        ));
    }
    if is.reference.is_some() && was.reference.is_none() {
        refused.push(format!("`{name}` cannot be given references later: those that exist have none"));
    }
    if std::mem::discriminant(&was.origin) != std::mem::discriminant(&is.origin) {
        refused.push(format!("`{name}` cannot become the answers of a form, or cease to be"));
    }
    for field in &is.fields {
        if let Some(was_field) = was.fields.iter().find(|was| was.id == field.id)
            && let Some(reason) = of_field((before, was_field), (after, field))
        {
            refused.push(format!(
                "`{name}`.`{}` {reason}; add a field with another name, and take this one out when it is filled",
                field.name
            ));
        }
    }
}

fn of_field((before, was): (&Model, &Field), (after, is): (&Model, &Field)) -> Option<String> {
    let (old, new) = (&was.storage, &is.storage);
    match (old, new) {
        // What was computed is kept from now on, and what is computed from now on is dropped.
        (Storage::Computed, _) | (_, Storage::Computed) => return None,
        (Storage::Sealed { .. }, Storage::Plain | Storage::Queryable) => {
            return Some("is sealed, and a migration cannot open it".into());
        }
        (Storage::Plain | Storage::Queryable, Storage::Sealed { .. }) => {
            return Some("is not sealed, and a migration cannot seal it".into());
        }
        (Storage::Sealed { lookup: None }, Storage::Sealed { lookup: Some(_) }) => {
            return Some(
                "cannot become searchable: its values are sealed, and a migration cannot index them".into(),
            );
        }
        _ => {}
    }
    if was.list != is.list {
        return Some("cannot hold one where it held several, or the other way round".into());
    }
    if was.target.is_some() || is.target.is_some() {
        let entity = |model: &Model, field: &Field| match field.target {
            Some(spec::model::Target::Entity(at)) => Some(model[at].id),
            _ => None,
        };
        let person = |model: &Model, field: &Field| match field.target {
            Some(spec::model::Target::Person(role)) => Some(model[role].name.clone()),
            _ => None,
        };
        let same = entity(before, was) == entity(after, is)
            && person(before, was).is_some() == person(after, is).is_some();
        return (!same).then(|| "cannot link to something else".into());
    }
    let indexed = matches!(new, Storage::Sealed { lookup: Some(_) });
    if was.kind == is.kind || (!indexed && fits(&was.kind, &is.kind)) {
        return None;
    }
    Some("cannot hold another kind of value".into())
}

/// Whether each value of one kind is one of the other, written in the same way.
fn fits(was: &Kind, is: &Kind) -> bool {
    let text = |kind: &Kind| {
        matches!(
            kind,
            Kind::Text
                | Kind::LongText
                | Kind::PersonName
                | Kind::Email
                | Kind::Phone
                | Kind::Address
                | Kind::Url
                | Kind::Mrn
                | Kind::MemberId
                | Kind::Ssn
        )
    };
    match (was, is) {
        (Kind::OneOf(before), Kind::OneOf(after)) => {
            // A value that is gone from the list may stand in a record; the database says so when it does, and a sealed
            // one nobody could find.
            let kept = |choice: &Choice| after.contains(choice);
            before.iter().all(kept)
        }
        (Kind::OneOf(_), Kind::Text | Kind::LongText) => true,
        (Kind::Code(before, _), Kind::Code(after, _)) => before == after,
        _ => text(was) && text(is),
    }
}
