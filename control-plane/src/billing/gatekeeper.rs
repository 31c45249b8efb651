//! Carries the gate to where it is enforced: one durable operation an account, for as long as the account lives.
//!
//! It puts the gate around every production environment of the account, and sleeps until something is told
//! ([`call`]), until the standing changes by itself (30 days after a failed payment, the end of a paid period), or for a
//! day. Once a day it also asks the provider, so that a webhook that never came is healed.

use std::collections::BTreeMap;
use std::sync::Arc;

use safeguards::{StoreError, Transaction, sql};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use crate::Platform;
use crate::ids::{AccountId, EnvironmentId};
use crate::lifecycle;
use crate::operations::{Ended, NewOperation, Next, Operation, Patience, Pending, Step, StepError, Work};
use crate::seams::{Gate, Host};

use super::service::Billing;

/// Which work carries gates.
const KIND: &str = "gate";

/// The only step; it follows itself.
const APPLY: &str = "apply";

/// The gates of production environments.
type Gates = BTreeMap<EnvironmentId, Gate>;

/// How often the gate is looked at when nothing was told.
const DAILY: Duration = Duration::days(1);

/// Has the account's gate looked at, in the caller's transaction: something was told, signed, or made.
///
/// # Errors
/// The database refuses.
pub async fn call(
    platform: &Platform,
    transaction: &mut Transaction,
    account: AccountId,
) -> Result<(), StoreError> {
    let key = format!("{KIND}:{account}");
    let operation = NewOperation {
        kind: KIND,
        key: key.clone(),
        lane: None,
        account: Some(account),
        request: json!({ "account": account }),
        first_step: APPLY,
        due_at: None,
    };
    platform.operations.enqueue(transaction, operation).await?;
    platform.operations.hasten(transaction, &key).await.map(drop)
}

/// The work of carrying gates.
pub struct Gatekeeper {
    platform: Platform,
    billing: Billing,
    host: Arc<dyn Host>,
}

impl Gatekeeper {
    /// A gatekeeper for this host.
    pub fn new(platform: Platform, billing: Billing, host: Arc<dyn Host>) -> Self {
        Self { platform, billing, host }
    }

    /// Puts the gate around each production environment of the account; answers what was put.
    ///
    /// # Errors
    /// The host or the database does not answer.
    pub async fn apply(&self, account: AccountId) -> Result<Gates, StepError> {
        let mut snapshot = self.platform.store.snapshot().await?;
        let gates = self.wanted(&mut snapshot, account).await?;
        // A connection is not kept while the host works.
        drop(snapshot);
        for (environment, gate) in &gates {
            let put = self.host.gate(*environment, *gate).await;
            put.map_err(|error| StepError::Later(format!("the gate could not be put: {error}")))?;
        }
        Ok(gates)
    }

    /// The gate of each production environment. One whose project departs is no wider than the window of its departure,
    /// and once its destruction has begun it is the lifecycle's alone.
    async fn wanted(&self, on: &mut Transaction, account: AccountId) -> Result<Gates, StoreError> {
        let gate = self.billing.stands(&mut *on, account).await?.production;
        let rows = sql("SELECT e.id, d.state AS departs, d.window_ends_at FROM environments e
             LEFT JOIN departures d ON d.project_id = e.project_id AND d.organisation_id IS NULL
                 AND d.state IN ('window', 'destroying')
             WHERE e.account_id = $1 AND e.kind = 'production' AND e.destroyed_at IS NULL ORDER BY e.id")
        .bind(account)
        .fetch_all(on)
        .await?;
        let mut gates = Gates::new();
        for row in &rows {
            let gate = match row.optional_text("departs")?.as_deref() {
                None => gate,
                // Who was never let in has nothing to take home.
                Some("window") if gate == Gate::NotStarted => gate,
                // Its window is a promise: it stays open to its end, whenever the account's own end was noticed.
                Some("window") if self.platform.clock.now() < row.timestamp("window_ends_at")? => {
                    Gate::ExportWindow
                }
                Some("window") => Gate::Nothing,
                Some(_) => continue,
            };
            gates.insert(EnvironmentId::new(row.uuid("id")?), gate);
        }
        Ok(gates)
    }
}

impl Work for Gatekeeper {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn steps(&self) -> &'static [&'static str] {
        &[APPLY]
    }

    /// It never gives up: a gate that could not be put is a breach in waiting.
    fn patience(&self) -> Patience {
        Patience { attempts: None, first: Duration::seconds(5), longest: Duration::minutes(5) }
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            let account: AccountId = step.request("account")?;
            let now = self.platform.clock.now();
            let looked = step.note::<i64>("looked_at").ok();
            let due = looked.is_some_and(|at| now.unix_timestamp() - at >= DAILY.whole_seconds());
            if due {
                // What the provider cannot say now it says tomorrow; the gate does not wait for it.
                let _healed = self.billing.refresh(account).await;
            }
            let looked = if due { now.unix_timestamp() } else { looked.unwrap_or(now.unix_timestamp()) };
            let put = self.apply(account).await?;
            let mut transaction = step.begin().await?;
            let standing = self.billing.stands(&mut transaction, account).await?;
            let followed =
                lifecycle::follow(&self.platform, &mut transaction, account, standing.production).await;
            followed.map_err(|error| StepError::Later(error.to_string()))?;
            // Something was told while the gate was put, or a departure has begun: again, with what is known now.
            let next = if self.wanted(&mut transaction, account).await? == put {
                let tomorrow = now + DAILY;
                Next::StepAt(
                    APPLY,
                    standing.until.map_or(tomorrow, |until: OffsetDateTime| until.min(tomorrow)),
                )
            } else {
                Next::Step(APPLY)
            };
            step.end_noting(transaction, next, step.notes_with("looked_at", looked)).await
        })
    }

    fn failed<'a>(
        &'a self,
        _operation: &'a Operation,
        _words: &'a str,
        _transaction: &'a mut Transaction,
    ) -> Pending<'a, (), StoreError> {
        // It has no view of its own to correct: the next call begins again.
        Box::pin(async { Ok(()) })
    }
}
