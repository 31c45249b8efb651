//! What is said while a build runs: stored before it is shown, numbered from 1, so that a reader who was cut
//! off goes on where it stopped (`Last-Event-ID`, HTML Living Standard, "Server-sent events").

use std::sync::Arc;

use safeguards::store::{Row, Target};
use safeguards::{StoreError, sql};
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::Platform;
use crate::ids::BuildId;
use crate::seams::{BuildEvent, Progress};

/// Most bytes of one event; what a compiler says beyond it is cut.
const LONGEST: usize = 8 << 10;
/// Most events of one build that are shown one by one; a compiler that says more is not read further.
const MOST: i64 = 5_000;

/// An event as it was stored.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StoredEvent {
    /// From 1, without gaps.
    pub number: i64,
    /// What happened.
    #[serde(flatten)]
    pub event: BuildEvent,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub at: OffsetDateTime,
}

impl StoredEvent {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let event = serde_json::from_value(row.json("body")?)
            .map_err(|_| StoreError::Column { column: "body".into(), expected: "an event of a build" })?;
        Ok(Self { number: row.integer("number")?, event, at: row.timestamp("at")? })
    }
}

/// What was said after the event of this number, at most 500.
///
/// # Errors
/// The database cannot be read.
pub async fn after(platform: &Platform, build: BuildId, number: i64) -> Result<Vec<StoredEvent>, StoreError> {
    let rows = sql("SELECT number, body, at FROM build_events WHERE build_id = $1 AND number > $2
         ORDER BY number LIMIT 500")
    .bind(build)
    .bind(number)
    .fetch_all(&platform.store)
    .await?;
    rows.iter().map(StoredEvent::of).collect()
}

/// Stores one event, in a transaction or by itself.
pub(crate) async fn store(
    platform: &Platform,
    build: BuildId,
    event: &BuildEvent,
    on: impl Into<Target<'_>>,
) -> Result<(), StoreError> {
    let body = serde_json::to_value(event).unwrap_or_default();
    let kind = body.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    sql("INSERT INTO build_events (build_id, number, kind, body, at)
         SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4 FROM build_events WHERE build_id = $1
         HAVING COALESCE(MAX(number), 0) < $5 OR $6")
    .bind(build)
    .bind(kind)
    .bind(body)
    .bind(platform.clock.now())
    .bind(MOST)
    // The last word is never cut off.
    .bind(matches!(event, BuildEvent::Failed { .. } | BuildEvent::Serving { .. }))
    .execute(on)
    .await
    .map(drop)
}

/// Takes events without waiting, and stores them one after the other.
#[derive(Debug)]
pub(crate) struct Recorder {
    events: mpsc::UnboundedSender<BuildEvent>,
    writing: JoinHandle<()>,
}

impl Recorder {
    pub(crate) fn start(platform: &Platform, build: BuildId) -> Self {
        let (events, mut waiting) = mpsc::unbounded_channel();
        let platform = platform.clone();
        let writing = tokio::spawn(async move {
            while let Some(event) = waiting.recv().await {
                // An event that is lost costs a line on a page, and must not cost the build.
                let _lost = store(&platform, build, &event, &platform.store).await;
                platform.build_news.notify_waiters();
            }
        });
        Self { events, writing }
    }

    /// Waits until everything is stored.
    pub(crate) async fn finish(self) {
        drop(self.events);
        let _stopped = self.writing.await;
    }
}

impl Progress for Recorder {
    fn tell(&self, event: BuildEvent) {
        // How it ends is told once, by the operation, in the transaction that ends it.
        if matches!(event, BuildEvent::Serving { .. } | BuildEvent::Failed { .. }) {
            return;
        }
        let _stopped = self.events.send(cut(event));
    }
}

fn cut(event: BuildEvent) -> BuildEvent {
    match event {
        BuildEvent::Diagnostic { level, mut message, file, line } => {
            if message.len() > LONGEST {
                let end = (0..=LONGEST).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
                message.truncate(end);
                message.push('…');
            }
            BuildEvent::Diagnostic { level, message, file, line }
        }
        other => other,
    }
}

/// Wakes whoever shows events.
pub(crate) type News = Arc<tokio::sync::Notify>;
