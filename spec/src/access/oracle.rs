//! Who sees what, decided without SQL: the oracle that tests hold the SQL against.
//!
//! It follows the words of a grant (reach, path, states), not the tree that SQL is written from, so
//! that a mistake in one is not a mistake in both.

use super::{Action, Grant, Mask, Reach, Step};
use crate::model::{EntityIndex, FieldIndex, Model, PlaceIndex, RoleIndex};
use std::collections::{BTreeMap, BTreeSet};

/// A record's, person's, place's or organisation's id in a test.
pub type Id = u64;

/// All that access depends on.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The records of each entity.
    pub records: BTreeMap<EntityIndex, BTreeMap<Id, Record>>,
    /// Who is responsible for what.
    pub assignments: Vec<AssignmentFact>,
    /// Who has which role where.
    pub memberships: Vec<Membership>,
    /// The places: each with its kind and the place above.
    pub places: BTreeMap<Id, (PlaceIndex, Option<Id>)>,
}

/// What access depends on of one record.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Whose record it is.
    pub organisation: Id,
    /// The place it belongs to, where its table has one.
    pub place: Option<Id>,
    /// Its columns that hold ids: links, the parent, `person_id`, `created_by_id`.
    pub ids: BTreeMap<String, Id>,
    /// Its state, if it has a lifecycle.
    pub state: Option<String>,
    /// When it is over, of a permission.
    pub until: Option<i64>,
}

/// One assignment.
#[derive(Clone, Debug)]
pub struct AssignmentFact {
    /// The organisation.
    pub organisation: Id,
    /// The entity of the record.
    pub entity: EntityIndex,
    /// The record.
    pub record: Id,
    /// To whom.
    pub person: Id,
    /// In which role.
    pub role: RoleIndex,
    /// From when.
    pub starts: i64,
    /// Until when.
    pub ends: Option<i64>,
}

/// One membership.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The person.
    pub person: Id,
    /// The organisation.
    pub organisation: Id,
    /// The role.
    pub role: RoleIndex,
    /// The place; none for the organisation itself.
    pub place: Option<Id>,
}

/// Who asks, where and when.
#[derive(Clone, Copy, Debug)]
pub struct Who {
    /// The person.
    pub person: Id,
    /// The organisation of the session.
    pub organisation: Id,
    /// When.
    pub now: i64,
}

/// The fields that the person may touch by the action; `None` when the record is hidden from them.
pub fn visible(
    model: &Model,
    facts: &Facts,
    who: Who,
    action: Action,
    entity: EntityIndex,
    record: Id,
) -> Option<BTreeSet<FieldIndex>> {
    let roles: BTreeSet<RoleIndex> = facts
        .memberships
        .iter()
        .filter(|m| m.person == who.person && m.organisation == who.organisation)
        .map(|m| m.role)
        .collect();
    let mut shown = None;
    for grant in
        model[entity].grants.iter().filter(|grant| roles.contains(&grant.role) && grant.allows(action))
    {
        if reaches(model, facts, who, grant, entity, record) {
            let fields = shown.get_or_insert_with(BTreeSet::new);
            match &grant.fields {
                Mask::All => fields.extend(model[entity].fields().map(|(index, _)| index)),
                Mask::Only(only) => fields.extend(only.iter().copied()),
            }
        }
    }
    let mut fields = shown?;
    for (role, never) in &model[entity].never {
        if roles.contains(role) {
            fields.retain(|field| !never.contains(field));
        }
    }
    Some(fields)
}

fn reaches(model: &Model, facts: &Facts, who: Who, grant: &Grant, entity: EntityIndex, record: Id) -> bool {
    let Some(row) = facts.records.get(&entity).and_then(|rows| rows.get(&record)) else { return false };
    if row.organisation != who.organisation && grant.reach != Reach::Everywhere {
        return false;
    }
    if !grant.when.is_empty()
        && !row.state.as_ref().is_some_and(|state| grant.when.iter().any(|when| when.as_str() == state))
    {
        return false;
    }
    let mut here: BTreeSet<(EntityIndex, Id)> = BTreeSet::from([(entity, record)]);
    for step in &grant.path {
        here = here.iter().flat_map(|(entity, id)| stepped(facts, step, *entity, *id)).collect();
        here.retain(|(entity, id)| facts.records[entity][id].organisation == who.organisation);
    }
    here.iter().any(|(entity, id)| holds(model, facts, who, grant, *entity, *id))
}

fn stepped(facts: &Facts, step: &Step, entity: EntityIndex, id: Id) -> Vec<(EntityIndex, Id)> {
    let rows_of = |entity: &EntityIndex| facts.records.get(entity);
    match step {
        Step::To(hop) => {
            let target = facts.records[&entity][&id].ids.get(&hop.column);
            target
                .filter(|id| rows_of(&hop.to).is_some_and(|rows| rows.contains_key(id)))
                .map(|id| (hop.to, *id))
                .into_iter()
                .collect()
        }
        Step::From { entity: other, column } => rows_of(other)
            .into_iter()
            .flatten()
            .filter(|(_, row)| row.ids.get(column) == Some(&id))
            .map(|(other_id, _)| (*other, *other_id))
            .collect(),
    }
}

fn holds(model: &Model, facts: &Facts, who: Who, grant: &Grant, entity: EntityIndex, id: Id) -> bool {
    let row = &facts.records[&entity][&id];
    match &grant.reach {
        Reach::Everywhere => true,
        Reach::Own(column) => row.ids.get(column) == Some(&who.person),
        Reach::Permitted(_) => {
            row.ids.get("given_to_id") == Some(&who.person)
                && row.state.as_deref() == Some("in force")
                && row.until.is_none_or(|until| until > who.now)
        }
        Reach::Assigned { past } => facts.assignments.iter().any(|assigned| {
            (assigned.entity, assigned.record, assigned.person, assigned.role)
                == (entity, id, who.person, grant.role)
                && assigned.organisation == who.organisation
                && assigned.starts <= who.now
                && (*past || assigned.ends.is_none_or(|ends| ends > who.now))
        }),
        Reach::Unassigned => !facts.assignments.iter().any(|assigned| {
            (assigned.entity, assigned.record, assigned.organisation) == (entity, id, who.organisation)
                && assigned.starts <= who.now
                && assigned.ends.is_none_or(|ends| ends > who.now)
        }),
        Reach::Place(Model::ORGANISATION) => row.organisation == who.organisation,
        Reach::Place(kind) => {
            let mut place = row.place;
            while let Some(here) = place {
                let Some((found, above)) = facts.places.get(&here) else { return false };
                if found == kind {
                    return facts.memberships.iter().any(|m| {
                        (m.person, m.organisation, m.role, m.place)
                            == (who.person, who.organisation, grant.role, Some(here))
                    });
                }
                place = *above;
            }
            false
        }
        Reach::Viewable => model
            .grants(grant.role, entity)
            .filter(|other| other.allows(Action::View) && other.reach != Reach::Unassigned)
            .any(|other| reaches(model, facts, who, other, entity, id)),
        Reach::Inherited(action) => model.grants(grant.role, entity).any(|other| {
            other.allows(*action) && !other.narrowed && reaches(model, facts, who, other, entity, id)
        }),
    }
}
