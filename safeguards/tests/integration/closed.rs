//! Records that must not change, while signing in and the audit log go on (HC-4, HC-12).

use safeguards::audit::{self, Action, Audit, AuditContext, Event, Finding};
use safeguards::clock::SystemClock;
use safeguards::store::gate::{
    Part, admit, admit_owner, close_records, dismiss, drop_environment, open_records,
};
use safeguards::store::{
    DatabaseAddress, Environment, Migration, MigrationSet, PostgresOptions, SqliteOptions, Store, StoreError,
    provision, sql,
};
use safeguards::testing;
use std::sync::Arc;
use uuid::{Uuid, uuid};

const CLINIC: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000001");

/// Besides patients, all that an app's owner could leave in the database to write there later.
const TABLES: MigrationSet = MigrationSet {
    name: "app",
    sqlite: &[Migration {
        version: 1,
        name: "0001_patients",
        sql: "CREATE TABLE patients (id INTEGER PRIMARY KEY, name TEXT) STRICT;",
    }],
    postgres: &[Migration {
        version: 1,
        name: "0001_patients",
        sql: "CREATE TABLE patients (id bigint PRIMARY KEY, name text);
              CREATE VIEW patients_again AS SELECT * FROM patients;
              CREATE FUNCTION slip_in() RETURNS bigint LANGUAGE sql SECURITY DEFINER
                  AS 'INSERT INTO patients (id) VALUES (77) RETURNING id';
              CREATE FUNCTION slip_in_by_trigger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
                  BEGIN INSERT INTO patients (id) VALUES (78); RETURN NEW; END $$;
              CREATE FUNCTION open_up() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
                  BEGIN EXECUTE format('GRANT INSERT ON patients TO %I', environment_role('app')); END $$;
              DO $$ BEGIN
                  -- Up to PostgreSQL 15 a role may give itself away, if it is the one that signed in.
                  EXECUTE format('GRANT %I TO %I', environment_role('owner'), environment_role('app'));
              EXCEPTION WHEN insufficient_privilege THEN NULL;
              END $$;
              DO $$ BEGIN
                  EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO %I', environment_role('app'));
              END $$;",
    }],
};

/// The same, with a trigger on a table that stays writable.
const TRIGGER: MigrationSet = MigrationSet {
    name: "trap",
    sqlite: &[],
    postgres: &[Migration {
        version: 1,
        name: "0001_trap",
        sql: "CREATE TRIGGER slip_in AFTER INSERT ON sign_in_attempts
              FOR EACH ROW EXECUTE FUNCTION slip_in_by_trigger();",
    }],
};

async fn open(address: &DatabaseAddress) -> Result<Store, StoreError> {
    Store::open_postgres(PostgresOptions::new(address.clone())).await
}

async fn run(store: &Store, statement: &'static str) -> Result<u64, StoreError> {
    sql(statement).execute(store).await
}

async fn patients(store: &Store) -> i64 {
    sql("SELECT count(*) AS n FROM patients").fetch_one(store).await.unwrap().integer("n").unwrap()
}

async fn note_event(store: &Store) {
    let audit = Audit::start(store, Arc::new(SystemClock));
    let context = AuditContext::system(Arc::new(SystemClock), CLINIC, "test");
    audit.record(&context, Event::new(Action::Key).note("tried")).await.unwrap();
}

const ATTEMPT_POSTGRES: &str =
    "INSERT INTO sign_in_attempts (key, failures, last_at) VALUES (sha256(random()::text::bytea), 1, now())";

/// HC-4: with the gate closed, nothing that has the app's credential, or the owner's, changes a record: not by the
/// table, a view, a function or a trigger that was left there before.
#[tokio::test]
async fn a_closed_gate_on_postgresql_holds_against_everything_of_the_environment_s_own() {
    let administrator = testing::postgres_administrator();
    let environment = Environment::new(format!("gate_{}", std::process::id())).unwrap();
    let addresses = provision(&administrator, &environment).await.unwrap();
    let owner = open(&addresses.owner).await.unwrap();
    owner.migrate(&[TABLES]).await.unwrap();
    let app = open(&addresses.app).await.unwrap();
    run(&app, "INSERT INTO patients (id, name) VALUES (1, 'made up')").await.unwrap();

    for _ in 0..2 {
        close_records(&administrator, &environment).await.unwrap();
    }
    let attacks = [
        "INSERT INTO patients (id) VALUES (2)",
        "UPDATE patients SET name = 'other'",
        "DELETE FROM patients",
        "TRUNCATE patients",
        "INSERT INTO patients_again (id) VALUES (2)",
        "UPDATE patients_again SET name = 'other'",
        "SELECT slip_in()",
        "INSERT INTO organisations (id, name, created_at) VALUES (gen_random_uuid(), 'new', now())",
        "UPDATE people SET suspended_at = now()",
        "CREATE TABLE patients_2 (id bigint)",
        "ALTER TABLE patients DISABLE TRIGGER ALL",
        "DROP TABLE patients",
        "UPDATE safeguards_gate.taken SET grantee = 'x'",
        "DELETE FROM audit_events",
    ];
    for attack in attacks {
        for (who, store) in [("app", &app), ("owner", &owner)] {
            // The owner erases events by the rules of the audit log, which are tried elsewhere.
            if who == "owner" && attack.contains("audit_events") {
                continue;
            }
            let tried = run(store, attack).await;
            assert!(matches!(tried, Err(StoreError::Forbidden)), "{who}: {attack}: {tried:?}");
        }
    }
    let role = "DO $$ BEGIN EXECUTE format('SET ROLE %I', environment_role('owner')); END $$";
    assert!(run(&app, role).await.is_err(), "the app's role is a member of nothing");
    let grant =
        "DO $$ BEGIN EXECUTE format('GRANT INSERT ON patients TO %I', environment_role('app')); END $$";
    // PostgreSQL warns of a grant that grants nothing.
    for (store, statement) in [(&owner, grant), (&app, "SELECT open_up()")] {
        let _warned = run(store, statement).await;
    }
    assert!(matches!(run(&app, attacks[0]).await, Err(StoreError::Forbidden)));

    assert_eq!((patients(&app).await, patients(&owner).await), (1, 1), "reading goes on");
    run(&app, ATTEMPT_POSTGRES).await.unwrap();
    note_event(&app).await;

    for _ in 0..2 {
        open_records(&administrator, &environment).await.unwrap();
    }
    run(&app, "UPDATE patients SET name = 'again'").await.unwrap();
    run(&app, "SELECT slip_in()").await.unwrap();
    assert!(matches!(run(&app, "TRUNCATE patients").await, Err(StoreError::Forbidden)), "as before");
    run(&owner, "TRUNCATE patients").await.unwrap();

    // A trap on a table that stays writable fails with what it tries, and takes its statement with it.
    owner.migrate(&[TABLES, TRIGGER]).await.unwrap();
    close_records(&administrator, &environment).await.unwrap();
    assert!(matches!(run(&app, ATTEMPT_POSTGRES).await, Err(StoreError::Forbidden)));
    assert_eq!(patients(&app).await, 0);

    app.close().await;
    owner.close().await;
    drop_environment(&administrator, &environment).await.unwrap();
    drop_environment(&administrator, &environment).await.unwrap();
    assert!(open(&addresses.app).await.is_err());
}

/// The owner of a database signs in for one piece of work, with a password of that work.
#[tokio::test]
async fn roles_are_admitted_and_dismissed() {
    let administrator = testing::postgres_administrator();
    let environment = Environment::new(format!("admitted_{}", std::process::id())).unwrap();
    let addresses = provision(&administrator, &environment).await.unwrap();
    let app = open(&addresses.app).await.unwrap();
    dismiss(&administrator, &environment, &[Part::Owner, Part::App]).await.unwrap();
    assert!(app.ping().await.is_err(), "its connection was ended");
    assert!(open(&addresses.owner).await.is_err() && open(&addresses.app).await.is_err());
    admit(&administrator, &environment).await.unwrap();
    open(&addresses.app).await.unwrap().ping().await.unwrap();
    assert!(open(&addresses.owner).await.is_err());
    let admitted = admit_owner(&administrator, &environment).await.unwrap();
    assert_ne!(admitted.reveal(), addresses.owner.reveal());
    open(&admitted).await.unwrap().ping().await.unwrap();
    drop_environment(&administrator, &environment).await.unwrap();
}

/// HC-4: the file of records is only read, byte for byte the same, while sessions and events are written beside it;
/// afterwards they are joined to it, and the log is one chain.
#[tokio::test]
async fn sqlite_keeps_sessions_and_events_beside_a_file_that_does_not_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let options = SqliteOptions::new(&path, testing::database_key());
    let closed = SqliteOptions { read_only: true, ..options.clone() };
    assert!(Store::open_sqlite(closed.clone()).await.is_err(), "there is nothing to read yet");

    let store = Store::open_sqlite(options.clone()).await.unwrap();
    store.migrate(&[TABLES]).await.unwrap();
    run(&store, "INSERT INTO patients (id, name) VALUES (1, 'made up')").await.unwrap();
    run(&store, "INSERT INTO sign_in_attempts (key, failures, last_at) VALUES (x'01', 3, 'then')")
        .await
        .unwrap();
    note_event(&store).await;
    store.close().await;
    let before = std::fs::read(&path).unwrap();

    for round in 0..2 {
        let store = Store::open_sqlite(closed.clone()).await.unwrap();
        assert_eq!(store.pending_migrations(&[TABLES]).await.unwrap(), []);
        for attack in [
            "INSERT INTO patients (id) VALUES (2)",
            "UPDATE patients SET name = 'other'",
            "DELETE FROM patients",
            "DROP TABLE patients",
            "INSERT INTO records.patients (id) VALUES (2)",
            "UPDATE records.sign_in_attempts SET failures = 0",
        ] {
            let tried = run(&store, attack).await;
            assert!(matches!(tried, Err(StoreError::Forbidden)), "{attack}: {tried:?}");
        }
        assert_eq!(patients(&store).await, 1);
        let changed = run(&store, "UPDATE sign_in_attempts SET failures = failures + 1").await.unwrap();
        assert_eq!(changed, 1);
        let searched = "INSERT INTO searches (id, organisation_id, person_id, terms, created_at)
            SELECT hex(randomblob(16)), id, id, x'00', 'then' FROM organisations";
        assert_eq!(run(&store, searched).await, Ok(0), "to search is to read");
        note_event(&store).await;
        let heads = audit::lane_heads(&store).await.unwrap();
        assert_eq!(heads.iter().map(|head| head.sequence).collect::<Vec<_>>(), [2 + round]);
        store.close().await;
        assert_eq!(std::fs::read(&path).unwrap(), before, "not a byte of the records has changed");
    }
    let interim = std::fs::read(folder.path().join("app.db.interim")).unwrap();
    assert!(!interim.starts_with(b"SQLite format"), "HC-8: the second file is encrypted too");

    // Cut off between joining and removing, it is joined again.
    std::fs::copy(folder.path().join("app.db.interim"), folder.path().join("copy")).unwrap();
    for _ in 0..2 {
        let store = Store::open_sqlite(options.clone()).await.unwrap();
        let row = sql("SELECT failures FROM sign_in_attempts").fetch_one(&store).await.unwrap();
        assert_eq!(row.integer("failures").unwrap(), 5);
        assert!(!folder.path().join("app.db.interim").exists());
        let report = audit::verify_against(&store, &[], None).await.unwrap();
        assert_eq!(report.events, 3);
        let broken = report.findings.iter().filter(|finding| !matches!(finding, Finding::Unwitnessed));
        assert_eq!(broken.count(), 0, "{:?}", report.findings);
        run(&store, "UPDATE patients SET name = 'again'").await.unwrap();
        store.close().await;
        std::fs::copy(folder.path().join("copy"), folder.path().join("app.db.interim")).unwrap();
    }
}

/// What a crash left in the file's log would be overlooked by a reader that takes the file to be unchangeable.
#[tokio::test]
async fn sqlite_refuses_to_read_a_file_that_was_not_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let options = SqliteOptions::new(&path, testing::database_key());
    let store = Store::open_sqlite(options.clone()).await.unwrap();
    store.migrate(&[TABLES]).await.unwrap();
    let closed = SqliteOptions { read_only: true, ..options.clone() };
    let refused = Store::open_sqlite(closed.clone()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    store.close().await;
    Store::open_sqlite(closed).await.unwrap().close().await;
}
