//! The audit log on both databases.

use std::sync::Arc;

use safeguards::audit::{self, Action, Actor, Audit, AuditContext, Event, Purpose};
use safeguards::clock::ManualClock;
use safeguards::store::Store;
use safeguards::testing;
use time::macros::datetime;
use uuid::{Uuid, uuid};

const CLINIC: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000001");
const PROVIDER: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000002");
const PATIENT: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000003");
const NOW: time::OffsetDateTime = datetime!(2026-11-23 11:18:03.123456 UTC);

fn clock() -> ManualClock {
    ManualClock::at(NOW)
}

fn context(clock: &ManualClock) -> AuditContext {
    AuditContext {
        clock: Arc::new(clock.clone()),
        organisation: CLINIC,
        actor: Actor::Person(PROVIDER),
        impersonator: None,
        session: Some(uuid!("0193574c-5d7e-7000-8000-000000000004")),
        address: Some("192.0.2.7".parse().expect("an address")),
        request: None,
        purpose: Purpose::Treatment,
    }
}

async fn append(store: &Store, context: &AuditContext, event: Event) {
    let mut transaction = store.begin().await.unwrap();
    audit::append(&mut transaction, context, event).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn entries(store: &Store) -> Vec<audit::Entry> {
    let mut source = audit::Source::new(store);
    let mut entries = Vec::new();
    loop {
        let page = source.next_page().await.unwrap();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page.into_iter().map(|entry| entry.expect("every row reads as an entry")));
    }
}

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
            let ids = (0..3).map(|_| Uuid::now_v7());
            log.record(&context, Event::new(Action::List).entity("patient").records(ids))
        });
        for read in futures(reads).await {
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

async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut all: Vec<_> = all.map(Box::pin).collect();
    let mut done: Vec<Option<T>> = all.iter().map(|_| None).collect();
    std::future::poll_fn(|cx| {
        let mut pending = false;
        for (future, done) in all.iter_mut().zip(&mut done) {
            if done.is_none() {
                match future.as_mut().poll(cx) {
                    std::task::Poll::Ready(value) => *done = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    done.into_iter().flatten().collect()
}
