//! Construct 25: an app changes and loses nothing. After each of many random changes, on both databases, the rows are what the
//! change implies, and the schema is that of an app that was generated from the changed spec in the first place.

mod chains;

use std::collections::{BTreeMap, BTreeSet};

use generator::{Past, Project};
use safeguards::store::{Migration, MigrationSet, Store};
use safeguards::testing::{self, TestDatabase};
use spec::{Lock, ValidatedSpec};
use uuid::Uuid;

use crate::{execute, leaked, rows};

/// A project in one of its versions.
struct Version {
    spec: ValidatedSpec,
    files: Project,
}

impl Version {
    fn first(text: &str) -> Self {
        let spec = checked(text, &Lock::default());
        let files = generator::generate(&spec, text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Self { spec, files }
    }

    fn next(&self, text: &str) -> Self {
        let spec = checked(text, self.spec.lock());
        let migrations = self.migrations();
        let past = Past { spec: &self.spec, migrations: &migrations };
        let files = generator::evolve(&past, &spec, text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Self { spec, files }
    }

    /// The same spec, with the same ids, as if there had never been another.
    fn fresh(&self, text: &str) -> Self {
        let files = generator::generate(&self.spec, text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Self { spec: self.spec.clone(), files }
    }

    fn migrations(&self) -> BTreeMap<String, String> {
        let files = self.files.files.iter().filter(|(path, _)| path.starts_with("migrations/"));
        files.map(|(path, text)| (path.clone(), text.clone())).collect()
    }

    fn set(&self) -> MigrationSet {
        let of = |folder: &str| -> &'static [Migration] {
            let files =
                self.files.files.iter().filter_map(|(path, text)| Some((path.strip_prefix(folder)?, text)));
            let steps = files.map(|(name, text)| Migration {
                version: name
                    .split('_')
                    .next()
                    .and_then(|number| number.parse().ok())
                    .expect("a number first"),
                name: leaked(name.trim_end_matches(".sql").to_owned()),
                sql: leaked(text.clone()),
            });
            Vec::leak(steps.collect())
        };
        MigrationSet { name: "app", sqlite: of("migrations/sqlite/"), postgres: of("migrations/postgres/") }
    }

    async fn apply(&self, database: &TestDatabase) {
        let applied = database.owner.migrate(&[self.set()]).await;
        if let Err(error) = applied {
            let newest = self.files.files.iter().rfind(|(path, _)| path.contains("_change"));
            panic!("{error}\n{}", newest.map_or("", |(_, text)| text));
        }
    }
}

fn checked(text: &str, lock: &Lock) -> ValidatedSpec {
    let spec = spec::check(text, lock).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    let not_yet = spec::buildable(&spec);
    assert!(not_yet.is_empty(), "{not_yet:?}\n{text}");
    spec
}

async fn both() -> [TestDatabase; 2] {
    [testing::sqlite().await, testing::postgres().await]
}

/// Everything that the schema says, in an order of its own: columns, keys, checks, indexes, triggers, policies.
async fn shape(store: &Store) -> BTreeSet<String> {
    const POSTGRES: &[&str] = &[
        "SELECT format('column %s.%s.%s %s %s %s', table_schema, table_name, column_name, data_type, is_nullable, column_default)
             AS line FROM information_schema.columns
             WHERE table_schema IN ('public', 'fence') AND table_name <> 'schema_migrations'",
        "SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS line
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT 'index ' || indexdef AS line FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT format('policy %s %s %s %s %s %s %s', tablename, policyname, permissive, cmd, roles, qual, with_check) AS line
             FROM pg_policies WHERE schemaname = 'public'",
        "SELECT format('trigger %s %s %s', tgrelid::regclass, pg_get_triggerdef(oid), pg_get_functiondef(tgfoid)) AS line
             FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT format('fenced %s %s %s', relname, relrowsecurity, relforcerowsecurity) AS line FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
        "SELECT format('view %s %s', viewname, definition) AS line FROM pg_views WHERE schemaname = 'fence'",
    ];
    const SQLITE: &[&str] = &[
        "SELECT 'column ' || t.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' ||
             coalesce(c.dflt_value, '') || ' ' || c.pk AS line
             FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name <> 'schema_migrations'",
        "SELECT 'key ' || t.name || ' ' || k.\"from\" || ' ' || k.\"table\" || ' ' || k.\"to\" || ' ' || k.on_delete AS line
             FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) k WHERE t.type = 'table'",
        "SELECT 'unique ' || t.name || ' ' || i.\"unique\" || ' ' || i.origin || ' ' || i.partial || ' ' ||
             (SELECT group_concat(c.name) FROM pragma_index_info(i.name) c) AS line
             FROM sqlite_master t JOIN pragma_index_list(t.name) i WHERE t.type = 'table'",
        "SELECT sql AS line FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    ];
    let mut lines = BTreeSet::new();
    for query in if store.is_postgres() { POSTGRES } else { SQLITE } {
        for row in rows(store, (*query).to_owned()).await {
            let line = row.text("line").expect("it is text");
            lines.insert(line.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
    if !store.is_postgres() {
        let tables = "SELECT sql AS line FROM sqlite_master WHERE type = 'table' AND sql LIKE '%CHECK%'";
        for row in rows(store, tables.to_owned()).await {
            let text = row.text("line").expect("it is text");
            let checks = text.lines().filter(|line| line.contains("CHECK (")).map(str::trim);
            lines.extend(checks.map(|line| line.trim_end_matches([',', ' ']).to_owned()));
        }
    }
    lines
}

async fn assert_as_if_new(version: &Version, text: &str, database: &TestDatabase) {
    let fresh = if database.is_postgres() { testing::postgres().await } else { testing::sqlite().await };
    version.fresh(text).apply(&fresh).await;
    let (is, wanted) = (shape(&database.owner).await, shape(&fresh.owner).await);
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).cloned().collect::<Vec<_>>().join("\n  ")
    };
    assert!(
        is == wanted,
        "a changed app differs from a new one of the same spec\nonly in the changed one:\n  {}\nonly in the new one:\n  {}\n{text}",
        only(&is, &wanted),
        only(&wanted, &is)
    );
}

const CLINIC: &str = r#"
app: Clinic
roles:
  owner: { privileged: true, administers: [people] }
  doctor: {}
  patient: { self: patient }
entities:
  patient:
    assigned to: { role: doctor, team: one, by: [owner] }
    reference: PT
    title: [name]
    fields:
      name: identifier name, required
      phone: identifier phone, searchable
      email: identifier email
    access:
      doctor: view, update assigned
      patient: view own
      owner: view, create, assign in organisation
  visit:
    part of: patient
    fields:
      start: clinical moment, required, queryable
      end: clinical moment, required, queryable
      doctor: link doctor
      pain: clinical integer 0..10
    access:
      doctor: view, create, update assigned
      patient: view own
    lifecycle:
      states: [booked, done]
      moves:
        finish: { from: booked, to: done, by: doctor }
  note:
    part of: visit
    fields:
      text: narrative
    access:
      doctor: view, create, update assigned
    lifecycle:
      states: [draft, signed]
      moves:
        sign: { from: draft, to: signed, by: doctor }
      locked: [signed]
      addenda: true
calendars:
  visits: { of: visit, start: start, end: end, resources: [doctor], overlap: refuse, for: [doctor] }
"#;

/// What a clinic asks for after its first month, all at once.
const CLINIC_LATER: &str = r#"
app: Clinic
roles:
  owner: { privileged: true, administers: [people] }
  doctor: {}
  nurse: {}
  patient: { self: client }
entities:
  client:
    assigned to: { role: [doctor, nurse], team: many, by: [owner] }
    reference: PT
    title: [name]
    fields:
      name: identifier name, required
      mobile: identifier phone, searchable
      email: identifier email
      language: none one of English | Spanish | other
    access:
      doctor: view, update assigned
      nurse: view(name, mobile) assigned
      patient: view own
      owner: view, create, assign, delete in organisation
  visit:
    part of: client
    fields:
      start: clinical moment, required, queryable
      end: clinical moment, queryable
      doctor: link doctor
      pain: clinical integer 0..10
      room: none integer 1..12
    access:
      doctor: view, create, update assigned
      nurse: view assigned
      patient: view own
    lifecycle:
      states: [booked, checked in, done]
      moves:
        check in: { from: booked, to: checked in, by: nurse }
        finish: { from: [booked, checked in], to: done, by: doctor }
  note:
    part of: visit
    fields:
      text: narrative
      summary: narrative
    access:
      doctor: view, create, update assigned
    lifecycle:
      states: [draft, signed]
      moves:
        sign: { from: draft, to: signed, by: doctor }
      locked: [signed]
      addenda: true
  invoice:
    fields:
      client: link client
      amount: none money
    access:
      owner: view, create in organisation
changes:
  client: { was: patient }
  client.mobile: { was: phone }
"#;

/// A rename with assignments, references, locks, addenda and a book of appointments, and everything that hangs on it.
#[tokio::test(flavor = "multi_thread")]
async fn construct_25_a_clinic_changes_and_keeps_its_records() {
    for database in both().await {
        let first = Version::first(CLINIC);
        first.apply(&database).await;
        let store = &database.owner;
        let at = "'2026-11-23T11:18:03.000000Z'";
        let id = |number: u128| format!("'{}'", Uuid::from_u128(number));
        let bytes =
            |hex: &str| if store.is_postgres() { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") };
        let always = format!("{}, 1, {at}, {}, {at}, {}", id(1), id(9), id(9));
        let columns = "id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id";
        person(store).await;
        for statement in [
            format!(
                "INSERT INTO patients ({columns}, reference, name, phone, phone_index) VALUES ({}, {always}, 'PT-1', {}, {}, {})",
                id(20),
                bytes("01"),
                bytes("02"),
                bytes("03")
            ),
            format!(
                "INSERT INTO patient_assignments (id, organisation_id, patient_id, person_id, role, starts_at, assigned_by_id)
                 VALUES ({}, {}, {}, {}, 'doctor', {at}, {})",
                id(21),
                id(1),
                id(20),
                id(9),
                id(9)
            ),
            format!(
                "INSERT INTO visits ({columns}, patient_id, start, \"end\", doctor_id, state)
                 VALUES ({}, {always}, {}, {at}, '2026-11-23T11:48:03.000000Z', {}, 'done')",
                id(22),
                id(20),
                id(9)
            )
            .replace("\"end\"", column(&first.spec, "visit", "end"))
            .replace("doctor_id", column(&first.spec, "visit", "doctor"))
            .replace(", start,", &format!(", {},", column(&first.spec, "visit", "start")))
            .replace("state)", &format!("{})", state(&first.spec, "visit"))),
            format!("INSERT INTO notes ({columns}, visit_id, {}, {}) VALUES ({}, {always}, {}, {}, 'signed')",
                column(&first.spec, "note", "text"),
                state(&first.spec, "note"),
                id(23),
                id(22),
                bytes("04")
            ),
        ] {
            execute(store, statement).await;
        }

        let later = first.next(CLINIC_LATER);
        later.apply(&database).await;
        assert_as_if_new(&later, CLINIC_LATER, &database).await;
        let joined = format!(
            "SELECT c.reference || ' ' || v.{} || ' ' || n.{} || ' ' || a.role AS line FROM clients c
             JOIN client_assignments a ON a.client_id = c.id JOIN visits v ON v.client_id = c.id JOIN notes n ON n.visit_id = v.id
             WHERE c.mobile = {} AND c.mobile_index = {} AND n.{} = {} AND n.summary IS NULL",
            state(&later.spec, "visit"),
            state(&later.spec, "note"),
            bytes("02"),
            bytes("03"),
            column(&later.spec, "note", "text"),
            bytes("04"),
        );
        let found = rows(store, joined).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text("line").unwrap(), "PT-1 done signed doctor");
        // Applied once; the same program finds nothing to do.
        assert!(database.owner.migrate(&[later.set()]).await.unwrap().is_empty());
        // And the same spec again is no change.
        let again = later.next(CLINIC_LATER);
        assert_eq!(again.migrations(), later.migrations());
    }
}

/// Rules and tasks that come to a living app, are given to others, and go.
#[tokio::test(flavor = "multi_thread")]
async fn construct_15_and_16_rules_and_tasks_come_and_go() {
    let watched = format!(
        "{CLINIC}rules:\n  pain: {{ of: visit, when: pain > 8, do: [call back] }}\n  \
         silent: {{ enters: unseen, do: [call back] }}\n\
         lists:\n  unseen: {{ of: patient, without: visit, in: 90 days, for: [doctor] }}\n\
         tasks:\n  call back: {{ about: patient, owner: doctor, due: 4 hours, else: owner }}\n"
    );
    let watched = watched.replace(
        "      patient: view own\n    lifecycle",
        "      owner: view in organisation\n      patient: view own\n    lifecycle",
    );
    let others =
        watched.replace("owner: doctor, due: 4 hours, else: owner", "owner: owner, due: 1 day, else: doctor");
    for database in both().await {
        let first = Version::first(CLINIC);
        first.apply(&database).await;
        person(&database.owner).await;
        let mut version = first;
        for (text, there) in [(watched.as_str(), true), (others.as_str(), true), (CLINIC, false)] {
            let next = version.next(text);
            next.apply(&database).await;
            assert_as_if_new(&next, text, &database).await;
            assert_eq!(next.spec.model().entity("call back").is_some(), there);
            version = next;
        }
    }
}

async fn person(store: &Store) {
    let at = "'2026-11-23T11:18:03.000000Z'";
    let (organisation, person) = (Uuid::from_u128(1), Uuid::from_u128(9));
    execute(
        store,
        format!("INSERT INTO organisations (id, name, created_at) VALUES ('{organisation}', 'Clinic', {at})"),
    )
    .await;
    let bytes = if store.is_postgres() { "'\\x01'::bytea" } else { "x'01'" };
    let columns = "id, email, email_index, created_at, updated_at";
    execute(
        store,
        format!("INSERT INTO people ({columns}) VALUES ('{person}', {bytes}, {bytes}, {at}, {at})"),
    )
    .await;
}

fn column<'a>(spec: &'a ValidatedSpec, entity: &str, field: &str) -> &'a str {
    let entity = &spec.model()[spec.model().entity(entity).unwrap()];
    &entity[entity.field(field).unwrap()].column
}

fn state<'a>(spec: &'a ValidatedSpec, entity: &str) -> &'a str {
    let entity = &spec.model()[spec.model().entity(entity).unwrap()];
    &entity[entity.lifecycle.as_ref().unwrap().field].column
}

/// What cannot be done in SQL is refused before anything is written, in words that say what to do.
#[test]
fn what_no_migration_can_change_is_refused_in_words() {
    let first = Version::first(CLINIC);
    let migrations = first.migrations();
    for (from, to, said) in [
        (
            "pain: clinical integer 0..10",
            "pain: clinical integer 0..10, queryable",
            "`visit`.`pain` is sealed",
        ),
        ("email: identifier email", "email: identifier email, searchable", "cannot become searchable"),
        ("part of: visit", "part of: patient", "cannot become part of another record"),
        ("text: narrative", "text: clinical integer", "cannot hold another kind of value"),
    ] {
        let text = CLINIC.replacen(from, to, 1);
        let spec = checked(&text, first.spec.lock());
        let past = Past { spec: &first.spec, migrations: &migrations };
        let refused = generator::evolve(&past, &spec, &text).expect_err(from).to_string();
        assert!(refused.contains(said), "{refused}");
        assert!(refused.contains("make a new record") || refused.contains("add a field"), "{refused}");
    }
}
