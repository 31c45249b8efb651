//! What is kept for as long as the audit log, and not longer (CF-24).

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use safeguards::app::sweep_expired;
use safeguards::audit::{self, AuditContext};
use safeguards::store::{Store, sql};
use safeguards::testing::{self, TestDatabase};
use safeguards::{Clock, ManualClock};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

const CLINIC: Uuid = Uuid::from_u128(0xc1);
const NOW: OffsetDateTime = datetime!(2040-02-29 12:00 UTC);

/// A run of AI: how many days ago it began, and how many days ago its proposal was decided, if it was.
#[derive(Clone, Copy, Debug)]
struct Run {
    began: i64,
    decided: Option<i64>,
}

fn run() -> impl Strategy<Value = Run> {
    // Around the edge of seven years, and anywhere.
    let days = || prop_oneof![2_550i64..2_565, 0i64..6_000];
    (days(), proptest::option::of(days()))
        .prop_map(|(began, decided)| Run { began, decided: decided.map(|decided| decided.min(began)) })
}

fn ago(days: i64) -> OffsetDateTime {
    NOW - Duration::days(days)
}

async fn put(store: &Store, id: Uuid, run: Run) {
    sql("INSERT INTO ai_invocations (id, organisation_id, action, entity, record_id, person_id, began_at, engine, asked,
             characters, items) VALUES ($1, $2, 'scribe', 'note', $1, $1, $3, 'embedded', $4, 1, 1)")
    .bind(id)
    .bind(CLINIC)
    .bind(ago(run.began))
    .bind(vec![0u8; 32])
    .execute(store)
    .await
    .unwrap();
    let Some(decided) = run.decided else { return };
    sql("INSERT INTO ai_applications (invocation_id, item, organisation_id, verdict, decided_at, decided_by_id)
         VALUES ($1, 0, $2, 'applied', $3, $1)")
    .bind(id)
    .bind(CLINIC)
    .bind(ago(decided))
    .execute(store)
    .await
    .unwrap();
}

async fn left(store: &Store) -> BTreeSet<Uuid> {
    let rows = sql("SELECT id FROM ai_invocations").fetch_all(store).await.unwrap();
    rows.iter().map(|row| row.uuid("id").unwrap()).collect()
}

/// The last day on which something of that age must still be there: `years` later, by the calendar.
fn must_stay(at: OffsetDateTime, years: i32) -> bool {
    let date = NOW.date();
    let earlier = date.replace_year(date.year() - years);
    let earlier =
        earlier.unwrap_or_else(|_| date.replace_day(28).unwrap().replace_year(date.year() - years).unwrap());
    at >= NOW.replace_date(earlier)
}

async fn holds(database: &TestDatabase, runs: &[Run], years: u32, held: bool) -> Result<(), TestCaseError> {
    let store = &database.owner;
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(NOW));
    for statement in ["DELETE FROM ai_applications", "DELETE FROM ai_invocations"] {
        sql(statement).execute(store).await.unwrap();
    }
    let context = AuditContext::system(Arc::clone(&clock), CLINIC, "test");
    audit::set_retention(store, &context, years, held.then_some(NOW)).await.unwrap();
    let mut expected = BTreeSet::new();
    for (number, run) in (1..).zip(runs) {
        let id = Uuid::from_u128(number);
        put(store, id, *run).await;
        let last = run.decided.map_or(run.began, |decided| decided.min(run.began));
        if held || must_stay(ago(last), i32::try_from(years).unwrap().max(7)) {
            expected.insert(id);
        }
    }
    sweep_expired(store, &clock).await.unwrap();
    prop_assert_eq!(left(store).await, expected, "{} years, held: {}", years, held);
    Ok(())
}

/// CF-24: runs of AI go once they have been kept for as long as the log of their organisation, never earlier, never while a
/// legal hold stands, and always with what was decided of them.
#[test]
fn nothing_goes_before_its_time() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    for database in runtime.block_on(testing::both()) {
        let organisation = sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, 'Clinic', $2)");
        let organisation = organisation.bind(CLINIC).bind(ago(9_000));
        runtime.block_on(organisation.execute(&database.owner)).unwrap();
        let mut runner =
            TestRunner::new(Config { cases: 24, failure_persistence: None, ..Config::default() });
        let cases = (vec(run(), 0..12), 6u32..14, any::<bool>());
        runner
            .run(&cases, |(runs, years, held)| runtime.block_on(holds(&database, &runs, years, held)))
            .unwrap_or_else(|error| panic!("{error}"));
    }
}
