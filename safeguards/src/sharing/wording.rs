//! What a message can be made of. There is no word that a field of a record could be put into: a [`MessageWord`] comes of an
//! app's source, of a place's row, of a moment, or of a secret that was made for the message, and a [`Wording`] of such
//! words alone (CL-7). That is a type, not a review.

use std::fmt;

use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::identity::Token;
use crate::pages::View;
use crate::store::{self, Row};

/// The longest name of a place that a message tells.
const LONGEST_NAME: usize = 80;

/// The name of a place or an organisation, as its people gave it. It comes from its row alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceName(String);

impl PlaceName {
    /// The column `name` of a place or an organisation.
    pub(super) fn of(row: &Row) -> store::Result<Self> {
        Ok(Self(row.text("name")?))
    }
}

/// A code that opens a packet once. It wipes itself and prints `[secret]`.
#[derive(Clone)]
pub(super) struct Code(Zeroizing<String>);

impl Code {
    /// What was kept sealed, or has just been made.
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code([secret])")
    }
}

/// One word of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum MessageWord<'a> {
    /// Words of ours.
    Ours(&'static str),
    /// The app's name, which stands in its source.
    App(&'static str),
    /// The name of a place.
    Place(&'a PlaceName),
    /// A moment, on the clocks of the app.
    Moment(&'a View, OffsetDateTime),
    /// A day, on the clocks of the app.
    Day(&'a View, OffsetDateTime),
    /// The address of this app, from its settings.
    Home(&'a str),
    /// The page of a packet.
    Packet(&'a str, &'a Token),
    /// A code.
    Code(&'a Code),
}

/// A text for a message outside the app.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wording(String);

impl Wording {
    /// These words, one after the other. Control characters, by which a name could begin a line of its own, are left out.
    pub(super) fn of(words: &[MessageWord<'_>]) -> Self {
        let mut text = String::new();
        for word in words {
            match word {
                MessageWord::Ours(ours) => text.push_str(ours),
                MessageWord::App(name) => text.extend(name.chars().take(LONGEST_NAME)),
                MessageWord::Place(name) => text.extend(name.0.chars().take(LONGEST_NAME)),
                // A mail program shows what a page shows, but for the spaces that do not break.
                MessageWord::Moment(view, at) => text.push_str(&view.moment(*at).replace('\u{a0}', " ")),
                MessageWord::Day(view, at) => {
                    text.push_str(&view.date(view.local(*at).date()).replace('\u{a0}', " "));
                }
                MessageWord::Home(origin) => text.push_str(origin),
                MessageWord::Packet(origin, token) => {
                    text.push_str(origin);
                    text.push_str("/open/");
                    text.push_str(token.reveal());
                }
                MessageWord::Code(code) => text.push_str(code.reveal()),
            }
        }
        text.retain(|letter| !letter.is_control());
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// It may hold a link or a code.
impl fmt::Debug for Wording {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Wording")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CL-7, CF-23: a name cannot begin a header or a line of its own, however it is written.
    #[test]
    fn cl_7_a_name_stays_within_its_line() {
        let name = PlaceName(format!("Clinic\r\nBcc: all@example.org\u{7f}{}", "x".repeat(200)));
        let said =
            Wording::of(&[MessageWord::Place(&name), MessageWord::Ours(": "), MessageWord::App("App")]);
        assert!(said.as_str().starts_with("ClinicBcc: all@example.orgx"), "{}", said.as_str());
        assert!(!said.as_str().contains(char::is_control) && said.as_str().len() < 90);
    }

    /// CL-7: what opens a packet reaches no log by way of `Debug`.
    #[test]
    fn cl_7_secrets_are_not_printed() {
        let code = Code::new("123456".to_owned());
        let said = Wording::of(&[MessageWord::Code(&code)]);
        assert_eq!(format!("{code:?} {said:?}"), "Code([secret]) Wording");
        assert_eq!(said.as_str(), "123456");
    }
}
