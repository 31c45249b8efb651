//! Walks over a sentence's tokens and fills one clause after another.

use super::{Clause, Phrase};
use crate::{
    nouns::closing,
    sentences::Token,
    words::{Verb, is_be, is_condition, is_modal, is_preposition, lets, restricts, verb},
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
}
impl<'t> Reader<'t> {
    pub(super) fn new(tokens: &'t [Token]) -> Self {
        Self { tokens, at: 0, out: Vec::new(), current: Clause::default(), phase: Phase::Subject }
    }

    /// The clauses of the sentence.
    pub(super) fn read(mut self) -> Vec<Clause> {
        self.run();
        self.out
    }

    pub(super) fn run(&mut self) {
        let mut only_next = false;
        let mut not_next = false;
        while self.at < self.tokens.len() {
            let start = self.at;
            match &self.tokens[start] {
                Token::Open => {
                    let close = closing(self.tokens, start);
                    let inner = self.tokens[start + 1..close.max(start + 1)].to_vec();
                    if let Some(last) = self.last_phrase() {
                        last.paren = inner;
                    }
                    self.at = close + 1;
                }
                Token::Word(word) => {
                    let word = word.clone();
                    self.word(&word, &mut only_next, &mut not_next);
                }
                Token::Comma if !self.current.verbs.is_empty() && self.subject_follows_at(start + 1) => {
                    self.finish();
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
    }

    pub(super) fn word(&mut self, word: &str, only_next: &mut bool, not_next: &mut bool) {
        if restricts(word) {
            self.current.narrowing += 1;
        }
        let next = self.tokens.get(self.at + 1);
        match word {
            "only" | "solely" | "exclusively" | "just" => {
                *only_next = true;
                if self.phase != Phase::Subject || !self.current.subjects.is_empty() {
                    self.current.only = true;
                }
                self.at += 1;
            }
            "no" if next.is_some_and(|t| t.is("one")) => {
                self.current.nobody = true;
                self.current.narrowing += 1;
                self.at += 2;
            }
            "nobody" => {
                self.begin_if_object();
                self.current.narrowing = self.current.narrowing.max(1);
                self.current.nobody = true;
                self.at += 1;
            }
            "not" | "never" => {
                if matches!(self.phase, Phase::Object)
                    || (self.phase == Phase::Verb && !self.verb_follows(self.at + 1))
                {
                    *not_next = true;
                } else {
                    self.current.not = true;
                }
                self.at += 1;
            }
            // `the mothers they are assigned to`.
            "they" | "he" | "she"
                if self.phase == Phase::Object
                    && next.and_then(Token::word).is_some_and(|be| is_be(be))
                    && self.tokens.get(self.at + 2).is_some_and(|t| t.is("assigned")) =>
            {
                if let Some(last) = self.current.objects.last_mut() {
                    last.own = true;
                }
                self.at += 3;
                if self.tokens.get(self.at).is_some_and(|t| t.is("to")) {
                    self.at += 1;
                }
            }
            "nothing" if next.is_some_and(|t| t.is("else") || t.is("more") || t.is("other")) => {
                // `the action plan but nothing else`.
                self.current.only = true;
                self.current.narrowing += 1;
                self.at += 1;
                while self.tokens.get(self.at).is_some_and(|t| t.is("else") || t.is("more") || t.is("other"))
                {
                    self.at += 1;
                }
            }
            // `notes that only they can read`.
            "that" | "which"
                if self.phase == Phase::Object
                    && (next.is_some_and(|t| t.is("only")) || self.subject_follows_at(self.at + 1)) =>
            {
                self.finish();
                self.at += 1;
            }
            "except" | "excluding" => {
                *not_next = true;
                self.phase = if self.current.verbs.is_empty() { Phase::Subject } else { Phase::Object };
                self.at += 1;
                if self.tokens.get(self.at).is_some_and(|t| t.is("for")) {
                    self.at += 1;
                }
            }
            "but" | "than" if self.current.nobody || self.after_other() => {
                // `nobody but the owner`, `no one other than the owner`.
                self.current.nobody = false;
                self.current.only_subjects = true;
                self.at += 1;
            }
            "and" | "or" | "but" | "then" | "plus" | "nor" => self.conjunction(word),
            // `an app where nurses log vitals`.
            "where"
                if self.current.verbs.iter().all(|(_, word)| {
                    matches!(
                        word.as_str(),
                        "create" | "build" | "make" | "want" | "need" | "like" | "called" | "call" | "have"
                    )
                }) =>
            {
                self.finish();
                self.at += 1;
            }
            _ if is_condition(word) => self.tail(word, *only_next),
            _ if is_modal(word) && self.phase == Phase::Subject && word != "let" => {
                self.current.modal = true;
                self.at += 1;
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
            "assigned" if !self.current.passive && self.phase == Phase::Object => self.tail(word, *only_next),
            _ if self.is_verb(self.at) => {
                let meaning = verb(word).unwrap_or(Verb::Work);
                if *only_next {
                    self.current.only = true;
                    *only_next = false;
                }
                self.take_verb(word, meaning);
            }
            _ if is_preposition(word) => self.tail(word, std::mem::take(only_next)),
            _ => {
                let phrase = self.phrase();
                if let Some(mut phrase) = phrase {
                    phrase.only = *only_next;
                    self.place(phrase, std::mem::take(only_next), std::mem::take(not_next));
                }
            }
        }
    }

    pub(super) fn after_other(&self) -> bool {
        self.at > 0 && self.tokens[self.at - 1].is("other")
    }

    pub(super) fn take_verb(&mut self, word: &str, meaning: Verb) {
        match self.phase {
            Phase::Subject | Phase::Verb => {
                self.current.verbs.push((meaning, word.to_owned()));
                self.phase = Phase::Verb;
            }
            Phase::Object => {
                // The same subject does something else.
                // `I want patients to log meals`: who was the object is the subject now.
                let lets = self.current.verbs.iter().all(|(_, verb)| lets(verb));
                let subjects = if lets && !self.current.objects.is_empty() {
                    self.current.objects.clone()
                } else {
                    self.current.subjects.clone()
                };
                let only_subjects = self.current.only_subjects;
                self.finish();
                self.current.subjects = subjects;
                self.current.only_subjects = only_subjects;
                self.current.verbs.push((meaning, word.to_owned()));
                self.phase = Phase::Verb;
            }
        }
        self.at += 1;
        while let Some(particle) = self.tokens.get(self.at).and_then(Token::word) {
            if matches!(particle, "out" | "up" | "down" | "back" | "off")
                || (particle == "in" && self.login(word))
            {
                self.at += 1;
            } else {
                break;
            }
        }
        if matches!(word, "log" | "logs" | "sign" | "signs")
            && self.tokens.get(self.at - 1).is_some_and(|t| t.is("in") || t.is("up"))
            && let Some(last) = self.current.verbs.last_mut()
        {
            last.0 = Verb::Work;
        }
    }

    pub(super) fn login(&self, word: &str) -> bool {
        matches!(
            word,
            "log" | "logs" | "fill" | "fills" | "sign" | "signs" | "check" | "checks" | "logging" | "filled"
        )
    }

    pub(super) fn place(&mut self, phrase: Phrase, only: bool, not: bool) {
        match self.phase {
            Phase::Subject => {
                if not {
                    self.current.but_not.push(phrase);
                    return;
                }
                if only && self.current.subjects.is_empty() {
                    self.current.only_subjects = true;
                }
                self.current.subjects.push(phrase);
            }
            Phase::Verb | Phase::Object => {
                if not {
                    self.current.but_not.push(phrase);
                } else {
                    self.current.only |= only;
                    self.current.objects.push(phrase);
                }
                self.phase = Phase::Object;
            }
        }
    }

    /// `and`, `but`: a new clause where a subject with its verb follows.
    pub(super) fn conjunction(&mut self, word: &str) {
        self.at += 1;
        if self.current.verbs.is_empty() {
            return;
        }
        if self.subject_follows() {
            self.finish();
        } else if word == "but"
            && self.verb_follows(self.at)
            && !self.tokens.get(self.at).is_some_and(|t| t.is("not"))
        {
            let subjects = self.current.subjects.clone();
            self.finish();
            self.current.subjects = subjects;
        } else if word == "but"
            && let Some(modal) = self.tokens.get(self.at).and_then(Token::word)
            && is_modal(modal)
        {
            let subjects = self.current.subjects.clone();
            self.finish();
            self.current.subjects = subjects;
        }
    }

    pub(super) fn last_phrase(&mut self) -> Option<&mut Phrase> {
        let clause = &mut self.current;
        match self.phase {
            Phase::Subject => clause.subjects.last_mut(),
            _ => match clause.tails.last_mut().and_then(|tail| tail.phrases.last_mut()) {
                Some(phrase) if clause.objects.last().is_none_or(|object| object.at < phrase.at) => {
                    Some(phrase)
                }
                _ => clause.objects.last_mut(),
            },
        }
    }

    pub(super) fn begin_if_object(&mut self) {
        if !self.current.verbs.is_empty() {
            self.finish();
        }
    }

    pub(super) fn finish(&mut self) {
        let clause = std::mem::take(&mut self.current);
        if clause.started() || clause.narrowing > 0 {
            self.out.push(clause);
        }
        self.phase = Phase::Subject;
    }
}
