//! A record on a page: one line a field, the same in tables and in detail.

use crate::access::Shown;
use crate::pages::{Allergies, Content, Tone};

use super::Names;
use super::places::capitalised;

/// One field of a record as pages show it: the name by which the policy knows it, its label, its content.
#[derive(Debug)]
pub struct Line<R: 'static> {
    pub(super) field: &'static str,
    pub(super) label: &'static str,
    pub(super) numeric: bool,
    pub(super) sorted: bool,
    pub(super) content: fn(&R, &Names) -> Content,
}

impl<R> Line<R> {
    /// A line of words.
    pub const fn new(field: &'static str, label: &'static str, content: fn(&R, &Names) -> Content) -> Self {
        Self { field, label, numeric: false, sorted: false, content }
    }

    /// A line with a number, flush at the end of its cell.
    pub const fn number(
        field: &'static str,
        label: &'static str,
        content: fn(&R, &Names) -> Content,
    ) -> Self {
        Self { field, label, numeric: true, sorted: false, content }
    }

    /// A line of words by which a list can be ordered.
    pub const fn sorted(
        field: &'static str,
        label: &'static str,
        content: fn(&R, &Names) -> Content,
    ) -> Self {
        Self { field, label, numeric: false, sorted: true, content }
    }

    /// A line with a number by which a list can be ordered.
    pub const fn sorted_number(
        field: &'static str,
        label: &'static str,
        content: fn(&R, &Names) -> Content,
    ) -> Self {
        Self { field, label, numeric: true, sorted: true, content }
    }
}

/// What is known of a field: shown and filled in.
pub trait Known<T> {
    /// The value, or nothing when it is empty or hidden.
    fn known(&self) -> Option<T>;

    /// As a page shows it.
    fn content(&self) -> Content;

    /// One of some words, as a form offers it.
    fn chosen(&self) -> Content {
        match self.content() {
            Content::Text(text) => Content::Text(capitalised(&text)),
            other => other,
        }
    }

    /// By what people call it, where that is another word.
    fn named(&self, names: &[(&str, &str)]) -> Content {
        match self.content() {
            Content::Text(text) => {
                let name = names.iter().find(|(word, _)| *word == text).map(|(_, name)| (*name).to_owned());
                Content::Text(name.unwrap_or(text))
            }
            other => other,
        }
    }

    /// As a status.
    fn tag(&self) -> Content {
        match self.content() {
            Content::Text(text) => Content::tag(capitalised(&text), Tone::Quiet),
            other => other,
        }
    }

    /// As plain words, for a title; empty when it is hidden.
    fn words(&self) -> String {
        match self.content() {
            Content::Text(text) | Content::Narrative(text) | Content::Tag(text, _) => text,
            Content::Number(number, _) => number,
            Content::Date(date) => date.to_string(),
            Content::Moment(moment) => {
                format!("{} {:02}:{:02} UTC", moment.date(), moment.hour(), moment.minute())
            }
            _ => String::new(),
        }
    }

    /// With its paragraphs.
    fn narrative(&self) -> Content {
        Content::narrative(self.content())
    }
}

impl<T: Clone + Into<Content>> Known<T> for Shown<Option<T>> {
    fn known(&self) -> Option<T> {
        self.value().cloned().flatten()
    }

    fn content(&self) -> Content {
        match self {
            Shown::Value(value) => Content::from(value.clone()),
            Shown::Hidden => Content::Hidden,
        }
    }
}

/// What is known of allergies. An empty list is no statement that there are none.
pub trait KnownAllergies {
    /// For the banner of a patient.
    fn allergies(&self) -> Allergies;
}

impl KnownAllergies for Shown<Option<Vec<String>>> {
    fn allergies(&self) -> Allergies {
        match self {
            Shown::Hidden => Allergies::Hidden,
            Shown::Value(Some(known)) if !known.is_empty() => said(known),
            Shown::Value(_) => Allergies::NotRecorded,
        }
    }
}

impl KnownAllergies for Shown<Option<String>> {
    fn allergies(&self) -> Allergies {
        match self {
            Shown::Hidden => Allergies::Hidden,
            Shown::Value(Some(known)) if !known.trim().is_empty() => said(std::slice::from_ref(known)),
            Shown::Value(_) => Allergies::NotRecorded,
        }
    }
}

/// "None" is what people write for "none known".
fn said(known: &[String]) -> Allergies {
    let none = |text: &String| {
        matches!(text.trim().to_lowercase().as_str(), "none" | "none known" | "nkda" | "no" | "nil")
    };
    if known.iter().all(none) { Allergies::NoneKnown } else { Allergies::Known(known.to_vec()) }
}
