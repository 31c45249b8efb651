//! Notices that wait for their mail server, sealed, each with an operation of its own.

use std::fmt;
use std::sync::Arc;

use safeguards::identity::EmailAddress;
use safeguards::{StoreError, Transaction, sql};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use super::Wording;
use crate::Platform;
use crate::error::Refusal;
use crate::ids::AccountId;
use crate::operations::{Ended, NewOperation, Next, Operation, Patience, Pending, Step, StepError, Work};
use crate::sealing::Column;
use crate::seams::{Notice, NoticeError, Notices};

const TELL: &str = "tell";
/// The platform's own keys: a notice to a former customer outlives their account's.
const PLATFORM: AccountId = AccountId::new(Uuid::nil());

/// Takes notices in one transaction each, so that whoever sends one need not wait for a mail server.
#[derive(Clone, Debug)]
pub struct Outbox(pub Platform);

/// A notice as it lies sealed.
#[derive(Serialize, Deserialize)]
struct Kept {
    to: String,
    subject: String,
    paragraphs: Vec<String>,
}

impl Outbox {
    async fn keep(&self, notice: &Notice) -> Result<(), Refusal> {
        let row = self.0.ids.next();
        let kept = Kept {
            to: notice.to.as_str().to_owned(),
            subject: notice.subject.as_str().to_owned(),
            paragraphs: notice.paragraphs.iter().map(|paragraph| paragraph.as_str().to_owned()).collect(),
        };
        let body = serde_json::to_string(&kept).map_err(|_| Refusal::Fault("a notice is text"))?;
        let body = self.0.seal(PLATFORM, Column::NoticeBody, row, &body).await?;
        let mut transaction = self.0.store.begin().await?;
        let new = sql("INSERT INTO notices (id, message_id, body, written_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (message_id) DO NOTHING")
        .bind(row)
        .bind(&notice.id)
        .bind(body)
        .bind(notice.written_at)
        .execute(&mut transaction)
        .await?;
        if new == 1 {
            let operation = NewOperation {
                kind: NoticeWork::KIND,
                key: format!("{}:{}", NoticeWork::KIND, notice.id),
                lane: None,
                account: None,
                request: json!({ "notice": row }),
                first_step: TELL,
                due_at: None,
            };
            self.0.operations.enqueue(&mut transaction, operation).await?;
        }
        transaction.commit().await?;
        self.0.operations.wake();
        Ok(())
    }
}

impl Notices for Outbox {
    fn send<'a>(&'a self, notice: &'a Notice) -> Pending<'a, (), NoticeError> {
        Box::pin(async move {
            let kept = self.keep(notice).await;
            kept.map_err(|_| NoticeError::Later("the platform's database did not take a notice".to_owned()))
        })
    }
}

/// Hands kept notices to the mail server.
#[derive(Clone)]
pub struct NoticeWork {
    platform: Platform,
    server: Arc<dyn Notices>,
}

impl fmt::Debug for NoticeWork {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("NoticeWork").finish_non_exhaustive()
    }
}

impl NoticeWork {
    /// The kind of operation that tells a notice.
    pub const KIND: &'static str = "notice";

    /// Hands notices to this server.
    #[must_use]
    pub fn new(platform: Platform, server: Arc<dyn Notices>) -> Self {
        Self { platform, server }
    }

    /// The notice, while it waits.
    async fn waiting(&self, id: Uuid) -> Result<Option<Notice>, StepError> {
        let row = sql("SELECT message_id, body, written_at FROM notices WHERE id = $1 AND body IS NOT NULL")
            .bind(id)
            .fetch_optional(&self.platform.store)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let body = self.platform.open_sealed(PLATFORM, Column::NoticeBody, id, row.bytes("body")?).await;
        // A key service may be slow; a value that does not open will not open later, and is given up with patience.
        let body = body.map_err(|_| StepError::Later("a notice does not open".to_owned()))?;
        let unreadable = || StepError::Refused("a notice is not as it was kept".to_owned());
        let kept: Kept = serde_json::from_str(&body).map_err(|_| unreadable())?;
        Ok(Some(Notice {
            id: row.text("message_id")?,
            to: EmailAddress::parse(&kept.to).map_err(|_| unreadable())?,
            written_at: row.timestamp("written_at")?,
            subject: Wording::kept(kept.subject),
            paragraphs: kept.paragraphs.into_iter().map(Wording::kept).collect(),
        }))
    }
}

impl Work for NoticeWork {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn steps(&self) -> &'static [&'static str] {
        &[TELL]
    }

    /// About five days in all (RFC 5321, 4.5.4.1).
    fn patience(&self) -> Patience {
        Patience { attempts: Some(125), first: Duration::seconds(30), longest: Duration::hours(1) }
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            let id: Uuid = step.request("notice")?;
            if let Some(notice) = self.waiting(id).await? {
                self.server.send(&notice).await.map_err(|error| match error {
                    NoticeError::Later(words) => StepError::Later(words),
                    NoticeError::Refused(words) => StepError::Refused(words),
                })?;
            }
            let mut transaction = step.begin().await?;
            // What it said, and to whom, is nobody's business any more.
            sql("UPDATE notices SET body = NULL, told_at = $2 WHERE id = $1 AND body IS NOT NULL")
                .bind(id)
                .bind(self.platform.clock.now())
                .execute(&mut transaction)
                .await?;
            step.end(transaction, Next::Done).await
        })
    }

    fn failed<'a>(
        &'a self,
        operation: &'a Operation,
        words: &'a str,
        transaction: &'a mut Transaction,
    ) -> Pending<'a, (), StoreError> {
        Box::pin(async move {
            let id = operation.names("notice");
            sql("UPDATE notices SET body = NULL, given_up_at = $2, failure = $3 WHERE id = $1 AND body IS NOT NULL")
                .bind(id.unwrap_or_default())
                .bind(self.platform.clock.now())
                .bind(words)
                .execute(transaction)
                .await
                .map(drop)
        })
    }
}
