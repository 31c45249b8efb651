//! Logs of typed, allow-listed fields. There is no free text to scrub: an [`Entry`] has no place for
//! a path, a query, a body, a header, or a message of another library.

use std::io::Write;
use std::panic::Location;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::Code;

/// One line.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Entry<'a> {
    /// A request was answered.
    Request {
        /// Its id, which the response carries as `x-request-id`.
        request: Uuid,
        /// The method; one that HTTP does not define is `other`.
        method: &'static str,
        /// The route's template, like `/patients/{id}`; `none` when nothing matched.
        route: &'a str,
        /// The status.
        status: u16,
        /// How long it took, in microseconds.
        micros: u64,
        /// The kind of problem.
        #[serde(skip_serializing_if = "Option::is_none")]
        problem: Option<Code>,
        /// Why, as a code of our own source.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<&'static str>,
        /// Where in our source, as `file:line`.
        #[serde(skip_serializing_if = "Option::is_none")]
        at: Option<String>,
    },
    /// The process began to listen.
    Listening {
        /// The port; none on a socket of the file system.
        port: Option<u16>,
    },
    /// The process is going down.
    Stopping,
    /// A thread panicked.
    Panic {
        /// Where in the source, as `file:line`. The message may quote a value and is dropped.
        at: String,
    },
    /// Something else happened.
    Happened {
        /// What, as a code of our own source.
        what: &'static str,
        /// How many.
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u64>,
    },
}

/// Where entries go.
pub trait Log: Send + Sync {
    /// Writes an entry. It cannot fail for the caller: a full disk must not stop care.
    fn write(&self, at: OffsetDateTime, entry: &Entry<'_>);
}

/// A line of JSON an entry.
pub struct JsonLines<W> {
    to: Mutex<W>,
}

impl<W> std::fmt::Debug for JsonLines<W> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JsonLines")
    }
}

impl JsonLines<std::io::Stderr> {
    /// To standard error.
    #[must_use]
    pub fn stderr() -> Self {
        Self::new(std::io::stderr())
    }
}

impl<W: Write + Send> JsonLines<W> {
    /// To any writer.
    #[must_use]
    pub fn new(to: W) -> Self {
        Self { to: Mutex::new(to) }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    #[serde(flatten)]
    entry: &'a Entry<'a>,
}

impl<W: Write + Send> Log for JsonLines<W> {
    fn write(&self, at: OffsetDateTime, entry: &Entry<'_>) {
        let line = Line { time: at.format(&Rfc3339).unwrap_or_default(), entry };
        let Ok(mut text) = serde_json::to_vec(&line) else { return };
        text.push(b'\n');
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        // One write a line, so that lines of several processes do not mix.
        let _lost = to.write_all(&text);
    }
}

/// Replaces the message of panics, which may quote a value, by their place in the source.
pub fn log_panics(log: Arc<dyn Log>, clock: Arc<dyn crate::clock::Clock>) {
    std::panic::set_hook(Box::new(move |panic| {
        let at = panic.location().map_or_else(String::new, place);
        log.write(clock.now(), &Entry::Panic { at });
    }));
}

pub(crate) fn place(location: &Location<'_>) -> String {
    format!("{}:{}", location.file(), location.line())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_line_is_json_with_its_time() {
        let log = JsonLines::new(Vec::new());
        log.write(datetime!(2026-11-23 12:00 UTC), &Entry::Happened { what: "started", count: Some(2) });
        let written = String::from_utf8(log.to.into_inner().expect("nobody panicked")).expect("UTF-8");
        assert_eq!(
            written,
            "{\"time\":\"2026-11-23T12:00:00Z\",\"event\":\"happened\",\"what\":\"started\",\"count\":2}\n"
        );
    }
}
