//! An entity as tables: columns, keys, checks, indexes and triggers for both databases.

use serde::Serialize;
use spec::access::{Rows, Step};
use spec::document::Overlap;
use spec::model::{Entity, EntityIndex, Model, Origin, Storage, Target, UniqueMember};

use super::entity::beside;
use super::field::FieldView;
use super::policy::{freezing, locked_rows};
use crate::doors::sql_literal;

/// What the migrations of one entity print.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SchemaView {
    pub(crate) columns: Vec<ColumnView>,
    pub(crate) foreign_keys: Vec<KeyView>,
    pub(crate) uniques: Vec<NamedColumns>,
    pub(crate) checks: Vec<CheckView>,
    pub(crate) indexes: Vec<IndexView>,
    pub(crate) triggers: Vec<TriggerView>,
    /// PostgreSQL: no two bookings of one resource at a time.
    pub(crate) exclusions: Vec<ExclusionView>,
}

/// One column.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ColumnView {
    /// What it is, whatever it is called: by this it is known again after a change.
    #[serde(skip)]
    pub(crate) holds: Holds,
    pub(crate) name: String,
    pub(crate) sqlite: String,
    pub(crate) postgres: String,
    pub(crate) comment: String,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    Reference,
    Parent,
    Place,
    Person,
    FormVersion,
    /// The value of the field with this stable id.
    Field(u32),
    /// The blind index of the field with this stable id.
    Lookup(u32),
}

/// A foreign key; a late one closes a ring and is added after all tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct KeyView {
    pub(crate) name: String,
    pub(crate) column: String,
    pub(crate) table: String,
    /// What it names there: the id, or the id with the whole that both are parts of.
    pub(crate) references: String,
    /// Whether it goes with what it names: a part with the whole that somebody may remove.
    pub(crate) cascades: bool,
    pub(crate) late: bool,
}

/// Columns under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NamedColumns {
    pub(crate) name: String,
    pub(crate) columns: String,
}

/// A check of values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CheckView {
    pub(crate) name: String,
    pub(crate) condition: String,
}

/// An index and why it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct IndexView {
    pub(crate) name: String,
    pub(crate) columns: String,
    pub(crate) why: String,
}

/// A rule that the database holds by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct TriggerView {
    pub(crate) name: String,
    pub(crate) event: &'static str,
    pub(crate) why: String,
    pub(crate) when: String,
    /// The same for PostgreSQL, where it is said otherwise.
    pub(crate) postgres_when: Option<String>,
    /// Written for SQLite only: PostgreSQL has a constraint of its own for it.
    pub(crate) sqlite_only: bool,
}

/// PostgreSQL's exclusion constraint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ExclusionView {
    pub(crate) name: String,
    pub(crate) elements: String,
    pub(crate) filter: String,
}

impl SchemaView {
    pub(crate) fn new(model: &Model, index: EntityIndex) -> Self {
        let entity = &model[index];
        let bookings = bookings(model, index);
        let mut triggers = lock_triggers(model, index);
        triggers.extend(bookings.iter().flat_map(|booking| booking.triggers(entity)));
        Self {
            columns: columns(model, entity),
            foreign_keys: foreign_keys(model, index),
            uniques: uniques(model, index),
            checks: checks(model, index),
            indexes: indexes(model, index),
            triggers,
            exclusions: bookings.iter().map(|booking| booking.exclusion(entity)).collect(),
        }
    }
}

fn columns(model: &Model, entity: &Entity) -> Vec<ColumnView> {
    let link = |holds, name: &str, required: bool, comment: &str| ColumnView {
        holds,
        name: name.to_owned(),
        sqlite: if required { "TEXT NOT NULL" } else { "TEXT" }.to_owned(),
        postgres: if required { "uuid NOT NULL" } else { "uuid" }.to_owned(),
        comment: comment.to_owned(),
    };
    let mut columns = Vec::new();
    if entity.reference.is_some() {
        columns.push(ColumnView {
            holds: Holds::Reference,
            name: "reference".into(),
            sqlite: "TEXT NOT NULL".into(),
            postgres: "text NOT NULL".into(),
            comment: "shown instead of a name (CL-2)".into(),
        });
    }
    if let Some(parent) = &entity.parent {
        columns.push(link(
            Holds::Parent,
            &parent.column,
            true,
            &format!("the {} that it is part of", model[parent.entity].name),
        ));
    }
    if entity.has_place_column() {
        let comment = format!("the {} whose record it is", model[entity.place].name);
        columns.push(link(Holds::Place, "place_id", true, &comment));
    }
    if !entity.self_roles.is_empty() {
        columns.push(link(Holds::Person, "person_id", false, "the person who signs in as this record"));
    }
    if matches!(entity.origin, Origin::Form(_)) {
        columns.push(ColumnView {
            holds: Holds::FormVersion,
            name: "form_version".into(),
            sqlite: "INTEGER NOT NULL".into(),
            postgres: "bigint NOT NULL".into(),
            comment: "plain: the version of the form that was answered".into(),
        });
    }
    for (at, field) in entity.fields() {
        if field.storage == Storage::Computed {
            continue;
        }
        let state = entity.lifecycle.as_ref().filter(|lifecycle| lifecycle.field == at);
        let view = FieldView::new(model, field, state.is_some());
        let first =
            state.and_then(|lifecycle| lifecycle.states.first()).map(|first| sql_literal(first.as_str()));
        let default = match (&first, &view.sql_default) {
            (Some(first), _) => format!(" NOT NULL DEFAULT {first}"),
            (None, Some(default)) => format!(" DEFAULT {default}"),
            (None, None) => String::new(),
        };
        let unit = field.unit.as_ref().map(|unit| format!(", in {unit}")).unwrap_or_default();
        let class = if field.target.is_some() { "link" } else { view.class };
        columns.push(ColumnView {
            holds: Holds::Field(field.id),
            name: view.column.clone(),
            sqlite: format!("{}{default}", view.sqlite),
            postgres: format!("{}{default}", view.postgres),
            comment: format!("{class}: {}{unit}", if view.sealed { "sealed" } else { "plain" }),
        });
        if let Some(lookup) = &view.lookup {
            columns.push(ColumnView {
                holds: Holds::Lookup(field.id),
                name: lookup.clone(),
                sqlite: "BLOB".into(),
                postgres: "bytea".into(),
                comment: "keyed hash, for exact look-up".into(),
            });
        }
    }
    columns
}

fn foreign_keys(model: &Model, index: EntityIndex) -> Vec<KeyView> {
    let entity = &model[index];
    let table = &entity.table;
    let place_of = |wanted: EntityIndex| model.build_order.iter().position(|at| *at == wanted);
    let key = |column: &str, to: &str, late: bool| KeyView {
        name: format!("{table}_{column}_fkey"),
        column: column.to_owned(),
        table: to.to_owned(),
        references: "id".to_owned(),
        cascades: false,
        late,
    };
    let mut keys = Vec::new();
    if let Some(parent) = &entity.parent {
        let mut key = key(&parent.column, &model[parent.entity].table, false);
        let removed = |grant: &spec::access::Grant| grant.allows(spec::access::Action::Delete);
        key.cascades = model[parent.entity].grants.iter().any(removed);
        keys.push(key);
    }
    if entity.has_place_column() {
        keys.push(key("place_id", "places", false));
    }
    if !entity.self_roles.is_empty() {
        keys.push(key("person_id", "people", false));
    }
    for field in &entity.fields {
        match field.target {
            Some(Target::Entity(to)) => {
                let late = to != index && place_of(to) > place_of(index);
                let mut key = key(&field.column, &model[to].table, late);
                // Parts of one whole link to each other, and never to another's: of one patient, not of two.
                if let Some(parent) = entity.parent.as_ref().filter(|_| beside(model, entity, field)) {
                    key.column = format!("{}, {}", key.column, parent.column);
                    key.references = format!("id, {}", parent.column);
                }
                keys.push(key);
            }
            Some(Target::Person(_)) => keys.push(key(&field.column, "people", false)),
            None => {}
        }
    }
    keys
}

fn uniques(model: &Model, index: EntityIndex) -> Vec<NamedColumns> {
    let entity = &model[index];
    let column = |member: &UniqueMember| match member {
        UniqueMember::Place => "place_id".to_owned(),
        UniqueMember::Parent => {
            entity.parent.as_ref().map(|parent| parent.column.clone()).unwrap_or_default()
        }
        UniqueMember::Field(at) => match &entity[*at].storage {
            Storage::Sealed { lookup: Some(lookup) } => lookup.clone(),
            _ => entity[*at].column.clone(),
        },
    };
    let mut sets: Vec<Vec<String>> =
        entity.unique.iter().map(|set| set.iter().map(column).collect()).collect();
    sets.extend(entity.reference.is_some().then(|| vec!["reference".to_owned()]));
    let named = |columns: &Vec<String>| NamedColumns {
        name: format!("{}_{}_key", entity.table, columns.join("_")),
        columns: format!("organisation_id, {}", columns.join(", ")),
    };
    let mut uniques: Vec<NamedColumns> = sets.iter().map(named).collect();
    let linked = model.entities().any(|(_, other)| {
        let mut fields = other.fields.iter();
        fields.any(|field| field.target == Some(Target::Entity(index)) && beside(model, other, field))
    });
    if let Some(parent) = entity.parent.as_ref().filter(|_| linked) {
        let name = format!("{}_id_{}_key", entity.table, parent.column);
        uniques.push(NamedColumns { name, columns: format!("id, {}", parent.column) });
    }
    uniques
}

fn checks(model: &Model, index: EntityIndex) -> Vec<CheckView> {
    let entity = &model[index];
    let mut checks: Vec<CheckView> = Vec::new();
    for calendar in model.calendars.iter().filter(|calendar| calendar.entity == index) {
        let Some(end) = calendar.end else { continue };
        let (start, end) = (&entity[calendar.start].column, &entity[end].column);
        let name = format!("{}_{start}_before_{end}", entity.table);
        if !checks.iter().any(|check| check.name == name) {
            checks.push(CheckView { name, condition: format!("{end} > {start}") });
        }
    }
    for (at, field) in entity.fields() {
        let plain = matches!(field.storage, Storage::Plain | Storage::Queryable) && !field.list;
        if !plain {
            continue;
        }
        let column = &field.column;
        let state = entity.lifecycle.as_ref().filter(|lifecycle| lifecycle.field == at);
        let values: Vec<String> = match (state, &field.kind) {
            (Some(lifecycle), _) => {
                lifecycle.states.iter().map(|state| sql_literal(state.as_str())).collect()
            }
            (None, spec::Kind::OneOf(choices)) => {
                choices.iter().map(|one| sql_literal(one.as_str())).collect()
            }
            _ => Vec::new(),
        };
        let range = field.range.as_ref();
        let condition = match (values.is_empty(), range.and_then(|r| r.min), range.and_then(|r| r.max)) {
            (false, ..) => format!("{column} IN ({})", values.join(", ")),
            (true, Some(least), Some(most)) => format!("{column} BETWEEN {least} AND {most}"),
            (true, Some(least), None) => format!("{column} >= {least}"),
            (true, None, Some(most)) => format!("{column} <= {most}"),
            (true, None, None) => continue,
        };
        checks.push(CheckView { name: format!("{}_{column}_check", entity.table), condition });
    }
    checks
}

fn indexes(model: &Model, index: EntityIndex) -> Vec<IndexView> {
    let entity = &model[index];
    let table = &entity.table;
    let mut indexes: Vec<IndexView> = Vec::new();
    let mut add = |word: &str, columns: String, why: &str| {
        let name = format!("{table}_{word}");
        if !indexes.iter().any(|known| known.columns == columns || known.name == name) {
            indexes.push(IndexView { name, columns, why: why.to_owned() });
        }
    };
    let time = super::entity::time_field(entity).map(|at| entity[at].column.clone());
    add("by_creation", "organisation_id, created_at".into(), "the list, newest first");
    if let Some(time) = &time {
        add(&format!("by_{time}"), format!("organisation_id, {time}"), "the list in its own order");
    }
    if let Some(parent) = &entity.parent {
        let then = time.as_deref().unwrap_or("created_at");
        let above = &model[parent.entity].name;
        add(
            &format!("of_{}", parent.column),
            format!("{}, {then}", parent.column),
            &format!("those of one {above}"),
        );
    }
    if entity.has_place_column() {
        add("of_place_id", "place_id".into(), "those of one place");
    }
    if !entity.self_roles.is_empty() {
        add("of_person_id", "person_id".into(), "one's own");
    }
    for field in &entity.fields {
        match &field.storage {
            Storage::Sealed { lookup: Some(lookup) } => {
                add(lookup, format!("organisation_id, {lookup}"), "exact look-up");
            }
            Storage::Plain if field.target.is_some() => {
                add(&format!("of_{}", field.column), field.column.clone(), "what links to one record")
            }
            _ => {}
        }
    }
    for grant in &entity.grants {
        for column in own_columns(&grant.rows) {
            add(&format!("of_{column}"), column.clone(), "one's own");
        }
        if let Some(Step::From { entity: other, column }) = grant.path.first() {
            // The index belongs to the other table, which has one for each of its links.
            let _ = (other, column);
        }
    }
    for list in model.lists.iter().filter(|list| list.entity == index) {
        for input in list.filter.iter().flat_map(|filter| &filter.inputs).filter(|path| path.hops.is_empty())
        {
            if let spec::model::End::Field(at) = input.end {
                let column = &entity[at].column;
                add(
                    &format!("by_{column}"),
                    format!("organisation_id, {column}"),
                    &format!("the list {}", list.name),
                );
            }
        }
    }
    indexes
}

fn own_columns(rows: &Rows) -> Vec<String> {
    match rows {
        Rows::Person { column } => vec![column.clone()],
        Rows::All(sets) | Rows::Any(sets) => sets.iter().flat_map(own_columns).collect(),
        _ => Vec::new(),
    }
}

/// CF-10: what is frozen stays so, whatever statement tries.
fn lock_triggers(model: &Model, index: EntityIndex) -> Vec<TriggerView> {
    let entity = &model[index];
    let table = &entity.table;
    let trigger = |word: &str, event, why: &str, when: String| TriggerView {
        name: format!("{table}_{word}"),
        event,
        why: why.to_owned(),
        when,
        postgres_when: None,
        sqlite_only: false,
    };
    if matches!(entity.origin, Origin::Addenda(_)) {
        let why = "An addendum is added, never changed (CF-10).";
        return vec![
            trigger("stay", "UPDATE", why, "TRUE".into()),
            trigger("remain", "DELETE", why, "TRUE".into()),
        ];
    }
    if let (Origin::Signatures(_), Some(parent)) = (entity.origin, &entity.parent) {
        let why = "A signature is given, never changed (CF-10).";
        let signed = |lock: &str| {
            format!(
                "NOT EXISTS (SELECT 1 FROM {0} WHERE {0}.id = NEW.{1} AND {0}.version = NEW.signed_version{lock})",
                model[parent.entity].table, parent.column
            )
        };
        let why_current = "What is signed is the version that its signer saw, also when somebody changes it at this moment.";
        // The lock waits for who changes the record now, and lets the next one see the signature.
        let current = TriggerView {
            postgres_when: Some(signed(" FOR SHARE")),
            ..trigger("current", "INSERT", why_current, signed(""))
        };
        return vec![
            trigger("stay", "UPDATE", why, "TRUE".into()),
            trigger("remain", "DELETE", why, "TRUE".into()),
            current,
        ];
    }
    let (Some(before), Some(after)) = (locked_rows(model, index, "OLD"), locked_rows(model, index, "NEW"))
    else {
        return Vec::new();
    };
    let mut triggers = Vec::new();
    let lifecycle = freezing(entity);
    let unchanged = match lifecycle {
        None => String::new(),
        Some(lifecycle) => {
            let state = &entity[lifecycle.field].column;
            let steps = lifecycle.moves.iter().flat_map(|step| {
                let to = sql_literal(step.to.as_str());
                let signed = entity.signatures.is_some();
                let locked = step.from.iter().filter(move |from| signed || lifecycle.locked.contains(from));
                locked.map(move |from| {
                    format!("(OLD.{state} = {} AND NEW.{state} = {to})", sql_literal(from.as_str()))
                })
            });
            let steps: Vec<String> = steps.collect();
            let kept = kept_columns(entity, state);
            if steps.is_empty() {
                String::new()
            } else {
                format!(" AND NOT (({}){kept})", steps.join(" OR "))
            }
        }
    };
    triggers.push(trigger(
        "frozen",
        "UPDATE",
        "What is signed or locked is not rewritten; only a further move may change its state (CF-10).",
        format!("{before}{unchanged}"),
    ));
    triggers.push(trigger("kept", "DELETE", "What is signed or locked is not removed (CF-10).", before));
    if entity.parent.is_some() && lifecycle.is_none() {
        triggers.push(trigger(
            "closed",
            "INSERT",
            "Nothing is added to what is signed or locked (CF-10).",
            after,
        ));
    }
    triggers
}

/// The condition that a move leaves every other column as it was.
fn kept_columns(entity: &Entity, state: &str) -> String {
    let mut columns: Vec<&str> = vec!["id", "organisation_id", "created_at", "created_by_id"];
    columns.extend(entity.parent.iter().map(|parent| parent.column.as_str()));
    let stored = entity.fields.iter().filter(|field| field.storage != Storage::Computed);
    columns.extend(stored.map(|field| field.column.as_str()).filter(|column| *column != state));
    columns.iter().map(|column| format!(" AND OLD.{column} IS NOT DISTINCT FROM NEW.{column}")).collect()
}

/// One resource of a calendar that refuses overlaps.
struct Booking {
    resource: String,
    start: String,
    end: Option<String>,
    /// `status NOT IN ('cancelled')`, about the table or row that stands before it.
    takes: Option<(String, String)>,
}

/// States in which an appointment takes no time.
const FREE: &[&str] =
    &["cancelled", "canceled", "no-show", "no show", "declined", "rejected", "missed", "rescheduled"];

fn bookings(model: &Model, index: EntityIndex) -> Vec<Booking> {
    let entity = &model[index];
    let mut bookings: Vec<Booking> = Vec::new();
    for calendar in model.calendars.iter().filter(|c| c.entity == index && c.overlap == Overlap::Refuse) {
        let takes = entity.lifecycle.as_ref().and_then(|lifecycle| {
            let free = lifecycle.states.iter().filter(|state| FREE.contains(&state.as_str()));
            let free: Vec<String> = free.map(|state| sql_literal(state.as_str())).collect();
            let column = entity[lifecycle.field].column.clone();
            (!free.is_empty()).then(|| (column, free.join(", ")))
        });
        for resource in &calendar.resources {
            bookings.push(Booking {
                resource: entity[*resource].column.clone(),
                start: entity[calendar.start].column.clone(),
                end: calendar.end.map(|at| entity[at].column.clone()),
                takes: takes.clone(),
            });
        }
    }
    bookings
}

impl Booking {
    fn takes(&self, at: &str) -> String {
        let taking = |(column, free): &(String, String)| format!(" AND {at}.{column} NOT IN ({free})");
        self.takes.as_ref().map(taking).unwrap_or_default()
    }

    /// SQLite has one writer, so a look before the write is enough.
    fn triggers(&self, entity: &Entity) -> Vec<TriggerView> {
        let (table, resource, start) = (&entity.table, &self.resource, &self.start);
        let end = |at: &str| self.end.as_ref().map_or(format!("{at}.{start}"), |end| format!("{at}.{end}"));
        let overlap = match &self.end {
            Some(_) => format!("other.{start} < {} AND {} > NEW.{start}", end("NEW"), end("other")),
            None => format!("other.{start} = NEW.{start}"),
        };
        let when = format!(
            "EXISTS (SELECT 1 FROM {table} other WHERE other.{resource} = NEW.{resource} AND other.id <> NEW.id \
             AND {overlap}{}){}",
            self.takes("other"),
            self.takes("NEW"),
        );
        let trigger = |event, word: &str| TriggerView {
            name: format!("{table}_{resource}_{word}"),
            event,
            why: "One resource, one appointment at a time.".to_owned(),
            when: when.clone(),
            postgres_when: None,
            sqlite_only: true,
        };
        vec![trigger("INSERT", "taken"), trigger("UPDATE", "taken_by_then")]
    }

    fn exclusion(&self, entity: &Entity) -> ExclusionView {
        let (resource, start) = (&self.resource, &self.start);
        let time = match &self.end {
            Some(end) => format!("tstzrange({start}, {end}) WITH &&"),
            None => format!("{start} WITH ="),
        };
        ExclusionView {
            name: format!("{}_{resource}_taken", entity.table),
            elements: format!("{resource} WITH =, {time}"),
            filter: self
                .takes
                .as_ref()
                .map(|(column, free)| format!("{column} NOT IN ({free})"))
                .unwrap_or_default(),
        }
    }
}
