//! Noun phrases.

use super::{Phrase, reader::Reader};
use crate::{
    sentences::Token,
    words::{Verb, is_glue, is_modifier, number_word, verb},
};

/// Names that go on with a number: `PHQ-9`, `ICD-10`.
const NUMBERED: &[&str] = &["icd", "phq", "gad", "dass", "part", "form", "stage", "moca", "pcl", "who"];

/// What is a value together with what it is of.
const VALUES_OF: &[&str] = &[
    "range",
    "sign",
    "level",
    "degree",
    "quality",
    "loss",
    "shortness",
    "area",
    "mode",
    "method",
    "cause",
    "mechanism",
    "length",
    "type",
    "number",
    "amount",
    "place",
    "point",
    "use",
    "sense",
    "ease",
    "strength",
    "frequency",
    "intensity",
    "location",
    "site",
    "severity",
    "stage",
    "grade",
    "color",
    "colour",
    "size",
    "rate",
    "percentage",
    "onset",
    "duration",
];

/// What is one name together with a noun behind *of* that stands there without an article.
const COMPOUNDS_OF: &[&str] = &[
    "date",
    "day",
    "time",
    "year",
    "reason",
    "source",
    "chain",
    "route",
    "line",
    "country",
    "name",
    "description",
];

impl Reader<'_> {
    /// Reads a noun phrase here: articles, possessives and modifiers, then nouns.
    pub(super) fn phrase(&mut self) -> Option<Phrase> {
        let mut phrase = Phrase { at: self.at, ..Phrase::default() };
        let mut seen = false;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Word(word) => {
                    let word = word.as_str();
                    match word {
                        "a" | "an" | "the" if !seen => phrase.article = true,
                        "this" | "these" | "those" | "no" | "what" if !seen => {}
                        "my" | "our" | "your" | "its" if !seen => {}
                        "their" | "his" | "her" if !seen => phrase.own = true,
                        "own" if !seen => phrase.own = true,
                        "theirs" | "mine" if !seen => {
                            phrase.own = true;
                            seen = true;
                        }
                        "each" | "every" | "all" | "any" | "everything" if !seen => {
                            phrase.all = true;
                            phrase.article = true;
                            if word == "everything" || word == "all" && self.next_ends() {
                                seen = true;
                                phrase.words.push("everything".into());
                            }
                        }
                        "it" | "them" | "they" | "everyone" | "everybody" | "anyone" | "anybody" | "we"
                        | "i" | "you" | "he" | "she" | "who" | "someone" | "me" | "us" | "anything"
                        | "nothing"
                            if !seen =>
                        {
                            phrase.words.push(word.to_owned());
                            self.at += 1;
                            return Some(phrase);
                        }
                        "other" | "another" | "others" if !seen => phrase.other = true,
                        "one" if !seen && self.tokens.get(self.at + 1).is_some_and(|t| t.is("of")) => {
                            self.at += 1;
                        }
                        "of" if phrase.all && !seen => {}
                        _ if !seen && number_word(word).is_some() => {}
                        // `first name`, `last names`.
                        "first" | "last" | "middle"
                            if !seen
                                && self
                                    .tokens
                                    .get(self.at + 1)
                                    .is_some_and(|next| next.is("name") || next.is("names")) =>
                        {
                            phrase.words.push(word.to_owned());
                            seen = true;
                        }
                        // `fever yes/no`.
                        "yes" | "y" if seen && self.tokens.get(self.at + 1) == Some(&Token::Slash) => {
                            phrase.paren =
                                vec![Token::Word("yes".into()), Token::Slash, Token::Word("no".into())];
                            self.at += 3;
                            break;
                        }
                        // `primary care`, `primary diagnosis`: of a kind, and not one of many.
                        "primary"
                            if !seen && self.tokens.get(self.at + 1).is_some_and(|next| next.is("care")) =>
                        {
                            phrase.words.push(word.to_owned());
                            seen = true;
                        }
                        // `personal care` is a kind of care, `personal data` is data.
                        "personal"
                            if !seen && self.tokens.get(self.at + 1).is_some_and(|next| next.is("care")) =>
                        {
                            phrase.words.push(word.to_owned());
                            seen = true;
                        }
                        _ if !seen && is_modifier(word) && !self.next_ends() => {
                            phrase.modifiers.push(word.to_owned());
                        }
                        // `accepted recommendations`, `verified orders`: in that state.
                        _ if !seen
                            && word.ends_with("ed")
                            && !self.next_ends()
                            && matches!(verb(word), Some(Verb::Review | Verb::Sign)) =>
                        {
                            phrase.modifiers.push(word.to_owned());
                        }
                        // `range of motion`, `signs of infection`: one value.
                        "of" if seen && self.value_of(&phrase) => phrase.words.push(word.to_owned()),
                        // `serial number, shipped on, returned on`: when it was done.
                        "on" | "at"
                            if seen
                                && phrase.words.last().is_some_and(|last| {
                                    last.ends_with("ed")
                                        || matches!(last.as_str(), "given" | "taken" | "born" | "sent")
                                })
                                && match self.tokens.get(self.at + 1) {
                                    None | Some(Token::Comma) => true,
                                    Some(token) => token.is("and"),
                                } =>
                        {
                            phrase.words.push(word.to_owned());
                        }
                        // `hunger before 1-10`: when it is told.
                        "before" | "after"
                            if seen && matches!(self.tokens.get(self.at + 1), Some(Token::Range(..))) =>
                        {
                            phrase.words.push(word.to_owned());
                        }
                        // `cigarettes per day, quit date`: how many there are.
                        "per" if seen && self.counted_per() => {
                            phrase.words.push(word.to_owned());
                            self.at += 1;
                            phrase.words.extend(self.tokens[self.at].word().map(str::to_owned));
                        }
                        // `blood pressure before, weight`: when it is taken.
                        "before" | "after"
                            if seen
                                && matches!(
                                    self.tokens.get(self.at + 1),
                                    None | Some(Token::Comma | Token::Slash)
                                )
                                && self.phase == super::reader::Phase::Object =>
                        {
                            phrase.words.push(word.to_owned());
                        }
                        "before"
                            if seen
                                && self.phase == super::reader::Phase::Object
                                && self.tokens.get(self.at + 1).is_some_and(|next| next.is("and"))
                                && self.tokens.get(self.at + 2).is_some_and(|next| next.is("after"))
                                && matches!(self.tokens.get(self.at + 3), None | Some(Token::Comma)) =>
                        {
                            phrase.words.push(word.to_owned());
                        }
                        // `exports completed trips monthly`: how often.
                        "daily" | "weekly" | "monthly" | "nightly" | "hourly" | "quarterly" | "yearly"
                        | "annually" | "online" | "electronically" | "digitally"
                            if seen && self.next_ends() && phrase.words.len() < 4 =>
                        {
                            self.at += 1;
                            break;
                        }
                        _ if is_glue(word) => break,
                        // `in an emergency any doctor can …`: somebody else begins.
                        // `each day whether they slept`: what is told begins.
                        "any" | "every" | "each" | "whether" if seen => break,
                        "assigned" if seen => break,
                        _ if seen && self.is_verb(self.at) => break,
                        _ => {
                            phrase.words.push(word.to_owned());
                            seen = true;
                        }
                    }
                }
                Token::Number(_) if !seen => {}
                Token::Number(number)
                    if phrase.words.last().is_some_and(|word| NUMBERED.contains(&word.as_str())) =>
                {
                    phrase.words.push(number.clone());
                }
                Token::Possessive if phrase.other && !seen => {}
                Token::Possessive
                    if seen
                        && matches!(phrase.words.as_slice(), [when] if matches!(when.as_str(), "today" | "tomorrow" | "yesterday")) =>
                {
                    phrase.words.clear();
                    seen = false;
                }
                Token::Possessive if seen => {
                    phrase.of = std::mem::take(&mut phrase.words);
                    seen = false;
                }
                _ => break,
            }
            self.at += 1;
        }
        (seen || phrase.own || phrase.other).then_some(phrase)
    }

    /// Whether *per* is followed by a time and then the list goes on: how many of it there are, and no reach.
    fn counted_per(&self) -> bool {
        self.phase == super::reader::Phase::Object
            && self.current.objects.len() + usize::from(self.tokens.get(self.at + 2) == Some(&Token::Comma))
                > 1
            && self
                .tokens
                .get(self.at + 1)
                .and_then(Token::word)
                .is_some_and(|unit| matches!(unit, "day" | "week" | "night" | "hour" | "month" | "shift"))
            && match self.tokens.get(self.at + 2) {
                None | Some(Token::Comma) => true,
                Some(token) => token.is("and"),
            }
    }

    /// Whether what stands before *of* is a value with what stands behind it, which is no record and nobody.
    fn value_of(&self, phrase: &Phrase) -> bool {
        let last = phrase.words.last().map(|word| crate::words::singular(word)).unwrap_or_default();
        let next = self.tokens.get(self.at + 1).and_then(Token::word).unwrap_or_default();
        let one = crate::words::singular(next);
        // `date of service`, `chain of custody number`: what stands there in the singular without an article is no
        // thing of its own.
        let compound = COMPOUNDS_OF.contains(&last.as_str())
            && one == next
            && phrase.of.is_empty()
            && phrase.words.len() == 1
            && !is_glue(next)
            && !is_modifier(next)
            && next.len() > 2;
        compound
            || VALUES_OF.contains(&last.as_str())
                && phrase.of.is_empty()
                && !is_glue(next)
                && !is_modifier(next)
                && next.len() > 2
                && crate::catalogue::catalogue().role(&one).is_none()
                && crate::catalogue::catalogue().entity(&one).is_none_or(|(concept, _)| concept.field_too)
    }

    /// Whether a noun phrase could not go on behind the next token.
    pub(super) fn next_ends(&self) -> bool {
        match self.tokens.get(self.at + 1) {
            Some(Token::Word(word)) => is_glue(word) && word != "of",
            Some(_) => true,
            None => true,
        }
    }
}
