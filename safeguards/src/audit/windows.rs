//! Windows of repeated reads: pure, with the time given.
//!
//! The first read of a window is an event. While the window is open, the same read (same session, action,
//! address, purpose, records and fields) is counted. When it is over, a closing event tells how often and
//! when last. A read that arrives while the first one's event is on its way waits for that event.

use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use tokio::sync::oneshot;

use super::digest::Hasher;
use super::{AuditContext, AuditUnavailable, Detail, Digest, Event, timestamp};

/// How long a window is open (CF-7).
pub const WINDOW: Duration = Duration::seconds(60);
/// How many windows are kept. Beyond, every read is its own event, which is more log and never less.
const MOST_WINDOWS: usize = 65_536;

/// What a read has to do.
pub(super) enum Look {
    /// It was the first, or windows are full: write its event. The key is that of the window to settle.
    Write(Option<Digest>),
    /// The first one's event is durable already.
    Counted,
    /// The first one's event is being written.
    Wait(oneshot::Receiver<Result<(), AuditUnavailable>>),
}

#[derive(Default)]
pub(super) struct Windows {
    open: HashMap<Digest, Window>,
}

struct Window {
    opened: OffsetDateTime,
    count: u64,
    last: OffsetDateTime,
    /// Who made the last read and what it was, from the second on.
    repeat: Option<Box<(AuditContext, Event)>>,
    /// Reads that wait for the first event; `None` once that is durable.
    waiting: Option<Vec<oneshot::Sender<Result<(), AuditUnavailable>>>>,
}

impl Windows {
    /// Counts a read, and says what it has to do. An expired window of the same key is closed: its
    /// closing event, if it needs one, goes to `closing`.
    pub(super) fn look(
        &mut self,
        context: &AuditContext,
        event: &Event,
        closing: &mut Vec<(AuditContext, Event)>,
    ) -> Look {
        let Some(session) = context.session.filter(|_| event.action.coalesces()) else {
            return Look::Write(None);
        };
        let now = context.clock.now();
        let key = key(session, context, event);
        if let Some(window) = self.open.get_mut(&key) {
            if !window.is_over(now) {
                window.count += 1;
                window.last = window.last.max(now);
                window.repeat = Some(Box::new((context.clone(), event.clone())));
                return match &mut window.waiting {
                    None => Look::Counted,
                    Some(waiting) => {
                        let (sender, receiver) = oneshot::channel();
                        waiting.push(sender);
                        Look::Wait(receiver)
                    }
                };
            }
            if let Some(window) = self.open.remove(&key) {
                closing.extend(window.closing());
            }
        }
        if self.open.len() >= MOST_WINDOWS {
            return Look::Write(None);
        }
        let window = Window { opened: now, count: 1, last: now, repeat: None, waiting: Some(Vec::new()) };
        self.open.insert(key, window);
        Look::Write(Some(key))
    }

    /// The first event of a window is durable, or cannot be written: then the window never was.
    pub(super) fn settle(&mut self, key: Digest, end: &Result<(), AuditUnavailable>) {
        let waiting = match end {
            Ok(()) => self.open.get_mut(&key).and_then(|window| window.waiting.take()),
            Err(_) => self.open.remove(&key).and_then(|window| window.waiting),
        };
        for waiter in waiting.into_iter().flatten() {
            // Whoever stopped waiting was shown nothing.
            let _ = waiter.send(end.clone());
        }
    }

    /// Closes windows that are over at `now`, or all that are settled, and answers the closing events.
    pub(super) fn close(&mut self, now: Option<OffsetDateTime>) -> Vec<(AuditContext, Event)> {
        let over =
            |window: &mut Window| window.waiting.is_none() && now.is_none_or(|now| window.is_over(now));
        let closed = self.open.extract_if(|_, window| over(window));
        closed.filter_map(|(_, window)| window.closing()).collect()
    }
}

impl Window {
    fn is_over(&self, now: OffsetDateTime) -> bool {
        now - self.opened >= WINDOW
    }

    fn closing(self) -> Option<(AuditContext, Event)> {
        let (context, event) = *self.repeat?;
        let last = timestamp(self.last);
        Some((context, event.detail(Detail::Window { count: self.count, last })))
    }
}

fn key(session: uuid::Uuid, context: &AuditContext, event: &Event) -> Digest {
    let mut hasher = Hasher::new("healthcoder.audit.window.1");
    hasher.part(Some(session.as_bytes()));
    hasher.part(Some(context.organisation.as_bytes()));
    hasher.part(Some(context.actor.text().as_bytes()));
    hasher.part(context.impersonator.as_ref().map(|id| id.as_bytes().as_slice()));
    hasher.part(context.address.map(|address| address.to_string()).as_ref().map(String::as_bytes));
    hasher.part(Some(event.purpose.unwrap_or(context.purpose).as_str().as_bytes()));
    hasher.part(Some(event.action.as_str().as_bytes()));
    hasher.part(Some(event.outcome.as_str().as_bytes()));
    hasher.part(event.entity.map(str::as_bytes));
    hasher.part(event.subject.as_ref().map(|id| id.as_bytes().as_slice()));
    hasher.part(event.recipient.as_ref().map(String::as_bytes));
    hasher.part(event.basis.as_ref().map(String::as_bytes));
    for record in &event.records {
        hasher.part(Some(record.as_bytes()));
    }
    hasher.part(None);
    for field in &event.fields {
        hasher.part(Some(&field.to_be_bytes()));
    }
    hasher.finish()
}
