//! What is kept of what an app writes for its operator (invariant 10).
//!
//! The library writes lines of typed fields ([`safeguards::web::Entry`]). A founder's own code may write anything, a
//! patient's name too; so of a line only those fields are kept that have the form which the library gives them, and of
//! lines without any it is only told how many there were. Until the app is ready it has served nobody: what it says then is why
//! it does not start, is told once if it does not, and is forgotten if it does.

use std::collections::VecDeque;

use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// How many of its last lines are kept, and how much of each.
const LINES: usize = 40;
const LINE: usize = 500;

/// The last lines of an app.
#[derive(Debug, Default)]
pub(super) struct Lines {
    kept: VecDeque<String>,
    withheld: u64,
    /// Why it does not start; none once it did.
    beginning: Option<VecDeque<String>>,
}

impl Lines {
    /// Of an app that begins.
    pub(super) fn of_a_beginning() -> Self {
        Self { beginning: Some(VecDeque::new()), ..Self::default() }
    }

    pub(super) fn take(&mut self, line: &str) {
        let line = line.trim_end();
        if let Some(beginning) = &mut self.beginning {
            push(beginning, line.chars().take(LINE).collect());
        }
        match lawful(line) {
            Some(line) => push(&mut self.kept, line),
            None => self.withheld += 1,
        }
    }

    /// It is ready: from now on it serves people.
    pub(super) fn ready(&mut self) {
        self.beginning = None;
    }

    /// The last things that it said before it was ready.
    pub(super) fn last_of_the_beginning(&self, most: usize) -> Vec<String> {
        let lines = self.beginning.iter().flatten();
        let all = lines.clone().count();
        lines.skip(all.saturating_sub(most)).cloned().collect()
    }

    pub(super) fn all(&self) -> Vec<String> {
        let note = (self.withheld > 0).then(|| {
            format!("{} lines of the app's own are not shown: they could be about somebody", self.withheld)
        });
        self.kept.iter().cloned().chain(note).collect()
    }
}

fn push(lines: &mut VecDeque<String>, line: String) {
    if lines.len() == LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}

/// What may be kept of a line: nothing, unless it is one of the library's events.
fn lawful(line: &str) -> Option<String> {
    let mut fields: Map<String, Value> = serde_json::from_str(line).ok()?;
    fields.retain(|name, value| is_lawful(name, value));
    fields.contains_key("event").then(|| Value::Object(fields).to_string())
}

/// A field's form: a code, a number, an id, a template, a place in the source; never a free text.
fn is_lawful(name: &str, value: &Value) -> bool {
    let text = value.as_str();
    let of = |lawful: fn(u8) -> bool, longest: usize| {
        text.is_some_and(|text| (1..=longest).contains(&text.len()) && text.bytes().all(lawful))
    };
    match name {
        "time" => text.is_some_and(|text| OffsetDateTime::parse(text, &Rfc3339).is_ok()),
        "request" => text.is_some_and(|text| Uuid::parse_str(text).is_ok()),
        "status" | "micros" | "port" | "count" => value.is_u64() || value.is_null(),
        "event" => matches!(text, Some("request" | "listening" | "stopping" | "panic" | "happened")),
        "method" => of(|byte| byte.is_ascii_alphabetic(), 8),
        "problem" | "cause" | "what" => {
            of(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'), 60)
        }
        "route" => of(
            |byte| byte.is_ascii_lowercase() || matches!(byte, b'/' | b'{' | b'}' | b'-' | b'_' | b'.'),
            200,
        ),
        "at" => {
            of(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b':'), 200)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use safeguards::web::{Entry, JsonLines, Log};
    use time::macros::datetime;

    use super::*;

    fn written(entry: &Entry<'_>) -> String {
        let path = tempfile::NamedTempFile::new().unwrap();
        JsonLines::new(path.reopen().unwrap()).write(datetime!(2026-11-26 9:00 UTC), entry);
        std::fs::read_to_string(path.path()).unwrap()
    }

    #[test]
    fn what_the_library_writes_is_kept_and_nothing_else_is() {
        let request = Entry::Request {
            request: Uuid::from_u128(7),
            method: "GET",
            route: "/patients/{id}",
            status: 503,
            micros: 12,
            problem: None,
            cause: Some("audit"),
            at: Some("src/patients.rs:12".into()),
        };
        let mut lines = Lines::of_a_beginning();
        for entry in [
            request,
            Entry::Listening { port: None },
            Entry::Stopping,
            Entry::Panic { at: "/build/project/src/custom/mod.rs:3".into() },
            Entry::Happened { what: "audit-not-witnessed", count: Some(2) },
        ] {
            lines.take(&written(&entry));
        }
        assert_eq!(lines.all().len(), 5, "{:?}", lines.all());
        for leak in [
            "Zzyzx Testperson has HIV",
            "{\"event\":\"Zzyzx\"}",
            "{\"patient\":\"Zzyzx\"}",
            "[\"Zzyzx\"]",
            "",
        ] {
            lines.take(leak);
        }
        let told = lines.all().join("\n");
        assert!(!told.contains("Zzyzx"), "{told}");
        assert!(told.contains("5 lines of the app's own are not shown"), "{told}");
        // What looks like the library's keeps what it may, and loses the rest.
        lines.take(
            "{\"event\":\"request\",\"status\":500,\"patient\":\"Zzyzx\",\"route\":\"/patients/Zzyzx\"}",
        );
        assert!(
            lines.all().contains(&"{\"event\":\"request\",\"status\":500}".to_owned()),
            "{:?}",
            lines.all()
        );
    }

    #[test]
    fn why_it_does_not_start_is_forgotten_once_it_did() {
        let mut lines = Lines::of_a_beginning();
        lines.take("the schema is older than the program");
        assert_eq!(lines.last_of_the_beginning(3), ["the schema is older than the program"]);
        lines.ready();
        lines.take("Zzyzx");
        assert!(lines.last_of_the_beginning(3).is_empty());
    }
}
