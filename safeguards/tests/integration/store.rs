//! The same cases on both databases.

use rust_decimal::Decimal;
use safeguards::store::{
    DatabaseAddress, DatabaseKey, Environment, Kind, Migration, MigrationSet, PolicyContext, PostgresOptions,
    SqliteOptions, Store, StoreError, Value, provision, sql,
};
use safeguards::testing::{self, TestDatabase};
use time::macros::{date, datetime};
use uuid::{Uuid, uuid};

const CLINIC: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000001");
const NOW: time::OffsetDateTime = datetime!(2026-11-23 11:18:03.123456 UTC);

const KINDS: MigrationSet = MigrationSet {
    name: "app",
    sqlite: &[Migration {
        version: 1,
        name: "0001_kinds",
        sql: "CREATE TABLE kinds (id INTEGER PRIMARY KEY, flag INTEGER, number INTEGER, amount REAL, words TEXT,
              bytes BLOB, identity TEXT, moment TEXT, day TEXT, document TEXT) STRICT;",
    }],
    postgres: &[Migration {
        version: 1,
        name: "0001_kinds",
        sql: "CREATE TABLE kinds (id bigint PRIMARY KEY, flag boolean, number bigint, amount double precision,
              words text, bytes bytea, identity uuid, moment timestamptz, day date, document jsonb);",
    }],
};

const COLUMNS: [(&str, Kind); 9] = [
    ("flag", Kind::Bool),
    ("number", Kind::Integer),
    ("amount", Kind::Decimal),
    ("words", Kind::Text),
    ("bytes", Kind::Bytes),
    ("identity", Kind::Uuid),
    ("moment", Kind::Timestamp),
    ("day", Kind::Date),
    ("document", Kind::Json),
];

async fn insert_organisation(store: &Store, id: Uuid, name: &str) -> Result<u64, StoreError> {
    sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(name)
        .bind(NOW)
        .execute(store)
        .await
}

async fn count(store: &Store) -> i64 {
    let row = sql("SELECT count(*) AS n FROM organisations").fetch_one(store).await.unwrap();
    row.integer("n").unwrap()
}

#[tokio::test]
async fn every_kind_comes_back_as_it_went_in_and_so_does_its_null() {
    for database in testing::both().await {
        database.owner.migrate(&[KINDS]).await.unwrap();
        let values: Vec<Value> = vec![
            true.into(),
            i64::MIN.into(),
            Decimal::new(-12345, 2).into(),
            "Ünïcode 'quoted' \\ \u{1F600}".into(),
            vec![0u8, 255, 39].into(),
            CLINIC.into(),
            datetime!(2026-11-23 12:18:03.123456789 +1).into(),
            date!(1896 - 02 - 29).into(),
            serde_json::json!({"dose": 2.5, "unit": "mg"}).into(),
        ];
        let insert =
            "INSERT INTO kinds (id, flag, number, amount, words, bytes, identity, moment, day, document)
                      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let mut whole = sql(insert).bind(1);
        let mut empty = sql(insert).bind(2);
        for (value, (_, kind)) in values.iter().zip(COLUMNS) {
            whole = whole.bind(value.clone());
            empty = empty.bind(Value::Null(kind));
        }
        assert_eq!(whole.execute(&database.store).await.unwrap(), 1);
        assert_eq!(empty.execute(&database.store).await.unwrap(), 1);
        let rows = sql("SELECT * FROM kinds ORDER BY id").fetch_all(&database.store).await.unwrap();
        for ((column, kind), value) in COLUMNS.into_iter().zip(&values) {
            assert!(rows[0].value(column, kind).unwrap() == *value, "{column}");
            assert!(rows[1].value(column, kind).unwrap() == Value::Null(kind), "{column}");
            assert!(rows[1].is_null(column).unwrap());
        }
        assert!(matches!(rows[0].integer("words"), Err(StoreError::Column { .. })));
        assert!(matches!(rows[1].text("words"), Err(StoreError::Column { .. })));
    }
}

#[tokio::test]
async fn an_optional_filter_is_one_statement_on_both() {
    for database in testing::both().await {
        insert_organisation(&database, CLINIC, "North").await.unwrap();
        for (filter, found) in [(None, 1), (Some("North"), 1), (Some("South"), 0)] {
            let rows = sql("SELECT id FROM organisations WHERE ($2 IS NULL OR name = $2) AND id = $1")
                .bind(CLINIC)
                .bind(filter)
                .fetch_all(&database.store)
                .await
                .unwrap();
            assert_eq!(rows.len(), found, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn a_broken_rule_has_the_same_name_on_both_and_tells_no_value() {
    for database in testing::both().await {
        insert_organisation(&database, CLINIC, "Secret Clinic").await.unwrap();
        let again = insert_organisation(&database, CLINIC, "Secret Clinic").await.unwrap_err();
        assert_eq!(again, StoreError::Unique { constraint: "organisations_pkey".into() });
        let empty = insert_organisation(&database, Uuid::from_u128(2), "").await.unwrap_err();
        assert_eq!(empty, StoreError::Check { constraint: "organisations_name_not_empty".into() });
        let missing = sql("INSERT INTO organisations (id, name) VALUES ($1, 'x')")
            .bind(Uuid::from_u128(3))
            .execute(&database.store)
            .await
            .unwrap_err();
        assert_eq!(missing, StoreError::NotNull { column: "organisations.created_at".into() });
        let orphan = sql("INSERT INTO places (id, organisation_id, kind, name, created_at)
                          VALUES ($1, $2, 'ward', 'A', $3)")
        .bind(Uuid::from_u128(4))
        .bind(Uuid::from_u128(5))
        .bind(NOW)
        .execute(&database.owner)
        .await
        .unwrap_err();
        assert!(matches!(orphan, StoreError::ForeignKey { .. }), "{orphan:?}");
        for error in [again, empty, missing, orphan] {
            assert!(!format!("{error} {error:?}").contains("Secret"));
        }
        let unbound = sql("SELECT $1 AS a, $2 AS b").bind(1).fetch_all(&database.store).await.unwrap_err();
        assert!(matches!(unbound, StoreError::Statement { .. }));
        let wrong = sql("SELECT no_such FROM organisations").fetch_all(&database.store).await.unwrap_err();
        assert!(matches!(wrong, StoreError::Statement { .. }), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    for database in testing::both().await {
        let insert = |id: u128| {
            sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, 'x', $2)")
                .bind(Uuid::from_u128(id))
                .bind(NOW)
        };
        let mut kept = database.begin().await.unwrap();
        insert(1).execute(&mut kept).await.unwrap();
        kept.commit().await.unwrap();

        let mut dropped = database.begin().await.unwrap();
        insert(2).execute(&mut dropped).await.unwrap();
        drop(dropped);

        let mut failed = database.begin().await.unwrap();
        insert(3).execute(&mut failed).await.unwrap();
        assert!(matches!(insert(1).execute(&mut failed).await, Err(StoreError::Unique { .. })));
        assert_eq!(insert(4).execute(&mut failed).await, Err(StoreError::Aborted));
        assert_eq!(failed.commit().await, Err(StoreError::Aborted));

        let mut undone = database.begin().await.unwrap();
        insert(5).execute(&mut undone).await.unwrap();
        undone.rollback().await.unwrap();
        assert_eq!(count(&database).await, 1);
    }
}

#[tokio::test]
async fn a_write_that_returns_rows_writes() {
    for database in testing::both().await {
        let row = sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, 'x', $2) RETURNING name")
            .bind(CLINIC)
            .bind(NOW)
            .fetch_one(&database.store)
            .await
            .unwrap();
        assert_eq!(row.text("name").unwrap(), "x");
        assert_eq!(count(&database).await, 1);
    }
}

/// Group commit: many writers at once, some of which fail or give up, and each hears the truth.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_that_share_a_commit_do_not_share_a_failure() {
    for database in testing::both().await {
        let mut writers = tokio::task::JoinSet::new();
        for number in 0..200u128 {
            let store = database.store.clone();
            writers.spawn(async move {
                let insert = |id: u128, name: &'static str| {
                    sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)")
                        .bind(Uuid::from_u128(id))
                        .bind(name)
                        .bind(NOW)
                };
                match number % 4 {
                    // A statement by itself.
                    0 => insert(number, "x").execute(&store).await.map(|_| 1),
                    // A transaction of two.
                    1 => {
                        let mut transaction = store.begin().await?;
                        insert(number, "x").execute(&mut transaction).await?;
                        insert(number + 1000, "x").execute(&mut transaction).await?;
                        transaction.commit().await.map(|()| 2)
                    }
                    // A transaction whose second statement fails.
                    2 => {
                        let mut transaction = store.begin().await?;
                        insert(number, "x").execute(&mut transaction).await?;
                        insert(number + 1000, "").execute(&mut transaction).await.expect_err("refused");
                        transaction.commit().await.map(|()| 2)
                    }
                    // A transaction that is dropped half-way.
                    _ => {
                        let mut transaction = store.begin().await?;
                        insert(number, "x").execute(&mut transaction).await?;
                        drop(transaction);
                        Ok(0)
                    }
                }
            });
        }
        let mut told = 0;
        while let Some(writer) = writers.join_next().await {
            match writer.unwrap() {
                Ok(rows) => told += rows,
                Err(error) => assert_eq!(error, StoreError::Aborted),
            }
        }
        assert_eq!(told, 150);
        assert_eq!(count(&database).await, told);
    }
}

/// An export reads one moment, while others go on writing.
#[tokio::test]
async fn a_snapshot_sees_one_moment_and_hinders_nobody() {
    for database in testing::both().await {
        insert_organisation(&database, Uuid::from_u128(1), "before").await.unwrap();
        let mut snapshot = database.snapshot().await.unwrap();
        let mut seen = Vec::new();
        let names = sql("SELECT name FROM organisations ORDER BY id");
        let first = names.clone().fetch_all(&mut snapshot).await.unwrap();
        insert_organisation(&database, Uuid::from_u128(2), "after").await.unwrap();
        let mut each = |row: safeguards::store::Row| {
            seen.push(row.text("name")?);
            Ok(())
        };
        names.fetch_each(&mut snapshot, &mut each).await.unwrap();
        assert_eq!((first.len(), seen), (1, vec!["before".to_owned()]));
        let write = sql("DELETE FROM organisations").execute(&mut snapshot).await.unwrap_err();
        assert_eq!(write, StoreError::Forbidden);
        drop(snapshot);
        assert_eq!(count(&database).await, 2);
    }
}

#[tokio::test]
async fn the_file_opens_with_its_key_only_and_holds_no_plain_text() {
    let database = testing::sqlite().await;
    insert_organisation(&database, CLINIC, "Tell-tale Heart Clinic").await.unwrap();
    let path = database.path().unwrap();
    for file in ["app.db", "app.db-wal"] {
        let bytes = std::fs::read(path.with_file_name(file)).unwrap();
        assert!(!bytes.windows(15).any(|window| window == b"Tell-tale Heart"), "{file}");
        assert!(!bytes.starts_with(b"SQLite format 3"));
    }
    let wrong = SqliteOptions::new(&path, DatabaseKey::new([8; 32]));
    assert!(
        !format!("{wrong:?}").contains("08080808") && !format!("{:?}", database.store).contains("070707")
    );
    assert_eq!(Store::open_sqlite(wrong).await.err(), Some(StoreError::Sealed));
    database.close().await;
    let again = Store::open_sqlite(SqliteOptions::new(&path, testing::database_key())).await.unwrap();
    assert_eq!(count(&again).await, 1);
}

#[tokio::test]
async fn a_migration_is_applied_once_and_never_changes() {
    for database in testing::both().await {
        let applied = database.owner.migrate(&[KINDS]).await.unwrap();
        assert_eq!(applied.iter().map(|step| step.name).collect::<Vec<_>>(), ["0001_kinds"]);
        assert_eq!(database.owner.migrate(&[KINDS]).await.unwrap(), []);
        assert_eq!(database.store.pending_migrations(&[KINDS]).await.unwrap(), []);
        const EDITED: MigrationSet = MigrationSet {
            name: "app",
            sqlite: &[Migration { version: 1, name: "0001_kinds", sql: "SELECT 1" }],
            postgres: &[Migration { version: 1, name: "0001_kinds", sql: "SELECT 1" }],
        };
        let refused = database.owner.migrate(&[EDITED]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Migration { version: 1, .. }), "{refused}");
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    const HALF: MigrationSet = MigrationSet {
        name: "app",
        sqlite: &[Migration {
            version: 1,
            name: "0001_half",
            sql: "CREATE TABLE half (id TEXT) STRICT; CREATE TABLE;",
        }],
        postgres: &[Migration {
            version: 1,
            name: "0001_half",
            sql: "CREATE TABLE half (id text); CREATE TABLE;",
        }],
    };
    for database in testing::both().await {
        let refused = database.owner.migrate(&[HALF]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Migration { .. }), "{refused}");
        let table = sql("SELECT 1 AS one FROM half").fetch_all(&database.store).await.unwrap_err();
        assert!(matches!(table, StoreError::Statement { .. }), "{table}");
        assert_eq!(database.store.pending_migrations(&[HALF]).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn sqlite_migrations_may_not_defer_a_failure_to_the_commit() {
    const DEFERRED: MigrationSet = MigrationSet {
        name: "app",
        sqlite: &[Migration {
            version: 1,
            name: "0001_deferred",
            sql: "CREATE TABLE a (id TEXT REFERENCES places (id) DEFERRABLE INITIALLY DEFERRED) STRICT;",
        }],
        postgres: &[],
    };
    let database = testing::sqlite().await;
    assert!(matches!(database.owner.migrate(&[DEFERRED]).await, Err(StoreError::Migration { .. })));
}

/// Each role may do its own part: the app cannot change the schema, the reader cannot write.
#[tokio::test]
async fn postgres_roles_may_do_their_part_only() {
    let database = testing::postgres().await;
    let reader = PostgresOptions::new(database.addresses.as_ref().unwrap().reader.clone());
    let reader = Store::open_postgres(reader).await.unwrap();
    for statement in [
        "CREATE TABLE mine (id bigint)",
        "ALTER TABLE organisations ADD COLUMN mine bigint",
        "DROP TABLE organisations",
        "ALTER TABLE organisations DISABLE ROW LEVEL SECURITY",
        "TRUNCATE organisations",
        "UPDATE schema_migrations SET checksum = ''",
        "SET ROLE test_owner",
        "SET SESSION AUTHORIZATION test_owner",
        "SET log_parameter_max_length = -1",
        "ALTER ROLE test_app BYPASSRLS",
    ] {
        let refused = sql(statement).execute(&database.store).await.unwrap_err();
        assert_eq!(refused, StoreError::Forbidden, "{statement}");
    }
    let written = insert_organisation(&reader, CLINIC, "x").await.unwrap_err();
    assert_eq!(written, StoreError::Forbidden);
    assert_eq!(count(&reader).await, 0);
    let powers = "SELECT 1 AS one FROM pg_roles WHERE rolname IN ('test_owner', 'test_app', 'test_reader')
                  AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb)";
    assert!(sql(powers).fetch_optional(&database.store).await.unwrap().is_none());
}

/// Forced row-level security sees who acts, in the transaction that was begun for it and in no other.
#[tokio::test]
async fn postgres_knows_who_acts_within_the_transaction_only() {
    let database = testing::postgres().await;
    let context = PolicyContext {
        person: Some(CLINIC),
        organisation: None,
        roles: vec!["provider".into(), "o'brien\\".into()],
        action: "view",
        now: NOW,
    };
    let settings =
        "SELECT current_setting('app.person', true) AS person, current_setting('app.roles', true) AS roles,
                    current_setting('app.now', true)::timestamptz AS moment,
                    coalesce(current_setting('app.organisation', true), '') AS organisation";
    let mut transaction = database.begin_as(&context).await.unwrap();
    let row = sql(settings).fetch_one(&mut transaction).await.unwrap();
    assert_eq!(row.text("person").unwrap(), CLINIC.to_string());
    assert_eq!(row.text("roles").unwrap(), "provider,o'brien\\");
    assert_eq!(row.timestamp("moment").unwrap(), NOW);
    assert_eq!(row.text("organisation").unwrap(), "");
    transaction.commit().await.unwrap();
    let after = "SELECT coalesce(current_setting('app.person', true), '') AS person";
    let row = sql(after).fetch_one(&database.store).await.unwrap();
    assert_eq!(row.text("person").unwrap(), "");
}

/// Invariant 10: what is bound, and what a broken rule quotes, stays out of the server's log, even
/// where the server was told to log every statement.
#[tokio::test]
async fn postgres_logs_no_parameter_and_no_detail() {
    let database = testing::postgres().await;
    let app = &database.addresses.as_ref().unwrap().app;
    let administrator = DatabaseAddress::new(app.reveal().replace("test_app", "postgres"));
    let row = sql("SELECT current_database() AS name").fetch_one(&database.store).await.unwrap();
    let loud = format!("ALTER DATABASE {} SET log_statement = 'all'", row.text("name").unwrap());
    let superuser = Store::open_postgres(PostgresOptions::new(administrator.clone())).await.unwrap();
    sql(loud.leak()).execute(&superuser).await.unwrap();
    // Settings of a database hold for connections that begin later.
    let superuser = Store::open_postgres(PostgresOptions::new(administrator)).await.unwrap();
    let store = Store::open_postgres(PostgresOptions::new(app.clone())).await.unwrap();
    let told = sql("SELECT current_setting('log_statement') AS level").fetch_one(&store).await.unwrap();
    assert_eq!(told.text("level").unwrap(), "all");

    let process = std::process::id();
    let (name, control) = (format!("Telltale {process}"), format!("Control {process}"));
    insert_organisation(&store, CLINIC, &name).await.unwrap();
    insert_organisation(&store, CLINIC, &name).await.unwrap_err();
    let cast = sql("SELECT CAST($1 AS date) AS day").bind(name.as_str()).fetch_all(&store).await.unwrap_err();
    assert_eq!(cast, StoreError::OutOfRange);
    insert_organisation(&superuser, Uuid::from_u128(9), &control).await.unwrap();
    let log = testing::postgres_log();
    assert!(log.contains(&control), "the server does log what a role without our settings binds");
    assert!(!log.contains(&name), "a value is in the server's log");
}

/// Behind a pooler nothing is prepared by name, and one statement is one transaction.
#[tokio::test]
async fn postgres_works_without_a_statement_cache() {
    let database = testing::postgres().await;
    let address = database.addresses.as_ref().unwrap().app.clone();
    let options = PostgresOptions { statement_cache: false, connections: 1, ..PostgresOptions::new(address) };
    let store = Store::open_postgres(options).await.unwrap();
    insert_organisation(&store, CLINIC, "x").await.unwrap();
    assert!(insert_organisation(&store, CLINIC, "x").await.is_err());
    assert_eq!(count(&store).await, 1);
    let prepared = sql("SELECT count(*) AS n FROM pg_prepared_statements WHERE name <> ''");
    assert_eq!(prepared.fetch_one(&store).await.unwrap().integer("n").unwrap(), 0);
}

#[tokio::test]
async fn provisioning_may_be_repeated_and_changes_the_passwords() {
    // The server is up, and the names are this test's own.
    let TestDatabase { .. } = testing::blank_postgres().await;
    let administrator = testing::postgres_administrator();
    let environment = Environment::new(format!("e{}", std::process::id())).unwrap();
    let first = provision(&administrator, &environment).await.unwrap();
    let second = provision(&administrator, &environment).await.unwrap();
    assert_ne!(first.app.reveal(), second.app.reveal());
    assert!(!format!("{second:?}").contains("postgres://"));
    let owner = Store::open_postgres(PostgresOptions::new(second.owner)).await.unwrap();
    owner.migrate(&[]).await.unwrap();
    let app = Store::open_postgres(PostgresOptions::new(second.app)).await.unwrap();
    insert_organisation(&app, CLINIC, "x").await.unwrap();
    assert_eq!(count(&app).await, 1);
}

#[tokio::test]
async fn a_database_on_another_machine_wants_tls() {
    let address = DatabaseAddress::new("postgres://app:hunter2@db.example.org/clinic");
    let refused = Store::open_postgres(PostgresOptions::new(address)).await.unwrap_err();
    assert!(refused.to_string().contains("sslmode=verify-full") && !refused.to_string().contains("hunter2"));
}
