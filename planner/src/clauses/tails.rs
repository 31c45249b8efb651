//! Prepositional phrases and conditions.

use super::{
    Tail,
    reader::{Phase, Reader},
};
use crate::{
    nouns::closing,
    sentences::Token,
    words::{is_be, is_condition, is_glue, is_modal, is_preposition, restricts},
};

impl Reader<'_> {
    /// A prepositional phrase or a condition, up to what begins something new.
    pub(super) fn tail(&mut self, by: &str, only: bool) {
        let first_words = self.at;
        self.at += 1;
        if is_condition(by) {
            self.condition(by, only, first_words);
            return;
        }
        let mut tail = Tail { by: by.to_owned(), only, ..Tail::default() };
        let mut expect = true;
        while self.at < self.tokens.len() {
            match &self.tokens[self.at] {
                Token::Word(word)
                    if matches!(word.as_str(), "except" | "excluding")
                        && tail.phrases.last().is_some_and(|last| {
                            matches!(
                                last.words.first().map(String::as_str),
                                Some("anyone" | "anybody" | "everyone" | "everybody")
                            )
                        }) =>
                {
                    tail.phrases.pop();
                    tail.except = true;
                    expect = true;
                    self.current.narrowing += 1;
                    self.at += 1;
                }
                Token::Word(word) if restricts(word) => {
                    if word == "only" && expect {
                        tail.only = true;
                        self.current.narrowing += 1;
                        self.at += 1;
                        continue;
                    }
                    break;
                }
                // `to anyone but doctors`, `to no one other than the owner`.
                Token::Word(word)
                    if matches!(word.as_str(), "but" | "other" | "than")
                        && tail.phrases.last().is_some_and(|last| {
                            matches!(
                                last.words.first().map(String::as_str),
                                Some("anyone" | "anybody" | "everyone" | "everybody" | "anything")
                            )
                        }) =>
                {
                    if word != "other" {
                        tail.phrases.pop();
                        tail.except = true;
                        expect = true;
                    }
                    self.at += 1;
                    if word == "other" && self.tokens.get(self.at).is_some_and(|t| t.is("than")) {
                        tail.phrases.pop();
                        tail.except = true;
                        expect = true;
                        self.at += 1;
                    }
                }
                Token::Word(word)
                    if word == "assigned"
                        && !expect
                        && self
                            .tokens
                            .get(self.at + 1)
                            .is_some_and(|next| next.is("to") || next.is("by")) =>
                {
                    break;
                }
                Token::Word(word) if word == "no" && self.denies_a_noun() => break,
                Token::Word(word) if matches!(word.as_str(), "and" | "or") => {
                    if self.tokens.get(self.at + 1).is_some_and(|t| t.is("no")) {
                        break;
                    }
                    // `entered by the front office and checked monthly`: what else is done to it.
                    let done = self.current.passive
                        && !expect
                        && self.tokens.get(self.at + 1).and_then(Token::word).is_some_and(|word| {
                            super::follows::ends_as_participle(word) && crate::words::verb(word).is_some()
                        })
                        && match self.tokens.get(self.at + 2) {
                            None | Some(Token::Comma) => true,
                            Some(token) => token.word().is_some_and(|word| {
                                is_preposition(word)
                                    || crate::words::is_adverb(word)
                                    || matches!(word, "monthly" | "every" | "each" | "yearly" | "quarterly")
                            }),
                        };
                    if done {
                        break;
                    }
                    if self.subject_follows_at(self.at + 1)
                        || self.verb_follows(self.at + 1)
                            && !(by == "with" && self.names_a_value(self.at + 1))
                    {
                        break;
                    }
                    expect = true;
                    self.at += 1;
                }
                Token::Comma if by == "per" => break,
                // `record limb, level of amputation, socket type`: the list of objects goes on.
                Token::Comma
                    if self.current.objects.len() > 1
                        && (by == "of" || by == "with" && self.begins_record(self.at + 1)) =>
                {
                    break;
                }
                Token::Comma => {
                    if self.list_ends_at(self.at + 1) {
                        break;
                    }
                    expect = true;
                    self.at += 1;
                }
                Token::Word(word)
                    if is_preposition(word)
                        || is_condition(word)
                        || (is_modal(word))
                        || is_be(word)
                        || matches!(word.as_str(), "but" | "then" | "that" | "which")
                        || word == "who" && !(expect && by == "with") =>
                {
                    break;
                }
                // `in an emergency any doctor can …`: who acts begins.
                Token::Word(word)
                    if !expect
                        && matches!(word.as_str(), "any" | "every" | "each" | "all")
                        && self.current.verbs.is_empty()
                        && self.current.subjects.is_empty()
                        && self.subject_follows_at(self.at) =>
                {
                    break;
                }
                // `with date, length and what was discussed`: asked, and so a value.
                Token::Word(word)
                    if expect
                        && matches!(by, "with" | "including" | "include")
                        && matches!(word.as_str(), "what" | "whether" | "who" | "when" | "how")
                        && !tail.phrases.is_empty() =>
                {
                    let from = self.at;
                    while self
                        .tokens
                        .get(self.at)
                        .and_then(Token::word)
                        .is_some_and(|word| self.at == from || !matches!(word, "and" | "or" | "but"))
                    {
                        self.at += 1;
                    }
                    let words = self.words(from, self.at);
                    tail.phrases.push(super::Phrase { words, at: from, ..super::Phrase::default() });
                    expect = false;
                }
                Token::Word(_) if expect || self.is_phrase_start() => {
                    if !expect && self.is_verb(self.at) {
                        break;
                    }
                    match self.phrase() {
                        Some(phrase) => tail.phrases.push(phrase),
                        None => self.at += 1,
                    }
                    expect = false;
                    // `After surgery patients log …`: who acts stands behind.
                    if let Some(acting) = self.acting_behind(&mut tail) {
                        tail.words = self.words(first_words, self.at - 1);
                        self.current.tails.push(tail);
                        self.current.subjects.push(acting);
                        return;
                    }
                }
                Token::Open => {
                    let close = closing(self.tokens, self.at);
                    let inner = self.tokens[self.at + 1..close.max(self.at + 1)].to_vec();
                    if let Some(last) = tail.phrases.last_mut() {
                        last.paren = inner;
                    }
                    self.at = close + 1;
                }
                Token::Word(_) => break,
                _ => self.at += 1,
            }
        }
        tail.words = self.words(first_words, self.at);
        self.current.tails.push(tail);
        if self.phase == Phase::Verb {
            self.phase = Phase::Object;
        }
    }

    /// Whether what stands here is a record and no value of another: it has a list of its own, or the catalogue says so.
    fn begins_record(&self, at: usize) -> bool {
        let words: Vec<&str> = self.tokens[at..]
            .iter()
            .take(4)
            .map_while(Token::word)
            .take_while(|word| !is_glue(word))
            .collect();
        let listed = self.tokens.get(at + words.len()) == Some(&Token::Open) && !words.is_empty();
        let key = crate::words::key(&words);
        listed
            || crate::catalogue::catalogue().entity(&key).is_some_and(|(concept, _)| {
                !concept.field_too && crate::catalogue::catalogue().field(&key).is_none()
            })
    }

    pub(super) fn condition(&mut self, by: &str, only: bool, from: usize) {
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match &self.tokens[self.at] {
                Token::Open => depth += 1,
                Token::Close => depth = depth.saturating_sub(1),
                Token::Comma if depth == 0 => break,
                Token::Word(word) if depth == 0 && word == "but" => break,
                // `If there is a reaction they record it`.
                Token::Word(word)
                    if depth == 0
                        && self.at > from + 1
                        && self.current.verbs.is_empty()
                        && matches!(word.as_str(), "they" | "he" | "she" | "nobody")
                        && self.verb_follows(self.at + 1) =>
                {
                    break;
                }
                // `if it is above 12 a social worker follows up`: who acts begins the sentence anew.
                Token::Word(word)
                    if depth == 0
                        && self.at > from + 2
                        && self.current.verbs.is_empty()
                        && matches!(word.as_str(), "a" | "an" | "the")
                        && self.tokens[self.at - 1].word().is_none_or(|before| !is_glue(before))
                        && self.acts_at(self.at + 1) =>
                {
                    break;
                }
                Token::Word(word) if restricts(word) && word == "nobody" => break,
                Token::Word(word)
                    if word == "no" && self.tokens.get(self.at + 1).is_some_and(|t| t.is("one")) =>
                {
                    break;
                }
                // `if she does not, …`: it says when.
                Token::Word(word) if word == "not" && is_when(by) && self.denies_a_state() => {}
                Token::Word(word) if restricts(word) => self.current.narrowing += 1,
                _ => {}
            }
            self.at += 1;
        }
        // `never the diagnosis until the match is confirmed`: what is denied for a time is denied always.
        let denied = self.current.but_not.last().is_some_and(|phrase| {
            let objects =
                self.current.objects.iter().chain(self.current.tails.iter().flat_map(|tail| &tail.phrases));
            objects.map(|object| object.at).max().is_none_or(|at| at < phrase.at)
        });
        if denied && !only && matches!(by, "until" | "unless" | "before" | "if" | "once" | "after" | "when") {
            return;
        }
        let words = self.words(from, self.at);
        self.current.tails.push(Tail { by: by.to_owned(), phrases: Vec::new(), words, only, except: false });
    }

    /// Takes the last word of a leading phrase as the subject, where it names people and their verb follows.
    fn acting_behind(&self, tail: &mut Tail) -> Option<super::Phrase> {
        if !self.current.verbs.is_empty() || !self.current.subjects.is_empty() || self.phase != Phase::Subject
        {
            return None;
        }
        let phrase = tail.phrases.last_mut().filter(|phrase| phrase.words.len() > 1)?;
        let last = phrase.words.last()?.clone();
        let people = crate::catalogue::catalogue().role(&crate::words::singular(&last)).is_some()
            && crate::words::singular(&last) != last;
        let acts = self.tokens.get(self.at).and_then(Token::word).is_some_and(|word| {
            is_modal(word)
                || crate::words::verb(word).is_some()
                    && self.agrees(&last, word)
                    && self.object_follows(self.at + 1)
        });
        if !(people && acts) {
            return None;
        }
        phrase.words.pop();
        Some(super::Phrase { words: vec![last], at: self.at - 1, ..super::Phrase::default() })
    }

    /// Whether a role of the catalogue stands here with its verb: `social worker follows up`.
    fn acts_at(&self, at: usize) -> bool {
        (1..=3).any(|width| {
            let said: Option<Vec<&str>> =
                self.tokens.get(at..at + width).and_then(|words| words.iter().map(Token::word).collect());
            let known = said.is_some_and(|said| {
                crate::catalogue::catalogue()
                    .role(&crate::words::key(&said))
                    .is_some_and(|(kind, _)| kind != crate::catalogue::RoleKind::Subject)
            });
            let next = self.tokens.get(at + width).and_then(Token::word);
            known && next.is_some_and(|next| crate::words::verb(next).is_some() || is_modal(next))
        })
    }

    /// `is not`, `has not`, `does not`: a state, and nobody's permission.
    fn denies_a_state(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens[at].word());
        before.is_some_and(states)
    }

    pub(super) fn words(&self, from: usize, to: usize) -> Vec<String> {
        self.tokens[from..to.min(self.tokens.len())]
            .iter()
            .filter_map(|token| match token {
                Token::Word(word) | Token::Number(word) => Some(word.clone()),
                _ => None,
            })
            .collect()
    }

    pub(super) fn is_phrase_start(&self) -> bool {
        self.tokens[self.at].word().is_some_and(|word| !is_glue(word))
    }
}

/// Whether a word leads what happens at some time.
pub(crate) fn is_when(by: &str) -> bool {
    matches!(by, "if" | "when" | "whenever")
}

/// Whether a negation behind this word is of a state: `is not`, `does not`.
pub(crate) fn states(word: &str) -> bool {
    matches!(word, "is" | "are" | "was" | "were" | "has" | "have" | "does" | "do" | "did" | "had" | "be")
}
