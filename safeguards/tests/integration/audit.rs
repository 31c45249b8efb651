//! The audit log on both databases, with a real signer process.

mod common;
mod evidence;
mod reads;
mod retention;
mod signer;

use common::*;
use safeguards::audit::{self, Action, Audit, Event};
use safeguards::store::{PolicyContext, Value, sql};
use safeguards::testing;

/// CF-6: what was appended is read back as it was committed to, one event or many, on both databases.
#[tokio::test]
async fn an_event_is_a_link_on_both_databases() {
    for database in testing::both().await {
        let clock = clock();
        let context = context(&clock);
        let event =
            || Event::new(Action::Update).entity("patient").record(PATIENT).subject(PATIENT).fields([1, 3]);
        append(&database.store, &context, event().payload(vec![1, 2, 3])).await;
        append(&database.store, &context, event().recipient("Dr. Who\u{0}, 1 High Street").basis("letter"))
            .await;
        let log = Audit::start(&database.store, context.clock.clone());
        let reads = (0..20).map(|_| {
            let ids = (0..3).map(|_| fresh());
            log.record(&context, Event::new(Action::List).entity("patient").records(ids).payload(vec![7; 40]))
        });
        for read in all(reads).await {
            read.unwrap();
        }
        let read = entries(&database.store).await;
        assert_eq!(read.len(), 22);
        for entry in &read {
            let body: audit::Body = serde_json::from_str(&entry.body).unwrap();
            assert_eq!(
                entry.hash,
                audit::link_hash(entry.lane, entry.sequence, &entry.previous, &entry.body)
            );
            assert_eq!(entry.side.as_ref().and_then(audit::Side::commitment), Some(body.commitment));
            assert_eq!((body.at.as_str(), body.action.as_str()), (entry.at.as_str(), entry.action.as_str()));
        }
    }
}

/// Invariant 4: a write and its event are kept together or not at all, and what was dropped leaves a log
/// that verifies. Eight writers at once, two in five of whose transactions are dropped; four of them also
/// append twice.
#[tokio::test(flavor = "multi_thread")]
async fn eight_writers_leave_one_verifiable_log() {
    for database in testing::both().await {
        let witness = Witness::new(&database.store, &clock());
        let writers = (0..8).map(|writer| {
            let store = database.store.clone();
            let context = context(&clock());
            tokio::spawn(async move {
                for turn in 0..25 {
                    let mut transaction = store.begin().await.unwrap();
                    for _ in 0..=(writer % 2) {
                        let event = Event::new(Action::Create).entity("reading").record(fresh());
                        audit::append(&mut transaction, &context, event).await.unwrap();
                    }
                    if turn % 5 < 3 {
                        transaction.commit().await.unwrap();
                    }
                }
            })
        });
        for writer in all(writers).await {
            writer.unwrap();
        }
        witness.keeper.witness().await.unwrap();
        let report = witness.verify(&database.store).await;
        assert_eq!(report.findings, []);
        assert_eq!((report.events, report.unwitnessed), (8 * 15 + 4 * 15, 0));
        witness.keeper.close().await.unwrap();
    }
}

/// CF-6: on PostgreSQL a write and its event can be one statement; if the write touches no row, there is
/// no event.
#[tokio::test]
async fn a_write_and_its_event_are_one_statement() {
    let database = testing::postgres().await;
    // The statement is written out here; the access layer numbers the call by `append_call(3)`.
    assert_eq!(
        audit::append_call(3),
        "audit_append($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
    );
    // The app's role writes places of the organisation that it acts for.
    let acting = |organisation| PolicyContext {
        person: None,
        organisation: Some(organisation),
        roles: Vec::new(),
        action: "administer",
        now: NOW,
    };
    let write = "WITH written AS (INSERT INTO places (id, organisation_id, kind, name, created_at) \
         SELECT $1, id, 'ward', 'Ward 1', now() FROM organisations WHERE id = $2 RETURNING id) \
         SELECT audit_append($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
         AS appended FROM written";
    for (organisation, rows) in [(CLINIC, 0), (fresh(), 0)] {
        let event = Event::new(Action::Create).entity("place").record(PATIENT);
        let values = audit::Prepared::new(&context(&clock()), &event).unwrap().values();
        let statement =
            values.into_iter().fold(sql(write).bind(PATIENT).bind(organisation), |s, v: Value| s.bind(v));
        let mut transaction = database.store.begin_as(&acting(organisation)).await.unwrap();
        assert_eq!(statement.fetch_all(&mut transaction).await.unwrap().len(), rows);
        transaction.commit().await.unwrap();
    }
    assert_eq!(entries(&database.store).await.len(), 0);
    sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, 'Clinic', $2)")
        .bind(CLINIC)
        .bind(NOW)
        .execute(&database.owner)
        .await
        .unwrap();
    let event = Event::new(Action::Create).entity("place").record(PATIENT);
    let values = audit::Prepared::new(&context(&clock()), &event).unwrap().values();
    let statement = values.into_iter().fold(sql(write).bind(PATIENT).bind(CLINIC), |s, v: Value| s.bind(v));
    let mut transaction = database.store.begin_as(&acting(CLINIC)).await.unwrap();
    assert_eq!(statement.fetch_all(&mut transaction).await.unwrap().len(), 1);
    transaction.commit().await.unwrap();
    assert_eq!(entries(&database.store).await.len(), 1);
}

/// Invariant 6: on PostgreSQL the app's role can append and nothing else, and even the owner changes and
/// empties nothing by mistake.
#[tokio::test]
async fn the_apps_role_can_only_append() {
    let database = testing::postgres().await;
    append(&database.store, &context(&clock()), Event::new(Action::View).record(PATIENT)).await;
    let statements = [
        "UPDATE audit_events SET body = body",
        "UPDATE audit_identities SET actor = 'nobody'",
        "UPDATE audit_identities SET erased = '[]'",
        "DELETE FROM audit_events",
        "DELETE FROM audit_identities",
        "TRUNCATE audit_events",
        "TRUNCATE audit_identities",
        "INSERT INTO audit_events SELECT * FROM audit_events",
        "INSERT INTO audit_identities SELECT * FROM audit_identities",
        "INSERT INTO audit_checkpoints SELECT lane, sequence, hash, at FROM audit_events",
        "INSERT INTO audit_retention VALUES (gen_random_uuid(), 7)",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP FUNCTION audit_append_all",
        "DROP TABLE audit_events",
    ];
    for statement in statements {
        let refused = sql(statement).execute(&database.store).await;
        assert!(refused.is_err(), "the app may {statement}");
    }
    for statement in &statements[..7] {
        if !statement.contains("erased") {
            assert!(sql(statement).execute(&database.owner).await.is_err(), "the owner may {statement}");
        }
    }
    assert_eq!(entries(&database.store).await.len(), 1);
}
