//! CL-1, CC-5: the SQL of a spec's grants lets through what the oracle lets through, on both databases; and so does
//! PostgreSQL's row-level security alone, as a generated project's migrations make it, for a statement that asks for
//! everything: for records and their parts down to the third degree, and for people with several roles.

use crate::{Choices, execute, leaked, rows};
use safeguards::{
    store::{Migration, MigrationSet, PolicyContext, Store, sql},
    testing,
};
use spec::{
    Lock, ValidatedSpec,
    access::{
        Action,
        oracle::{AssignmentFact, Facts, Id, Membership, Record, Who, visible},
    },
    model::{EntityIndex, Model, Origin, PlaceIndex, RoleIndex, Target},
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
  remark:
    part of: detail
    fields: { words: narrative }
    access:
      nurse: view, create, update, delete assigned
      patient: view own
      doctor: view own via detail.reading
      manager: create, delete in clinic
      owner: view in organisation
  note:
    part of: patient
    fields: { text: narrative }
    access:
      doctor: view, create assigned; update own
      patient: view own when signed, locked
      nurse: view in ward when locked
    lifecycle:
      states: [draft, signed, locked, archived]
      moves:
        sign: { from: draft, to: signed, by: doctor }
        lock: { from: signed, to: locked, by: nurse, scope: in ward }
        archive: { from: locked, to: archived, by: nurse, scope: in ward }
      locked: [locked, archived]
      addenda: true
  attachment:
    part of: note
    fields: { words: narrative }
    access:
      doctor: view, update, delete assigned
      patient: view own
      nurse: view, create in ward
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
const STATES: [&str; 4] = ["draft", "signed", "locked", "archived"];

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

/// Tables for SQLite, with the columns that policies read.
fn tables(model: &Model) -> Vec<String> {
    let mut out = vec![
        "CREATE TABLE memberships (person_id TEXT, organisation_id TEXT, role TEXT, place_id TEXT)"
            .to_owned(),
        "CREATE TABLE places (organisation_id TEXT, id TEXT, parent_id TEXT)".to_owned(),
    ];
    for (index, entity) in model.entities() {
        let columns = columns(model, index).join(" TEXT, ");
        out.push(format!("CREATE TABLE {} ({columns} TEXT)", entity.table));
        if let Some(assignment) = &entity.assignment {
            out.push(format!(
                "CREATE TABLE {} (organisation_id TEXT, {} TEXT, person_id TEXT, role TEXT, starts_at TEXT, ends_at TEXT)",
                assignment.table, assignment.column
            ));
        }
    }
    out
}

/// The columns of an entity's table that policies read.
fn columns(model: &Model, index: EntityIndex) -> Vec<String> {
    let entity = &model[index];
    let mut columns = vec!["id".to_owned(), "organisation_id".to_owned()];
    columns.extend(entity.lifecycle.iter().map(|lifecycle| entity[lifecycle.field].column.clone()));
    columns.extend(id_columns(model, index).into_iter().map(|(column, _)| column));
    columns.extend(entity.has_place_column().then(|| "place_id".to_owned()));
    columns
}

/// The migrations for PostgreSQL of the project that is generated of the spec.
fn migrations(spec: &ValidatedSpec) -> MigrationSet {
    let not_yet = spec::buildable(spec);
    assert!(not_yet.is_empty(), "{not_yet:?}");
    let project = generator::generate(spec, SPEC).unwrap_or_else(|error| panic!("{error}"));
    let files = project.files.into_iter().filter(|(path, _)| path.starts_with("migrations/postgres/"));
    let migrations = (1..).zip(files).map(|(version, (path, text))| Migration {
        version,
        name: leaked(path),
        sql: leaked(text),
    });
    MigrationSet { name: "app", sqlite: &[], postgres: Vec::leak(migrations.collect()) }
}

/// Takes away what keeps broken data out, and every trigger: what remains of the database's rules is row-level security.
const LOOSEN: &str = "DO $$ DECLARE it record; BEGIN
    FOR it IN SELECT conrelid::regclass AS of, conname AS name FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype IN ('f', 'c', 'x') LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.of, it.name);
    END LOOP;
    FOR it IN SELECT indexrelid::regclass AS name FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
        WHERE relnamespace = 'public'::regnamespace AND indisunique AND NOT indisprimary
            AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid) LOOP
        EXECUTE format('DROP INDEX %s', it.name);
    END LOOP;
    FOR it IN SELECT tgrelid::regclass AS of, tgname AS name FROM pg_trigger WHERE NOT tgisinternal LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', it.name, it.of);
    END LOOP;
    FOR it IN SELECT attrelid::regclass AS of, attname AS name, atttypid AS kind FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND attnotnull LOOP
        IF it.name = 'id' THEN
            IF it.kind = 'uuid'::regtype THEN
                EXECUTE format('ALTER TABLE %s ALTER id SET DEFAULT gen_random_uuid()', it.of);
            END IF;
        ELSIF NOT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = it.of AND indisprimary
            AND (SELECT attnum FROM pg_attribute WHERE attrelid = it.of AND attname = it.name) = ANY (indkey)) THEN
            EXECUTE format('ALTER TABLE %s ALTER %I DROP NOT NULL', it.of, it.name);
        END IF;
    END LOOP;
END $$";

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
        for _ in 0..=choices.below(4) {
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
    let places = facts.places.iter().map(|(place, (_, above))| {
        format!("({}, {}, {})", id(place / 1_000), id(*place), above.map_or_else(null, id))
    });
    inserts.push(("places (organisation_id, id, parent_id)".into(), places.collect()));
    for (index, entity) in model.entities() {
        let records = facts.records.get(&index).into_iter().flatten();
        let records = records.map(|(record_id, record)| values(model, index, *record_id, record));
        inserts.push((format!("{} ({})", entity.table, columns(model, index).join(", ")), records.collect()));
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

/// A record as `columns` say it.
fn values(model: &Model, index: EntityIndex, record_id: Id, record: &Record) -> String {
    let null = || "NULL".to_owned();
    let entity = &model[index];
    let mut values = vec![id(record_id), id(record.organisation)];
    let state = record.state.as_deref().expect("every record has a state");
    values.extend(entity.lifecycle.iter().map(|_| format!("'{state}'")));
    let ids = id_columns(model, index);
    values.extend(ids.iter().map(|(column, _)| record.ids.get(column).copied().map_or_else(null, id)));
    values.extend(entity.has_place_column().then(|| record.place.map_or_else(null, id)));
    format!("({})", values.join(", "))
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

/// What a statement of the app's role that forgot its policy shows, changes, removes or makes, by row-level security
/// alone. Nothing of it is kept.
async fn fenced(app: &Store, model: &Model, facts: &Facts, question: &Question) -> BTreeSet<Uuid> {
    let entity = &model[question.entity];
    let name = match question.action {
        Action::Move(at) => entity.lifecycle.as_ref().expect("it moves").moves[at].name.to_string(),
        simple => format!("{simple:?}").to_lowercase(),
    };
    let context = PolicyContext {
        person: Some(Uuid::from_u128(u128::from(question.who.person))),
        organisation: Some(Uuid::from_u128(u128::from(question.who.organisation))),
        roles: question.roles.iter().map(|role| model[*role].name.to_string()).collect(),
        action: leaked(name),
        now: NOW,
    };
    let table = &entity.table;
    let text = match question.action {
        Action::Create => return made(app, &context, model, facts, question.entity).await,
        Action::Update | Action::Assign | Action::Move(_) => {
            format!("UPDATE {table} SET version = 2 RETURNING id")
        }
        Action::Delete => format!("DELETE FROM {table} RETURNING id"),
        _ => format!("SELECT id FROM {table}"),
    };
    let mut transaction = app.begin_as(&context).await.unwrap();
    let text = leaked(text);
    let found = sql(text).fetch_all(&mut transaction).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
    transaction.rollback().await.unwrap();
    found.iter().map(|row| row.uuid("id").unwrap()).collect()
}

/// Which of the records could be made anew, each under an id of its own.
async fn made(
    app: &Store,
    context: &PolicyContext,
    model: &Model,
    facts: &Facts,
    index: EntityIndex,
) -> BTreeSet<Uuid> {
    let mut made = BTreeSet::new();
    for (record_id, record) in facts.records.get(&index).into_iter().flatten() {
        let copy = values(model, index, record_id + COPY, record);
        let into = format!("{} ({})", model[index].table, columns(model, index).join(", "));
        let mut transaction = app.begin_as(context).await.unwrap();
        let insert = sql(leaked(format!("INSERT INTO {into} VALUES {copy}"))).execute(&mut transaction).await;
        if insert.is_ok() {
            made.insert(Uuid::from_u128(u128::from(*record_id)));
        }
        let _ = transaction.rollback().await;
    }
    made
}

/// The ids of copies.
const COPY: Id = 1_000_000;

/// Whether a record is frozen for an action, by its own state or by that of what it is part of (CF-10).
fn is_locked(model: &Model, facts: &Facts, index: EntityIndex, record: &Record, action: Action) -> bool {
    let entity = &model[index];
    if matches!(entity.origin, Origin::Addenda(_)) {
        return false;
    }
    let own = entity.lifecycle.as_ref().is_some_and(|lifecycle| {
        let locked = |state: &str| lifecycle.locked.iter().any(|locked| locked.as_str() == state);
        let onward = matches!(action, Action::Move(at) if lifecycle.moves[at].from.iter().any(|from| locked(from.as_str())));
        !onward && record.state.as_deref().is_some_and(locked)
    });
    // What is to be done about a record that is signed is to be done all the same.
    let parent = entity.parent.as_ref().filter(|_| !matches!(entity.origin, Origin::Task(_)));
    let above = parent.and_then(|parent| {
        let above = facts.records.get(&parent.entity)?.get(record.ids.get(&parent.column)?)?;
        Some((parent.entity, above))
    });
    own || above.is_some_and(|(index, above)| {
        above.organisation == record.organisation && is_locked(model, facts, index, above, Action::Update)
    })
}

/// What the oracle says of a statement that writes: within the grants, and not frozen.
fn expected_of_fence(model: &Model, facts: &Facts, question: &Question) -> BTreeSet<Uuid> {
    let records = facts.records.get(&question.entity).into_iter().flatten();
    let allowed = records.filter(|(record_id, record)| match question.action {
        Action::View | Action::List | Action::Print | Action::Download | Action::Export => {
            visible(model, facts, question.who, question.action, question.entity, **record_id).is_some()
        }
        Action::Create => {
            let mut after = facts.clone();
            let copies = after.records.entry(question.entity).or_default();
            copies.insert(*record_id + COPY, (*record).clone());
            let copy = *record_id + COPY;
            visible(model, &after, question.who, question.action, question.entity, copy).is_some()
                && !is_locked(model, facts, question.entity, record, question.action)
        }
        _ => {
            visible(model, facts, question.who, question.action, question.entity, **record_id).is_some()
                && !is_locked(model, facts, question.entity, record, question.action)
        }
    });
    allowed.map(|(record, _)| Uuid::from_u128(u128::from(*record))).collect()
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
    let (sqlite, postgres) = (testing::blank_sqlite().await, testing::postgres().await);
    for statement in tables(model) {
        execute(&sqlite.owner, statement).await;
    }
    postgres.owner.migrate(&[migrations(&spec)]).await.unwrap_or_else(|error| panic!("{error}"));
    execute(&postgres.owner, LOOSEN.to_owned()).await;
    let mut choices = Choices(20_261_123);
    let (mut asked_for, mut let_through, mut several, mut deep) = (0, 0, 0, 0);
    for _ in 0..12 {
        let facts = world(model, &mut choices);
        for database in [&sqlite, &postgres] {
            fill(&database.owner, model, &facts).await;
        }
        for question in questions(model, &facts) {
            let expected = expected(model, &facts, &question);
            let told = || {
                let roles: Vec<_> = question.roles.iter().map(|role| model[*role].name.as_str()).collect();
                format!(
                    "{:?} {} of {:?} as {roles:?}",
                    question.action, model[question.entity].name, question.who
                )
            };
            for database in [&sqlite, &postgres] {
                assert_eq!(asked(&database.owner, model, &question).await, expected, "{}", told());
            }
            let of_fence = expected_of_fence(model, &facts, &question);
            assert_eq!(
                fenced(&postgres.store, model, &facts, &question).await,
                of_fence,
                "row-level security alone: {}",
                told()
            );
            asked_for += 1;
            let_through += expected.len();
            several += usize::from(question.roles.len() > 1 && !of_fence.is_empty());
            deep += usize::from(model[question.entity].name == "remark" && !of_fence.is_empty());
        }
    }
    // A world in which nobody sees anything would prove nothing.
    assert!(let_through > 600 && asked_for > 4_500, "{let_through} of {asked_for}");
    assert!(several > 60 && deep > 5, "{several} with several roles, {deep} of the third degree");
}
