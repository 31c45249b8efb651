//! Where a word is a verb: after a subject that agrees with it and before what can be its object.

use super::{
    follows::{determiner, ends_as_participle},
    reader::{Phase, Reader},
};
use crate::{
    catalogue::catalogue,
    sentences::Token,
    words::{is_adverb, is_be, is_glue, is_modal, is_modifier, is_two_faced, singular, verb},
};

impl Reader<'_> {
    /// Whether the word at `at` stands where a verb stands.
    pub(super) fn is_verb(&self, at: usize) -> bool {
        let Some(word) = self.tokens.get(at).and_then(Token::word) else { return false };
        if self.missing == Some(at) || self.is_unknown_verb(at, word) {
            return true;
        }
        // `see names, not phone numbers`: behind a negation among objects stands a noun.
        let denied = at > 0 && (self.tokens[at - 1].is("not") || self.tokens[at - 1].is("never"));
        if denied && self.phase == Phase::Object && is_two_faced(word) {
            return false;
        }
        // `medication taken`, `adjustments made`: a participle behind a noun belongs to it.
        let after_noun = at > 0
            && (matches!(self.phase, Phase::Object | Phase::Verb) && !self.current.verbs.is_empty()
                || self.current.verbs.is_empty()
                    && !self.current.passive
                    && matches!(self.tokens.get(at + 1), None | Some(Token::Comma | Token::Open)))
            && self.tokens[at - 1].word().is_some_and(|before| {
                // `record the dose given`: a noun behind its article, though the word is as often a verb.
                let noun = verb(before).is_none()
                    || at > 1 && is_two_faced(before) && self.determined_strictly(at - 2);
                !is_glue(before) && noun && !is_adverb(before)
            });
        let participle = matches!(
            word,
            "taken"
                | "given"
                | "made"
                | "done"
                | "seen"
                | "known"
                | "kept"
                | "held"
                | "sent"
                | "paid"
                | "shown"
                | "used"
                | "spent"
                | "found"
                | "noted"
                | "observed"
                | "removed"
                | "completed"
                | "received"
                | "performed"
                | "administered"
                | "collected"
                | "dispensed"
                | "returned"
                | "prescribed"
                | "ordered"
        );
        if after_noun && participle {
            return false;
        }
        // `see released results`: a participle between a verb and its object says which.
        if ends_as_participle(word)
            && at > 0
            && self.phase == Phase::Verb
            && self.tokens[at - 1]
                .word()
                .is_some_and(|before| self.current.verbs.last().is_some_and(|(_, verb)| verb == before))
            && self.object_follows(at + 1)
        {
            return false;
        }
        // `receive daily updates`: of them, though the word is as often a verb.
        let each_day = at > 1
            && matches!(
                self.tokens[at - 1].word(),
                Some("daily" | "weekly" | "monthly" | "nightly" | "hourly")
            )
            && singular(word) != word
            && self.tokens[at - 2].word().is_some_and(|before| {
                self.current.verbs.last().is_some_and(|(_, verb)| verb == before) || determiner(before)
            });
        if each_day {
            return false;
        }
        // `paid yes/no`: a value.
        if self.is(at + 1, "yes") && self.tokens.get(at + 2) == Some(&Token::Slash) {
            return false;
        }
        // `billing staff`, `for booking`: a form in -ing stands for a noun here.
        if verb(word).is_none() || word.ends_with("ing") && word != "bring" {
            return false;
        }
        if self.is_listed_noun(at, word) {
            return false;
        }
        // `Psychiatrists: medications, lab orders`: one name of two words, where no article makes the first somebody.
        let listed = at > 0
            && matches!(
                self.tokens.get(at.wrapping_sub(2)),
                None | Some(Token::Comma | Token::Colon | Token::Open)
            )
            && is_two_faced(word)
            && singular(word) != word
            && matches!(self.tokens.get(at + 1), None | Some(Token::Comma | Token::Close))
            && self.tokens[at - 1]
                .word()
                .is_some_and(|first| catalogue().entity(&crate::words::key(&[first, word])).is_some());
        if listed {
            return false;
        }
        let mut before = at;
        let previous = loop {
            if before == 0 {
                break None;
            }
            before -= 1;
            match self.tokens[before].word() {
                Some(word) if is_adverb(word) || matches!(word, "only" | "never" | "not") => {}
                // `they all see it`: whoever was named.
                Some("all") if self.phase == Phase::Subject && !self.current.subjects.is_empty() => {}
                _ => break Some(&self.tokens[before]),
            }
        };
        match previous {
            // `Triage nurse records vitals`: the first word belongs to the subject.
            None if word.bytes().last() != Some(b's')
                && self.subject_follows_at(at + 1)
                && !self.determined_strictly(at + 1) =>
            {
                false
            }
            // `Leads come in from the website`: what comes is no verb.
            None if singular(word) != word
                && catalogue().entity(&singular(word)).is_some()
                && self.tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
                    verb(next).is_some() && singular(next) == next && !is_two_faced(next)
                }) =>
            {
                false
            }
            // `Care plans are written …`: a name, though its first word is as often a verb.
            None if is_two_faced(word) && self.names_a_record(at) => false,
            None => !is_two_faced(word) || self.object_follows(at + 1) && !self.is_noun_list(at),
            Some(Token::Word(previous)) => self.verb_after(previous, before, word, at),
            // `coordinators screen subjects, schedule visits, log adverse events`: one verb after the other.
            Some(Token::Comma)
                if matches!(
                    word,
                    "log" | "schedule" | "book" | "track" | "document" | "record" | "review"
                ) && self.current.verbs.last().is_some_and(|(_, verb)| singular(verb) == *verb)
                    && self.tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
                        !is_glue(next)
                            && catalogue().entity(&crate::words::key(&[word, next])).is_none()
                            && (1..=2).any(|width| {
                                let said: Vec<&str> = self.tokens[at + 1..]
                                    .iter()
                                    .take(width)
                                    .filter_map(Token::word)
                                    .collect();
                                said.len() == width
                                    && said.last().is_some_and(|last| singular(last) != *last)
                                    && catalogue().entity(&crate::words::key(&said)).is_some()
                            })
                    }) =>
            {
                true
            }
            // `view/edit the plan`, and not `left ear pass/refer`: two verbs, or two values.
            Some(Token::Slash)
                if before == 0
                    || !self.tokens[before - 1].word().is_some_and(|first| {
                        self.current.verbs.last().is_some_and(|(_, verb)| verb == first)
                    }) =>
            {
                false
            }
            Some(Token::Comma | Token::Slash | Token::Colon) => {
                !is_two_faced(word) && !self.current.subjects.is_empty() && !ends_as_participle(word)
                    || (is_two_faced(word)
                        && !self.current.verbs.is_empty()
                        && (self.determined(at + 1)
                            // `…, note how they slept`.
                            || self.tokens.get(at + 1).and_then(Token::word).is_some_and(crate::words::asks))
                        && !self.names_a_value(at))
            }
            Some(Token::Close) => !ends_as_participle(word) && self.phase == Phase::Subject,
            _ => false,
        }
    }

    /// `track weights, feeds and diapers`, `record vitals, visit notes and superbills`: behind a comma among objects a word that can
    /// be a verb is one of them, where what ends the list is no verb either and the word names something.
    fn is_listed_noun(&self, at: usize, word: &str) -> bool {
        let behind_comma = at > 0 && self.tokens[at - 1] == Token::Comma;
        if !behind_comma || self.current.verbs.is_empty() || self.current.objects.is_empty() {
            return false;
        }
        let Some(next) = self.tokens.get(at + 1).and_then(Token::word) else { return false };
        let alone = next == "and" || next == "or";
        let named = if alone { singular(word) } else { crate::words::key(&[word, next]) };
        let joint = (at + 1..self.tokens.len())
            .find(|joint| self.tokens[*joint].is("and") || self.tokens[*joint].is("or"));
        let Some(last) = joint.and_then(|joint| self.tokens.get(joint + 1)).and_then(Token::word) else {
            return false;
        };
        let names = alone && singular(word) != word || catalogue().entity(&named).is_some();
        names && verb(last).is_none() && !determiner(last) && !is_adverb(last)
    }

    pub(super) fn verb_after(&self, previous: &str, before: usize, word: &str, at: usize) -> bool {
        if is_modal(previous)
            || matches!(
                previous,
                "they"
                    | "we"
                    | "i"
                    | "you"
                    | "who"
                    | "he"
                    | "she"
                    | "everyone"
                    | "nobody"
                    | "anyone"
                    | "everybody"
                    | "anybody"
                    | "it"
                    | "else"
            )
        {
            return !ends_as_participle(word) || previous != "to";
        }
        if is_be(previous) {
            return true;
        }
        if matches!(previous, "and" | "or" | "but" | "then" | "nor") {
            if self.current.subjects.is_empty() && self.current.verbs.is_empty() {
                return false;
            }
            // `legal name and chosen name`, `vitals and measured weight`: a participle says which, and is nothing that is done.
            let which = matches!(
                word,
                "chosen" | "given" | "known" | "measured" | "estimated" | "reported" | "planned"
            ) && self.phase == Phase::Object
                && !self.current.passive
                && self
                    .tokens
                    .get(at + 1)
                    .and_then(Token::word)
                    .is_some_and(|next| !is_glue(next) && verb(next).is_none());
            if which {
                return false;
            }
            // `sees the result and calls back`.
            if matches!(word, "call" | "calls") && self.is(at + 1, "back") && !self.current.verbs.is_empty() {
                return true;
            }
            // `can view and comment`, and no more.
            let comments = matches!(word, "comment" | "comments")
                && matches!(self.tokens.get(at + 1), None | Some(Token::Comma))
                && self.phase == Phase::Verb
                && self.current.objects.is_empty()
                && self.current.verbs.last().is_some_and(|(verb, _)| *verb == crate::words::Verb::View);
            if comments {
                return true;
            }
            // `interprets and signs`, and no more.
            let ends = matches!(self.tokens.get(at + 1), None | Some(Token::Comma))
                && singular(word) != word
                && self.current.objects.is_empty()
                && self.current.verbs.last().is_some_and(|(_, verb)| singular(verb) != *verb);
            if ends && before > 0 && self.phase == Phase::Verb {
                return true;
            }
            // `sells packages and books`: nobody sells books here.
            let books = matches!(self.tokens.get(at + 1), None | Some(Token::Comma))
                && matches!(word, "books" | "schedules")
                && self.current.verbs.last().is_some_and(|(_, verb)| singular(verb) != *verb);
            // `and track whether it was kept`.
            let asks = self
                .tokens
                .get(at + 1)
                .and_then(Token::word)
                .is_some_and(|next| matches!(next, "whether" | "how" | "who" | "if" | "when"));
            if (books || asks && singular(word) == word) && !self.current.verbs.is_empty() {
                return true;
            }
            // `and record dose and comparison films`.
            let writes =
                matches!(crate::words::base(word), Some("record" | "log" | "document" | "note" | "chart"))
                    && self
                        .current
                        .verbs
                        .last()
                        .is_some_and(|(_, verb)| (singular(verb) == *verb) == (singular(word) == word));
            if writes && self.bare_noun(at + 1) {
                return true;
            }
            return if is_two_faced(word) {
                !self.names_a_value(at)
                    && self.determined(at + 1)
                    && (!self.current.verbs.is_empty()
                        || previous == "but" && !self.out.is_empty() && !self.current.subjects.is_empty())
            } else {
                !self.current.verbs.is_empty() || self.current.subjects.len() == 1
            };
        }
        if matches!(previous, "that" | "which") {
            return !word.ends_with("ing");
        }
        if is_glue(previous) || is_modifier(previous) {
            return previous == "one" && before > 0 && self.tokens[before - 1].is("no");
        }
        if word.ends_with("ing") && word != "bring"
            || ends_as_participle(word) && verb(word).is_some() && !self.determined(at + 1)
        {
            return false;
        }
        // `intensivists in the hub see all beds`: the verb agrees with its subject, not with the hub.
        let subject = self.current.subjects.last().and_then(|phrase| phrase.words.last());
        let agrees = self.agrees(previous, word)
            || subject.is_some_and(|subject| {
                let person = catalogue().role(&singular(subject)).is_some() || subject == "people";
                subject != previous
                    && self.agrees(subject, word)
                    && (!is_two_faced(word)
                        || person && self.object_follows(at + 1) && verb(previous).is_none())
            });
        // `The OT and the ATP evaluate a client`: two do it.
        let two = !self.current.subjects.is_empty()
            && (1..=3).any(|back| before >= back && self.tokens[before - back].is("and"));
        let agrees = agrees || two && self.phase == Phase::Subject && singular(word) == word;
        // `nobody but the surgeon and the nurses sees …`: one verb, for whoever is meant.
        if self.current.only_subjects && !is_two_faced(word) && singular(word) != word {
            return true;
        }
        if !is_two_faced(word) {
            return agrees || self.phase != Phase::Subject;
        }
        if agrees && self.people_do_at(at, word) {
            return true;
        }
        // `helps dietitians track meals`, `let patients book, change or cancel visits`: who is let does it.
        let let_do = self.phase != Phase::Subject
            && !self.current.verbs.is_empty()
            && self.current.verbs.iter().all(|(_, verb)| crate::words::lets(verb))
            && self.current.objects.len() < 2
            && singular(word) == word
            && singular(previous) != previous
            && catalogue().role(&singular(previous)).is_some()
            && (self.object_follows(at + 1) || self.another_verb_follows(at + 1));
        if let_do {
            return true;
        }
        // `nurses need to see vitals`.
        if self.phase == Phase::Subject
            && agrees
            && crate::words::base(word) == Some("need")
            && self.is(at + 1, "to")
        {
            return true;
        }
        // `x rays come from radiology`: what comes needs no object.
        let comes = matches!(crate::words::base(word), Some("come" | "go"))
            && singular(previous) != previous
            && self.phase == Phase::Subject
            && self.current.verbs.is_empty()
            && self.tokens.get(at + 1).and_then(Token::word).is_some_and(|next| {
                matches!(next, "from" | "to" | "in" | "into" | "through" | "out" | "back" | "for")
            });
        if comes && agrees {
            return true;
        }
        let person = catalogue().role(&crate::words::key_of(previous)).is_some();
        // `my process notes which …`: the noun that is told of.
        if !person && ["which", "that"].iter().any(|next| self.is(at + 1, next)) {
            return false;
        }
        // `the radiologist reads and signs`, `clerks pack and ship`.
        let joined = self.tokens.get(at + 1).is_some_and(|token| token.is("and") || token.is("or"))
            && self.tokens.get(at + 2).and_then(Token::word).is_some_and(|next| {
                verb(next).is_some() && (singular(next) == next) == (singular(word) == word)
            })
            && match self.tokens.get(at + 3) {
                None | Some(Token::Comma | Token::Open) => true,
                Some(token) => token.word().is_some_and(determiner),
            };
        if self.phase == Phase::Subject && agrees && person && joined {
            return true;
        }
        self.phase == Phase::Subject
            && agrees
            && (self.object_follows(at + 1)
                || self.another_verb_follows(at + 1)
                || self.person_schedules(at)
                || crate::words::base(word) == Some("work")
                    && self.tokens.get(at + 1).is_some_and(|next| next.is("with"))
                || at + 1 == self.tokens.len()
                    && !crate::words::deed(word).is_empty()
                    && catalogue().role(&crate::words::key_of(previous)).is_some()
                || self.tokens.get(at + 1).is_none_or(|next| *next == Token::Comma || next.is("as"))
                    && singular(word) != word
                    && singular(previous) == previous
                    && (catalogue().role(previous).is_some()
                        || self.tokens.get(at + 1).is_some_and(|next| next.is("as")))
                || catalogue().role(&crate::words::key_of(previous)).is_some()
                    && self.tokens.get(at + 1).is_some_and(|next| next.is("with") || next.is("for")))
    }
}
