//! A verb is taken: whose it is, what it goes on with, and what agrees with it.

use super::{
    follows::ends_as_participle,
    reader::{Phase, Reader},
    unknown::unknown_participle,
};
use crate::{
    sentences::Token,
    words::{Verb, is_adverb, lets, singular, verb},
};

impl Reader<'_> {
    pub(super) fn take_verb(&mut self, word: &str, meaning: Verb) {
        let (not, only) = (self.not_next, self.only_next);
        self.denying = false;
        if self.phase == Phase::Object {
            self.not_next = false;
            // The same subject does something else; or who was let do it does:
            // `I want patients to log meals`.
            // `ask the screening questions and refer people`: what is asked does nothing.
            let people = self.current.objects.iter().all(|phrase| {
                let key = crate::entities::phrase_key(phrase);
                crate::catalogue::catalogue().role(&key).is_some()
                    || crate::roles::is_crew_name(&key)
                    || crate::words::is_pronoun(&key)
                    || matches!(key.as_str(), "person" | "user" | "team" | "me" | "us")
            });
            let lets = self.current.verbs.iter().all(|(_, verb)| {
                lets(verb) && (people || !matches!(crate::words::base(verb), Some("ask" | "help" | "enable")))
            });
            let subjects = if lets && !self.current.objects.is_empty() {
                self.current.objects.clone()
            } else {
                self.current.subjects.clone()
            };
            let only_subjects = self.current.only_subjects;
            let passive = self.current.passive && ends_as_participle(word);
            let narrowing = usize::from(not) + usize::from(only);
            self.current.narrowing = self.current.narrowing.saturating_sub(narrowing);
            self.finish();
            self.current.subjects = subjects;
            self.current.only_subjects = only_subjects;
            self.current.passive = passive;
            // `submits claims and cannot edit notes`: the negation belongs to what follows.
            self.current.not = not;
            self.current.only = only;
            self.current.narrowing = narrowing;
        }
        self.current.verbs.push((meaning, word.to_owned()));
        self.phase = Phase::Verb;
        self.at += 1;
        while let Some(particle) = self.tokens.get(self.at).and_then(Token::word) {
            if matches!(particle, "out" | "up" | "down" | "back" | "off")
                || (particle == "in" && Self::takes_in(word))
            {
                self.at += 1;
            } else {
                break;
            }
        }
        if matches!(word, "log" | "logs" | "sign" | "signs")
            && (self.is(self.at - 1, "in") || self.is(self.at - 1, "up"))
            && let Some(last) = self.current.verbs.last_mut()
        {
            last.0 = Verb::Work;
        }
    }

    fn takes_in(word: &str) -> bool {
        matches!(
            word,
            "weigh"
                | "weighs"
                | "log"
                | "logs"
                | "fill"
                | "fills"
                | "sign"
                | "signs"
                | "check"
                | "checks"
                | "logging"
                | "filled"
        )
    }

    pub(super) fn participle_follows(&self) -> bool {
        let mut at = self.at + 1;
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            if is_adverb(word) || matches!(word, "only" | "not" | "never") {
                at += 1;
                continue;
            }
            return verb(word).is_some() && !word.ends_with("ing") || unknown_participle(word);
        }
        false
    }

    /// `nurses log` and `the nurse logs`, but not `patient record` and `patients records`.
    pub(super) fn agrees(&self, subject: &str, word: &str) -> bool {
        let plural = singular(subject) != subject
            || matches!(subject, "people" | "staff" | "children" | "desk" | "team");
        let third =
            matches!(word, "has" | "does" | "goes") || singular(word) != word && !word.ends_with("ss");
        matches!(subject, "staff" | "desk" | "team" | "reception") || plural != third
    }

    /// `Text reminders`: a two-faced word before a bare noun at the very beginning is a noun.
    pub(super) fn is_noun_list(&self, at: usize) -> bool {
        matches!(
            self.tokens.get(at).and_then(Token::word),
            Some("text" | "email" | "call" | "contact" | "support")
        )
    }
}
