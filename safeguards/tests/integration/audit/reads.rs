//! Reads: durable before release, counted within a minute.

use super::common::*;
use safeguards::audit::{Action, Actor, Audit, AuditContext, Detail, Event};
use safeguards::store::{Store, sql};
use safeguards::testing;
use time::Duration;
use uuid::Uuid;

fn view() -> Event {
    Event::new(Action::View).entity("patient").record(PATIENT).subject(PATIENT).fields([1])
}

async fn count(store: &Store) -> i64 {
    sql("SELECT count(*) AS n FROM audit_events").fetch_one(store).await.unwrap().integer("n").unwrap()
}

/// CF-7: the first read of a window is in the log when it answers; the following 59 seconds are counted;
/// a closing event tells how often and when last.
#[tokio::test]
async fn repeated_reads_within_a_minute_are_counted() {
    for database in testing::both().await {
        let clock = clock();
        let context = context(&clock);
        let log = Audit::start(&database.store, context.clock.clone());
        log.read(&context, view()).await.unwrap();
        assert_eq!(count(&database.store).await, 1);
        for _ in 0..3 {
            clock.advance(Duration::seconds(19));
            log.read(&context, view()).await.unwrap();
        }
        log.close_windows().await.unwrap();
        assert_eq!(count(&database.store).await, 1, "57 seconds are within the window");
        clock.advance(Duration::seconds(3));
        log.close_windows().await.unwrap();
        let read = entries(&database.store).await;
        assert_eq!(read.len(), 2);
        let body: safeguards::audit::Body = serde_json::from_str(&read[1].body).unwrap();
        let last = "2026-11-23T11:19:00.123456Z".to_owned();
        assert_eq!(body.detail, Some(Detail::Window { count: 4, last }));
        assert_eq!(read[1].side.as_ref().unwrap().records, [PATIENT.to_string()]);
        // The window is over, so the next read is an event again, and a single one needs no closing.
        log.read(&context, view()).await.unwrap();
        clock.advance(Duration::seconds(60));
        log.close_windows().await.unwrap();
        assert_eq!(count(&database.store).await, 3);
        // A window that nobody closed is closed by the next read of its kind.
        log.read(&context, view()).await.unwrap();
        log.read(&context, view()).await.unwrap();
        clock.advance(Duration::seconds(61));
        log.read(&context, view()).await.unwrap();
        assert_eq!(count(&database.store).await, 6);
    }
}

/// CF-7: a window spans neither action, session, address, record, person, purpose, nor more fields.
#[tokio::test]
async fn a_window_spans_nothing_else() {
    let database = testing::sqlite().await;
    let clock = clock();
    let one = context(&clock);
    let log = Audit::start(&database.store, one.clock.clone());
    let other: [(AuditContext, Event); 9] = [
        (one.clone(), view()),
        (one.clone(), view().fields([2])),
        (
            one.clone(),
            Event::new(Action::View).entity("patient").record(fresh()).subject(PATIENT).fields([1]),
        ),
        (
            one.clone(),
            Event::new(Action::List).entity("patient").record(PATIENT).subject(PATIENT).fields([1]),
        ),
        (AuditContext { session: Some(fresh()), ..one.clone() }, view()),
        (AuditContext { address: Some([192, 0, 2, 8].into()), ..one.clone() }, view()),
        (AuditContext { actor: Actor::Person(fresh()), ..one.clone() }, view()),
        (AuditContext { impersonator: Some(fresh()), ..one.clone() }, view()),
        (one.clone(), view().recipient("Health plan")),
    ];
    for (number, (context, event)) in (1..).zip(&other) {
        log.read(context, event.clone()).await.unwrap();
        log.read(context, event.clone()).await.unwrap();
        assert_eq!(count(&database.store).await, number);
    }
    // Without a session nothing is counted together, and a print never is.
    let nobody = AuditContext { session: None, ..one.clone() };
    for (context, event) in [(&nobody, view()), (&one, Event::new(Action::Print).record(PATIENT))] {
        let before = count(&database.store).await;
        log.read(context, event.clone()).await.unwrap();
        log.read(context, event).await.unwrap();
        assert_eq!(count(&database.store).await, before + 2);
    }
    // An orderly end closes what was repeated.
    let before = count(&database.store).await;
    log.finish().await.unwrap();
    assert_eq!(count(&database.store).await, before + 9);
}

/// CF-7: a list records every id that it showed; the same page again is counted, another page is not.
#[tokio::test]
async fn a_list_names_every_record() {
    for database in testing::both().await {
        let context = context(&clock());
        let log = Audit::start(&database.store, context.clock.clone());
        let ids: Vec<Uuid> = (0..50).map(|_| fresh()).collect();
        let list = |ids: &[Uuid]| Event::new(Action::List).entity("patient").records(ids.to_vec());
        log.read(&context, list(&ids)).await.unwrap();
        log.read(&context, list(&ids)).await.unwrap();
        log.read(&context, list(&ids[..49])).await.unwrap();
        let read = entries(&database.store).await;
        assert_eq!(read.len(), 2);
        let texts: Vec<String> = ids.iter().map(Uuid::to_string).collect();
        // The log's lanes have no order among them.
        assert!(read.iter().any(|entry| entry.side.as_ref().unwrap().records == texts));
    }
}

/// Invariant 4: many readers at once; each finds its own event in the log, read through another
/// connection, the moment it may release.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_durable_before_its_data_is_released() {
    for database in testing::both().await {
        let clock = clock();
        let log = Audit::start(&database.store, context(&clock).clock.clone());
        let readers = (0..64).map(|_| {
            let (log, store, context) = (log.clone(), database.store.clone(), context(&clock));
            tokio::spawn(async move {
                let record = fresh();
                log.read(&context, Event::new(Action::View).record(record)).await.unwrap();
                let found =
                    sql("SELECT record FROM audit_identities WHERE record = $1").bind(record.to_string());
                assert!(found.fetch_optional(&store).await.unwrap().is_some());
            })
        });
        for reader in all(readers).await {
            reader.unwrap();
        }
        // The same record, by many at once in one session: one event, and all wait for it.
        let before = count(&database.store).await;
        let context = context(&clock);
        for read in all((0..32).map(|_| log.read(&context, view()))).await {
            read.unwrap();
        }
        assert_eq!(count(&database.store).await, before + 1);
    }
}

/// CF-7, invariant 4: if the log cannot be written, nobody is told to release, the waiting ones neither;
/// and a window that never was does not cover the next read.
#[tokio::test]
async fn without_a_log_nothing_is_released() {
    for database in testing::both().await {
        let context = context(&clock());
        let log = Audit::start(&database.store, context.clock.clone());
        let (hide, restore) = if database.store.is_postgres() {
            ("ALTER TABLE audit_events RENAME TO hidden", "ALTER TABLE hidden RENAME TO audit_events")
        } else {
            (
                "CREATE TRIGGER broken BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'full'); END",
                "DROP TRIGGER broken",
            )
        };
        sql(hide).execute(&database.owner).await.unwrap();
        for read in all((0..4).map(|_| log.read(&context, view()))).await {
            assert!(read.unwrap_err().to_string().starts_with("the audit log cannot be written"));
        }
        let mut transaction = database.store.begin().await.unwrap();
        safeguards::audit::append(&mut transaction, &context, view()).await.unwrap_err();
        transaction.commit().await.unwrap_err();
        sql(restore).execute(&database.owner).await.unwrap();
        assert_eq!(count(&database.store).await, 0);
        log.read(&context, view()).await.unwrap();
        assert_eq!(count(&database.store).await, 1);
        database.store.close().await;
        log.read(&context, Event::new(Action::Print)).await.unwrap_err();
    }
}
