//! Words that narrow what is said: `only`, `not`, `no`, `nobody`, `except`.

use super::reader::{Phase, Reader};
use crate::sentences::Token;
use crate::words::singular;

impl Reader<'_> {
    /// Words that narrow: `only`, `not`, `no`, `nobody`, `nothing else`, `except`. Says whether it was one.
    pub(super) fn narrows(&mut self, word: &str) -> bool {
        match word {
            "only" | "solely" | "exclusively" | "just" => {
                self.only_next = true;
                if self.phase != Phase::Subject || !self.current.subjects.is_empty() {
                    self.current.only = true;
                }
                self.at += 1;
            }
            "no" if self.is(self.at + 1, "one") => {
                self.current.nobody = true;
                self.current.narrowing += 1;
                self.at += 2;
                self.current.others = self.is(self.at, "else");
            }
            "no" if self.denies_a_noun() => {
                self.current.narrowing += 1;
                if self.current.verbs.is_empty() {
                    self.current.not = true;
                } else {
                    self.not_next = true;
                }
                self.at += 1;
            }
            // `neither nurses nor receptionists may see notes`, `sees neither notes nor vitals`.
            "neither" => {
                self.current.not = true;
                self.at += 1;
            }
            "nobody" | "none" => {
                self.begin_if_object();
                self.current.narrowing = self.current.narrowing.max(1);
                self.current.nobody = true;
                self.at += 1;
                self.current.others = self.is(self.at, "else");
            }
            // `can view but not edit notes`: both have the notes.
            "not" | "never"
                if self.phase == Phase::Verb
                    && !self.current.verbs.is_empty()
                    && !self.current.not
                    && self.at > 0
                    && ["but", "and", "or"].iter().any(|word| self.is(self.at - 1, word))
                    && self.verb_or_two_faced(self.at + 1) =>
            {
                let subjects = self.current.subjects.clone();
                self.current.narrowing = self.current.narrowing.saturating_sub(1);
                self.finish();
                self.current.subjects = subjects;
                self.current.narrowing = 1;
                self.current.not = true;
                self.object_wanted = true;
                self.at += 1;
            }
            "not" | "never" => {
                if matches!(self.phase, Phase::Object)
                    || (self.phase == Phase::Verb && !self.verb_follows(self.at + 1))
                {
                    self.not_next = true;
                } else {
                    self.current.not = true;
                }
                self.at += 1;
            }
            "nothing" if ["else", "more", "other"].iter().any(|word| self.is(self.at + 1, word)) => {
                // `the action plan but nothing else`.
                self.current.only = true;
                self.current.closes = true;
                self.current.narrowing += 1;
                self.at += 1;
                while ["else", "more", "other"].iter().any(|word| self.is(self.at, word)) {
                    self.at += 1;
                }
            }
            "except" | "excluding" | "besides" => {
                self.not_next = true;
                self.phase = if self.current.verbs.is_empty() { Phase::Subject } else { Phase::Object };
                self.at += 1;
                if self.is(self.at, "for") {
                    self.at += 1;
                }
            }
            "but" | "than" if self.current.nobody || self.at > 0 && self.is(self.at - 1, "other") => {
                // `nobody but the owner`, `no one other than the owner`.
                self.current.nobody = false;
                self.current.only_subjects = true;
                self.at += 1;
            }
            _ => return false,
        }
        true
    }

    /// Whether `no` here denies what follows: `no patient data`, but not `no reading for 3 days`.
    pub(super) fn denies_a_noun(&self) -> bool {
        let next = self.tokens.get(self.at + 1).and_then(Token::word).unwrap_or_default();
        // `a list of babies with a referral and no follow-up` tells which are listed.
        let of_list = self.current.objects.iter().any(|phrase| {
            phrase
                .words
                .last()
                .is_some_and(|word| matches!(word.as_str(), "list" | "lists" | "report" | "alert"))
        });
        if of_list || self.at > 0 && self.tokens[self.at - 1] == Token::Slash {
            return false;
        }
        if matches!(
            next,
            "" | "show"
                | "shows"
                | "later"
                | "more"
                | "longer"
                | "less"
                | "need"
                | "matter"
                | "fewer"
                | "problem"
        ) {
            return false;
        }
        let mut at = self.at + 2;
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            if matches!(word, "for" | "in" | "since" | "within" | "after")
                && matches!(self.tokens.get(at + 1), Some(Token::Number(_)))
            {
                return false;
            }
            // `no details for the warehouse`: whom it is denied to, and no time.
            let timed = |at: usize| {
                self.tokens.get(at).and_then(Token::word).is_some_and(|word| {
                    matches!(
                        singular(word).as_str(),
                        "last"
                            | "past"
                            | "previous"
                            | "first"
                            | "whole"
                            | "day"
                            | "week"
                            | "month"
                            | "year"
                            | "while"
                    )
                }) || matches!(self.tokens.get(at), Some(Token::Number(_)))
            };
            if matches!(word, "in" | "for" | "since")
                && self.tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
                    crate::words::number_word(next).is_some()
                        || matches!(next, "more" | "a" | "over")
                        || next == "the" && (word != "for" || timed(at + 2))
                })
            {
                return false;
            }
            if crate::words::is_glue(word) {
                break;
            }
            at += 1;
        }
        true
    }
}
