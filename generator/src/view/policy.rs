//! The part of the access policy that is about one entity: as Rust for `access.rs`, and as words for people.

use std::collections::BTreeMap;

use serde::Serialize;
use spec::access::{Action, Grant, Mask, Reach, Rows};
use spec::model::{Entity, EntityIndex, FieldIndex, Model, RoleIndex, Storage};

use super::entity::subject;
pub(super) use super::itself::{ITSELF, itself};
use super::open::by_pages;
use super::own;
use crate::doors::{rust_literal, sql_literal};

/// Who may do what with records of one entity.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct PolicyView {
    /// Row conditions that several grants share, each with a name.
    pub(crate) conditions: Vec<ConditionView>,
    pub(crate) grants: Vec<GrantView>,
    pub(crate) nevers: Vec<NeverView>,
    pub(crate) lock: Option<LockView>,
    /// The rows that are about whoever asks themselves.
    pub(crate) own: Vec<String>,
    /// For how many months a record is kept, where the spec says so.
    pub(crate) retention: Option<u32>,
    /// One cell a role: `view, create own`.
    pub(crate) cells: Vec<String>,
    pub(crate) creatable: bool,
    pub(crate) updatable: bool,
    pub(crate) deletable: bool,
    pub(crate) assignable: bool,
    /// The role to which a record's person is invited, where somebody administers people and sees the record.
    pub(crate) invited_as: Option<String>,
    /// Whether the record of who signs in is made when they first come, since nobody registers them.
    pub(crate) self_made: bool,
    /// Roles that may list the records.
    pub(crate) readers: Vec<String>,
}

/// A condition on rows that has a name.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ConditionView {
    pub(crate) constant: String,
    pub(crate) about: String,
    pub(crate) literal: String,
}

/// One grant, as arguments of its constructor.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct GrantView {
    pub(crate) role: String,
    pub(crate) actions: Vec<String>,
    pub(crate) rows: Option<String>,
    /// The rows that a write may leave behind, where they are others than it starts from.
    pub(crate) after: Option<String>,
    pub(crate) fields: Option<String>,
}

/// What a role never sees.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct NeverView {
    pub(crate) role: String,
    pub(crate) fields: Vec<String>,
}

/// Which rows are frozen.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LockView {
    pub(crate) rows: String,
    pub(crate) moves: Vec<String>,
    pub(crate) fields: Vec<String>,
}

impl PolicyView {
    pub(crate) fn new(model: &Model, index: EntityIndex) -> Self {
        let entity = &model[index];
        let conditions = conditions(model, index);
        let can = |action: Action| entity.grants.iter().any(|grant| grant.allows(action));
        let named = |grant: &Grant| {
            conditions.iter().find(|(sql, _)| ***sql == grant.sql).map(|(_, view)| &view.constant)
        };
        let grants = clauses(model, index).into_iter().map(|Clause { grant, actions, after }| GrantView {
            role: model[grant.role].name.to_string(),
            actions: actions.iter().map(|action| action_path(entity, *action)).collect(),
            rows: match (&grant.rows, named(grant)) {
                (Rows::Organisation, _) => None,
                (_, Some(constant)) => Some(constant.clone()),
                (_, None) => Some(folded(&grant.sql)),
            },
            after: after.map(|after| folded(&after)),
            fields: mask(model, entity, grant),
        });
        let inviting = inviting(model, index).map(|grant| GrantView {
            after: None,
            role: model[grant.role].name.to_string(),
            actions: vec![format!("Action::Move({})", rust_literal(INVITE))],
            rows: match (&grant.rows, named(grant)) {
                (Rows::Organisation, _) => None,
                (_, Some(constant)) => Some(constant.clone()),
                (_, None) => Some(folded(&grant.sql)),
            },
            fields: Some("Mask::Only(&[\"login\"])".to_owned()),
        });
        let mine = own::conditions(model, index).into_iter();
        let mine = mine.map(|sql| match conditions.iter().find(|(named, _)| ***named == sql) {
            Some((_, view)) => view.constant.clone(),
            None => folded(&sql),
        });
        let mine: Vec<String> = mine.collect();
        let own = self_made(model, index).map(|role| GrantView {
            after: None,
            role: model[role].name.to_string(),
            actions: vec!["Action::Create".to_owned()],
            rows: Some(rust_literal(&own_rows(entity))),
            fields: Some("Mask::Only(&[\"login\"])".to_owned()),
        });
        let emergencies: Vec<(&Grant, Vec<Action>, String)> = emergency_grants(model, index);
        let plain =
            emergency_rows(model, index).filter(|plain| emergencies.iter().any(|(_, _, rows)| rows == plain));
        let condition = plain.as_ref().map(|rows| emergency_condition(entity, rows));
        let opened = emergencies.iter().map(|(grant, actions, rows)| GrantView {
            role: model[grant.role].name.to_string(),
            actions: actions.iter().map(|action| action_path(entity, *action)).collect(),
            rows: match &condition {
                Some(condition) if plain.as_ref() == Some(rows) => Some(condition.constant.clone()),
                _ => Some(folded(rows)),
            },
            after: None,
            fields: mask(model, entity, grant),
        });
        let by_itself = itself(model, index).into_iter().map(|granted| GrantView {
            role: ITSELF.to_owned(),
            actions: granted.actions(),
            rows: None,
            after: None,
            fields: granted.fields.map(|fields| {
                let names: Vec<String> = fields.iter().map(|name| rust_literal(name)).collect();
                format!("Mask::Only(&[{}])", names.join(", "))
            }),
        });
        let open = by_pages(model, index).into_iter().map(|granted| {
            let names: Vec<String> = granted.fields.iter().map(|name| rust_literal(name)).collect();
            GrantView {
                role: granted.role,
                actions: vec![action_path(entity, granted.action)],
                rows: granted.rows.map(|rows| folded(&rows)),
                after: None,
                fields: Some(format!("Mask::Only(&[{}])", names.join(", "))),
            }
        });
        Self {
            invited_as: inviting_role(model, index),
            self_made: self_made(model, index).next().is_some(),
            grants: grants.chain(inviting).chain(own).chain(opened).chain(by_itself).chain(open).collect(),
            nevers: nevers(model, entity),
            lock: lock(model, index),
            own: mine,
            retention: own::retention(entity),
            cells: model.roles().map(|(role, _)| cell(model, index, role)).collect(),
            creatable: can(Action::Create),
            updatable: can(Action::Update),
            deletable: can(Action::Delete),
            assignable: can(Action::Assign) && entity.assignment.is_some(),
            readers: readers(model, entity),
            conditions: conditions.into_values().chain(condition).collect(),
        }
    }
}

/// The grants without those of which another of the same role and rows gives all and more.
pub(crate) fn grants_that_add(entity: &Entity) -> impl Iterator<Item = &Grant> {
    let within = |inner: &Grant, outer: &Grant| {
        inner.role == outer.role
            && inner.sql == outer.sql
            && inner.actions.iter().all(|action| outer.allows(*action))
            && (outer.fields == Mask::All || outer.fields == inner.fields)
    };
    entity.grants.iter().enumerate().filter_map(move |(at, grant)| {
        let others = entity.grants.iter().enumerate().filter(|(other, _)| *other != at);
        let more = others
            .into_iter()
            .any(|(other, outer)| within(grant, outer) && !(within(outer, grant) && at < other));
        (!more).then_some(grant)
    })
}

/// Who administers people invites the person of a record that they see, and by that writes who signs in as it.
pub(super) const INVITE: &str = "invite";

/// The grants to see records of people by roles that administer people: they extend to inviting these people.
pub(super) fn inviting(model: &Model, index: EntityIndex) -> impl Iterator<Item = &Grant> {
    let entity = &model[index];
    let administers = |role: RoleIndex| model[role].administers.iter().any(|what| *what == "people");
    let wide =
        |grant: &Grant| matches!(grant.reach, Reach::Place(_) | Reach::Everywhere) && grant.path.is_empty();
    let seen = move |grant: &&Grant| {
        grant.allows(Action::View) && grant.when.is_empty() && wide(grant) && administers(grant.role)
    };
    let people = entity.parent.is_none() && !entity.self_roles.is_empty();
    entity.grants.iter().filter(move |grant| people && seen(grant))
}

fn inviting_role(model: &Model, index: EntityIndex) -> Option<String> {
    inviting(model, index).next()?;
    model[index].self_roles.first().map(|role| model[*role].name.to_string())
}

/// The roles whose people come by themselves, and whose record nobody may make: it is theirs from the first visit on,
/// empty, for them to fill in.
pub(super) fn self_made(model: &Model, index: EntityIndex) -> impl Iterator<Item = RoleIndex> {
    let entity = &model[index];
    let made = entity.grants.iter().any(|grant| grant.allows(Action::Create));
    let asked = entity.fields.iter().any(|field| field.required && field.default.is_none());
    let alone = entity.parent.is_none() && !entity.has_place_column() && !made && !asked;
    let sees = |role: &RoleIndex| {
        entity.grants.iter().any(|grant| grant.role == *role && grant.allows(Action::View))
    };
    entity.self_roles.iter().copied().filter(move |role| alone && sees(role))
}

pub(super) fn own_rows(entity: &Entity) -> String {
    format!("{}.person_id = :person", entity.table)
}

fn readers(model: &Model, entity: &Entity) -> Vec<String> {
    let reads =
        |role: RoleIndex| entity.grants.iter().any(|grant| grant.role == role && grant.allows(Action::List));
    model.roles().filter(|(role, _)| reads(*role)).map(|(_, role)| role.name.to_string()).collect()
}

/// What the grants of those who may break the glass become for whom they have broken it: the same fields, to view and to
/// list. A grant that reaches the whole organisation needs no other.
pub(super) fn emergency_grants(model: &Model, index: EntityIndex) -> Vec<(&Grant, Vec<Action>, String)> {
    let entity = &model[index];
    let Some(plain) = emergency_rows(model, index) else { return Vec::new() };
    let mut grants: Vec<(&Grant, Vec<Action>, String)> = Vec::new();
    for grant in grants_that_add(entity) {
        let breaks = model.break_glass.contains(&grant.role) && grant.rows != Rows::Organisation;
        let actions = [Action::View, Action::List].into_iter().filter(|action| grant.allows(*action));
        let actions: Vec<Action> = actions.collect();
        // What they see in certain states only, they see in no others in an emergency.
        let states: Vec<String> = grant.when.iter().map(|state| sql_literal(state.as_str())).collect();
        let rows = match &entity.lifecycle {
            Some(lifecycle) if !states.is_empty() => {
                let column = &entity[lifecycle.field].column;
                format!("{plain} AND {}.{column} IN ({})", entity.table, states.join(", "))
            }
            _ => plain.clone(),
        };
        let known = |(other, had, same): &(&Grant, Vec<Action>, String)| {
            other.role == grant.role && other.fields == grant.fields && *had == actions && *same == rows
        };
        if breaks && !actions.is_empty() && !grants.iter().any(known) {
            grants.push((grant, actions, rows));
        }
    }
    grants
}

/// Rows about a patient for whom whoever asks has broken the glass.
fn emergency_rows(model: &Model, index: EntityIndex) -> Option<String> {
    let table = &model[index].table;
    let subject = match subject(model, index)? {
        query if query.starts_with('(') => query,
        column => format!("{table}.{column}"),
    };
    Some(format!(
        "EXISTS (SELECT 1 FROM emergency_accesses x1 WHERE x1.subject_id = {subject} \
         AND x1.organisation_id = :organisation AND x1.person_id = :person AND x1.starts_at <= :now \
         AND x1.ends_at > :now)"
    ))
}

fn emergency_condition(entity: &Entity, rows: &str) -> ConditionView {
    ConditionView {
        constant: format!("{}_IN_AN_EMERGENCY", entity.table.to_uppercase()),
        about: format!("{} of whom whoever asks has broken the glass.", entity.plural),
        literal: folded(rows),
    }
}

/// Conditions that more than one grant uses, by their text.
fn conditions(model: &Model, index: EntityIndex) -> BTreeMap<&String, ConditionView> {
    let entity = &model[index];
    let mut uses: BTreeMap<&String, Vec<&Grant>> = BTreeMap::new();
    for grant in entity.grants.iter().filter(|grant| grant.rows != Rows::Organisation) {
        uses.entry(&grant.sql).or_default().push(grant);
    }
    let mut taken: Vec<String> = Vec::new();
    let mut named = BTreeMap::new();
    for (sql, grants) in uses.into_iter().filter(|(_, grants)| grants.len() > 1) {
        let role = &model[grants[0].role].name;
        let words = format!("{} {} {role}", entity.table, short_reach(model, &grants[0].reach));
        let mut constant = words.to_uppercase().replace([' ', '-'], "_").replace("__", "_");
        let plain = constant.clone();
        let mut count = 2;
        while taken.contains(&constant) {
            constant = format!("{plain}_{count}");
            count += 1;
        }
        taken.push(constant.clone());
        let about =
            format!("{} that {} reaches as {}.", entity.plural, role, reach_words(model, &grants[0].reach));
        named.insert(sql, ConditionView { constant, about, literal: folded(sql) });
    }
    named
}

/// A Rust literal whose lines are broken where SQL's words allow it; `\` at the end of a line joins them again.
fn folded(sql: &str) -> String {
    let literal = rust_literal(sql);
    if literal.len() <= 84 {
        return literal;
    }
    let mut text = String::new();
    let mut width = 0;
    for word in literal.split_inclusive(' ') {
        let breaks = ["WHERE ", "AND ", "OR ", "JOIN "].contains(&word);
        if breaks && width > 60 {
            text.push_str("\\\n         ");
            width = 0;
        }
        text.push_str(word);
        width += word.len();
    }
    text
}

fn action_path(entity: &Entity, action: Action) -> String {
    match action {
        Action::Move(at) => {
            let name = entity.lifecycle.as_ref().and_then(|lifecycle| lifecycle.moves.get(at));
            format!("Action::Move({})", rust_literal(name.map_or("", |step| step.name.as_str())))
        }
        Action::Assign => "Action::Move(\"assign\")".to_owned(),
        Action::Claim => "Action::Move(\"claim\")".to_owned(),
        Action::Fill => "Action::Move(\"fill\")".to_owned(),
        simple => format!("Action::{simple:?}"),
    }
}

/// A mask names fields; a record's links to its parent and its place go with it, as its reference does. Who
/// registers a person also says which login is theirs: else nobody could, and they would never see their record.
fn mask(model: &Model, entity: &Entity, grant: &Grant) -> Option<String> {
    let Mask::Only(fields) = &grant.fields else { return None };
    let mut names: Vec<String> = Vec::new();
    names.extend(entity.reference.is_some().then(|| "reference".to_owned()));
    names.extend(entity.parent.as_ref().map(|parent| model[parent.entity].name.to_string()));
    names.extend(entity.has_place_column().then(|| "place".to_owned()));
    names.extend(registers(entity, grant).then(|| "login".to_owned()));
    names.extend(matches!(entity.origin, spec::model::Origin::Form(_)).then(|| "form version".to_owned()));
    let stored = fields.iter().map(|at| &entity[*at]).filter(|field| field.storage != Storage::Computed);
    names.extend(stored.map(|field| field.name.to_string()));
    // Who may make a move may write the state, and nothing else by it.
    let moves = grant.actions.iter().any(|action| matches!(action, Action::Move(_)));
    let state =
        entity.lifecycle.as_ref().filter(|_| moves).map(|lifecycle| entity[lifecycle.field].name.to_string());
    names.extend(state.filter(|state| !names.contains(state)));
    let names: Vec<String> = names.iter().map(|name| rust_literal(name)).collect();
    Some(format!("Mask::Only(&[{}])", names.join(", ")))
}

/// Whether the grant is one to write, of a role that makes records of people who sign in as them.
fn registers(entity: &Entity, grant: &Grant) -> bool {
    let makes = |other: &Grant| other.role == grant.role && other.allows(Action::Create);
    let writes = grant.allows(Action::Create) || grant.allows(Action::Update);
    let of_others = !entity.self_roles.is_empty() && !entity.self_roles.contains(&grant.role);
    of_others && writes && entity.grants.iter().any(makes)
}

fn nevers(model: &Model, entity: &Entity) -> Vec<NeverView> {
    let view = |(role, fields): &(RoleIndex, Vec<FieldIndex>)| NeverView {
        role: model[*role].name.to_string(),
        fields: fields
            .iter()
            .filter(|at| entity[**at].storage != Storage::Computed)
            .map(|at| rust_literal(entity[*at].name.as_str()))
            .collect(),
    };
    entity.never.iter().map(view).filter(|never| !never.fields.is_empty()).collect()
}

/// The condition under which a record is frozen: its own state, or that of what it is a part of.
pub(crate) fn locked_rows(model: &Model, index: EntityIndex, at: &str) -> Option<String> {
    let entity = &model[index];
    if matches!(entity.origin, spec::model::Origin::Addenda(_) | spec::model::Origin::Signatures(_)) {
        return None;
    }
    // What is to be done about a record that is signed is to be done all the same.
    let is_task = matches!(entity.origin, spec::model::Origin::Task(_));
    let own = entity.lifecycle.as_ref().filter(|lifecycle| !lifecycle.locked.is_empty()).map(|lifecycle| {
        let states: Vec<String> = lifecycle.locked.iter().map(|state| sql_literal(state.as_str())).collect();
        format!("{at}.{} IN ({})", entity[lifecycle.field].column, states.join(", "))
    });
    let signed = entity.signatures.map(|signatures| {
        let of = &model[signatures];
        let (table, column) = (&of.table, of.parent.as_ref().map_or("", |parent| &parent.column));
        format!("EXISTS (SELECT 1 FROM {table} WHERE {table}.{column} = {at}.id)")
    });
    let above = entity.parent.as_ref().filter(|_| !is_task).and_then(|parent| {
        let table = &model[parent.entity].table;
        let rows = locked_rows(model, parent.entity, table)?;
        Some(format!("EXISTS (SELECT 1 FROM {table} WHERE {table}.id = {at}.{} AND {rows})", parent.column))
    });
    let ways: Vec<String> = [own, signed, above].into_iter().flatten().collect();
    match ways.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(" OR "))),
    }
}

/// The lifecycle of a record that can be frozen while it is in it: by a state, or by a signature.
pub(crate) fn freezing(entity: &Entity) -> Option<&spec::model::Lifecycle> {
    let lifecycle = entity.lifecycle.as_ref();
    lifecycle.filter(|lifecycle| !lifecycle.locked.is_empty() || entity.signatures.is_some())
}

fn lock(model: &Model, index: EntityIndex) -> Option<LockView> {
    let entity = &model[index];
    let rows = locked_rows(model, index, &entity.table)?;
    let lifecycle = freezing(entity);
    Some(LockView {
        rows: folded(&rows),
        moves: onward_moves(entity).map(|step| rust_literal(step.name.as_str())).collect(),
        fields: lifecycle
            .iter()
            .map(|lifecycle| rust_literal(entity[lifecycle.field].name.as_str()))
            .collect(),
    })
}

/// The moves that a frozen record may still make: a state says how far it got, and is no part of what was signed.
pub(crate) fn onward_moves(entity: &Entity) -> impl Iterator<Item = &spec::model::Move> {
    freezing(entity).into_iter().flat_map(|lifecycle| {
        let onward = |step: &&spec::model::Move| {
            entity.signatures.is_some() || step.from.iter().any(|state| lifecycle.locked.contains(state))
        };
        lifecycle.moves.iter().filter(onward)
    })
}

/// Whether every role that may list records may see this field of each.
pub(crate) fn seen_by_all(model: &Model, entity: &Entity, field: FieldIndex) -> bool {
    let _ = model;
    let reading = |grant: &&Grant| grant.allows(Action::View) || grant.allows(Action::List);
    let never = entity.never.iter().any(|(_, fields)| fields.contains(&field));
    !never
        && entity[field].sensitivity.is_none()
        && entity.grants.iter().filter(reading).all(|grant| grant.fields.covers(field))
}

fn cell(model: &Model, index: EntityIndex, role: RoleIndex) -> String {
    let entity = &model[index];
    let mut parts: Vec<String> = Vec::new();
    for grant in grants_that_add(entity).filter(|grant| grant.role == role) {
        // To view includes to list; people need not read both.
        let shown =
            grant.actions.iter().filter(|action| !(**action == Action::List && grant.allows(Action::View)));
        let verbs: Vec<String> = shown.map(|action| verb(entity, *action)).collect();
        let fields = match &grant.fields {
            Mask::All => String::new(),
            Mask::Only(fields) => {
                let names: Vec<&str> = fields.iter().map(|at| entity[*at].name.as_str()).collect();
                format!(" ({})", if names.is_empty() { "reference".to_owned() } else { names.join(", ") })
            }
        };
        let states = match grant.when.as_slice() {
            [] => String::new(),
            states => {
                let states: Vec<&str> = states.iter().map(spec::Choice::as_str).collect();
                format!(" when {}", states.join(" or "))
            }
        };
        parts.push(format!("{}{fields} {}{states}", verbs.join(", "), reach_words(model, &grant.reach)));
    }
    for grant in inviting(model, index).filter(|grant| grant.role == role) {
        parts.push(format!("{INVITE} {}", reach_words(model, &grant.reach)));
    }
    if self_made(model, index).any(|made| made == role) {
        parts.push("create own, on the first visit".to_owned());
    }
    for (_, fields) in entity.never.iter().filter(|(to, _)| *to == role) {
        let names: Vec<&str> = fields.iter().map(|at| entity[*at].name.as_str()).collect();
        parts.push(format!("never {}", names.join(", ")));
    }
    if parts.is_empty() { "–".to_owned() } else { parts.join("; ").replace('|', "/") }
}

pub(crate) fn verb(entity: &Entity, action: Action) -> String {
    match action {
        Action::Move(at) => {
            let lifecycle = entity.lifecycle.as_ref();
            lifecycle.and_then(|l| l.moves.get(at)).map(|step| step.name.to_string()).unwrap_or_default()
        }
        simple => format!("{simple:?}").to_lowercase(),
    }
}

fn reach_words(model: &Model, reach: &Reach) -> String {
    match reach {
        Reach::Own(_) => "own".to_owned(),
        Reach::Assigned { past: false } => "assigned".to_owned(),
        Reach::Assigned { past: true } => "assigned now or before".to_owned(),
        Reach::Unassigned => "assigned to nobody".to_owned(),
        Reach::Place(place) => format!("in {}", model[*place].name),
        Reach::Viewable => "through a record that the role may view".to_owned(),
        Reach::Permitted(permission) => format!("by {} in force", model[*permission].name),
        Reach::Inherited(_) => "with the record that it is part of".to_owned(),
        Reach::Everywhere => "everywhere".to_owned(),
    }
}

fn short_reach(model: &Model, reach: &Reach) -> String {
    match reach {
        Reach::Own(_) => "own".to_owned(),
        Reach::Assigned { .. } => "assigned".to_owned(),
        Reach::Unassigned => "unassigned".to_owned(),
        Reach::Place(place) => format!("in {}", model[*place].name),
        Reach::Viewable => "viewable".to_owned(),
        Reach::Permitted(permission) => format!("by {}", model[*permission].name),
        Reach::Inherited(_) => "inherited".to_owned(),
        Reach::Everywhere => "everywhere".to_owned(),
    }
}

/// A grant, or the part of one that leaves other rows behind than the rest of it.
pub(crate) struct Clause<'m> {
    pub(crate) grant: &'m Grant,
    pub(crate) actions: Vec<Action>,
    /// The rows that a write may leave behind, where they are others than it starts from.
    pub(crate) after: Option<String>,
}

/// The grants on an entity as the policy writes them. Who claims a record leaves it assigned to themselves, and so does
/// who makes one of those that are theirs only. Row-level security looks before the assignment is written, the app after it.
pub(crate) fn clauses(model: &Model, index: EntityIndex) -> Vec<Clause<'_>> {
    let mut clauses = Vec::new();
    for grant in grants_that_add(&model[index]) {
        if grant.assigns_its_maker() {
            let (making, rest): (Vec<Action>, Vec<Action>) =
                grant.actions.iter().partition(|action| **action == Action::Create);
            if !rest.is_empty() {
                clauses.push(Clause { grant, actions: rest, after: None });
            }
            let after = Rows::Any(vec![Rows::Unassigned, grant.rows.clone()]).sql(model, index);
            clauses.push(Clause { grant, actions: making, after: Some(after) });
            continue;
        }
        let claimed = || {
            let mine = Rows::Assigned { role: grant.role, past: false };
            Rows::Any(vec![grant.rows.clone(), mine]).sql(model, index)
        };
        let after = grant.allows(Action::Claim).then(claimed);
        clauses.push(Clause { grant, actions: grant.actions.clone(), after });
    }
    clauses
}
