//! CL-1, CC-5: the SQL of a spec's grants lets through what the oracle lets through, on both databases, and
//! under the settings that row-level security reads.

use crate::{Choices, execute, rows};
use safeguards::{
    store::{PolicyContext, Store, sql},
    testing,
};
use spec::{
    Lock, ValidatedSpec,
    access::{
        Action,
        oracle::{AssignmentFact, Facts, Id, Membership, Record, Who, visible},
    },
    model::{EntityIndex, Model, PlaceIndex, RoleIndex, Target},
};
use std::collections::BTreeSet;
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

const SPEC: &str = r#"
app: Every scope
places:
  clinic: { inside: organisation }
  ward: { inside: clinic }
roles:
  owner: {}
  manager: { in: clinic }
  nurse: { in: ward }
  doctor: {}
  patient: { self: patient }
  rep: {}
entities:
  patient:
    belongs to: ward
    assigned to: { role: [doctor, nurse], team: many, past: nothing }
    reference: PT
    fields:
      name: identifier name
      secret: { type: clinical text, sensitivity: part2 }
      status: none one of active | gone
    access:
      owner: view, delete in organisation
      manager: view(name) in clinic; never secret
      nurse: view in ward; update assigned
      doctor: view, update assigned; view(secret) assigned
      patient: view own
      rep: view(status) via order
  reading:
    part of: patient
    fields: { value: clinical integer, check: link doctor }
  detail:
    part of: reading
    assigned to: { role: nurse, past: read }
    fields: { value: clinical integer }
    access:
      nurse: view assigned
      patient: view own
      doctor: view own via reading
      manager: view in clinic
  note:
    part of: patient
    fields: { text: narrative }
    access:
      doctor: view, create assigned; update own
      patient: view own when signed, locked
      nurse: view in ward when locked
    lifecycle:
      states: [draft, signed, locked]
      moves:
        sign: { from: draft, to: signed, by: doctor }
        lock: { from: signed, to: locked, by: nurse, scope: in ward }
      addenda: true
  visit:
    belongs to: clinic
    fields: { patient: link patient, doctor: link doctor, substitute: link doctor }
    access:
      doctor: view own by doctor; view assigned via patient
      patient: view own
      manager: view in clinic
      nurse: view in ward via patient
      rep: view via patient.order
  order:
    fields: { patient: link patient, rep: link rep, amount: none money }
    access:
      rep: view own
      owner: view in organisation
"#;

const NOW: OffsetDateTime = datetime!(2026-11-23 11:18:03 UTC);
const ORGANISATIONS: [Id; 2] = [1, 2];
const PEOPLE: [Id; 6] = [11, 12, 13, 14, 15, 16];
const STATES: [&str; 3] = ["draft", "signed", "locked"];

fn id(id: Id) -> String {
    format!("'{}'", Uuid::from_u128(u128::from(id)))
}

fn moment(seconds: i64) -> String {
    let at = NOW + Duration::seconds(seconds);
    let format = time::macros::format_description!(
        "'[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z'"
    );
    at.format(format).unwrap()
}

/// The columns of an entity's table that hold ids, besides its own.
fn id_columns(model: &Model, entity: EntityIndex) -> Vec<(String, Option<Target>)> {
    let entity = &model[entity];
    let mut columns: Vec<_> = entity
        .fields
        .iter()
        .filter(|field| field.target.is_some())
        .map(|field| (field.column.clone(), field.target))
        .collect();
    columns.extend(
        entity.parent.iter().map(|parent| (parent.column.clone(), Some(Target::Entity(parent.entity)))),
    );
    columns.push(("created_by_id".into(), None));
    if !entity.self_roles.is_empty() {
        columns.push(("person_id".into(), None));
    }
    columns
}

fn tables(model: &Model, postgres: bool) -> Vec<String> {
    let (uuid, moment) = if postgres { ("uuid", "timestamptz") } else { ("TEXT", "TEXT") };
    let mut out = vec![
        format!(
            "CREATE TABLE memberships (person_id {uuid}, organisation_id {uuid}, role text, place_id {uuid})"
        ),
        format!("CREATE TABLE places (id {uuid}, parent_id {uuid})"),
    ];
    for (index, entity) in model.entities() {
        let mut columns = format!("id {uuid} PRIMARY KEY, organisation_id {uuid} NOT NULL, status text");
        for (column, _) in id_columns(model, index) {
            columns += &format!(", {column} {uuid}");
        }
        if entity.has_place_column() {
            columns += &format!(", place_id {uuid}");
        }
        out.push(format!("CREATE TABLE {} ({columns})", entity.table));
        if let Some(assignment) = &entity.assignment {
            out.push(format!(
                "CREATE TABLE {} (organisation_id {uuid}, {} {uuid}, person_id {uuid}, role text, starts_at {moment}, ends_at {moment})",
                assignment.table, assignment.column
            ));
        }
    }
    out
}

/// Two organisations, two clinics each, two wards a clinic, and a few records of everything; some links cross
/// organisations or lead nowhere, as broken data would.
fn world(model: &Model, choices: &mut Choices) -> Facts {
    let mut facts = Facts::default();
    let [clinic, ward] = ["clinic", "ward"].map(|name| {
        let place = model.places.iter().position(|place| place.name == name).unwrap();
        model
            .places_up(model[model.entity("patient").unwrap()].place)
            .find(|index| index.position() == place)
            .unwrap()
    });
    let mut places: Vec<(Id, PlaceIndex, Id)> = Vec::new();
    for organisation in ORGANISATIONS {
        for c in 0..2 {
            let clinic_id = organisation * 1_000 + c * 100;
            facts.places.insert(clinic_id, (clinic, None));
            places.push((clinic_id, clinic, organisation));
            for w in 1..3 {
                facts.places.insert(clinic_id + w, (ward, Some(clinic_id)));
                places.push((clinic_id + w, ward, organisation));
            }
        }
    }
    for person in PEOPLE {
        for _ in 0..=choices.below(3) {
            let role = choices.below(model.roles.len() as u64);
            let (role, _) = model.roles().nth(usize::try_from(role).unwrap()).unwrap();
            let organisation = choices.one(&ORGANISATIONS);
            let level = model[role].level;
            let at: Vec<Id> = places
                .iter()
                .filter(|(_, kind, of)| *kind == level && *of == organisation)
                .map(|place| place.0)
                .collect();
            let place = if at.is_empty() { None } else { Some(choices.one(&at)) };
            facts.memberships.push(Membership { person, organisation, role, place });
        }
    }
    let mut next = 10_000;
    for index in &model.build_order {
        for _ in 0..4 {
            next += 1;
            let organisation = choices.one(&ORGANISATIONS);
            let mut record = Record { organisation, ..Record::default() };
            if model[*index].has_place_column() {
                let level = model[*index].place;
                let at: Vec<Id> = places
                    .iter()
                    .filter(|(_, kind, of)| *kind == level && *of == organisation)
                    .map(|place| place.0)
                    .collect();
                record.place = Some(choices.one(&at));
            }
            for (column, target) in id_columns(model, *index) {
                let to = match target {
                    Some(Target::Entity(to)) => match facts.records.get(&to) {
                        Some(records) if choices.below(8) > 0 => {
                            choices.one(&records.keys().copied().collect::<Vec<_>>())
                        }
                        _ => 99_999,
                    },
                    _ => choices.one(&PEOPLE),
                };
                if choices.below(10) > 0 {
                    record.ids.insert(column, to);
                }
            }
            record.state = Some(choices.one(&STATES).to_owned());
            facts.records.entry(*index).or_default().insert(next, record);
            let roles: Vec<RoleIndex> =
                model[*index].assignment.iter().flat_map(|assignment| assignment.roles.clone()).collect();
            for _ in 0..if roles.is_empty() { 0 } else { choices.below(3) } {
                let starts = choices.one(&[-100, 0, 100]);
                let ends = choices.one(&[None, Some(-50), Some(0), Some(50)]);
                let organisation =
                    if choices.below(8) > 0 { organisation } else { choices.one(&ORGANISATIONS) };
                facts.assignments.push(AssignmentFact {
                    organisation,
                    entity: *index,
                    record: next,
                    person: choices.one(&PEOPLE),
                    role: choices.one(&roles),
                    starts,
                    ends,
                });
            }
        }
    }
    facts
}

async fn fill(store: &Store, model: &Model, facts: &Facts) {
    let null = || "NULL".to_owned();
    let mut inserts: Vec<(String, Vec<String>)> = Vec::new();
    let memberships = facts.memberships.iter().map(|m| {
        let place = m.place.map_or_else(null, id);
        format!("({}, {}, '{}', {place})", id(m.person), id(m.organisation), model[m.role].name)
    });
    inserts.push(("memberships (person_id, organisation_id, role, place_id)".into(), memberships.collect()));
    let places = facts
        .places
        .iter()
        .map(|(place, (_, above))| format!("({}, {})", id(*place), above.map_or_else(null, id)));
    inserts.push(("places (id, parent_id)".into(), places.collect()));
    for (index, entity) in model.entities() {
        let ids = id_columns(model, index);
        let mut columns: Vec<&str> = vec!["id", "organisation_id", "status"];
        columns.extend(ids.iter().map(|(column, _)| column.as_str()));
        if entity.has_place_column() {
            columns.push("place_id");
        }
        let records = facts.records.get(&index).into_iter().flatten().map(|(record_id, record)| {
            let mut values = vec![
                id(*record_id),
                id(record.organisation),
                format!("'{}'", record.state.as_deref().unwrap()),
            ];
            values
                .extend(ids.iter().map(|(column, _)| record.ids.get(column).copied().map_or_else(null, id)));
            if entity.has_place_column() {
                values.push(record.place.map_or_else(null, id));
            }
            format!("({})", values.join(", "))
        });
        inserts.push((format!("{} ({})", entity.table, columns.join(", ")), records.collect()));
        if let Some(assignment) = &entity.assignment {
            let assigned =
                facts.assignments.iter().filter(|assigned| assigned.entity == index).map(|assigned| {
                    let ends = assigned.ends.map_or_else(null, moment);
                    let (organisation, record, person) =
                        (id(assigned.organisation), id(assigned.record), id(assigned.person));
                    format!(
                        "({organisation}, {record}, {person}, '{}', {}, {ends})",
                        model[assigned.role].name,
                        moment(assigned.starts)
                    )
                });
            let columns = format!(
                "{} (organisation_id, {}, person_id, role, starts_at, ends_at)",
                assignment.table, assignment.column
            );
            inserts.push((columns, assigned.collect()));
        }
    }
    for (into, values) in inserts {
        let table = into.split(' ').next().unwrap();
        execute(store, format!("DELETE FROM {table}")).await;
        if !values.is_empty() {
            execute(store, format!("INSERT INTO {into} VALUES {}", values.join(", "))).await;
        }
    }
}

struct Question {
    who: Who,
    roles: BTreeSet<RoleIndex>,
    entity: EntityIndex,
    action: Action,
}

/// The records that the grants let through, as an app asks: with values in place of names.
async fn asked(store: &Store, model: &Model, question: &Question) -> BTreeSet<Uuid> {
    let entity = &model[question.entity];
    let grants: Vec<String> = entity
        .grants
        .iter()
        .filter(|grant| grant.allows(question.action) && question.roles.contains(&grant.role))
        .map(|grant| format!("({})", grant.sql))
        .collect();
    let condition = if grants.is_empty() { "FALSE".to_owned() } else { grants.join(" OR ") };
    let text = format!(
        "SELECT id FROM {0} WHERE {0}.organisation_id = :organisation AND ({condition})",
        entity.table
    )
    .replace(":organisation", &id(question.who.organisation))
    .replace(":person", &id(question.who.person))
    .replace(":now", &moment(0));
    rows(store, text).await.iter().map(|row| row.uuid("id").unwrap()).collect()
}

/// The same, as row-level security asks: with the settings of a transaction.
async fn fenced(store: &Store, model: &Model, question: &Question) -> BTreeSet<Uuid> {
    let context = PolicyContext {
        person: Some(Uuid::from_u128(u128::from(question.who.person))),
        organisation: Some(Uuid::from_u128(u128::from(question.who.organisation))),
        roles: question.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        action: "view",
        now: NOW,
    };
    let mut transaction = store.begin_as(&context).await.unwrap();
    let policy = spec::access::row_level_security(model, question.entity, question.action);
    let text = crate::leaked(format!("SELECT id FROM {} WHERE {policy}", model[question.entity].table));
    let found = sql(text).fetch_all(&mut transaction).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
    found.iter().map(|row| row.uuid("id").unwrap()).collect()
}

fn questions(model: &Model, facts: &Facts) -> Vec<Question> {
    let mut out = Vec::new();
    for person in PEOPLE {
        for organisation in ORGANISATIONS {
            let who = Who { person, organisation, now: 0 };
            let roles: BTreeSet<RoleIndex> = facts
                .memberships
                .iter()
                .filter(|m| m.person == person && m.organisation == organisation)
                .map(|m| m.role)
                .collect();
            for (entity, resolved) in model.entities() {
                let actions: BTreeSet<Action> =
                    resolved.grants.iter().flat_map(|grant| grant.actions.clone()).collect();
                out.extend(actions.into_iter().map(|action| Question {
                    who,
                    roles: roles.clone(),
                    entity,
                    action,
                }));
            }
        }
    }
    out
}

fn expected(model: &Model, facts: &Facts, question: &Question) -> BTreeSet<Uuid> {
    let records = facts.records.get(&question.entity).into_iter().flatten();
    let seen = records.filter(|(record, _)| {
        visible(model, facts, question.who, question.action, question.entity, **record).is_some()
    });
    seen.map(|(record, _)| Uuid::from_u128(u128::from(*record))).collect()
}

fn specification() -> ValidatedSpec {
    spec::check(SPEC, &Lock::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

/// CL-1, CC-5: minimum necessary, whatever the facts.
#[tokio::test]
async fn grants_let_through_what_the_oracle_lets_through() {
    let spec = specification();
    let model = spec.model();
    let databases = [(testing::blank_sqlite().await, false), (testing::blank_postgres().await, true)];
    for (database, postgres) in &databases {
        for statement in tables(model, *postgres) {
            execute(&database.owner, statement).await;
        }
    }
    let mut choices = Choices(20_261_123);
    let (mut asked_for, mut let_through) = (0, 0);
    for _ in 0..6 {
        let facts = world(model, &mut choices);
        for (database, postgres) in &databases {
            fill(&database.owner, model, &facts).await;
            for question in questions(model, &facts) {
                let expected = expected(model, &facts, &question);
                let told =
                    || format!("{:?} {} of {:?}", question.action, model[question.entity].name, question.who);
                assert_eq!(asked(&database.owner, model, &question).await, expected, "{}", told());
                if *postgres {
                    assert_eq!(
                        fenced(&database.owner, model, &question).await,
                        expected,
                        "fenced {}",
                        told()
                    );
                }
                asked_for += 1;
                let_through += expected.len();
            }
        }
    }
    // A world in which nobody sees anything would prove nothing.
    assert!(let_through > 400 && asked_for > 3_000, "{let_through} of {asked_for}");
}
