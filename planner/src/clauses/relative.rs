//! Relative and inner clauses: `notes that only they can read`, `cases they accepted`, `how they feel`.

use super::{
    Phrase,
    reader::{Phase, Reader},
};
use crate::{
    sentences::Token,
    words::{is_be, verb},
};

impl Reader<'_> {
    /// Relative and inner clauses: `notes that only they can read`, `an app where nurses log vitals`.
    pub(super) fn relates(&mut self, word: &str) -> bool {
        match word {
            // `the mothers they are assigned to`.
            "they" | "he" | "she"
                if self.phase == Phase::Object
                    && self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(is_be)
                    && ["assigned", "matched", "paired", "allocated", "responsible", "linked"]
                        .iter()
                        .any(|word| self.is(self.at + 2, word)) =>
            {
                // `the interests of the patient they are matched with`: theirs, and so is what is of it.
                if let Some(last) = self.current.objects.last_mut() {
                    last.own = true;
                }
                if let Some(last) = self.current.tails.last_mut().and_then(|tail| tail.phrases.last_mut()) {
                    last.own = true;
                }
                self.at += 3;
                if ["to", "with", "for"].iter().any(|word| self.is(self.at, word)) {
                    self.at += 1;
                }
            }
            // `photos that the patient has consented to`: by a permission, and a condition of what is granted.
            "that" | "which" | "who" if self.phase == Phase::Object && self.permitted().is_some() => {
                let from = self.at;
                self.at = self.permitted().unwrap_or(self.at + 1);
                let words = self.words(from, self.at);
                self.current.tails.push(super::Tail { by: "if".into(), words, ..super::Tail::default() });
            }
            // `session notes, which are never visible to midwives`: the notes are not.
            "that" | "which" if self.phase == Phase::Object && self.told_of_object() => {
                let about = self.last_phrase().cloned();
                self.finish();
                self.current.subjects.extend(about.map(|about| Phrase { paren: Vec::new(), ..about }));
                self.at += 1;
            }
            // `clients that are assigned to them`.
            "that" | "which" | "who"
                if self.phase == Phase::Object
                    && self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(is_be)
                    && self.is(self.at + 2, "assigned")
                    && self.is(self.at + 3, "to")
                    && ["them", "him", "her"].iter().any(|word| self.is(self.at + 4, word)) =>
            {
                if let Some(last) = self.current.objects.last_mut() {
                    last.own = true;
                }
                self.at += 5;
            }
            // `cases they accepted`, `notes they wrote`.
            "they" | "he" | "she"
                if self.phase == Phase::Object
                    && self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(|word| {
                        verb(word).is_some() && (word.ends_with("ed") || word == "wrote")
                    }) =>
            {
                let behind = self
                    .current
                    .tails
                    .last_mut()
                    .filter(|tail| matches!(tail.by.as_str(), "on" | "with"))
                    .and_then(|tail| tail.phrases.last_mut());
                if let Some(last) = self.current.objects.last_mut().or(behind) {
                    last.own = true;
                }
                self.at += 2;
                if self.is(self.at, "themselves")
                    || self.is(self.at, "himself")
                    || self.is(self.at, "herself")
                {
                    self.at += 1;
                }
            }
            // `the clients they visit today`, `the mothers she looks after`: theirs.
            "they" | "he" | "she"
                if self.phase == Phase::Object
                    && self.at > 0
                    && self.tokens[self.at - 1]
                        .word()
                        .is_some_and(|before| !crate::words::is_glue(before))
                    && self.current.objects.last().is_some_and(|object| {
                        object.words.last().map(String::as_str) == self.tokens[self.at - 1].word()
                    })
                    && self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(|word| {
                        verb(word).is_some()
                            || matches!(word, "look" | "looks" | "care" | "cares" | "treat" | "treats")
                    }) =>
            {
                if let Some(last) = self.current.objects.last_mut() {
                    last.own = true;
                }
                self.at += 2;
                while ["after", "for", "with", "to"].iter().any(|word| self.is(self.at, word)) {
                    self.at += 1;
                }
            }
            "that" | "which" | "who"
                if self.phase == Phase::Object
                    && (self.is(self.at + 1, "only") || self.subject_follows_at(self.at + 1)) =>
            {
                let about = self.last_phrase().cloned();
                self.finish();
                self.relative = about;
                self.at += 1;
            }
            // `patients, exercise plans and a pain diary that the patient fills in`.
            "that" | "which"
                if self.phase == Phase::Subject
                    && self.current.verbs.is_empty()
                    && !self.current.passive
                    && !self.current.subjects.is_empty()
                    && self.subject_follows_at(self.at + 1) =>
            {
                let tails = self.current.tails.iter().flat_map(|tail| &tail.phrases);
                let about = self.current.subjects.iter().chain(tails).max_by_key(|phrase| phrase.at).cloned();
                self.finish();
                self.relative = about;
                self.at += 1;
            }
            // `the therapist who wrote them`, `a person who was seen`: who did it is the writer.
            "who" | "that" if self.wrote_it() => {
                if let Some(last) = self.last_phrase() {
                    last.own = true;
                    last.modifiers.push("author".into());
                }
                self.at += 3;
            }
            // `crossmatched by scientists, who record the group`: they do.
            "who" if self.phase == Phase::Object && self.agent_goes_on() => {
                let about = self.current.tails.last().and_then(|tail| tail.phrases.last()).cloned();
                self.finish();
                self.current.subjects.extend(about.map(|about| Phrase { paren: Vec::new(), ..about }));
                self.at += 1;
            }
            // `an app where nurses log vitals`.
            "where"
                if self.of_the_app()
                    || self.current.verbs.iter().all(|(_, word)| {
                        matches!(
                            word.as_str(),
                            "create"
                                | "build"
                                | "make"
                                | "want"
                                | "need"
                                | "like"
                                | "called"
                                | "call"
                                | "have"
                        )
                    }) =>
            {
                self.finish();
                self.at += 1;
            }
            _ => return false,
        }
        true
    }

    /// Whether *who* stands behind those by whom something is done, and before what else they do.
    fn agent_goes_on(&self) -> bool {
        let agent = self.current.tails.last().filter(|tail| tail.by == "by" && self.current.passive);
        let people = agent.and_then(|tail| tail.phrases.last()).is_some_and(|phrase| {
            let last = phrase.words.last().map(|word| crate::words::singular(word)).unwrap_or_default();
            crate::catalogue::catalogue().role(&crate::entities::phrase_key(phrase)).is_some()
                || crate::catalogue::catalogue().role(&last).is_some()
                || last.ends_with("ist")
        });
        let modal = usize::from(
            self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(crate::words::is_modal),
        );
        people && self.verb_follows(self.at + 1 + modal)
    }

    /// `which are never visible to …`, `that must not be shown to …`: a restriction on what stands before.
    fn told_of_object(&self) -> bool {
        let mut at = self.at + 1;
        let mut narrow = false;
        let mut states = false;
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            narrow |= matches!(word, "never" | "not" | "only") || word == "hidden";
            if is_be(word) || crate::words::is_modal(word) {
                states = true;
            } else if !(crate::words::is_adverb(word) || matches!(word, "not" | "only" | "never")) {
                return narrow && states && verb(word).is_some();
            }
            at += 1;
        }
        false
    }

    /// Where a relative clause ends in which somebody consents, shares or allows.
    fn permitted(&self) -> Option<usize> {
        let mut at = self.at + 1;
        let mut permits = false;
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            if matches!(word, "and" | "but" | "or" | "nothing" | "never") && permits {
                break;
            }
            permits |= matches!(
                crate::words::base(word).unwrap_or(word),
                "consent"
                    | "consented"
                    | "agree"
                    | "agreed"
                    | "share"
                    | "permit"
                    | "permitted"
                    | "authorize"
                    | "authorized"
                    | "allow"
                    | "okayed"
            ) && at > self.at + 1;
            at += 1;
        }
        permits.then_some(at)
    }

    /// Whether a question word is an object here: behind a verb or a conjunction, or before `to`.
    pub(super) fn asks(&self, word: &str) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens[at].word());
        self.is(self.at + 1, "to")
            || word == "whether"
            || matches!(word, "how" | "who" | "whether" | "what" | "why")
                && (self.phase == Phase::Verb || before.is_some_and(|word| matches!(word, "and" | "or")))
    }

    /// Takes what a question word leads as one opaque object.
    pub(super) fn question(&mut self) {
        let from = self.at;
        while let Some(word) = self.tokens.get(self.at).and_then(Token::word) {
            if self.at > from && matches!(word, "but" | "and" | "each" | "every" | "nothing" | "no") {
                break;
            }
            self.at += 1;
        }
        let words = self.words(from, self.at);
        self.place(Phrase { words, at: from, ..Phrase::default() });
    }

    /// `who wrote them`, `who wrote it`, `that created them`.
    fn wrote_it(&self) -> bool {
        self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(|word| {
            matches!(word, "wrote" | "created" | "made" | "recorded" | "entered" | "added" | "writes")
        }) && ["it", "them"].iter().any(|word| self.is(self.at + 2, word))
    }
}
