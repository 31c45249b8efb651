//! Whoever stops waiting for the database half-way leaves nothing behind in it: browsers go away in the middle of a request.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use safeguards::store::{PolicyContext, PostgresOptions, Store, StoreError, sql};
use safeguards::testing;
use time::macros::datetime;
use uuid::Uuid;

const NOW: time::OffsetDateTime = datetime!(2026-11-27 20:31:00 UTC);

/// Drops a future when it waits for the so-manieth time; what it answered if it came to that.
async fn abandoned<T>(waits: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = waits;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

async fn insert(store: &Store, number: usize) -> Result<u64, StoreError> {
    sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, 'x', $2)")
        .bind(Uuid::from_u128(number as u128))
        .bind(NOW)
        .execute(store)
        .await
}

/// Invariant 4: what was answered as kept is kept. With one connection, each statement runs where the transaction before it
/// was abandoned; what it wrote must be seen from elsewhere.
#[tokio::test]
async fn a_transaction_that_nobody_waits_for_keeps_nothing_from_the_next() {
    for database in testing::both().await {
        let store = match &database.addresses {
            None => database.store.clone(),
            Some(addresses) => {
                let options =
                    PostgresOptions { connections: 1, ..PostgresOptions::new(addresses.app.clone()) };
                Store::open_postgres(options).await.unwrap()
            }
        };
        let context =
            PolicyContext { person: None, organisation: None, roles: Vec::new(), action: "view", now: NOW };
        for waits in 0..6 {
            drop(abandoned(waits, store.begin()).await);
            insert(&store, waits * 3).await.unwrap();
            drop(abandoned(waits, store.begin_as(&context)).await);
            insert(&store, waits * 3 + 1).await.unwrap();
            drop(abandoned(waits, store.snapshot()).await);
            insert(&store, waits * 3 + 2).await.unwrap();
            let seen =
                sql("SELECT count(*) AS n FROM organisations").fetch_one(&database.owner).await.unwrap();
            assert_eq!(seen.integer("n").unwrap(), (waits as i64 + 1) * 3, "abandoned at wait {waits}");
        }
    }
}
