//! Sentences as clauses: who, does what, with what, how far, and with which restriction.
//!
//! This is syntax only; what the noun phrases mean is decided by `roles`, `entities` and `access`.
//! A word such as *record* is a verb where a verb can stand: after a subject that agrees with it and
//! before something that can be its object.

mod follows;
mod negation;
mod phrase;
mod placing;
mod reader;
mod relative;
mod tails;
mod taking;
mod unknown;
mod verbs;

use crate::{sentences::Token, words::Verb};
use reader::Reader;
pub(crate) use tails::{is_when, states};

/// A noun phrase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// Its words without articles and modifiers, in lower case.
    pub(crate) words: Vec<String>,
    /// `their`, `own`, `theirs`, `his`.
    pub(crate) own: bool,
    /// `all`, `every`, `any`.
    pub(crate) all: bool,
    /// An article or `each` stands before it.
    pub(crate) article: bool,
    /// `other`, `another`.
    pub(crate) other: bool,
    /// `only` stands directly before it.
    pub(crate) only: bool,
    /// `new`, `signed`, `assigned`: words that were set aside.
    pub(crate) modifiers: Vec<String>,
    /// The owner in `the patient's phone`.
    pub(crate) of: Vec<String>,
    /// The tokens in the parentheses behind it.
    pub(crate) paren: Vec<Token>,
    /// The place of its first word in the sentence.
    pub(crate) at: usize,
}

/// A phrase behind a preposition or conjunction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// `in`, `for`, `by`, `when`, …
    pub(crate) by: String,
    /// What it leads.
    pub(crate) phrases: Vec<Phrase>,
    /// Everything that was said, for conditions.
    pub(crate) words: Vec<String>,
    /// `only` stands before it.
    pub(crate) only: bool,
    /// `anyone but` stands before what it leads.
    pub(crate) except: bool,
}

/// Who does what with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) subjects: Vec<Phrase>,
    /// `only nurses …`.
    pub(crate) only_subjects: bool,
    /// `nobody …`, `no one …`.
    pub(crate) nobody: bool,
    /// `not`, `never`, `cannot`.
    pub(crate) not: bool,
    /// `… only see`, `see only`.
    pub(crate) only: bool,
    /// `nobody else`.
    pub(crate) others: bool,
    /// `… and nothing else`.
    pub(crate) closes: bool,
    pub(crate) modal: bool,
    pub(crate) verbs: Vec<(Verb, String)>,
    /// `are seen`, `be edited`.
    pub(crate) passive: bool,
    pub(crate) objects: Vec<Phrase>,
    /// `but not …`, `never …`, `except …`.
    pub(crate) but_not: Vec<Phrase>,
    pub(crate) tails: Vec<Tail>,
    /// A negation was read, and what it denies was not.
    pub(crate) lost: bool,
    /// Words of the sentence that narrow, counted.
    pub(crate) narrowing: usize,
}

impl Clause {
    /// Whether one of its verbs is this one.
    pub(crate) fn does(&self, verb: Verb) -> bool {
        self.verbs.iter().any(|(known, _)| *known == verb)
    }

    /// The tail led by this word.
    pub(crate) fn tail(&self, by: &str) -> Option<&Tail> {
        self.tails.iter().find(|tail| tail.by == by)
    }

    fn started(&self) -> bool {
        !self.verbs.is_empty() || !self.subjects.is_empty() || !self.objects.is_empty()
    }
}

/// The clauses of a sentence's tokens.
pub(crate) fn clauses(tokens: &[Token]) -> Vec<Clause> {
    let read = Reader::new(tokens).read();
    // Somebody begins the sentence, and nothing was found that they do: the word behind them is it.
    let Some(at) = unknown::missing_verb(tokens, &read) else { return read };
    let again = Reader::with_verb(tokens, at).read();
    let does = again.first().is_some_and(|clause| !clause.verbs.is_empty() && !clause.objects.is_empty());
    if does { again } else { read }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentences::tokens;

    fn told(text: &str) -> Vec<String> {
        clauses(&tokens(text)).iter().map(tell).collect()
    }

    fn tell(clause: &Clause) -> String {
        let phrases = |phrases: &[Phrase]| {
            phrases
                .iter()
                .map(|phrase| {
                    let mut words = phrase.words.join(" ");
                    if phrase.own {
                        words = format!("own:{words}");
                    }
                    if phrase.other {
                        words = format!("other:{words}");
                    }
                    words
                })
                .collect::<Vec<_>>()
                .join(",")
        };
        let mut out = String::new();
        if clause.only_subjects {
            out.push_str("ONLY ");
        }
        if clause.nobody {
            out.push_str("NOBODY ");
        }
        out.push_str(&phrases(&clause.subjects));
        if clause.not {
            out.push_str(" NOT");
        }
        if clause.only {
            out.push_str(" only");
        }
        for (verb, _) in &clause.verbs {
            out.push_str(&format!(" {verb:?}"));
        }
        if clause.passive {
            out.push_str(" passive");
        }
        out.push_str(&format!(" [{}]", phrases(&clause.objects)));
        if !clause.but_not.is_empty() {
            out.push_str(&format!(" BUT NOT [{}]", phrases(&clause.but_not)));
        }
        for tail in &clause.tails {
            out.push_str(&format!(
                " {}{}({})",
                if tail.only { "only " } else { "" },
                tail.by,
                phrases(&tail.phrases)
            ));
        }
        out
    }

    #[test]
    fn sentences_become_clauses() {
        for (text, expect) in [
            (
                "Front desk schedules and sees demographics but not notes",
                vec!["front desk Book View [demographics] BUT NOT [notes]"],
            ),
            ("Doctors only see theirs", vec!["doctors only View [own:]"]),
            (
                "only dentists and hygienists see treatment notes",
                vec!["ONLY dentists,hygienists View [treatment notes]"],
            ),
            (
                "An admin manages tiers but cannot see analyses",
                vec!["admin Manage [tiers]", "admin NOT View [analyses]"],
            ),
            (
                "Other providers, staff and sales reps must not see it",
                vec!["other:providers,staff,sales reps NOT View [it]"],
            ),
            (
                "Patients see their own signed notes and appointments",
                vec!["patients View [own:notes,appointments]"],
            ),
            (
                "My two nurses review the intakes and assign each to one of the doctors",
                vec!["nurses Review [intakes]", "nurses Assign [] to(doctors)"],
            ),
            ("Nobody except the owner can edit invoices", vec!["NOBODY  Update [invoices] BUT NOT [owner]"]),
            (
                "nurses log vitals and doctors review them",
                vec!["nurses Create [vitals]", "doctors Review [them]"],
            ),
            (
                "The record may be seen only by the assigned provider, the owner and the patient",
                vec!["record only View passive [] only by(provider,owner,patient)"],
            ),
        ] {
            assert_eq!(told(text), expect, "{text}");
        }
    }
}
