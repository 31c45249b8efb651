//! E-mail of the platform's: what can be said in it, and how it is kept until its server has taken it.
//!
//! Mail is read on the way. So what it says is put together of our own words, of an app's name, of numbers, moments and
//! links to pages behind a sign-in, and of nothing else: a [`Wording`] cannot be made of a text from a database
//! or a person (CL-7).
//!
//! ```text
//! a step of an operation ──send──▶ Outbox: the row and its operation, one transaction
//!                                     └──▶ NoticeWork ──▶ SMTP, later and later until it is taken or given up
//! ```
//!
//! Told once, as far as mail allows it: a notice that is sent twice is one row; a process that is killed after the
//! server took the message and before that was written sends it again, byte by byte the same and under the same
//! `Message-ID`, which mail programs show once. A mail server that is down keeps nobody's end waiting.

mod outbox;

use std::fmt;

use safeguards::StoreError;
use safeguards::store::Row;
use time::OffsetDateTime;

use crate::Configuration;

pub use outbox::{NoticeWork, Outbox};

/// The longest name of an app that a notice tells.
const LONGEST_NAME: usize = 80;

/// An app's name, as its founder gave it. It comes from the project's row alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppName(String);

impl AppName {
    /// The column `name` of a project.
    pub(crate) fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self(row.text("name")?))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a notice may be made of.
#[derive(Clone, Copy, Debug)]
pub enum Words<'a> {
    /// Words of ours.
    Ours(&'static str),
    /// An app's name.
    App(&'a AppName),
    /// A number.
    Number(i64),
    /// A moment, in UTC.
    Moment(OffsetDateTime),
    /// A page of the dashboard, by its path: whoever opens it signs in.
    Page(&'a Configuration, &'a str),
}

/// A text for an e-mail: it holds no clinical word of ours, and nobody's record.
#[derive(Clone, PartialEq, Eq)]
pub struct Wording(String);

impl Wording {
    /// These words, one after the other. Control characters, by which a name could begin a line of its own, are left out.
    #[must_use]
    pub fn of(words: &[Words<'_>]) -> Self {
        let mut text = String::new();
        for word in words {
            match word {
                Words::Ours(ours) => text.push_str(ours),
                Words::App(name) => text.extend(name.0.chars().take(LONGEST_NAME)),
                Words::Number(number) => text.push_str(&number.to_string()),
                Words::Moment(at) => text.push_str(&crate::lifecycle::moment(*at)),
                Words::Page(configuration, path) => {
                    text.push_str(&configuration.dashboard_origin());
                    text.push_str(path);
                }
            }
        }
        text.retain(|letter| !letter.is_control());
        Self(text)
    }

    /// What was put together before and lay sealed meanwhile.
    fn kept(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An app's name is its customer's: it is told to them, and to no log.
impl fmt::Debug for Wording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wording")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// CL-7: a name cannot begin a header or a line of its own, however it is written.
    #[test]
    fn cl_7_a_name_stays_within_its_line() {
        let name = AppName(format!("Clinic\r\nBcc: all@example.org\u{7f}{}", "x".repeat(200)));
        let said = Wording::of(&[Words::App(&name), Words::Ours(": "), Words::Number(3)]);
        assert!(said.as_str().starts_with("ClinicBcc: all@example.orgx"), "{}", said.as_str());
        assert!(!said.as_str().contains(char::is_control) && said.as_str().len() < 90);
    }

    #[test]
    fn moments_and_pages_are_said_in_one_way() {
        let configuration = Configuration::embedded("data");
        let said = Wording::of(&[
            Words::Moment(datetime!(2026-12-26 10:00 +1)),
            Words::Ours(" "),
            Words::Page(&configuration, "/departures/1"),
        ]);
        assert_eq!(said.as_str(), "2026-12-26T09:00:00Z http://healthcoder.localhost:8080/departures/1");
    }
}
