//! Durable operations: what takes more than one transaction, and must end the same way whatever is killed
//! in between (invariant 8).
//!
//! A domain enqueues a [`NewOperation`] **in the transaction of its own change**, so that there is never
//! the one without the other. Its key is unique: enqueued twice, it is one operation. An [`Engine`] takes
//! what is due, oldest first, under a lease, and calls the [`Work`] of its kind with one [`Step`] at a time:
//!
//! ```text
//! fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
//!     Box::pin(async move {
//!         match step.name() {
//!             "compile" => {
//!                 // 1. Outside effects. They may happen twice: make them idempotent, by a stable name.
//!                 let artifact = self.host.build(&order).await?;
//!                 // 2. One transaction. A worker that was overtaken is refused here.
//!                 let mut transaction = step.begin().await?;
//!                 sql("UPDATE builds SET …").execute(&mut transaction).await?;
//!                 // 3. What comes next commits with it.
//!                 step.end(transaction, Next::Step("deploy")).await
//!             }
//!             …
//! ```
//!
//! The rules that make it whole:
//!
//! * Effects of step *n* that are not in our database are **idempotent**: a folder by the id of its
//!   environment, a payment by an idempotency key, an e-mail by a stable `Message-ID`. [`Step::fence`]
//!   grows with each lease, for parties that can refuse an older number.
//! * What the domain remembers is written in the transaction that ends the step. A step that failed on
//!   its way has written nothing.
//! * A failed step is tried again, later and later ([`Patience`]); [`StepError::Refused`] ends the
//!   operation at once. Either way [`Work::failed`] writes the domain's own view in the same transaction.
//! * Operations in one *lane* are worked on one at a time, oldest first. A lane is for work that ends
//!   soon; what waits for days has none.
//! * A work declares its steps ([`Work::steps`]), and has no others: the engine refuses one that is not declared.
//! * [`Faults`] can stop the engine at every boundary of a step as a killed process would. One test walks every
//!   boundary of every declared step of every work that `serve` does ([`crate::server::works`]), stops there, and
//!   ends in the same state.

mod engine;
mod faults;
mod queue;
mod step;

pub use engine::{Engine, Patience, Turn, Work};
pub use faults::{Boundary, Faults, NoFaults, StopAt, StopOnce};
pub use queue::{NewOperation, Operation, OperationState, Operations};
pub use step::{Ended, Next, Step, StepError};

use std::pin::Pin;

/// What a step of work answers, later.
pub type Pending<'a, T, E = StepError> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;
