//! Walks over a sentence's tokens and fills one clause after another.

use super::{Clause, Phrase};
use crate::{
    nouns::closing,
    sentences::Token,
    words::{Verb, is_be, is_condition, is_modal, is_preposition, restricts, verb},
};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Subject,
    Verb,
    Object,
}

pub(super) struct Reader<'t> {
    pub(super) tokens: &'t [Token],
    pub(super) at: usize,
    pub(super) out: Vec<Clause>,
    pub(super) current: Clause,
    pub(super) phase: Phase,
    /// What a relative clause is about: `notes, which nurses can read`.
    pub(super) relative: Option<Phrase>,
    /// `only` was read, and what it bounds was not yet.
    pub(super) only_next: bool,
    /// `not` was read, and what it denies was not yet.
    pub(super) not_next: bool,
    /// What was placed last was denied: `not the address or phone` denies both.
    pub(super) denying: bool,
    /// The clause before has no object of its own: `can view but not edit notes`.
    pub(super) object_wanted: bool,
    /// Where a word is a verb, because its clause has no other.
    pub(super) missing: Option<usize>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(tokens: &'t [Token]) -> Self {
        Self {
            tokens,
            at: 0,
            out: Vec::new(),
            current: Clause::default(),
            phase: Phase::Subject,
            relative: None,
            only_next: false,
            not_next: false,
            denying: false,
            object_wanted: false,
            missing: None,
        }
    }

    /// As [`Self::new`], where the word at `at` is a verb whatever it is elsewhere.
    pub(super) fn with_verb(tokens: &'t [Token], at: usize) -> Self {
        Self { missing: Some(at), ..Self::new(tokens) }
    }

    /// The clauses of the sentence.
    pub(super) fn read(mut self) -> Vec<Clause> {
        while self.at < self.tokens.len() {
            let start = self.at;
            match &self.tokens[start] {
                Token::Open => {
                    let close = closing(self.tokens, start);
                    let inner = self.tokens[start + 1..close.max(start + 1)].to_vec();
                    // `report symptoms every day (nausea, fever)`: the list is of what is reported.
                    let timed = self.current.tails.last().is_some_and(|tail| tail.by == "every");
                    match self.current.objects.last_mut().filter(|last| {
                        timed
                            && last.paren.is_empty()
                            && !last.words.first().is_some_and(|word| crate::words::asks(word))
                    }) {
                        Some(object) => object.paren = inner,
                        None => {
                            let acts = self.phase != Phase::Subject && !self.current.verbs.is_empty();
                            if let Some(last) = self.last_phrase() {
                                last.paren = inner;
                            } else if acts && self.current.objects.is_empty() {
                                // `clients weigh in weekly (weight, waist)`: what is written down.
                                let at = self.at;
                                self.current.objects.push(Phrase {
                                    words: vec!["data".into()],
                                    paren: inner,
                                    at,
                                    ..Phrase::default()
                                });
                                self.phase = Phase::Object;
                            }
                        }
                    }
                    self.at = close + 1;
                }
                Token::Word(word) => {
                    let word = word.clone();
                    self.word(&word);
                }
                Token::Comma
                    if (!self.current.verbs.is_empty() || self.current.passive)
                        && !["which", "that", "who"].iter().any(|word| self.is(start + 1, word))
                        && self.subject_follows_at(start + 1) =>
                {
                    self.finish();
                    self.at += 1;
                }
                // `pain 0-10`: the scale belongs to what stands before it.
                Token::Range(..) => {
                    let scale = self.tokens[start].clone();
                    if let Some(last) = self.last_phrase().filter(|last| last.paren.is_empty()) {
                        last.paren.push(scale);
                    }
                    self.at += 1;
                }
                Token::Quote(_) if matches!(self.phase, Phase::Verb | Phase::Object) => {
                    self.phase = Phase::Object;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if self.at == start {
                self.at += 1;
            }
        }
        self.finish();
        self.out
    }

    /// Whether the app itself was named last, of which nothing else was said.
    pub(super) fn of_the_app(&self) -> bool {
        let last = self.current.objects.last().or(self.current.subjects.last());
        self.current.narrowing == 0
            && self.current.tails.iter().all(|tail| tail.by == "for")
            && last.and_then(|phrase| phrase.words.last()).is_some_and(|word| {
                matches!(
                    word.as_str(),
                    "app"
                        | "application"
                        | "tool"
                        | "platform"
                        | "system"
                        | "portal"
                        | "software"
                        | "place"
                        | "site"
                        | "website"
                        | "something"
                )
            })
    }

    /// `see only assigned patients`: how far they see, before it is said what.
    fn assigned_ones(&self) -> bool {
        self.is(self.at, "assigned")
            && self.phase != Phase::Subject
            && !self.current.verbs.is_empty()
            && self.current.objects.is_empty()
            && !self.current.passive
            && !self.next_ends()
            && !["to", "by", "them", "him", "her"].iter().any(|word| self.is(self.at + 1, word))
    }

    pub(super) fn is(&self, at: usize, word: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(word))
    }

    fn word(&mut self, word: &str) {
        if restricts(word) {
            self.current.narrowing += 1;
        }
        if self.narrows(word) || self.relates(word) {
            return;
        }
        match word {
            "and" | "or" | "but" | "then" | "plus" | "nor" => self.conjunction(word),
            // `when to come`, `how they feel`, `who is ready`: something told, not a condition.
            "when" | "where" | "how" | "who" | "what" | "whether" | "which" | "why"
                if matches!(self.phase, Phase::Verb | Phase::Object) && self.asks(word) =>
            {
                self.question();
            }
            _ if is_condition(word) => {
                let only = self.only_next;
                self.tail(word, only);
            }
            // `Carers do rounds`: no other verb follows.
            "do" | "does"
                if self.phase == Phase::Subject
                    && !self.current.subjects.is_empty()
                    && self.object_follows(self.at + 1)
                    && !self.is(self.at + 1, "not")
                    && !self.verb_follows(self.at + 1) =>
            {
                self.take_verb(word, Verb::Create);
            }
            _ if is_modal(word) && self.phase == Phase::Subject && word != "let" => {
                self.current.modal = true;
                self.at += 1;
            }
            // `the orders to be packed`: which of them.
            "to" if self.phase == Phase::Object
                && self.is(self.at + 1, "be")
                && self
                    .tokens
                    .get(self.at + 2)
                    .and_then(Token::word)
                    .is_some_and(|word| verb(word).is_some() && !word.ends_with("ing")) =>
            {
                self.at += 3;
            }
            "to" if self.verb_follows(self.at + 1) && self.phase != Phase::Subject => self.at += 1,
            _ if is_be(word) && self.participle_follows() => {
                if !self.current.verbs.is_empty() {
                    let subjects = self.current.subjects.clone();
                    self.finish();
                    self.current.subjects = subjects;
                }
                self.current.passive = true;
                self.at += 1;
            }
            "assigned" if !self.current.passive && self.phase == Phase::Object && !self.assigned_ones() => {
                let only = self.only_next;
                self.tail(word, only);
            }
            _ if self.is_verb(self.at) && !self.assigned_ones() => {
                let meaning = verb(word).unwrap_or(Verb::Work);
                self.current.only |= std::mem::take(&mut self.only_next);
                self.take_verb(word, meaning);
            }
            // `weigh themselves daily`.
            "daily" | "weekly" | "monthly" | "nightly" | "hourly" | "themselves" | "separately"
            | "online" | "electronically" | "digitally" | "remotely"
                if self.next_ends() && (self.phase != Phase::Subject || word != "online") =>
            {
                self.at += 1;
            }
            // `after they are signed`, `before the infusion starts`: a condition.
            "after" | "before" | "until" | "since"
                if self.subject_follows_at(self.at + 1) && !self.current.verbs.is_empty() =>
            {
                let only = std::mem::take(&mut self.only_next);
                self.at += 1;
                let from = self.at - 1;
                self.condition(word, only, from);
                if self.phase == Phase::Verb {
                    self.phase = Phase::Object;
                }
            }
            // `depth in cm, exudate amount`: the unit of what stands before it.
            "in" if self
                .tokens
                .get(self.at + 1)
                .and_then(Token::word)
                .is_some_and(crate::fields::is_unit)
                && matches!(self.tokens.get(self.at + 2), None | Some(Token::Comma))
                && self.phase == Phase::Object =>
            {
                let unit = self.tokens[self.at + 1].clone();
                if let Some(last) = self.last_phrase().filter(|last| last.paren.is_empty()) {
                    last.paren.push(unit);
                }
                self.at += 2;
            }
            // `pain before and after`: two values.
            "after"
                if self.phase == Phase::Object
                    && matches!(self.tokens.get(self.at + 1), None | Some(Token::Comma))
                    && self.current.objects.last().is_some_and(|phrase| {
                        phrase.words.len() > 1 && phrase.words.last().is_some_and(|last| last == "before")
                    }) =>
            {
                if let Some(mut later) = self.current.objects.last().cloned() {
                    later.words.pop();
                    later.words.push("after".into());
                    later.at = self.at;
                    self.current.objects.push(later);
                }
                self.at += 1;
            }
            _ if is_preposition(word) => {
                let only = std::mem::take(&mut self.only_next);
                self.tail(word, only);
            }
            // `the doula and the mother all see the plan`.
            "all" | "both"
                if self.phase == Phase::Subject
                    && !self.current.subjects.is_empty()
                    && self.current.verbs.is_empty()
                    && self.is_verb(self.at + 1) =>
            {
                self.at += 1;
            }
            // `each morning residents get a call`: when, and no residents of a kind.
            "each" | "every"
                if self.phase == Phase::Subject
                    && self.current.subjects.is_empty()
                    && self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(|time| {
                        matches!(
                            time,
                            "day"
                                | "morning"
                                | "evening"
                                | "night"
                                | "week"
                                | "month"
                                | "afternoon"
                                | "quarter"
                                | "year"
                        )
                    })
                    && self.subject_follows_at(self.at + 2) =>
            {
                let words = vec![self.tokens[self.at + 1].word().unwrap_or_default().to_owned()];
                let phrase = Phrase {
                    words: words.clone(),
                    all: true,
                    article: true,
                    at: self.at + 1,
                    ..Phrase::default()
                };
                self.current.tails.push(super::Tail {
                    by: "every".into(),
                    phrases: vec![phrase],
                    words,
                    ..super::Tail::default()
                });
                self.at += 2;
            }
            _ => {
                if let Some(mut phrase) = self.phrase() {
                    // `every 2 hours`, `each day`, `twice a week`: when, not what.
                    if self.phase != Phase::Subject && is_time(&phrase) {
                        let words = phrase.words.clone();
                        self.current.tails.push(super::Tail {
                            by: "every".into(),
                            phrases: vec![phrase],
                            words,
                            ..super::Tail::default()
                        });
                        self.phase = Phase::Object;
                        return;
                    }
                    phrase.only = self.only_next;
                    self.place(phrase);
                }
            }
        }
    }
}

/// Whether a phrase says when: `every 2 hours`.
fn is_time(phrase: &Phrase) -> bool {
    phrase.words.len() == 1
        && !phrase.own
        && phrase.words.iter().all(|word| {
            matches!(
                word.as_str(),
                "day"
                    | "days"
                    | "hour"
                    | "hours"
                    | "week"
                    | "weeks"
                    | "month"
                    | "months"
                    | "night"
                    | "morning"
                    | "evening"
                    | "minutes"
                    | "year"
                    | "years"
                    | "quarter"
                    | "min"
                    | "mins"
                    | "minute"
                    | "seconds"
                    | "today"
                    | "tomorrow"
            )
        })
}
