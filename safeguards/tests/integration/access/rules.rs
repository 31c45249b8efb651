//! What an app does by itself: once an episode, whatever is cut off and however many look; and who is responsible then.

use super::world::{CLINIC, World, migrate, people};
use safeguards::access::{
    Action, Context, Entity, Field, Grant, ITSELF, Kind, Lock, Moment, Raises, Result, Round, Rule,
    Statement, Task, Unsealed, Watch, leading_view, round, row_level_security,
};
use safeguards::pages::Zone;
use safeguards::testing::{self, TestDatabase};
use safeguards::{Clock, sql, tenant};
use std::pin::pin;
use std::task::Poll;
use time::macros::{datetime, offset};
use time::{Duration, OffsetDateTime};
use tokio::task::JoinSet;
use uuid::Uuid;

const READ: &[Action] = &[Action::View, Action::List];

static CLIENT: Entity = Entity {
    subject: Some("id"),
    fields: &[Field::identifier("name", 1, Kind::Text)],
    grants: &[
        Grant::to("nurse", READ).rows("clients.created_by_id <> :person"),
        Grant::to("owner", &[Action::Create]),
        Grant::to(ITSELF, &[Action::List]),
    ],
    ..Entity::named("client", 1, "clients")
};

static PRESSURE: Entity = Entity {
    subject: Some("client_id"),
    fields: &[
        Field::plain("client", 1, Kind::Uuid).column("client_id"),
        Field::clinical("systolic", 2, Kind::Integer),
        Field::narrative("note", 3),
    ],
    // Whoever writes it may neither read it afterwards nor see any call.
    grants: &[Grant::to("patient", &[Action::Create, Action::Update]), Grant::to(ITSELF, &[Action::List])],
    rules: &ON_PRESSURE,
    ..Entity::named("pressure", 2, "pressures")
};

static CALL: Entity = Entity {
    subject: Some("client_id"),
    fields: &[
        Field::plain("client", 1, Kind::Uuid).column("client_id"),
        Field::clinical("why", 2, Kind::Text),
        Field::plain("responsible", 3, Kind::Text),
        Field::plain("due at", 4, Kind::Timestamp).column("due_at"),
        Field::plain("escalated at", 5, Kind::Timestamp).column("escalated_at"),
        Field::plain("settled at", 6, Kind::Timestamp).column("settled_at"),
        Field::plain("status", 7, Kind::Text),
    ],
    grants: &[
        Grant::to("nurse", &[Action::View, Action::List, Action::Move("done")]).rows(
            "EXISTS (SELECT 1 FROM clients r1 WHERE r1.id = calls.client_id AND r1.created_by_id <> :person)",
        ),
        Grant::to(ITSELF, &[Action::List, Action::Create, Action::Move("escalate"), Action::Move("settle")]),
    ],
    lock: Some(Lock::on("calls.status = 'done'")),
    ..Entity::named("call", 3, "calls")
};

static TASK: Task = Task {
    entity: &CALL,
    about: "client",
    owner: "nurse",
    fallback: "owner",
    minutes: 240,
    made: || tenant!("INSERT INTO calls ({fields}) VALUES ({values})"),
    changed: || {
        tenant!(
            "UPDATE calls SET {fields} WHERE id = {id} AND version = {version} AND {visible} AND status = 'open'"
        )
    },
};

static ON_PRESSURE: [Rule; 1] = [Rule {
    name: "high",
    reads: &["systolic"],
    holds: |row: &Unsealed<'_>| {
        Ok(row.field::<Option<i64>>("systolic")?.value().copied().flatten() > Some(180))
    },
    why: |row| Ok(format!("systolic {:?}", row.field::<Option<i64>>("systolic")?.value().copied().flatten())),
    raises: &[Raises { task: &TASK, about: "client_id" }],
    tells: &[],
}];

static WATCHES: [Watch; 1] = [Watch {
    name: "silent",
    entity: &CLIENT,
    listed: silent,
    why: "nothing in 3 days",
    raises: &[Raises { task: &TASK, about: "id" }],
    tells: &[],
}];

fn silent(moment: &Moment) -> Statement {
    tenant!(
        "SELECT id, {reach} FROM clients WHERE {visible} AND clients.created_at < $1 AND NOT EXISTS (SELECT 1 FROM pressures
         WHERE pressures.client_id = clients.id AND pressures.created_at >= $1)"
    )
    .bind(moment.ago(3, 0))
    .beside(&["pressures"])
}

static TASKS: [&Task; 1] = [&TASK];

const SQLITE: &[&str] = &[
    "CREATE TABLE clients (id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, version INTEGER NOT NULL,
        created_at TEXT NOT NULL, created_by_id TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by_id TEXT NOT NULL,
        name BLOB) STRICT;",
    "CREATE TABLE pressures (id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, version INTEGER NOT NULL,
        created_at TEXT NOT NULL, created_by_id TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by_id TEXT NOT NULL,
        client_id TEXT NOT NULL, systolic BLOB, note BLOB) STRICT;",
    "CREATE TABLE calls (id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, version INTEGER NOT NULL,
        created_at TEXT NOT NULL, created_by_id TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by_id TEXT NOT NULL,
        client_id TEXT NOT NULL, why BLOB, responsible TEXT, due_at TEXT, escalated_at TEXT, settled_at TEXT,
        status TEXT NOT NULL DEFAULT 'open') STRICT;",
];

const POSTGRES: &[&str] = &[
    "CREATE TABLE clients (id uuid PRIMARY KEY, organisation_id uuid NOT NULL, version bigint NOT NULL,
        created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, updated_at timestamptz NOT NULL,
        updated_by_id uuid NOT NULL, name bytea);",
    "CREATE TABLE pressures (id uuid PRIMARY KEY, organisation_id uuid NOT NULL, version bigint NOT NULL,
        created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, updated_at timestamptz NOT NULL,
        updated_by_id uuid NOT NULL, client_id uuid NOT NULL, systolic bytea, note bytea);",
    "CREATE TABLE calls (id uuid PRIMARY KEY, organisation_id uuid NOT NULL, version bigint NOT NULL,
        created_at timestamptz NOT NULL, created_by_id uuid NOT NULL, updated_at timestamptz NOT NULL,
        updated_by_id uuid NOT NULL, client_id uuid NOT NULL, why bytea, responsible text, due_at timestamptz,
        escalated_at timestamptz, settled_at timestamptz, status text NOT NULL DEFAULT 'open');",
];

async fn worlds() -> [World; 2] {
    [world(testing::sqlite().await).await, world(testing::postgres().await).await]
}

async fn world(database: TestDatabase) -> World {
    let views = [
        leading_view("clients", &["organisation_id", "id", "created_by_id"]),
        leading_view("pressures", &["organisation_id", "id", "client_id"]),
        leading_view("calls", &["organisation_id", "id", "client_id", "status"]),
    ];
    let policies = [&CLIENT, &PRESSURE, &CALL].map(row_level_security);
    migrate(&database, SQLITE.concat(), POSTGRES.concat() + &views.concat() + &policies.concat()).await;
    let world = World::over(database).await;
    sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, 'Clinic', $2)")
        .bind(CLINIC)
        .bind(world.clock.now())
        .execute(&world.database.owner)
        .await
        .unwrap();
    world
}

/// Somebody who has the role of nurse.
async fn on_duty(world: &World) {
    let (now, nurse) = (world.clock.now(), people::PROVIDER);
    sql("INSERT INTO people (id, email, email_index, created_at, updated_at) VALUES ($1, $2, $2, $3, $3)")
        .bind(nurse)
        .bind(b"sealed".to_vec())
        .bind(now)
        .execute(&world.database.owner)
        .await
        .unwrap();
    sql("INSERT INTO memberships (id, organisation_id, person_id, role, created_at) VALUES ($1, $2, $3, 'nurse', $4)")
        .bind(Uuid::from_u128(77))
        .bind(CLINIC)
        .bind(nurse)
        .bind(now)
        .execute(&world.database.owner)
        .await
        .unwrap();
}

async fn client(world: &World) -> Uuid {
    let made = tenant!("INSERT INTO clients ({fields}) VALUES ({values})").field("name", "Ana Ruiz");
    made.insert(&world.owner(), &CLIENT).await.unwrap()
}

async fn measured(world: &World, client: Uuid, systolic: i64) -> Uuid {
    let made = tenant!("INSERT INTO pressures ({fields}) VALUES ({values})");
    made.field("client", client)
        .field("systolic", systolic)
        .insert(&world.patient(), &PRESSURE)
        .await
        .unwrap()
}

async fn corrected(world: &World, id: Uuid, version: i64, systolic: i64) -> i64 {
    let changed =
        tenant!("UPDATE pressures SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
    let changed = changed.field("systolic", systolic);
    changed.update(&world.patient(), &PRESSURE, Action::Update, id, version).await.unwrap()
}

async fn made_round(world: &World) -> Result<Round> {
    round(&itself(world), &WATCHES, &TASKS, Zone::UTC).await
}

fn itself(world: &World) -> Context {
    world.owner().itself_for_test()
}

/// The calls, as the database has them: responsible, whether passed on, whether settled, status.
async fn calls(world: &World) -> Vec<(String, bool, bool, String)> {
    let rows = sql("SELECT responsible, escalated_at, settled_at, status FROM calls ORDER BY created_at, id");
    let rows = rows.fetch_all(&world.database.owner).await.unwrap();
    rows.iter()
        .map(|row| {
            let told = |column| !row.is_null(column).unwrap();
            (
                row.text("responsible").unwrap(),
                told("escalated_at"),
                told("settled_at"),
                row.text("status").unwrap(),
            )
        })
        .collect()
}

fn waits() -> (String, bool, bool, String) {
    ("first".to_owned(), false, false, "open".to_owned())
}

/// CL-1, CF-6: what is too much makes a call in the write that says it, by the app itself, though whoever wrote may see no
/// call; the same value once more makes none; put right, the call says so and stays.
#[tokio::test]
async fn a_value_that_is_too_much_has_its_consequence_once() {
    for world in worlds().await {
        on_duty(&world).await;
        let ana = client(&world).await;
        measured(&world, ana, 180).await;
        assert!(calls(&world).await.is_empty());
        let high = measured(&world, ana, 190).await;
        assert_eq!(calls(&world).await, [waits()]);
        let version = corrected(&world, high, 1, 200).await;
        assert_eq!(calls(&world).await, [waits()], "the same episode");
        let version = corrected(&world, high, version, 120).await;
        assert_eq!(
            calls(&world).await,
            [("first".to_owned(), false, true, "open".to_owned())],
            "late data annotates"
        );
        corrected(&world, high, version, 185).await;
        assert_eq!(calls(&world).await.len(), 2, "another episode");
        let made = world.events("create").await;
        let by_itself: Vec<_> = made.iter().filter(|event| event.actor == "system:rules").collect();
        assert_eq!(by_itself.len(), 2);
        assert!(
            by_itself.iter().all(|event| event.subject == Some(ana.to_string()) && event.payload.is_some())
        );
    }
}

/// The value that a rule found is sealed in the task, as it was where it was found.
#[tokio::test]
async fn what_a_rule_found_is_sealed() {
    for world in worlds().await {
        let ana = client(&world).await;
        measured(&world, ana, 190).await;
        let row = sql("SELECT why FROM calls").fetch_one(&world.database.owner).await.unwrap();
        let why = row.bytes("why").unwrap();
        assert!(!String::from_utf8_lossy(&why).contains("190"));
        let found = tenant!("SELECT why, {reach} FROM calls WHERE {visible}");
        let nurse = world.as_person(people::PROVIDER, &["nurse"]);
        let found = found.list_of(&nurse, &CALL, |row| row.field::<String>("why")).await.unwrap();
        assert_eq!(found[0].value().map(String::as_str), Some("systolic Some(190)"));
        for stranger in [world.patient(), world.sales_rep(), world.owner()] {
            let counted =
                tenant!("SELECT count(*) AS n FROM calls WHERE {visible}").count(&stranger, &CALL).await;
            assert_eq!(counted.unwrap(), 0, "not even a count");
        }
    }
}

/// However many processes look at once, and wherever one is cut off, a record that went silent makes one call an episode.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_found_once_whatever_is_cut_off() {
    for world in worlds().await {
        on_duty(&world).await;
        for _ in 0..3 {
            client(&world).await;
        }
        assert_eq!(made_round(&world).await.unwrap(), Round::default(), "nobody is silent yet");
        world.clock.advance(Duration::days(4));
        for polls in 1..25 {
            cut_off(made_round(&world), polls).await;
        }
        let mut rounds: JoinSet<Result<Round>> = JoinSet::new();
        for _ in 0..4 {
            let itself = itself(&world);
            rounds.spawn(async move { round(&itself, &WATCHES, &TASKS, Zone::UTC).await });
        }
        while let Some(done) = rounds.join_next().await {
            done.unwrap().unwrap();
        }
        assert_eq!(calls(&world).await.len(), 3);
        assert_eq!(made_round(&world).await.unwrap(), Round::default(), "nothing is left to do");
        let episodes = "SELECT count(*) AS n FROM rule_episodes WHERE ended_at IS NULL";
        let episodes = sql(episodes).fetch_one(&world.database.owner).await.unwrap();
        assert_eq!(episodes.integer("n").unwrap(), 3);
    }
}

/// Runs a future until it has been polled so often; then it is gone, as in a process that is killed.
async fn cut_off<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// What comes late ends the episode and closes no call; going silent again is another episode.
#[tokio::test]
async fn an_episode_ends_and_another_begins() {
    for world in worlds().await {
        on_duty(&world).await;
        let ana = client(&world).await;
        world.clock.advance(Duration::days(4));
        assert_eq!(made_round(&world).await.unwrap().begun, 1);
        measured(&world, ana, 120).await;
        let heard = made_round(&world).await.unwrap();
        assert_eq!((heard.begun, heard.ended), (0, 1));
        assert_eq!(calls(&world).await[0].2, true, "it says that it is over, and waits for a person");
        assert_eq!(calls(&world).await[0].3, "open");
        world.clock.advance(Duration::days(5));
        assert_eq!(made_round(&world).await.unwrap().begun, 1);
        assert_eq!(calls(&world).await.len(), 2);
    }
}

/// A call that nobody does passes on when it is due, once; where nobody has the role, at once; and one that is closed stays.
#[tokio::test]
async fn what_nobody_does_passes_on() {
    for world in worlds().await {
        on_duty(&world).await;
        let ana = client(&world).await;
        measured(&world, ana, 190).await;
        assert_eq!(made_round(&world).await.unwrap().passed_on, 0);
        world.clock.advance(Duration::minutes(240));
        assert_eq!(made_round(&world).await.unwrap().passed_on, 1);
        assert_eq!(made_round(&world).await.unwrap().passed_on, 0);
        assert_eq!(calls(&world).await, [("else".to_owned(), true, false, "open".to_owned())]);
        let passed: Vec<_> = world.events("move").await;
        assert!(passed.iter().any(|event| event.actor == "system:rules"), "{passed:?}");

        measured(&world, ana, 195).await;
        let nurse = world.as_person(people::PROVIDER, &["nurse"]);
        let open = sql("SELECT id, version FROM calls WHERE responsible = 'first'");
        let open = open.fetch_one(&world.database.owner).await.unwrap();
        let (id, version) = (open.uuid("id").unwrap(), open.integer("version").unwrap());
        let done = tenant!("UPDATE calls SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
        done.field("status", "done").update(&nurse, &CALL, Action::Move("done"), id, version).await.unwrap();
        // Nobody is on duty any more.
        sql("UPDATE people SET suspended_at = $1")
            .bind(world.clock.now())
            .execute(&world.database.owner)
            .await
            .unwrap();
        measured(&world, ana, 199).await;
        assert_eq!(made_round(&world).await.unwrap().passed_on, 1, "nobody could do it");
        world.clock.advance(Duration::days(1));
        made_round(&world).await.unwrap();
        let (closed, rest): (Vec<_>, Vec<_>) =
            calls(&world).await.into_iter().partition(|call| call.3 == "done");
        assert_eq!(closed, [("first".to_owned(), false, false, "done".to_owned())]);
        assert!(rest.len() == 2 && rest.iter().all(|call| call.0 == "else" && call.1));
    }
}

/// Safe answer 5: days are those of the place's clocks. Over the change to daylight saving time, three days have 71 hours.
#[test]
fn days_are_counted_in_the_place_s_time_zone() {
    let offset_at = |at: OffsetDateTime| match at < datetime!(2026-03-08 7:00 UTC) {
        true => offset!(-5),
        false => offset!(-4),
    };
    let zone = Zone { name: "", offset_at };
    let moment = Moment { now: datetime!(2026-03-10 16:00 UTC), zone };
    assert_eq!(moment.ago(3, 0), datetime!(2026-03-07 17:00 UTC));
    assert_eq!(moment.ago(0, 180), datetime!(2026-03-10 13:00 UTC));
    assert_eq!(moment.today(), datetime!(2026-03-10 0:00 UTC).date());
    // At a time that the clocks skipped on that day, by the length of a day.
    let skipped = Moment { now: datetime!(2026-03-09 6:30 UTC), zone };
    assert_eq!(skipped.ago(1, 0), datetime!(2026-03-08 6:30 UTC));
}
