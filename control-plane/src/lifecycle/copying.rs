//! The operation of a copy: the app's own program writes it, and in a week it goes.

use safeguards::{StoreError, Transaction, sql};

use super::copies::{COPY, Copy, KEPT, key};
use super::departure::Lifecycle;
use super::errand::Errand;
use super::work::io_later;
use super::writing::Order;
use crate::operations::{Ended, Next, Operation, OperationState, Patience, Pending, Step, StepError, Work};
use crate::residency::{self, What};

/// How often the app's program is asked for one before its owner is told that there will be none.
const TRIES: u32 = 5;

/// Makes copies, and removes them when their time is over.
#[derive(Clone, Debug)]
pub struct CopyWork(pub Lifecycle);

impl Work for CopyWork {
    fn kind(&self) -> &'static str {
        COPY
    }

    fn steps(&self) -> &'static [&'static str] {
        &["write", "forget"]
    }

    /// What waits is removed, however long that takes; writing is given up after some tries.
    fn patience(&self) -> Patience {
        Patience { attempts: None, ..Patience::default() }
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            let copy = self.0.copy_by_id(step.request("copy")?).await?;
            let copy = copy.ok_or_else(|| StepError::Refused("There is no such copy any more.".into()))?;
            match step.name() {
                "write" => match self.write(step, &copy).await {
                    Err(StepError::Later(words)) if step.operation().attempts >= TRIES => {
                        self.give_up(step, &copy, &words).await
                    }
                    done => done,
                },
                _ => self.forget(step, &copy).await,
            }
        })
    }

    fn failed<'a>(
        &'a self,
        operation: &'a Operation,
        words: &'a str,
        transaction: &'a mut Transaction,
    ) -> Pending<'a, (), StoreError> {
        Box::pin(async move {
            let id = operation.names("copy");
            sql("UPDATE copies SET state = 'failed', failure = $2 WHERE id = $1 AND state = 'making'")
                .bind(id.unwrap_or_default())
                .bind(words)
                .execute(transaction)
                .await
                .map(drop)
        })
    }
}

impl CopyWork {
    async fn write(&self, step: &Step, copy: &Copy) -> Result<Ended, StepError> {
        let (platform, name) = (&self.0.platform, copy.name());
        let order = Order {
            name: name.clone(),
            environment: copy.environment,
            account: copy.account,
            project: copy.project,
            organisation: None,
        };
        let made = self.0.write_archive(&order).await?;
        let until = platform.clock.now() + KEPT;
        let mut transaction = match step.begin().await {
            Ok(transaction) => transaction,
            Err(StepError::Overtaken) => {
                // Called off, since everything is destroyed: what was written goes with it. Where another worker has taken
                // over instead, it is that one's.
                let operation = platform.operations.find(&key(copy.id)).await?;
                if operation.is_none_or(|operation| operation.state == OperationState::Cancelled) {
                    self.0.remove_copy(&name).await?;
                }
                return Err(StepError::Overtaken);
            }
            Err(error) => return Err(error),
        };
        sql("UPDATE copies SET state = 'ready', bytes = $2, sha256 = $3, signed_by = $4, until = $5
             WHERE id = $1 AND state = 'making'")
        .bind(copy.id)
        .bind(made.bytes)
        .bind(made.sha256)
        .bind(made.summary.signed_by)
        .bind(until)
        .execute(&mut transaction)
        .await?;
        let place = self.0.archives.place();
        residency::record(platform, &mut transaction, copy.environment, What::Archives, &place).await?;
        step.end(transaction, Next::StepAt("forget", until)).await
    }

    /// Says why there is none, and removes what the tries left.
    async fn give_up(&self, step: &Step, copy: &Copy, words: &str) -> Result<Ended, StepError> {
        let mut transaction = step.begin().await?;
        sql("UPDATE copies SET state = 'failed', failure = $2 WHERE id = $1 AND state = 'making'")
            .bind(copy.id)
            .bind(words)
            .execute(&mut transaction)
            .await?;
        step.end(transaction, Next::Step("forget")).await
    }

    async fn forget(&self, step: &Step, copy: &Copy) -> Result<Ended, StepError> {
        self.0.remove_copy(&copy.name()).await?;
        Errand::sweep(&self.0.platform.configuration.data, &copy.name()).map_err(io_later)?;
        let mut transaction = step.begin().await?;
        sql("UPDATE copies SET state = 'gone' WHERE id = $1 AND state <> 'failed'")
            .bind(copy.id)
            .execute(&mut transaction)
            .await?;
        step.end(transaction, Next::Done).await
    }
}
