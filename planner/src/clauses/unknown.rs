//! Words of no list that stand where only a verb can.

use super::{
    Clause,
    follows::{determiner, ends_as_participle},
    reader::{Phase, Reader},
};
use crate::{
    catalogue::catalogue,
    sentences::Token,
    words::{is_adverb, is_be, is_glue, is_modifier, is_preposition, number_word, singular, verb},
};

/// Whether a word of no list ends as what was done does: `crossmatched`.
pub(super) fn unknown_participle(word: &str) -> bool {
    verb(word).is_none()
        && word.len() > 5
        && ends_as_participle(word)
        && !is_modifier(word)
        && catalogue().field(word).is_none()
}

/// Where the verb of a sentence stands that begins with somebody and has none that is known: `the medical director audits
/// calls`, `patients scan what they eat`.
pub(super) fn missing_verb(tokens: &[Token], read: &[Clause]) -> Option<usize> {
    let first = read.first()?;
    if !first.verbs.is_empty() || first.passive || first.nobody || first.not || first.subjects.is_empty() {
        return None;
    }
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    let begin = (0..tokens.len().min(3)).find(|at| {
        word(*at).is_some_and(|word| !is_glue(word) || number_word(word).is_some())
            && word(*at)
                .is_some_and(|word| !is_modifier(word) && !word.ends_with("ly") && !ends_as_participle(word))
    })?;
    // The longest name of somebody that stands there.
    let end = (begin + 1..=(begin + 4).min(tokens.len())).rev().find(|end| {
        let words: Option<Vec<&str>> = (begin..*end).map(word).collect();
        words.is_some_and(|words| {
            let key = crate::words::key(&words);
            catalogue().role(&key).is_some() || words.len() > 1 && crate::roles::is_crew_name(&key)
        })
    })?;
    let at = (end..tokens.len()).find(|at| !word(*at).is_some_and(is_adverb))?;
    let (somebody, does) = (word(end - 1)?, word(at)?);
    let plural = singular(somebody) != somebody;
    let agrees = |does: &str| {
        if plural {
            singular(does) == does && !does.ends_with("ing") && !ends_as_participle(does)
        } else {
            does.ends_with('s') && !does.ends_with("ss") && singular(does) != does
        }
    };
    let one = singular(does);
    let noun = catalogue().entity(&one).is_some()
        || catalogue().field(&one).is_some()
        || catalogue().role(&one).is_some();
    // `every woman deserves care`: what is wished for them, and nothing that they do.
    let wished =
        matches!(one.as_str(), "deserve" | "hate" | "struggle" | "lack" | "face" | "wish" | "dread" | "miss");
    if wished
        || is_glue(does)
        || is_modifier(does)
        || is_be(does)
        || !agrees(does)
        || noun && verb(does).is_none()
    {
        return None;
    }
    let object = |at: usize| {
        word(at).is_some_and(|next| {
            determiner(next)
                || crate::words::asks(next)
                || !is_glue(next) && (verb(next).is_none() || singular(next) != next)
        })
    };
    // `scan or type what they ate`: two of one form.
    let joined = matches!(word(at + 1), Some("and" | "or"))
        && word(at + 2).is_some_and(|next| agrees(next) && !is_glue(next))
        && word(at + 3).is_some_and(|next| determiner(next) || crate::words::asks(next));
    (object(at + 1) || joined).then_some(at)
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
        // `scan or type what they ate`: two of one form, of which the first is a verb.
        let first = previous.is_some_and(|word| matches!(word, "and" | "or"))
            && self.phase == Phase::Verb
            && self.current.objects.is_empty();
        // `scans the head, designs the band`: one deed after the other.
        let next = self.tokens[before] == Token::Comma && self.phase == Phase::Object && word.ends_with('s')
            || previous.is_some_and(|word| matches!(word, "and" | "then"))
                && self.phase == Phase::Object
                && word.ends_with('s');
        let joined = (first || next)
            && !self.current.passive
            && self.current.verbs.last().is_some_and(|(_, verb)| {
                (singular(verb) == *verb) == (singular(word) == word)
                    && !word.ends_with("ing")
                    && !ends_as_participle(word)
            })
            && self
                .tokens
                .get(at + 1)
                .and_then(Token::word)
                .is_some_and(|next| determiner(next) || crate::words::asks(next));
        if joined {
            return true;
        }
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
