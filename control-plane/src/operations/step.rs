//! One step of an operation, in the hands of a worker.

use std::sync::Arc;

use safeguards::{StoreError, Transaction, sql};
use serde_json::Value;
use time::OffsetDateTime;

use super::faults::{Boundary, Faults};
use super::queue::{Operation, Operations};

/// What comes after a step.
#[derive(Clone, Debug)]
pub enum Next {
    /// The step of this name, at once.
    Step(&'static str),
    /// The step of this name, not before this moment.
    StepAt(&'static str, OffsetDateTime),
    /// Nothing: it is done.
    Done,
    /// Nothing: it failed, for this reason in words. [`Work::failed`](super::Work::failed) is not called; the
    /// step has written what there is to write.
    Failed(String),
}

/// Why a step did not end.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// It may go better later. The words are for a person.
    #[error("{0}")]
    Later(String),
    /// It will never go. The words are for a person, and say what to do.
    #[error("{0}")]
    Refused(String),
    /// The database failed; tried again later.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another worker has the operation, or it was called off.
    #[error("another worker has taken over")]
    Overtaken,
    /// A test stopped the engine here.
    #[error("stopped by a test")]
    Stopped,
}

/// Proof that a step was ended: what it wrote and what comes next are committed.
#[derive(Debug)]
pub struct Ended(());

/// One step of an operation, leased to this worker.
#[derive(Debug)]
pub struct Step {
    pub(super) operation: Operation,
    pub(super) operations: Operations,
    pub(super) faults: Arc<dyn Faults>,
    /// Every step of this kind of work.
    pub(super) steps: &'static [&'static str],
}

impl Step {
    /// The step's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.operation.step
    }

    /// The whole operation.
    #[must_use]
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// A number that grows with each lease of this operation: who was overtaken has a smaller one.
    #[must_use]
    pub fn fence(&self) -> i64 {
        self.operation.fence
    }

    /// A field of the request, decoded.
    ///
    /// # Errors
    /// [`StepError::Refused`]: the request was written by another version of the program.
    pub fn request<T: serde::de::DeserializeOwned>(&self, field: &str) -> Result<T, StepError> {
        decode(&self.operation.request, field)
    }

    /// What an earlier step noted, decoded.
    ///
    /// # Errors
    /// [`StepError::Refused`]: nothing of that name and shape was noted.
    pub fn note<T: serde::de::DeserializeOwned>(&self, field: &str) -> Result<T, StepError> {
        decode(&self.operation.notes, field)
    }

    /// The notes with one more among them, for [`Step::end_noting`].
    #[must_use]
    pub fn notes_with(&self, field: &str, value: impl Into<Value>) -> Value {
        let mut notes = self.operation.notes.clone();
        if let Some(notes) = notes.as_object_mut() {
            notes.insert(field.to_owned(), value.into());
        }
        notes
    }

    /// Begins the transaction that ends the step. Whoever was overtaken meanwhile is refused here, and
    /// whoever would overtake waits for its end.
    ///
    /// # Errors
    /// [`StepError::Overtaken`], or the database failed.
    pub async fn begin(&self) -> Result<Transaction, StepError> {
        self.boundary(Boundary::Worked)?;
        let mut transaction = self.operations.store.begin().await?;
        let mine =
            sql("UPDATE operations SET updated_at = $3 WHERE id = $1 AND fence = $2 AND state = 'open'")
                .bind(self.operation.id)
                .bind(self.operation.fence)
                .bind(self.operations.clock.now())
                .execute(&mut transaction)
                .await?;
        if mine == 1 { Ok(transaction) } else { Err(StepError::Overtaken) }
    }

    /// Ends the step: what comes next commits with what the transaction wrote.
    ///
    /// # Errors
    /// The database failed; nothing was kept.
    pub async fn end(&self, transaction: Transaction, next: Next) -> Result<Ended, StepError> {
        self.end_noting(transaction, next, self.operation.notes.clone()).await
    }

    /// As [`Step::end`], with other notes for the steps to come.
    ///
    /// # Errors
    /// The database failed; nothing was kept.
    pub async fn end_noting(
        &self,
        mut transaction: Transaction,
        next: Next,
        notes: Value,
    ) -> Result<Ended, StepError> {
        if let Next::Step(next) | Next::StepAt(next, _) = &next {
            self.known(next)?;
        }
        let now = self.operations.clock.now();
        let (step, due_at, state, failure) = match next {
            Next::Step(step) => (step, now, "open", None),
            Next::StepAt(step, at) => (step, at, "open", None),
            Next::Done => (self.name(), now, "done", None),
            Next::Failed(words) => (self.name(), now, "failed", Some(words)),
        };
        sql("UPDATE operations SET step = $3, due_at = $4, state = $5, failure = $6, notes = $7, attempts = 0,
                 leased_until = NULL, updated_at = $8, finished_at = $9 WHERE id = $1 AND fence = $2")
        .bind(self.operation.id)
        .bind(self.operation.fence)
        .bind(step)
        .bind(due_at)
        .bind(state)
        .bind(failure)
        .bind(notes)
        .bind(now)
        .bind((state != "open").then_some(now))
        .execute(&mut transaction)
        .await?;
        self.boundary(Boundary::Written)?;
        transaction.commit().await?;
        self.boundary(Boundary::Committed)?;
        Ok(Ended(()))
    }

    /// Begins and ends, where a step wrote nothing else.
    ///
    /// # Errors
    /// As [`Step::begin`].
    pub async fn go_on(&self, next: Next) -> Result<Ended, StepError> {
        let transaction = self.begin().await?;
        self.end(transaction, next).await
    }

    /// Refuses a step that its work does not declare.
    pub(super) fn known(&self, name: &str) -> Result<(), StepError> {
        if self.steps.contains(&name) {
            return Ok(());
        }
        Err(StepError::Refused(format!(
            "This was begun by another release of the platform, by which it had a step `{name}`. Ask for it again."
        )))
    }

    pub(super) fn boundary(&self, boundary: Boundary) -> Result<(), StepError> {
        if self.faults.stops(&self.operation.kind, self.name(), boundary) {
            return Err(StepError::Stopped);
        }
        Ok(())
    }
}

fn decode<T: serde::de::DeserializeOwned>(from: &Value, field: &str) -> Result<T, StepError> {
    let value = from.get(field).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value)
        .map_err(|_| StepError::Refused(format!("the operation lacks `{field}`; ask for it again")))
}
