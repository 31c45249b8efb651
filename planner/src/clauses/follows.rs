//! What can follow: an object, a verb, a subject with its verb.

use super::reader::Reader;
use crate::{
    catalogue::catalogue,
    sentences::Token,
    words::{is_adverb, is_be, is_condition, is_glue, is_modal, is_pronoun, is_two_faced, singular, verb},
};

impl Reader<'_> {
    /// `schedules and sees`: a two-faced word joined to a plain verb is one.
    pub(super) fn another_verb_follows(&self, at: usize) -> bool {
        let joined = self.tokens.get(at).is_some_and(|t| t.is("and") || t.is("or") || *t == Token::Comma);
        let word = self.tokens.get(at + 1).and_then(Token::word);
        joined
            && word
                .is_some_and(|word| verb(word).is_some() && (!is_two_faced(word) || self.determined(at + 2)))
    }

    /// Whether what stands here could be an object.
    pub(super) fn object_follows(&self, at: usize) -> bool {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => {
                let word = word.as_str();
                matches!(word, "first" | "last" | "middle")
                    && self.tokens.get(at + 1).is_some_and(|next| next.is("name") || next.is("names"))
                    || !is_glue(word)
                        && (verb(word).is_none() || is_two_faced(word) || crate::words::is_modifier(word))
                    || determiner(word)
                    // `record dosing`: what is done is written down.
                    || verb(word).is_some() && word.ends_with("ing")
                    || matches!(
                        word,
                        "only"
                            | "if"
                            | "for"
                            | "into"
                            | "out"
                            | "in"
                            | "up"
                            | "how"
                            | "whether"
                            | "who"
                            | "what"
                            | "when"
                            | "themselves"
                            | "himself"
                            | "herself"
                    )
            }
            Some(Token::Quote(_) | Token::Number(_)) => true,
            _ => false,
        }
    }

    /// Whether an article or possessive stands here: `log the vitals`.
    pub(super) fn determined_strictly(&self, at: usize) -> bool {
        self.tokens.get(at).and_then(Token::word).is_some_and(determiner)
    }

    /// `and record dose and films`: a noun that is as often a verb, at the end or before a conjunction.
    pub(super) fn bare_noun(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .and_then(Token::word)
            .is_some_and(|word| is_two_faced(word) && singular(word) == word && !is_glue(word))
            && match self.tokens.get(at + 1) {
                None => true,
                Some(token) => *token == Token::Comma || token.is("and"),
            }
    }

    pub(super) fn determined(&self, at: usize) -> bool {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => {
                // `change visits`: several of a kind, though one is as often a verb.
                let several = singular(word) != *word
                    && (is_two_faced(word)
                        || catalogue()
                            .entity(&singular(word))
                            .is_some_and(|(concept, _)| !concept.field_too))
                    && self
                        .tokens
                        .get(at + 1)
                        .is_none_or(|next| *next == Token::Comma || next.is("and") || next.is("or"));
                determiner(word) || (!is_glue(word) && (verb(word).is_none() || several))
            }
            Some(Token::Quote(_) | Token::Number(_)) => true,
            _ => false,
        }
    }

    pub(super) fn verb_follows(&self, mut at: usize) -> bool {
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            if is_adverb(word) || matches!(word, "never" | "not" | "only") {
                at += 1;
                continue;
            }
            return verb(word).is_some()
                && (!is_two_faced(word)
                    || self.determined(at + 1)
                    || self.tokens.get(at + 1).and_then(Token::word).is_some_and(crate::words::asks))
                && !ends_as_participle(word);
        }
        false
    }

    /// Whether a word here can be a verb at all.
    pub(super) fn verb_or_two_faced(&self, at: usize) -> bool {
        self.tokens.get(at).and_then(Token::word).is_some_and(|word| verb(word).is_some())
    }

    pub(super) fn subject_follows(&self) -> bool {
        self.subject_follows_at(self.at)
    }

    /// Whether a noun phrase with its verb or modal stands here.
    pub(super) fn subject_follows_at(&self, start: usize) -> bool {
        // `reads the study, writes an interpretation`: a verb, and no subject.
        if self
            .tokens
            .get(start)
            .and_then(Token::word)
            .is_some_and(|word| verb(word).is_some() && !is_two_faced(word))
            && self.determined_strictly(start + 1)
        {
            return false;
        }
        // `read scans, dictate reports`: one deed after the other.
        let deed = self.tokens.get(start).and_then(Token::word).is_some_and(|word| {
            verb(word).is_some()
                && !is_two_faced(word)
                && !ends_as_participle(word)
                && !word.ends_with("ing")
                && crate::words::base(word) == Some(word)
                && self
                    .current
                    .verbs
                    .last()
                    .is_some_and(|(_, verb)| crate::words::base(verb) == Some(verb.as_str()))
        });
        if deed && self.tokens.get(start + 1).and_then(Token::word).is_some_and(is_two_faced) {
            return false;
        }
        // `and sees contact details`: what somebody does, and nobody who contacts.
        if self.tokens.get(start).and_then(Token::word).is_some_and(|word| {
            word.ends_with('s') && verb(word).is_some() && !is_two_faced(word) && singular(word) != word
        }) && self.tokens.get(start + 1).and_then(Token::word).is_some_and(is_two_faced)
        {
            return false;
        }
        let mut at = start;
        let mut nouns = 0;
        while let Some(token) = self.tokens.get(at) {
            let Some(word) = token.word() else {
                // `that the candidate's team can never see`.
                if *token == Token::Possessive && nouns > 0 {
                    at += 1;
                    continue;
                }
                // `staff, nurses and doctors can`: a list of subjects.
                if matches!(token, Token::Comma | Token::Slash) && nouns > 0 && nouns < 4 {
                    return false;
                }
                return false;
            };
            if word == "nobody" || (word == "no" && self.tokens.get(at + 1).is_some_and(|t| t.is("one"))) {
                return true;
            }
            if is_pronoun(word) && nouns == 0 && !matches!(word, "it" | "them" | "that" | "which" | "who") {
                return true;
            }
            // `log feeding and walks and can see notes`: what goes on behind *and* has no other subject.
            let goes_on = at > start && ["and", "or", "but", "then"].iter().any(|word| self.is(at - 1, word));
            if nouns > 0 && is_modal(word) && goes_on {
                return false;
            }
            if nouns > 0 && (is_modal(word) && word != "to" || is_be(word) || word == "cannot") {
                return true;
            }
            if nouns > 0 && matches!(word, "only" | "never" | "also" | "not") && self.verb_follows(at + 1) {
                return true;
            }
            // `…, pathologist releases`.
            if nouns > 0
                && verb(word).is_some()
                && matches!(self.tokens.get(at + 1), None | Some(Token::Comma))
                && singular(word) != word
                && self.tokens[at - 1]
                    .word()
                    .is_some_and(|before| singular(before) == before && catalogue().role(before).is_some())
            {
                return true;
            }
            // `… but the volunteers never`.
            if nouns > 0
                && matches!(word, "never" | "not")
                && matches!(self.tokens.get(at + 1), None | Some(Token::Comma))
            {
                return true;
            }
            // `exercises done, pain before`: a participle behind its noun, and nobody who does anything.
            let done = crate::words::is_irregular(word)
                && matches!(self.tokens.get(at + 1), None | Some(Token::Comma | Token::Open));
            if nouns > 0
                && verb(word).is_some()
                && !ends_as_participle(word)
                && !done
                && self.tokens[at - 1]
                    .word()
                    .is_some_and(|before| !matches!(before, "and" | "or") && self.agrees(before, word))
                && (!is_two_faced(word)
                    || self.object_follows(at + 1)
                    || self.another_verb_follows(at + 1)
                        && self.tokens[at - 1].word().is_some_and(|before| !is_glue(before))
                    || self.person_acts(at))
            {
                return true;
            }
            // `length and what was discussed`: what is asked is no subject.
            if nouns > 0 && matches!(word, "what" | "whether" | "how") {
                return false;
            }
            if is_glue(word) {
                if determiner(word) || matches!(word, "only" | "other" | "and" | "or") && nouns < 3 {
                    at += 1;
                    continue;
                }
                return false;
            }
            nouns += 1;
            if nouns > 6 {
                return false;
            }
            at += 1;
        }
        false
    }

    /// `front desk schedules but may not see …`: two words before name who works there.
    pub(super) fn person_schedules(&self, at: usize) -> bool {
        let ends = match self.tokens.get(at + 1) {
            None => true,
            Some(token) => ["but", "and"].iter().any(|word| token.is(word)),
        };
        let two = at.checked_sub(2).map(|from| {
            let words: Vec<&str> = self.tokens[from..at].iter().filter_map(Token::word).collect();
            crate::words::key(&words)
        });
        let one = at.checked_sub(1).and_then(|at| self.tokens[at].word()).map(singular);
        let books = self.tokens[at].word().and_then(crate::words::base);
        ends && matches!(books, Some("schedule" | "book"))
            && [two, one].into_iter().flatten().any(|name| {
                catalogue().role(&name).is_some_and(|(kind, _)| {
                    !matches!(kind, crate::catalogue::RoleKind::Subject | crate::catalogue::RoleKind::Proxy)
                })
            })
    }

    /// `the wound specialist reviews`, and the sentence ends or goes on with how: who works there does it.
    pub(super) fn person_acts(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.tokens[at].word()).unwrap_or_default();
        let ends = match self.tokens.get(at + 1) {
            None | Some(Token::Comma) => true,
            Some(token) => {
                ["for", "with", "by", "as", "when", "off", "on", "to"].iter().any(|word| token.is(word))
            }
        };
        // `that the patient opens from an email`.
        let from = self.tokens.get(at + 1).is_some_and(|token| token.is("from"));
        (ends || from)
            && catalogue().role(&singular(before)).is_some_and(|(kind, _)| {
                from || !matches!(
                    kind,
                    crate::catalogue::RoleKind::Subject | crate::catalogue::RoleKind::Proxy
                )
            })
    }

    /// Two words that the catalogue knows as one thing: `care plan`, `test result`.
    pub(super) fn names_a_record(&self, at: usize) -> bool {
        let words: Option<Vec<&str>> =
            self.tokens.get(at..at + 2).map(|pair| pair.iter().filter_map(Token::word).collect());
        words.filter(|words| words.len() == 2).is_some_and(|words| {
            let key = crate::words::key(&words);
            catalogue().entity(&key).is_some() || catalogue().field(&key).is_some()
        })
    }

    /// `start time`, `stop date`, `contact reason`: a value, though its first word is as often a verb.
    pub(super) fn names_a_value(&self, at: usize) -> bool {
        let words: Vec<&str> = self.tokens[at..]
            .iter()
            .map_while(Token::word)
            .take_while(|word| !is_glue(word))
            .take(4)
            .collect();
        let (Some(first), Some(last)) = (words.first(), words.last()) else { return false };
        let ends = matches!(
            singular(last).as_str(),
            "time"
                | "date"
                | "code"
                | "number"
                | "type"
                | "score"
                | "level"
                | "rate"
                | "status"
                | "result"
                | "reason"
                | "amount"
                | "count"
                | "size"
                | "site"
                | "location"
                | "method"
                | "duration"
                | "name"
                | "person"
                | "plan"
                | "summary"
        );
        // `, record enrollment date and services`: what is written down, and no date of a record.
        let writes =
            matches!(*first, "record" | "log" | "document" | "enter" | "note" | "chart") && words.len() > 2;
        words.len() > 1
            && !writes
            && is_two_faced(first)
            && singular(first) == *first
            && (ends || catalogue().field(&crate::words::key(&words)).is_some())
    }

    /// Whether the list ends at the comma before `at`: a new clause or a new verb follows.
    pub(super) fn list_ends_at(&self, at: usize) -> bool {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => {
                matches!(word.as_str(), "and" | "or")
                    && (self.subject_follows_at(at + 1)
                        || self.verb_follows(at + 1) && !self.names_a_value(at + 1))
                    || matches!(
                        word.as_str(),
                        "but" | "never" | "not" | "no" | "only" | "then" | "otherwise" | "which" | "who"
                    )
                    || is_condition(word)
                    || self.subject_follows_at(at)
                    || self.verb_follows(at) && !self.names_a_value(at)
            }
            _ => false,
        }
    }
}

pub(super) fn determiner(word: &str) -> bool {
    matches!(
        word,
        "the"
            | "a"
            | "an"
            | "their"
            | "his"
            | "her"
            | "my"
            | "our"
            | "its"
            | "all"
            | "any"
            | "each"
            | "every"
            | "this"
            | "these"
            | "those"
            | "it"
            | "them"
            | "theirs"
            | "own"
            | "other"
            | "what"
            | "which"
            | "everything"
            | "anything"
            | "nothing"
            | "new"
    )
}

/// Whether a word ends as participles do: `logged`, and not `need`.
pub(super) fn ends_as_participle(word: &str) -> bool {
    word.ends_with("ed")
        && !matches!(word, "need" | "feed" | "speed" | "seed" | "bed" | "med" | "shed" | "embed" | "proceed")
}
