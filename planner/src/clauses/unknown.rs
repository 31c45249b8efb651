//! Words of no list that stand where only a verb can.

use super::{
    follows::{determiner, ends_as_participle},
    reader::{Phase, Reader},
};
use crate::{
    catalogue::catalogue,
    sentences::Token,
    words::{is_adverb, is_be, is_glue, is_modifier, is_preposition, singular, verb},
};

/// Whether a word of no list ends as what was done does: `crossmatched`.
pub(super) fn unknown_participle(word: &str) -> bool {
    verb(word).is_none()
        && word.len() > 5
        && ends_as_participle(word)
        && !is_modifier(word)
        && catalogue().field(word).is_none()
}

impl Reader<'_> {
    /// Whether a word of no list stands where only a verb can: `must not flurb the records`,
    /// `surgeons frobnicate them`.
    pub(super) fn is_unknown_verb(&self, at: usize, word: &str) -> bool {
        let named = !self.current.subjects.is_empty()
            || at > 0 && self.tokens[at - 1].word().is_some_and(|before| !is_glue(before));
        if verb(word).is_some() || is_glue(word) || is_modifier(word) || !named {
            return false;
        }
        let mut before = at;
        let previous = loop {
            let Some(next) = before.checked_sub(1) else { return false };
            before = next;
            match self.tokens[before].word() {
                Some(word) if is_adverb(word) || matches!(word, "never" | "not" | "only") => {}
                other => break other,
            }
        };
        let modal = previous.is_some_and(|word| {
            matches!(word, "can" | "may" | "must" | "should" | "shall" | "will" | "could" | "do" | "does")
        });
        let follows = self.tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
            determiner(next) && !matches!(next, "which" | "what") || matches!(next, "it" | "them")
        });
        // `requests are crossmatched by …`: what was done to them, by whatever word.
        if self.current.passive && self.phase == Phase::Subject && unknown_participle(word) {
            return previous.is_some_and(is_be);
        }
        // `nurses draw blood`; a draw is as often a record.
        let draws = matches!(word, "draw" | "draws")
            && self
                .tokens
                .get(at + 1)
                .and_then(Token::word)
                .is_some_and(|next| matches!(next, "blood" | "bloods" | "labs" | "samples" | "the"));
        draws
            || modal && self.phase == Phase::Subject
            || self.people_do_at(at, word)
            || follows
                && self.phase == Phase::Subject
                && previous
                    .is_some_and(|previous| catalogue().role(&crate::words::key_of(previous)).is_some())
                && before + 1 == at
    }

    /// `paramedics visit twice a day`, `neonatologists round on …`: behind people in the plural, a plain form is what
    /// they do, where no noun follows that it could belong to.
    pub(super) fn people_do_at(&self, at: usize, word: &str) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.tokens[before].word()) else {
            return false;
        };
        let people = singular(before) != before && catalogue().role(&singular(before)).is_some();
        let goes_on = self.tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
            is_preposition(next) && next != "of"
                || matches!(next, "twice" | "once" | "daily" | "weekly" | "out" | "up" | "back" | "off")
        });
        self.phase == Phase::Subject
            && self.current.verbs.is_empty()
            && !self.current.passive
            && people
            && goes_on
            && singular(word) == word
            && word.len() > 2
            && catalogue().field(word).is_none()
            && (verb(word).is_some() || catalogue().entity(word).is_none() || self.is(at + 1, "on"))
            && catalogue().role(word).is_none()
    }
}
