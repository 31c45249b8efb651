//! Invariant 8: kill the process at any boundary, and an operation ends in the same state, told once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use control_plane::operations::{
    Ended, Engine, NewOperation, Next, NoFaults, OperationState, Patience, Pending, Step, StepError, StopAt,
    Turn, Work,
};
use control_plane::testing::{TestPlatform, platforms};
use safeguards::{StoreError, Transaction, sql};
use serde_json::json;
use time::Duration;

/// Makes an account's row closed, then open, then counts itself done: three steps, each visible in the database.
#[derive(Default)]
struct Ledger {
    /// How often the outside world was asked for something.
    asked: AtomicU32,
    /// How many tries fail first.
    fails: AtomicU32,
    refuses: bool,
}

impl Work for Ledger {
    fn kind(&self) -> &'static str {
        "ledger"
    }

    fn steps(&self) -> &'static [&'static str] {
        &["one", "two", "three"]
    }

    fn patience(&self) -> Patience {
        Patience { attempts: Some(3), first: Duration::seconds(2), longest: Duration::seconds(3) }
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.refuses {
                return Err(StepError::Refused("the ledger is closed".into()));
            }
            if self.fails.load(Ordering::Relaxed) > 0 {
                self.fails.fetch_sub(1, Ordering::Relaxed);
                return Err(StepError::Later("the ledger is in use".into()));
            }
            let mut transaction = step.begin().await?;
            write(&mut transaction, step.name()).await?;
            let notes = step.notes_with(step.name(), step.fence());
            match step.name() {
                "one" => step.end_noting(transaction, Next::Step("two"), notes).await,
                "two" => step.end_noting(transaction, Next::Step("three"), notes).await,
                _ => {
                    assert!(step.note::<i64>("two")? > step.note::<i64>("one")?);
                    step.end(transaction, Next::Done).await
                }
            }
        })
    }

    fn failed<'a>(
        &'a self,
        _operation: &'a control_plane::operations::Operation,
        words: &'a str,
        transaction: &'a mut Transaction,
    ) -> Pending<'a, (), StoreError> {
        Box::pin(async move { write(transaction, words).await })
    }
}

async fn write(transaction: &mut Transaction, line: &str) -> Result<(), StoreError> {
    sql("INSERT INTO ledger (line) VALUES ($1)").bind(line).execute(transaction).await.map(drop)
}

async fn lines(platform: &TestPlatform) -> Vec<String> {
    let rows = sql("SELECT line FROM ledger ORDER BY line").fetch_all(&platform.store).await.unwrap();
    rows.iter().map(|row| row.text("line").unwrap()).collect()
}

async fn prepared() -> [TestPlatform; 2] {
    let platforms = platforms().await;
    for platform in &platforms {
        sql("CREATE TABLE ledger (line text NOT NULL)").execute(&platform.owner).await.unwrap();
    }
    platforms
}

fn engine(platform: &TestPlatform, work: &Arc<Ledger>) -> Engine {
    Engine::new(platform.operations.clone(), platform.log.clone()).work(work.clone())
}

fn new(key: &str) -> NewOperation {
    NewOperation {
        kind: "ledger",
        key: key.into(),
        lane: None,
        account: None,
        request: json!({}),
        first_step: "one",
        due_at: None,
    }
}

async fn enqueue(platform: &TestPlatform, new: NewOperation) {
    let mut transaction = platform.store.begin().await.unwrap();
    platform.operations.enqueue(&mut transaction, new).await.unwrap();
    transaction.commit().await.unwrap();
}

async fn state(platform: &TestPlatform, key: &str) -> OperationState {
    platform.operations.find(key).await.unwrap().unwrap().state
}

/// Invariant 8: three steps have twelve boundaries; a process killed at any of them leaves nothing undone and
/// nothing done twice.
#[tokio::test]
async fn killed_at_any_boundary_it_ends_in_the_same_state() {
    for platform in prepared().await {
        for boundary in 0..=12 {
            let key = format!("kill:{boundary}");
            enqueue(&platform, new(&key)).await;
            let work = Arc::new(Ledger::default());
            let faults = Arc::new(StopAt::boundary(boundary));
            let ended = engine(&platform, &work).faults(faults.clone()).drain().await.unwrap();
            assert_eq!(ended, boundary == 12, "{}: {:?}", platform.database, faults.stopped());
            // The lease of the dead process runs out, and another one takes over.
            platform.clock.advance(Duration::minutes(2));
            assert!(engine(&platform, &work).faults(Arc::new(NoFaults)).drain().await.unwrap());
            assert_eq!(state(&platform, &key).await, OperationState::Done, "{:?}", faults.stopped());
            assert_eq!(lines(&platform).await, ["one", "three", "two"], "{:?}", faults.stopped());
            sql("DELETE FROM ledger").execute(&platform.store).await.unwrap();
        }
    }
}

#[tokio::test]
async fn one_key_is_one_operation_and_nothing_is_enqueued_by_a_transaction_that_failed() {
    for platform in prepared().await {
        enqueue(&platform, new("once")).await;
        enqueue(&platform, new("once")).await;
        let mut transaction = platform.store.begin().await.unwrap();
        platform.operations.enqueue(&mut transaction, new("never")).await.unwrap();
        transaction.rollback().await.unwrap();
        let work = Arc::new(Ledger::default());
        assert!(engine(&platform, &work).drain().await.unwrap());
        assert_eq!(lines(&platform).await, ["one", "three", "two"]);
        assert!(platform.operations.find("never").await.unwrap().is_none());
        // Done stays done.
        enqueue(&platform, new("once")).await;
        assert_eq!(engine(&platform, &work).turn().await.unwrap(), Turn::Idle);
    }
}

#[tokio::test]
async fn a_failed_step_is_tried_later_and_later_and_then_given_up_in_words() {
    for platform in prepared().await {
        let work = Arc::new(Ledger { fails: AtomicU32::new(2), ..Ledger::default() });
        enqueue(&platform, new("patient")).await;
        for wait in [2, 3] {
            assert!(engine(&platform, &work).drain().await.unwrap());
            assert_eq!(state(&platform, "patient").await, OperationState::Open);
            platform.clock.advance(Duration::seconds(wait) - Duration::milliseconds(1));
            assert_eq!(engine(&platform, &work).turn().await.unwrap(), Turn::Idle, "not before its time");
            platform.clock.advance(Duration::milliseconds(1));
        }
        assert!(engine(&platform, &work).drain().await.unwrap());
        assert_eq!(state(&platform, "patient").await, OperationState::Done);

        sql("DELETE FROM ledger").execute(&platform.store).await.unwrap();
        let work = Arc::new(Ledger { fails: AtomicU32::new(99), ..Ledger::default() });
        enqueue(&platform, new("hopeless")).await;
        for _ in 0..3 {
            assert!(engine(&platform, &work).drain().await.unwrap());
            platform.clock.advance(Duration::seconds(5));
        }
        assert_eq!(state(&platform, "hopeless").await, OperationState::Failed);
        assert_eq!(lines(&platform).await, ["the ledger is in use"], "the domain was told once, in words");
        assert_eq!(work.asked.load(Ordering::Relaxed), 3);
    }
}

#[tokio::test]
async fn what_is_refused_is_given_up_at_once() {
    for platform in prepared().await {
        let work = Arc::new(Ledger { refuses: true, ..Ledger::default() });
        enqueue(&platform, new("refused")).await;
        assert!(engine(&platform, &work).drain().await.unwrap());
        let operation = platform.operations.find("refused").await.unwrap().unwrap();
        assert_eq!(operation.state, OperationState::Failed);
        assert_eq!(operation.failure.as_deref(), Some("the ledger is closed"));
        assert_eq!(lines(&platform).await, ["the ledger is closed"]);
    }
}

/// A worker that slept through its lease changes nothing any more.
#[tokio::test]
async fn who_was_overtaken_is_refused() {
    for platform in prepared().await {
        enqueue(&platform, new("raced")).await;
        let work = Arc::new(Ledger::default());
        // The first worker dies with everything written and nothing committed; the second is done.
        let faults = Arc::new(StopAt::boundary(1));
        assert!(!engine(&platform, &work).faults(faults).drain().await.unwrap());
        assert_eq!(engine(&platform, &work).turn().await.unwrap(), Turn::Idle, "the lease holds");
        assert_eq!(platform.operations.end_leases().await.unwrap(), 1);
        assert!(engine(&platform, &work).drain().await.unwrap());
        assert_eq!(lines(&platform).await, ["one", "three", "two"]);
    }
}

#[tokio::test]
async fn what_is_called_off_is_not_done() {
    for platform in prepared().await {
        enqueue(&platform, new("off")).await;
        let mut transaction = platform.store.begin().await.unwrap();
        assert!(platform.operations.cancel(&mut transaction, "off").await.unwrap());
        assert!(!platform.operations.cancel(&mut transaction, "off").await.unwrap());
        transaction.commit().await.unwrap();
        let work = Arc::new(Ledger::default());
        assert!(engine(&platform, &work).drain().await.unwrap());
        assert_eq!(state(&platform, "off").await, OperationState::Cancelled);
        assert!(lines(&platform).await.is_empty());
    }
}

#[tokio::test]
async fn of_one_lane_the_oldest_is_done_first_and_others_do_not_wait_for_it() {
    for platform in prepared().await {
        let work = Arc::new(Ledger { fails: AtomicU32::new(1), ..Ledger::default() });
        for key in ["first", "second"] {
            enqueue(&platform, NewOperation { lane: Some("lane".into()), ..new(key) }).await;
            platform.clock.advance(Duration::milliseconds(1));
        }
        // The first fails and waits; the second must not pass it.
        assert!(engine(&platform, &work).drain().await.unwrap());
        assert_eq!(state(&platform, "second").await, OperationState::Open);
        enqueue(&platform, new("elsewhere")).await;
        assert!(engine(&platform, &work).drain().await.unwrap());
        assert_eq!(state(&platform, "elsewhere").await, OperationState::Done);
        assert_eq!(state(&platform, "second").await, OperationState::Open);
        platform.clock.advance(Duration::seconds(2));
        assert!(engine(&platform, &work).drain().await.unwrap());
        assert_eq!(state(&platform, "second").await, OperationState::Done);
    }
}
