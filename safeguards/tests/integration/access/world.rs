//! A small clinic: two entities, their link tables, and people in each role.

use rust_decimal::Decimal;
use safeguards::access::{
    Action, Context, Entity, Error, Field, Grant, Kind, Lock, Mask, Never, Principal, Record, Result, Shown,
    Unsealed, Written, leading_view, row_level_security,
};
use safeguards::audit::{Actor, Audit, AuditContext, Purpose};
use safeguards::crypto::{FileKeyService, KeyService, Keys};
use safeguards::identity::{OrganisationId, PersonId, Role, RoleName};
use safeguards::store::{Migration, MigrationSet};
use safeguards::testing::{self, TestDatabase};
use safeguards::{Clock, Ids, ManualClock, SystemIds, sql, tenant};
use std::sync::Arc;
use time::macros::datetime;
use uuid::Uuid;

const READ: &[Action] = &[Action::View, Action::List];
const ASSIGNED: &str = "EXISTS (SELECT 1 FROM patient_assignments a WHERE a.patient_id = patients.id \
     AND a.person_id = :person AND a.starts_at <= :now AND (a.ends_at IS NULL OR a.ends_at > :now))";
const OWN: &str =
    "EXISTS (SELECT 1 FROM patient_people p WHERE p.patient_id = patients.id AND p.person_id = :person)";
const OF_ASSIGNED: &str = "EXISTS (SELECT 1 FROM patient_assignments a WHERE a.patient_id = readings.patient_id \
     AND a.person_id = :person AND a.starts_at <= :now AND (a.ends_at IS NULL OR a.ends_at > :now))";
const OF_OWN: &str = "EXISTS (SELECT 1 FROM patient_people p WHERE p.patient_id = readings.patient_id AND p.person_id = :person)";

const REMARKS_OF_ASSIGNED: &str = "EXISTS (SELECT 1 FROM readings r1 WHERE r1.id = remarks.reading_id \
     AND r1.organisation_id = :organisation AND EXISTS (SELECT 1 FROM patient_assignments a WHERE a.patient_id = r1.patient_id \
     AND a.person_id = :person AND a.starts_at <= :now AND (a.ends_at IS NULL OR a.ends_at > :now)))";
const REMARKS_OF_OWN: &str = "EXISTS (SELECT 1 FROM readings r1 WHERE r1.id = remarks.reading_id \
     AND r1.organisation_id = :organisation \
     AND EXISTS (SELECT 1 FROM patient_people p WHERE p.patient_id = r1.patient_id AND p.person_id = :person))";

pub(crate) static PATIENT: Entity = Entity {
    reference: Some("PT"),
    subject: Some("id"),
    fields: &[
        Field::identifier("name", 1, Kind::Text),
        Field::identifier("phone", 2, Kind::Phone).lookup("phone_index"),
        Field::identifier("date_of_birth", 3, Kind::Date),
        Field::clinical("weight", 4, Kind::Decimal).queryable(),
        Field::narrative("goals", 5),
        Field::clinical("substances", 6, Kind::Text).sensitive("part2"),
        Field::plain("status", 7, Kind::Text),
        Field::clinical("photo", 8, Kind::Json),
        Field::plain("keeper_id", 9, Kind::Uuid).to_person(),
    ],
    grants: &[
        Grant::to("owner", READ).labels(&["part2"]),
        Grant::to("owner", &[Action::Download]),
        Grant::to("owner", &[Action::Create, Action::Update, Action::Delete, Action::Move("close")]),
        Grant::to("provider", &[Action::View, Action::List, Action::Update]).rows(ASSIGNED),
        Grant::to("provider", &[Action::Create]).rows("patients.created_by_id = :person"),
        Grant::to("patient", READ).rows(OWN),
        Grant::to("patient", &[Action::Update]).rows(OWN).fields(Mask::Only(&["phone"])),
        Grant::to("patient", &[Action::Move("fill")]).rows(OWN).fields(Mask::Only(&["weight"])),
        Grant::to("sales rep", READ).fields(Mask::Only(&["reference"])),
        Grant::to("nurse", READ).fields(Mask::Only(&["reference", "weight", "status"])),
    ],
    nevers: &[Never::to("trainee").fields(Mask::Only(&["goals"])), Never::to("suspended")],
    unique: &[&["phone"]],
    ..Entity::named("patient", 1, "patients")
};

pub(crate) static READING: Entity = Entity {
    subject: Some("patient_id"),
    fields: &[
        Field::plain("patient_id", 1, Kind::Uuid).to("patients"),
        Field::clinical("systolic", 2, Kind::Integer).queryable(),
        Field::narrative("note", 3),
        Field::plain("status", 4, Kind::Text),
    ],
    grants: &[
        Grant::to("owner", READ),
        Grant::to("provider", &[Action::View, Action::List, Action::Create, Action::Update, Action::Delete])
            .rows(OF_ASSIGNED),
        Grant::to("provider", &[Action::Move("sign"), Action::Move("lock")]).rows(OF_ASSIGNED),
        Grant::to("patient", &[Action::View, Action::List, Action::Create]).rows(OF_OWN),
        Grant::to("desk", &[Action::Create]),
    ],
    lock: Some(Lock::on("readings.status IN ('signed', 'locked')").moves(&["lock"], &["status"])),
    ..Entity::named("reading", 2, "readings")
};

/// A part of a part: what a patient writes about a reading, though they read no readings' remarks of others, and what a
/// scribe reads, who reads no reading.
pub(crate) static REMARK: Entity = Entity {
    subject: Some("(SELECT r1.patient_id FROM readings r1 WHERE r1.id = remarks.reading_id)"),
    fields: &[Field::plain("reading_id", 1, Kind::Uuid), Field::narrative("body", 2)],
    grants: &[
        Grant::to("scribe", &[Action::View, Action::List, Action::Create, Action::Update, Action::Delete])
            .rows(REMARKS_OF_ASSIGNED),
        Grant::to("patient", READ).rows(REMARKS_OF_OWN),
    ],
    ..Entity::named("remark", 3, "remarks")
};

#[derive(Debug)]
pub(crate) struct Remark {
    pub(crate) body: Shown<String>,
}

impl Record for Remark {
    const ENTITY: &'static Entity = &REMARK;

    fn read(row: &Unsealed<'_>) -> Result<Self> {
        Ok(Self { body: row.field("body")? })
    }
}

#[derive(Debug)]
pub(crate) struct Patient {
    pub(crate) written: Written,
    pub(crate) name: Shown<String>,
    pub(crate) phone: Shown<Option<String>>,
    pub(crate) weight: Shown<Option<Decimal>>,
    pub(crate) goals: Shown<Option<String>>,
    pub(crate) substances: Shown<Option<String>>,
}

impl Record for Patient {
    const ENTITY: &'static Entity = &PATIENT;

    fn read(row: &Unsealed<'_>) -> Result<Self> {
        Ok(Self {
            written: Written::read(row)?,
            name: row.field("name")?,
            phone: row.field("phone")?,
            weight: row.field("weight")?,
            goals: row.field("goals")?,
            substances: row.field("substances")?,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) written: Written,
    pub(crate) systolic: Shown<i64>,
    pub(crate) note: Shown<Option<String>>,
    pub(crate) status: Shown<String>,
}

impl Record for Reading {
    const ENTITY: &'static Entity = &READING;

    fn read(row: &Unsealed<'_>) -> Result<Self> {
        Ok(Self {
            written: Written::read(row)?,
            systolic: row.field("systolic")?,
            note: row.field("note")?,
            status: row.field("status")?,
        })
    }
}

static ROLES: &[Role] = &[
    role("owner"),
    role("provider"),
    role("patient"),
    role("sales rep"),
    role("nurse"),
    role("trainee"),
    role("suspended"),
    role("scribe"),
    role("desk"),
    role("a"),
    role("b"),
];

const fn role(name: &'static str) -> Role {
    Role::named(name)
}

pub(crate) const CLINIC: Uuid = Uuid::from_u128(0xc1);
pub(crate) const ELSEWHERE: Uuid = Uuid::from_u128(0xc2);

/// People, by what they are.
pub(crate) mod people {
    use uuid::Uuid;

    pub(crate) const OWNER: Uuid = Uuid::from_u128(0x01);
    pub(crate) const PROVIDER: Uuid = Uuid::from_u128(0x02);
    pub(crate) const OTHER_PROVIDER: Uuid = Uuid::from_u128(0x03);
    pub(crate) const PATIENT: Uuid = Uuid::from_u128(0x04);
    pub(crate) const SALES_REP: Uuid = Uuid::from_u128(0x05);
}

pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) clock: ManualClock,
    pub(crate) keys: Keys,
    pub(crate) audit: Audit,
    ids: Arc<dyn Ids>,
    _folder: tempfile::TempDir,
}

pub(crate) async fn worlds() -> [World; 2] {
    [World::on(testing::sqlite().await).await, World::on(testing::postgres().await).await]
}

const SQLITE: &[&str] = &[
    "CREATE TABLE patients (id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, version INTEGER NOT NULL,
        created_at TEXT NOT NULL, created_by_id TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by_id TEXT NOT NULL,
        reference TEXT NOT NULL, name BLOB, phone BLOB, phone_index BLOB, date_of_birth BLOB, weight REAL, goals BLOB,
        substances BLOB, status TEXT, photo BLOB, keeper_id TEXT, UNIQUE (organisation_id, reference)) STRICT;",
    "CREATE TABLE readings (id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, version INTEGER NOT NULL,
        created_at TEXT NOT NULL, created_by_id TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by_id TEXT NOT NULL,
        patient_id TEXT NOT NULL REFERENCES patients (id), systolic INTEGER, note BLOB, status TEXT,
        UNIQUE (organisation_id, systolic)) STRICT;",
    "CREATE TABLE remarks (id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, version INTEGER NOT NULL,
        created_at TEXT NOT NULL, created_by_id TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by_id TEXT NOT NULL,
        reading_id TEXT NOT NULL REFERENCES readings (id), body BLOB) STRICT;",
    "CREATE TABLE patient_assignments (patient_id TEXT NOT NULL, person_id TEXT NOT NULL, starts_at TEXT NOT NULL,
        ends_at TEXT) STRICT;",
    "CREATE TABLE patient_people (patient_id TEXT NOT NULL, person_id TEXT NOT NULL) STRICT;",
];

const POSTGRES: &[&str] = &[
    "CREATE TABLE patients (id uuid PRIMARY KEY, organisation_id uuid NOT NULL, version bigint NOT NULL,
        created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, updated_at timestamptz NOT NULL,
        updated_by_id uuid NOT NULL, reference text NOT NULL, name bytea, phone bytea, phone_index bytea,
        date_of_birth bytea, weight double precision, goals bytea, substances bytea, status text,
        photo bytea, keeper_id uuid, UNIQUE (organisation_id, reference));",
    "CREATE TABLE readings (id uuid PRIMARY KEY, organisation_id uuid NOT NULL, version bigint NOT NULL,
        created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, updated_at timestamptz NOT NULL,
        updated_by_id uuid NOT NULL, patient_id uuid NOT NULL REFERENCES patients (id), systolic bigint, note bytea,
        status text, UNIQUE (organisation_id, systolic));",
    "CREATE TABLE remarks (id uuid PRIMARY KEY, organisation_id uuid NOT NULL, version bigint NOT NULL,
        created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, updated_at timestamptz NOT NULL,
        updated_by_id uuid NOT NULL, reading_id uuid NOT NULL REFERENCES readings (id), body bytea);",
    "CREATE TABLE patient_assignments (patient_id uuid NOT NULL, person_id uuid NOT NULL,
        starts_at timestamptz NOT NULL, ends_at timestamptz,
        organisation_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-0000000000c1');",
    "CREATE TABLE patient_people (patient_id uuid NOT NULL, person_id uuid NOT NULL,
        organisation_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-0000000000c1');",
];

impl World {
    pub(crate) async fn on(database: TestDatabase) -> Self {
        let views = [
            leading_view("patients", &["organisation_id", "id", "created_by_id"]),
            leading_view("readings", &["organisation_id", "id", "patient_id", "status"]),
            leading_view("patient_assignments", &["patient_id", "person_id", "starts_at", "ends_at"]),
            leading_view("patient_people", &["patient_id", "person_id"]),
        ];
        let policies = [&PATIENT, &READING, &REMARK].map(row_level_security);
        migrate(&database, SQLITE.concat(), POSTGRES.concat() + &views.concat() + &policies.concat()).await;
        Self::over(database).await
    }

    /// Over a database that has its tables.
    pub(crate) async fn over(database: TestDatabase) -> Self {
        let clock = ManualClock::at(datetime!(2026-11-23 12:00 UTC));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let folder = tempfile::tempdir().unwrap();
        let service = Arc::new(FileKeyService::create(&folder.path().join("root.key")).unwrap());
        let service: Arc<dyn KeyService> = service;
        let keys = Keys::new(Uuid::from_u128(0xe), service, database.store.clone(), Arc::clone(&shared));
        for organisation in [CLINIC, ELSEWHERE] {
            keys.create(organisation).await.unwrap();
        }
        let audit = Audit::start(&database.store, Arc::clone(&shared));
        let ids: Arc<dyn Ids> = Arc::new(SystemIds::new(shared));
        Self { database, clock, keys, audit, ids, _folder: folder }
    }

    /// Somebody with these roles in the clinic, in a session of their own.
    pub(crate) fn as_person(&self, person: Uuid, roles: &[&str]) -> Context {
        self.in_organisation(CLINIC, person, roles)
    }

    pub(crate) fn in_organisation(&self, organisation: Uuid, person: Uuid, roles: &[&str]) -> Context {
        let roles = roles.iter().map(|name| {
            let declared = ROLES.iter().find(|role| role.name == *name);
            RoleName::from(declared.unwrap_or_else(|| panic!("{name} is a declared role")))
        });
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let circumstances = AuditContext {
            clock: Arc::clone(&clock),
            organisation,
            actor: Actor::Person(person),
            impersonator: None,
            session: Some(self.ids.next()),
            address: Some("192.0.2.7".parse().unwrap()),
            request: Some(self.ids.next()),
            purpose: Purpose::Treatment,
        };
        Context {
            principal: Principal::for_test(
                PersonId::new(person),
                OrganisationId::new(organisation),
                roles.collect(),
            ),
            store: self.database.store.clone(),
            keys: self.keys.clone(),
            audit: self.audit.clone(),
            circumstances,
            clock,
            ids: Arc::clone(&self.ids),
        }
    }

    pub(crate) fn owner(&self) -> Context {
        self.as_person(people::OWNER, &["owner"])
    }

    pub(crate) fn provider(&self) -> Context {
        self.as_person(people::PROVIDER, &["provider"])
    }

    pub(crate) fn other_provider(&self) -> Context {
        self.as_person(people::OTHER_PROVIDER, &["provider"])
    }

    pub(crate) fn patient(&self) -> Context {
        self.as_person(people::PATIENT, &["patient"])
    }

    pub(crate) fn sales_rep(&self) -> Context {
        self.as_person(people::SALES_REP, &["sales rep"])
    }

    /// A patient of the clinic, made by its owner.
    pub(crate) async fn admit(&self, name: &str, phone: Option<&str>) -> Uuid {
        tenant!("INSERT INTO patients ({fields}) VALUES ({values})")
            .field("name", name)
            .field("phone", phone)
            .field("weight", Decimal::new(725, 1))
            .field("goals", "walk without pain")
            .field("status", "active")
            .insert(&self.owner(), &PATIENT)
            .await
            .unwrap()
    }

    pub(crate) async fn assign(&self, patient: Uuid, person: Uuid) {
        sql("INSERT INTO patient_assignments (patient_id, person_id, starts_at) VALUES ($1, $2, $3)")
            .bind(patient)
            .bind(person)
            .bind(self.clock.now())
            .execute(&self.database.store)
            .await
            .unwrap();
    }

    pub(crate) async fn is_person(&self, patient: Uuid, person: Uuid) {
        sql("INSERT INTO patient_people (patient_id, person_id) VALUES ($1, $2)")
            .bind(patient)
            .bind(person)
            .execute(&self.database.store)
            .await
            .unwrap();
    }

    /// A patient who is assigned to the provider and is the person `people::PATIENT`.
    pub(crate) async fn ana(&self) -> Uuid {
        let ana = self.admit("Ana Ruiz", Some("+1 555 010 0199")).await;
        self.assign(ana, people::PROVIDER).await;
        self.is_person(ana, people::PATIENT).await;
        ana
    }

    pub(crate) async fn reading(&self, context: &Context, patient: Uuid, systolic: i64) -> Result<Uuid> {
        tenant!("INSERT INTO readings ({fields}) VALUES ({values})")
            .field("patient_id", patient)
            .field("systolic", systolic)
            .field("note", "after a walk")
            .field("status", "draft")
            .insert(context, &READING)
            .await
    }

    /// Events of one action, as `(record ids, subject, body)`, oldest first.
    pub(crate) async fn events(&self, action: &str) -> Vec<Event> {
        let rows = sql("SELECT i.record, i.records, i.subject, i.actor, i.address, i.payload, e.body, e.at
             FROM audit_events e JOIN audit_identities i ON i.lane = e.lane AND i.sequence = e.sequence
             WHERE e.action = $1 ORDER BY e.at, e.lane, e.sequence")
        .bind(action)
        .fetch_all(&self.database.owner)
        .await
        .unwrap();
        rows.iter().map(Event::read).collect()
    }
}

#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) records: Vec<Uuid>,
    pub(crate) subject: Option<String>,
    pub(crate) actor: String,
    pub(crate) address: Option<String>,
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) body: serde_json::Value,
}

impl Event {
    fn read(row: &safeguards::store::Row) -> Self {
        let mut records: Vec<Uuid> =
            row.optional_text("record").unwrap().iter().map(|id| id.parse().unwrap()).collect();
        if let Some(several) = row.optional_text("records").unwrap() {
            records.extend(serde_json::from_str::<Vec<Uuid>>(&several).unwrap());
        }
        Self {
            records,
            subject: row.optional_text("subject").unwrap(),
            actor: row.text("actor").unwrap(),
            address: row.optional_text("address").unwrap(),
            payload: row.optional_bytes("payload").unwrap(),
            body: serde_json::from_str(&row.text("body").unwrap()).unwrap(),
        }
    }
}

pub(crate) async fn migrate(database: &TestDatabase, sqlite: String, postgres: String) {
    let migration = |sql: String| -> &'static [Migration] {
        Box::leak(Box::new([Migration { version: 1, name: "tables", sql: Box::leak(sql.into_boxed_str()) }]))
    };
    let set = MigrationSet { name: "clinic", sqlite: migration(sqlite), postgres: migration(postgres) };
    database.owner.migrate(&[set]).await.unwrap();
}

pub(crate) async fn show(context: &Context, id: Uuid) -> Result<Patient> {
    tenant!(
        "SELECT reference, created_at, created_by_id, updated_at, updated_by_id, name, phone, weight, goals, substances, {reach}
         FROM patients WHERE id = $1 AND {visible}"
    )
    .bind(id)
    .show(context, Action::View)
    .await
}

pub(crate) async fn list(context: &Context) -> Result<Vec<Patient>> {
    tenant!("SELECT reference, name, phone, weight, goals, substances, {reach} FROM patients WHERE {visible} ORDER BY created_at, id")
        .list(context)
        .await
}

pub(crate) async fn count(context: &Context) -> i64 {
    tenant!("SELECT count(*) AS n FROM patients WHERE {visible}").count(context, &PATIENT).await.unwrap()
}

pub(crate) fn is_not_found<T>(result: &Result<T>) -> bool {
    matches!(result, Err(Error::NotFound))
}
