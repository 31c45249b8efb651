//! Sentences as clauses: who, does what, with what, how far, and with which restriction.
//!
//! This is syntax only; what the noun phrases mean is decided by `roles`, `entities` and `access`.
//! A word such as *record* is a verb where a verb can stand: after a subject that agrees with it and
//! before something that can be its object.

use crate::{
    nouns::closing,
    sentences::Token,
    words::{Verb, is_glue, is_modifier, number_word, restricts, singular, verb},
};

/// A noun phrase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phrase {
    /// Its words without articles and modifiers, in lower case.
    pub(crate) words: Vec<String>,
    /// `their`, `own`, `theirs`, `his`.
    pub(crate) own: bool,
    /// `all`, `every`, `any`.
    pub(crate) all: bool,
    /// `other`, `another`.
    pub(crate) other: bool,
    /// `only` stands directly before it.
    pub(crate) only: bool,
    /// `new`, `signed`, `assigned`: words that were set aside.
    pub(crate) modifiers: Vec<String>,
    /// The owner in `the patient's phone`.
    pub(crate) of: Vec<String>,
    /// The tokens in the parentheses behind it.
    pub(crate) paren: Vec<Token>,
    /// The place of its first word in the sentence.
    pub(crate) at: usize,
}

/// A phrase behind a preposition or conjunction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    /// `in`, `for`, `by`, `when`, …
    pub(crate) by: String,
    /// What it leads.
    pub(crate) phrases: Vec<Phrase>,
    /// Everything that was said, for conditions.
    pub(crate) words: Vec<String>,
    /// `only` stands before it.
    pub(crate) only: bool,
}

/// Who does what with what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) subjects: Vec<Phrase>,
    /// `only nurses …`.
    pub(crate) only_subjects: bool,
    /// `nobody …`, `no one …`.
    pub(crate) nobody: bool,
    /// `not`, `never`, `cannot`.
    pub(crate) not: bool,
    /// `… only see`, `see only`.
    pub(crate) only: bool,
    pub(crate) modal: bool,
    pub(crate) verbs: Vec<(Verb, String)>,
    /// `are seen`, `be edited`.
    pub(crate) passive: bool,
    pub(crate) objects: Vec<Phrase>,
    /// `but not …`, `never …`, `except …`.
    pub(crate) but_not: Vec<Phrase>,
    pub(crate) tails: Vec<Tail>,
    /// Words of the sentence that narrow, counted.
    pub(crate) narrowing: usize,
}

impl Clause {
    /// Whether one of its verbs is this one.
    pub(crate) fn does(&self, verb: Verb) -> bool {
        self.verbs.iter().any(|(known, _)| *known == verb)
    }

    /// The tail led by this word.
    pub(crate) fn tail(&self, by: &str) -> Option<&Tail> {
        self.tails.iter().find(|tail| tail.by == by)
    }

    fn started(&self) -> bool {
        !self.verbs.is_empty() || !self.subjects.is_empty() || !self.objects.is_empty()
    }
}

const MODALS: &[&str] = &[
    "can", "may", "must", "should", "shall", "will", "could", "would", "might", "do", "does", "did", "to",
    "able", "please", "let", "allowed",
];
const BE: &[&str] = &["is", "are", "be", "been", "was", "were", "being", "gets"];
const ADVERBS: &[&str] = &[
    "also",
    "then",
    "always",
    "just",
    "still",
    "often",
    "usually",
    "directly",
    "immediately",
    "automatically",
    "quickly",
    "easily",
    "securely",
    "either",
    "both",
    "too",
    "again",
    "first",
    "later",
    "now",
    "twice",
];
const PREPOSITIONS: &[&str] = &[
    "in",
    "on",
    "at",
    "by",
    "for",
    "with",
    "without",
    "from",
    "to",
    "into",
    "onto",
    "over",
    "under",
    "about",
    "against",
    "between",
    "through",
    "during",
    "before",
    "after",
    "until",
    "since",
    "per",
    "via",
    "as",
    "within",
    "across",
    "of",
    "than",
    "like",
    "including",
    "regarding",
    "instead",
    "above",
    "below",
];
const CONDITIONS: &[&str] = &["if", "when", "once", "while", "unless", "because", "where", "whenever", "so"];
const PRONOUNS: &[&str] = &[
    "they",
    "we",
    "i",
    "you",
    "he",
    "she",
    "it",
    "who",
    "everyone",
    "everybody",
    "anyone",
    "anybody",
    "nobody",
    "someone",
    "that",
    "which",
    "them",
];
const LETS: &[&str] =
    &["let", "lets", "allow", "allows", "want", "wants", "need", "needs", "like", "ask", "asks"];
/// Words that are as often nouns as verbs.
const TWO_FACED: &[&str] = &[
    "view", "record", "report", "request", "document", "note", "input", "place", "file", "answer", "measure",
    "draft", "chart", "check", "access", "search", "display", "book", "schedule", "call", "contact", "text",
    "message", "scan", "charge", "bill", "support", "change", "set", "mark", "process", "review", "share",
    "control", "issue", "complete", "log", "print", "export", "alert", "email", "look", "show", "open",
    "read", "own", "keep", "work", "start", "help", "need", "use", "monitor", "track", "close", "lock",
    "sign", "correct", "build", "grant", "lead", "hold", "upload", "register", "move", "fix", "pay",
    "invite", "chat", "attach", "come", "live",
];

/// The clauses of a sentence's tokens.
pub(crate) fn clauses(tokens: &[Token]) -> Vec<Clause> {
    let mut reader =
        Reader { tokens, at: 0, out: Vec::new(), current: Clause::default(), phase: Phase::Subject };
    reader.run();
    reader.out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Subject,
    Verb,
    Object,
}

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
    out: Vec<Clause>,
    current: Clause,
    phase: Phase,
}

impl Reader<'_> {
    fn run(&mut self) {
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

    fn word(&mut self, word: &str, only_next: &mut bool, not_next: &mut bool) {
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
                    && next.and_then(Token::word).is_some_and(|be| BE.contains(&be))
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
            _ if CONDITIONS.contains(&word) => self.tail(word, *only_next),
            _ if MODALS.contains(&word) && self.phase == Phase::Subject && word != "let" => {
                self.current.modal = true;
                self.at += 1;
            }
            "to" if self.verb_follows(self.at + 1) && self.phase != Phase::Subject => self.at += 1,
            _ if BE.contains(&word) && self.participle_follows() => {
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
            _ if PREPOSITIONS.contains(&word) => self.tail(word, std::mem::take(only_next)),
            _ => {
                let phrase = self.phrase();
                if let Some(mut phrase) = phrase {
                    phrase.only = *only_next;
                    self.place(phrase, std::mem::take(only_next), std::mem::take(not_next));
                }
            }
        }
    }

    fn after_other(&self) -> bool {
        self.at > 0 && self.tokens[self.at - 1].is("other")
    }

    fn take_verb(&mut self, word: &str, meaning: Verb) {
        match self.phase {
            Phase::Subject | Phase::Verb => {
                self.current.verbs.push((meaning, word.to_owned()));
                self.phase = Phase::Verb;
            }
            Phase::Object => {
                // The same subject does something else.
                // `I want patients to log meals`: who was the object is the subject now.
                let lets = self.current.verbs.iter().all(|(_, verb)| LETS.contains(&verb.as_str()));
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

    fn login(&self, word: &str) -> bool {
        matches!(
            word,
            "log" | "logs" | "fill" | "fills" | "sign" | "signs" | "check" | "checks" | "logging" | "filled"
        )
    }

    fn place(&mut self, phrase: Phrase, only: bool, not: bool) {
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
    fn conjunction(&mut self, word: &str) {
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
            && MODALS.contains(&modal)
        {
            let subjects = self.current.subjects.clone();
            self.finish();
            self.current.subjects = subjects;
        }
    }

    /// A prepositional phrase or a condition, up to what begins something new.
    fn tail(&mut self, by: &str, only: bool) {
        let first_words = self.at;
        self.at += 1;
        if CONDITIONS.contains(&by) {
            self.condition(by, only, first_words);
            return;
        }
        let mut tail = Tail { by: by.to_owned(), only, ..Tail::default() };
        let mut expect = true;
        while self.at < self.tokens.len() {
            match &self.tokens[self.at] {
                Token::Word(word) if restricts(word) => {
                    if word == "only" && expect {
                        tail.only = true;
                        self.current.narrowing += 1;
                        self.at += 1;
                        continue;
                    }
                    break;
                }
                Token::Word(word) if matches!(word.as_str(), "and" | "or") => {
                    if self.subject_follows_at(self.at + 1) || self.verb_follows(self.at + 1) {
                        break;
                    }
                    expect = true;
                    self.at += 1;
                }
                Token::Comma => {
                    if self.list_ends_at(self.at + 1) {
                        break;
                    }
                    expect = true;
                    self.at += 1;
                }
                Token::Word(word)
                    if PREPOSITIONS.contains(&word.as_str())
                        || CONDITIONS.contains(&word.as_str())
                        || (MODALS.contains(&word.as_str()))
                        || BE.contains(&word.as_str())
                        || matches!(word.as_str(), "but" | "then" | "who" | "that" | "which") =>
                {
                    break;
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

    fn condition(&mut self, by: &str, only: bool, from: usize) {
        let mut depth = 0_usize;
        while self.at < self.tokens.len() {
            match &self.tokens[self.at] {
                Token::Open => depth += 1,
                Token::Close => depth = depth.saturating_sub(1),
                Token::Comma if depth == 0 => break,
                Token::Word(word) if depth == 0 && word == "but" => break,
                Token::Word(word) if restricts(word) && word == "nobody" => break,
                Token::Word(word)
                    if word == "no" && self.tokens.get(self.at + 1).is_some_and(|t| t.is("one")) =>
                {
                    break;
                }
                Token::Word(word) if restricts(word) => self.current.narrowing += 1,
                _ => {}
            }
            self.at += 1;
        }
        let words = self.words(from, self.at);
        self.current.tails.push(Tail { by: by.to_owned(), phrases: Vec::new(), words, only });
    }

    fn words(&self, from: usize, to: usize) -> Vec<String> {
        self.tokens[from..to.min(self.tokens.len())]
            .iter()
            .filter_map(|token| match token {
                Token::Word(word) | Token::Number(word) => Some(word.clone()),
                _ => None,
            })
            .collect()
    }

    fn is_phrase_start(&self) -> bool {
        self.tokens[self.at].word().is_some_and(|word| !is_glue(word))
    }

    /// Reads a noun phrase here: articles, possessives and modifiers, then nouns.
    fn phrase(&mut self) -> Option<Phrase> {
        let mut phrase = Phrase { at: self.at, ..Phrase::default() };
        let mut seen = false;
        while let Some(token) = self.tokens.get(self.at) {
            match token {
                Token::Word(word) => {
                    let word = word.as_str();
                    match word {
                        "the" | "a" | "an" | "this" | "these" | "those" | "no" | "what" if !seen => {}
                        "my" | "our" | "your" | "its" if !seen => {}
                        "their" | "his" | "her" if !seen => phrase.own = true,
                        "own" if !seen => phrase.own = true,
                        "theirs" | "mine" if !seen => {
                            phrase.own = true;
                            seen = true;
                        }
                        "each" | "every" | "all" | "any" | "everything" if !seen => {
                            phrase.all = true;
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
                        _ if !seen && is_modifier(word) && !self.next_ends() => {
                            phrase.modifiers.push(word.to_owned())
                        }
                        _ if is_glue(word) => break,
                        "assigned" if seen => break,
                        _ if seen && self.is_verb(self.at) => break,
                        _ => {
                            phrase.words.push(word.to_owned());
                            seen = true;
                        }
                    }
                }
                Token::Number(_) if !seen => {}
                Token::Number(number) if phrase.words.last().is_some_and(|word| word == "icd") => {
                    phrase.words.push(number.clone());
                }
                Token::Possessive if phrase.other && !seen => {}
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

    /// Whether a noun phrase could not go on behind the next token.
    fn next_ends(&self) -> bool {
        match self.tokens.get(self.at + 1) {
            Some(Token::Word(word)) => is_glue(word) && word != "of",
            Some(_) => true,
            None => true,
        }
    }

    fn last_phrase(&mut self) -> Option<&mut Phrase> {
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

    fn begin_if_object(&mut self) {
        if !self.current.verbs.is_empty() {
            self.finish();
        }
    }

    fn finish(&mut self) {
        let clause = std::mem::take(&mut self.current);
        if clause.started() || clause.narrowing > 0 {
            self.out.push(clause);
        }
        self.phase = Phase::Subject;
    }

    fn participle_follows(&self) -> bool {
        let mut at = self.at + 1;
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            if ADVERBS.contains(&word) || matches!(word, "only" | "not" | "never") {
                at += 1;
                continue;
            }
            return verb(word).is_some() && !word.ends_with("ing");
        }
        false
    }

    /// Whether the word at `at` stands where a verb stands.
    fn is_verb(&self, at: usize) -> bool {
        let Some(word) = self.tokens.get(at).and_then(Token::word) else { return false };
        // `billing staff`, `for booking`: a form in -ing stands for a noun here.
        if verb(word).is_none() || word.ends_with("ing") && word != "bring" {
            return false;
        }
        let mut before = at;
        let previous = loop {
            if before == 0 {
                break None;
            }
            before -= 1;
            match self.tokens[before].word() {
                Some(word) if ADVERBS.contains(&word) || matches!(word, "only" | "never" | "not") => {}
                _ => break Some(&self.tokens[before]),
            }
        };
        match previous {
            None => !two_faced(word) || self.object_follows(at + 1) && !self.is_noun_list(at),
            Some(Token::Word(previous)) => self.verb_after(previous, before, word, at),
            Some(Token::Comma | Token::Slash | Token::Colon) => {
                !two_faced(word) && !self.current.subjects.is_empty() && !word.ends_with("ed")
                    || (two_faced(word) && !self.current.verbs.is_empty() && self.determined(at + 1))
            }
            Some(Token::Close) => !word.ends_with("ed") && self.phase == Phase::Subject,
            _ => false,
        }
    }

    /// `Text reminders`: a two-faced word before a bare noun at the very beginning is a noun.
    fn is_noun_list(&self, at: usize) -> bool {
        matches!(
            self.tokens.get(at).and_then(Token::word),
            Some("text" | "email" | "call" | "contact" | "support")
        )
    }

    fn verb_after(&self, previous: &str, before: usize, word: &str, at: usize) -> bool {
        if MODALS.contains(&previous)
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
            return !word.ends_with("ed") || previous != "to";
        }
        if BE.contains(&previous) {
            return true;
        }
        if matches!(previous, "and" | "or" | "but" | "then" | "nor") {
            if self.current.subjects.is_empty() && self.current.verbs.is_empty() {
                return false;
            }
            return if two_faced(word) {
                self.determined(at + 1) && !self.current.verbs.is_empty()
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
        if word.ends_with("ing") || word.ends_with("ed") && verb(word).is_some() && !self.determined(at + 1) {
            return false;
        }
        if !two_faced(word) {
            return self.agrees(previous, word) || self.phase != Phase::Subject;
        }
        self.phase == Phase::Subject
            && self.agrees(previous, word)
            && (self.object_follows(at + 1) || self.another_verb_follows(at + 1))
    }

    /// `schedules and sees`: a two-faced word joined to a plain verb is one.
    fn another_verb_follows(&self, at: usize) -> bool {
        let joined = self.tokens.get(at).is_some_and(|t| t.is("and") || t.is("or") || *t == Token::Comma);
        let word = self.tokens.get(at + 1).and_then(Token::word);
        joined
            && word.is_some_and(|word| verb(word).is_some() && (!two_faced(word) || self.determined(at + 2)))
    }

    /// `nurses log` and `the nurse logs`, but not `patient record` and `patients records`.
    fn agrees(&self, subject: &str, word: &str) -> bool {
        let plural = singular(subject) != subject
            || matches!(subject, "people" | "staff" | "children" | "desk" | "team");
        let third =
            matches!(word, "has" | "does" | "goes") || singular(word) != word && !word.ends_with("ss");
        matches!(subject, "staff" | "desk" | "team" | "reception") || plural != third
    }

    /// Whether what stands here could be an object.
    fn object_follows(&self, at: usize) -> bool {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => {
                let word = word.as_str();
                !is_glue(word) && (verb(word).is_none() || two_faced(word))
                    || determiner(word)
                    || matches!(word, "only" | "if" | "for" | "into" | "out" | "in" | "up")
            }
            Some(Token::Quote(_) | Token::Number(_)) => true,
            _ => false,
        }
    }

    fn determined(&self, at: usize) -> bool {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => determiner(word) || (!is_glue(word) && verb(word).is_none()),
            Some(Token::Quote(_) | Token::Number(_)) => true,
            _ => false,
        }
    }

    fn verb_follows(&self, mut at: usize) -> bool {
        while let Some(word) = self.tokens.get(at).and_then(Token::word) {
            if ADVERBS.contains(&word) || matches!(word, "never" | "not" | "only") {
                at += 1;
                continue;
            }
            return verb(word).is_some()
                && (!two_faced(word) || self.determined(at + 1))
                && !word.ends_with("ed");
        }
        false
    }

    fn subject_follows(&self) -> bool {
        self.subject_follows_at(self.at)
    }

    /// Whether a noun phrase with its verb or modal stands here.
    fn subject_follows_at(&self, start: usize) -> bool {
        let mut at = start;
        let mut nouns = 0;
        while let Some(token) = self.tokens.get(at) {
            let Some(word) = token.word() else {
                // `staff, nurses and doctors can`: a list of subjects.
                if matches!(token, Token::Comma | Token::Slash) && nouns > 0 && nouns < 4 {
                    return false;
                }
                return false;
            };
            if word == "nobody" || (word == "no" && self.tokens.get(at + 1).is_some_and(|t| t.is("one"))) {
                return true;
            }
            if PRONOUNS.contains(&word)
                && nouns == 0
                && !matches!(word, "it" | "them" | "that" | "which" | "who")
            {
                return true;
            }
            if nouns > 0 && (MODALS.contains(&word) && word != "to" || BE.contains(&word) || word == "cannot")
            {
                return true;
            }
            if nouns > 0 && matches!(word, "only" | "never" | "also" | "not") && self.verb_follows(at + 1) {
                return true;
            }
            if nouns > 0
                && verb(word).is_some()
                && !word.ends_with("ed")
                && self.tokens[at - 1].word().is_some_and(|before| self.agrees(before, word))
                && (!two_faced(word) || self.object_follows(at + 1))
            {
                return true;
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

    /// Whether the list ends at the comma before `at`: a new clause or a new verb follows.
    fn list_ends_at(&self, at: usize) -> bool {
        match self.tokens.get(at) {
            Some(Token::Word(word)) => {
                matches!(word.as_str(), "and" | "or")
                    && (self.subject_follows_at(at + 1) || self.verb_follows(at + 1))
                    || matches!(
                        word.as_str(),
                        "but" | "never" | "not" | "only" | "then" | "otherwise" | "which" | "who"
                    )
                    || CONDITIONS.contains(&word.as_str())
                    || self.subject_follows_at(at)
                    || self.verb_follows(at)
            }
            _ => false,
        }
    }
}

fn two_faced(word: &str) -> bool {
    TWO_FACED.contains(&word) || TWO_FACED.contains(&singular(word).as_str())
}

fn determiner(word: &str) -> bool {
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
            | "new"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sentences::tokens;

    fn told(text: &str) -> Vec<String> {
        clauses(&tokens(text)).iter().map(tell).collect()
    }

    fn tell(clause: &Clause) -> String {
        let phrases = |phrases: &[Phrase]| {
            phrases
                .iter()
                .map(|phrase| {
                    let mut words = phrase.words.join(" ");
                    if phrase.own {
                        words = format!("own:{words}");
                    }
                    if phrase.other {
                        words = format!("other:{words}");
                    }
                    words
                })
                .collect::<Vec<_>>()
                .join(",")
        };
        let mut out = String::new();
        if clause.only_subjects {
            out.push_str("ONLY ");
        }
        if clause.nobody {
            out.push_str("NOBODY ");
        }
        out.push_str(&phrases(&clause.subjects));
        if clause.not {
            out.push_str(" NOT");
        }
        if clause.only {
            out.push_str(" only");
        }
        for (verb, _) in &clause.verbs {
            out.push_str(&format!(" {verb:?}"));
        }
        if clause.passive {
            out.push_str(" passive");
        }
        out.push_str(&format!(" [{}]", phrases(&clause.objects)));
        if !clause.but_not.is_empty() {
            out.push_str(&format!(" BUT NOT [{}]", phrases(&clause.but_not)));
        }
        for tail in &clause.tails {
            out.push_str(&format!(
                " {}{}({})",
                if tail.only { "only " } else { "" },
                tail.by,
                phrases(&tail.phrases)
            ));
        }
        out
    }

    #[test]
    fn sentences_become_clauses() {
        for (text, expect) in [
            (
                "Front desk schedules and sees demographics but not notes",
                vec!["front desk Book View [demographics] BUT NOT [notes]"],
            ),
            ("Doctors only see theirs", vec!["doctors only View [own:]"]),
            (
                "only dentists and hygienists see treatment notes",
                vec!["ONLY dentists,hygienists View [treatment notes]"],
            ),
            (
                "An admin manages tiers but cannot see analyses",
                vec!["admin Manage [tiers]", "admin NOT View [analyses]"],
            ),
            (
                "Other providers, staff and sales reps must not see it",
                vec!["other:providers,staff,sales reps NOT View [it]"],
            ),
            (
                "Patients see their own signed notes and appointments",
                vec!["patients View [own:notes,appointments]"],
            ),
            (
                "My two nurses review the intakes and assign each to one of the doctors",
                vec!["nurses Review [intakes]", "nurses Assign [] to(doctors)"],
            ),
            ("Nobody except the owner can edit invoices", vec!["NOBODY  Update [invoices] BUT NOT [owner]"]),
            (
                "nurses log vitals and doctors review them",
                vec!["nurses Create [vitals]", "doctors Review [them]"],
            ),
            (
                "The record may be seen only by the assigned provider, the owner and the patient",
                vec!["record only View passive [] only by(provider,owner,patient)"],
            ),
        ] {
            assert_eq!(told(text), expect, "{text}");
        }
    }
}
