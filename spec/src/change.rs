//! What differs between two versions of a spec, in people's words; and what of it loses data or shows more to somebody.
//!
//! Entities and fields are known again by their stable ids, so a rename is a rename. Whether access is wider is judged on the
//! safe side: what a role could not surely do before counts as new, and a test holds that against the oracle.

use std::fmt;

use crate::{
    access::{Action, Grant, Mask, Reach, Step},
    field_type::{Choice, Class},
    model::{Entity, EntityIndex, Field, FieldIndex, Hop, Model, RoleIndex},
    plan,
};

/// What a change does to people's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// No record is lost, and nobody reaches more than before.
    Keeps,
    /// Somebody reaches existing records, fields or actions that they did not reach.
    Widens,
    /// Values are deleted.
    Loses,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it does.
    pub effect: Effect,
    /// In people's words, one sentence without its full stop.
    pub said: String,
}

/// All differences, in the order of the new document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Each of them.
    pub changes: Vec<Change>,
}

impl Difference {
    /// Whether anybody reaches existing records, fields or actions that they did not reach before.
    pub fn widens(&self) -> bool {
        self.changes.iter().any(|change| change.effect == Effect::Widens)
    }

    /// Whether values are deleted.
    pub fn loses(&self) -> bool {
        self.changes.iter().any(|change| change.effect == Effect::Loses)
    }

    fn note(&mut self, effect: Effect, said: String) {
        self.changes.push(Change { effect, said });
    }
}

/// A line a change; what loses or widens is marked.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, Change { effect, said }) in self.changes.iter().enumerate() {
            let mark = match effect {
                Effect::Keeps => "  ",
                Effect::Widens => "! ",
                Effect::Loses => "!!",
            };
            let line_end = if at == 0 { "" } else { "\n" };
            write!(f, "{line_end}{mark} {said}")?;
        }
        Ok(())
    }
}

/// What differs between two models of one app. `after` is to have been checked with the lock of `before`.
pub fn difference(before: &Model, after: &Model) -> Difference {
    let mut found = Difference::default();
    let sides = Sides { before, after };
    sides.roles(&mut found);
    for (index, entity) in after.entities() {
        match sides.was(entity) {
            None => found.note(Effect::Keeps, format!("new records: {} ({})", entity.plural, names(entity))),
            Some((was_index, was)) => {
                sides.entity(was, entity, &mut found);
                sides.access((was_index, was), (index, entity), &mut found);
            }
        }
    }
    for (_, was) in before.entities() {
        if !after.entities.iter().any(|entity| entity.id == was.id) {
            found
                .note(Effect::Loses, format!("{} are removed, with everything recorded in them", was.plural));
        }
    }
    sides.views(&mut found);
    found
}

fn names(entity: &Entity) -> String {
    let names: Vec<_> = entity.fields.iter().map(|field| field.label.to_lowercase()).collect();
    names.join(", ")
}

/// Both versions.
struct Sides<'a> {
    before: &'a Model,
    after: &'a Model,
}

impl<'a> Sides<'a> {
    fn was(&self, entity: &Entity) -> Option<(EntityIndex, &'a Entity)> {
        self.before.entities().find(|(_, was)| was.id == entity.id)
    }

    fn role_was(&self, role: RoleIndex) -> Option<RoleIndex> {
        self.before.role(self.after[role].name.as_str())
    }

    fn roles(&self, found: &mut Difference) {
        for role in &self.after.roles {
            match self.before.roles.iter().find(|was| was.name == role.name) {
                None => found.note(Effect::Keeps, format!("a new role: {}", role.label)),
                Some(was) => {
                    for duty in role.administers.iter().filter(|duty| !was.administers.contains(duty)) {
                        found.note(Effect::Widens, format!("{} also administers {duty}", role.label));
                    }
                    if was.self_entity.is_none() && role.self_entity.is_some() {
                        found.note(Effect::Widens, format!("{} is now a record of their own", role.label));
                    }
                }
            }
        }
        for was in self.before.roles.iter().filter(|was| self.after.role(was.name.as_str()).is_none()) {
            found.note(
                Effect::Keeps,
                format!("the role {} is gone; who has it alone can sign in and do nothing", was.label),
            );
        }
    }

    fn entity(&self, was: &Entity, is: &Entity, found: &mut Difference) {
        if was.name != is.name {
            found.note(Effect::Keeps, format!("{} are now called {}", was.plural, is.plural));
        }
        for field in &is.fields {
            match was.fields.iter().find(|was| was.id == field.id) {
                None => {
                    let said = format!("{} also have: {}", is.plural, field.label.to_lowercase());
                    found.note(Effect::Keeps, said);
                }
                Some(was) => of_field(is, was, field, found),
            }
        }
        for gone in was.fields.iter().filter(|was| !is.fields.iter().any(|field| field.id == was.id)) {
            let said = format!(
                "{} no longer have {}: what is recorded there is deleted",
                is.plural,
                gone.label.to_lowercase()
            );
            found.note(Effect::Loses, said);
        }
        of_lifecycle(was, is, found);
        match (&was.assignment, &is.assignment) {
            (Some(_), None) => {
                found.note(
                    Effect::Loses,
                    format!("{} are no longer assigned to anybody: who was is deleted", is.plural),
                );
            }
            (None, Some(_)) => found.note(Effect::Keeps, format!("{} can be assigned", is.plural)),
            _ => {}
        }
    }

    /// What each role may do that it could not, and the other way round.
    fn access(
        &self,
        (was_index, was): (EntityIndex, &Entity),
        (index, is): (EntityIndex, &Entity),
        found: &mut Difference,
    ) {
        for grant in &is.grants {
            let before =
                self.role_was(grant.role).map(|role| self.before.grants(role, was_index).collect::<Vec<_>>());
            let before = before.unwrap_or_default();
            let new: Vec<Action> = grant
                .actions
                .iter()
                .copied()
                .filter(|action| !before.iter().any(|old| self.covers((was, old), (is, grant), *action)))
                .collect();
            if !new.is_empty() {
                let grant = Grant { actions: new, ..grant.clone() };
                found.note(Effect::Widens, sentence("may now", &plan::line(self.after, index, is, &grant)));
            }
        }
        for (role, never) in &was.never {
            let name = &self.before[*role].name;
            let Some(role_now) = self.after.role(name.as_str()) else { continue };
            let still = is.never.iter().filter(|(role, _)| *role == role_now).flat_map(|(_, fields)| fields);
            let still: Vec<u32> = still.map(|field| is[*field].id).collect();
            let opened = never.iter().filter(|field| {
                !still.contains(&was[**field].id) && is.fields.iter().any(|is| is.id == was[**field].id)
            });
            for field in opened {
                let said =
                    format!("{} is no longer kept from {}", was[*field].label, self.before[*role].label);
                found.note(Effect::Widens, said);
            }
        }
        for old in &was.grants {
            let Some(role) = self.after.role(self.before[old.role].name.as_str()) else { continue };
            let now: Vec<&Grant> = self.after.grants(role, index).collect();
            let gone: Vec<Action> = old
                .actions
                .iter()
                .copied()
                .filter(|action| !now.iter().any(|new| self.covered_by((was, old), (is, new), *action)))
                .collect();
            if !gone.is_empty() {
                let old = Grant { actions: gone, ..old.clone() };
                found.note(
                    Effect::Keeps,
                    sentence("may no longer", &plan::line(self.before, was_index, was, &old)),
                );
            }
        }
    }

    /// Whether the old grant surely let its role do what the new one lets it do by this action.
    fn covers(&self, (was, old): (&Entity, &Grant), (is, new): (&Entity, &Grant), action: Action) -> bool {
        same_action((was, action_of(was, old, is, action)), action)
            && reaches((self.before, was, old), (self.after, is, new))
            && fields(was, &new_fields(was, is, new)) .iter().all(|id| fields(was, &all_of(was, &old.fields)).contains(id))
            // A grant of a whole record goes down to its parts.
            && (new.narrowed || !old.narrowed)
    }

    /// The same the other way round: whether the new grant lets do what the old one did.
    fn covered_by(
        &self,
        (was, old): (&Entity, &Grant),
        (is, new): (&Entity, &Grant),
        action: Action,
    ) -> bool {
        let now = action_of(is, new, was, action);
        same_action((is, now), action)
            && reaches((self.after, is, new), (self.before, was, old))
            && fields(is, &new_fields(is, was, old))
                .iter()
                .all(|id| fields(is, &all_of(is, &new.fields)).contains(id))
    }

    /// Lists, measures, calendars and pages that are new to a role.
    fn views(&self, found: &mut Difference) {
        for measure in &self.after.measures {
            let was = self.before.measures.iter().find(|was| was.name == measure.name);
            for role in &measure.roles {
                let saw =
                    was.is_some_and(|was| self.role_was(*role).is_some_and(|role| was.roles.contains(&role)));
                if !saw {
                    let role = &self.after[*role].label;
                    found.note(Effect::Widens, format!("{role} sees the figures of {}", measure.label));
                }
            }
        }
        let was = |label: &str, all: Vec<&str>| !all.contains(&label);
        for list in &self.after.lists {
            if was(list.name.as_str(), self.before.lists.iter().map(|list| list.name.as_str()).collect()) {
                found.note(Effect::Keeps, format!("a new list: {}", list.label));
            }
        }
        for calendar in &self.after.calendars {
            if was(
                calendar.name.as_str(),
                self.before.calendars.iter().map(|one| one.name.as_str()).collect(),
            ) {
                found.note(Effect::Keeps, format!("a new calendar: {}", calendar.label));
            }
        }
        for page in &self.after.pages {
            if was(page.name.as_str(), self.before.pages.iter().map(|page| page.name.as_str()).collect()) {
                found.note(Effect::Keeps, format!("a new page: {}", page.label));
            }
        }
    }
}

fn sentence(may: &str, line: &plan::PlannedAccess) -> String {
    let never =
        if line.never.is_empty() { String::new() } else { format!("; never {}", line.never.join(", ")) };
    let fields = if line.fields == "all" { String::new() } else { format!(": {}", line.fields) };
    format!(
        "{} {may} {} {} ({}){fields}{never}",
        line.role,
        line.actions.join(", "),
        line.entity.to_lowercase(),
        line.records
    )
}

fn of_field(entity: &Entity, was: &Field, is: &Field, found: &mut Difference) {
    let whose = |field: &Field| format!("{} of {}", field.label.to_lowercase(), entity.plural.to_lowercase());
    if was.name != is.name {
        found.note(Effect::Keeps, format!("{} is now called {}", whose(was), is.label.to_lowercase()));
    }
    if is.class < was.class || (was.class != Class::None && is.class == Class::None) {
        found.note(Effect::Widens, format!("{} counts as {} instead of {}", whose(is), is.class, was.class));
    } else if is.class != was.class {
        found.note(Effect::Keeps, format!("{} counts as {} instead of {}", whose(is), is.class, was.class));
    }
    if was.sensitivity.is_some() && is.sensitivity != was.sensitivity {
        found.note(Effect::Widens, format!("{} is no longer marked as sensitive", whose(is)));
    }
    if !was.required && is.required {
        let said =
            format!("{} must be filled in; older records may lack it until they are next edited", whose(is));
        found.note(Effect::Keeps, said);
    }
    if was.computed.is_none() && is.computed.is_some() {
        found
            .note(Effect::Loses, format!("{} is computed from now on: what was typed is deleted", whose(is)));
    }
    if was.kind != is.kind || was.range != is.range {
        found.note(Effect::Keeps, format!("{} takes other values", whose(is)));
    }
}

fn of_lifecycle(was: &Entity, is: &Entity, found: &mut Difference) {
    match (&was.lifecycle, &is.lifecycle) {
        (None, None) => {}
        (None, Some(_)) => found.note(Effect::Keeps, format!("{} have states", is.plural)),
        (Some(_), None) => found.note(
            Effect::Loses,
            format!("{} have states no longer: in which they were is deleted", is.plural),
        ),
        (Some(before), Some(after)) => {
            let new: Vec<&str> = missing(&after.states, &before.states);
            if !new.is_empty() {
                found.note(Effect::Keeps, format!("{} can also be {}", is.plural, new.join(", ")));
            }
            for open in missing(&before.locked, &after.locked) {
                found.note(Effect::Widens, format!("{} that are {open} can be changed again", is.plural));
            }
        }
    }
}

fn missing<'a>(from: &'a [Choice], other: &[Choice]) -> Vec<&'a str> {
    from.iter().filter(|choice| !other.contains(choice)).map(Choice::as_str).collect()
}

/// The same action on the other side: moves are known by their names.
fn action_of(there: &Entity, grant: &Grant, here: &Entity, action: Action) -> Option<Action> {
    let action = match action {
        Action::Move(at) => {
            let wanted = &here.lifecycle.as_ref()?.moves.get(at)?;
            let moves = &there.lifecycle.as_ref()?.moves;
            let found = moves.iter().position(|step| step.name == wanted.name)?;
            // A move that starts from more states, or ends in another, is another move.
            let same = moves[found].to == wanted.to
                && wanted.from.iter().all(|from| moves[found].from.contains(from));
            return (same && grant.allows(Action::Move(found))).then_some(Action::Move(found));
        }
        other => other,
    };
    grant.allows(action).then_some(action)
}

fn same_action((_, found): (&Entity, Option<Action>), _wanted: Action) -> bool {
    found.is_some()
}

/// The fields that a grant opens.
fn all_of(entity: &Entity, mask: &Mask) -> Vec<FieldIndex> {
    entity.fields().map(|(at, _)| at).filter(|at| mask.covers(*at)).collect()
}

/// Of the fields that a grant of `here` opens, those that `there` has, too: a new field discloses nothing that is recorded.
fn new_fields(there: &Entity, here: &Entity, grant: &Grant) -> Vec<FieldIndex> {
    let ids: Vec<u32> = all_of(here, &grant.fields).iter().map(|at| here[*at].id).collect();
    there.fields().filter(|(_, field)| ids.contains(&field.id)).map(|(at, _)| at).collect()
}

fn fields(entity: &Entity, of: &[FieldIndex]) -> Vec<u32> {
    of.iter().map(|at| entity[*at].id).collect()
}

/// Whether every row of the second grant is surely one of the first.
fn reaches(
    (model, entity, wide): (&Model, &Entity, &Grant),
    (of, is, narrow): (&Model, &Entity, &Grant),
) -> bool {
    let states = wide.when.is_empty()
        || (!narrow.when.is_empty() && narrow.when.iter().all(|state| wide.when.contains(state)));
    let whole = wide.path.is_empty() && wide.reach == Reach::Place(Model::ORGANISATION);
    states
        && ((whole && narrow.reach != Reach::Everywhere)
            || canonical(model, entity, wide) == canonical(of, is, narrow))
}

/// Where a grant holds, by stable ids instead of names.
fn canonical(model: &Model, entity: &Entity, grant: &Grant) -> String {
    let mut here = entity;
    let mut text = String::new();
    for step in &grant.path {
        match step {
            Step::To(Hop { column: name, to }) => {
                text.push_str(&format!("to {} by {}, ", model[*to].id, column(here, name)));
                here = &model[*to];
            }
            Step::From { entity, column: name } => {
                here = &model[*entity];
                text.push_str(&format!("from {} by {}, ", here.id, column(here, name)));
            }
        }
    }
    let reach = match &grant.reach {
        Reach::Own(name) => format!("own by {}", column(here, name)),
        Reach::Place(place) => format!("in {}", model[*place].name),
        other => format!("{other:?}"),
    };
    text + &reach
}

/// A column by what it holds.
fn column(entity: &Entity, name: &str) -> String {
    if let Some(field) = entity.fields.iter().find(|field| field.column == name) {
        return format!("field {}", field.id);
    }
    match &entity.parent {
        Some(parent) if parent.column == name => "its whole".to_owned(),
        _ => name.to_owned(),
    }
}
