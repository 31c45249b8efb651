//! Where a phrase goes in the clause that is being read, and where a clause ends.

use super::{
    Phrase,
    reader::{Phase, Reader},
};
use crate::{sentences::Token, words::is_modal};

impl Reader<'_> {
    pub(super) fn place(&mut self, phrase: Phrase) {
        let (only, not) = (std::mem::take(&mut self.only_next), std::mem::take(&mut self.not_next));
        let not = not || self.denying && self.joined_to_denied(phrase.at);
        self.denying = not;
        if self.phase == Phase::Subject {
            if not {
                self.current.but_not.push(phrase);
                return;
            }
            if only && self.current.subjects.is_empty() {
                self.current.only_subjects = true;
            }
            self.current.subjects.push(phrase);
            return;
        }
        if not {
            self.current.but_not.push(phrase);
        } else {
            self.current.only |= only;
            self.current.objects.push(phrase);
        }
        self.phase = Phase::Object;
    }

    /// Whether what stands at `at` goes on with a denied list: nothing but commas, conjunctions and articles between.
    pub(super) fn joined_to_denied(&self, at: usize) -> bool {
        let Some(last) = self.current.but_not.last() else { return false };
        let mut joined = false;
        for token in self.tokens[last.at.min(at)..at].iter().rev() {
            match token {
                Token::Comma | Token::Slash => joined = true,
                Token::Word(word) if matches!(word.as_str(), "or" | "nor" | "and") => joined = true,
                Token::Word(word)
                    if matches!(
                        word.as_str(),
                        "the" | "a" | "an" | "their" | "his" | "her" | "any" | "other" | "of"
                    ) => {}
                _ => break,
            }
        }
        joined
    }

    /// `and`, `but`: a new clause where a subject with its verb follows.
    pub(super) fn conjunction(&mut self, word: &str) {
        self.at += 1;
        if self.current.verbs.is_empty() {
            return;
        }
        let same_subject = word == "but"
            && (self.verb_follows(self.at) && !self.is(self.at, "not")
                || self.tokens.get(self.at).and_then(Token::word).is_some_and(is_modal));
        if self.subject_follows() {
            self.finish();
        } else if same_subject {
            let subjects = self.current.subjects.clone();
            self.finish();
            self.current.subjects = subjects;
        }
    }

    pub(super) fn last_phrase(&mut self) -> Option<&mut Phrase> {
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

    pub(super) fn begin_if_object(&mut self) {
        if !self.current.verbs.is_empty() {
            self.finish();
        }
    }

    pub(super) fn finish(&mut self) {
        let mut clause = std::mem::take(&mut self.current);
        clause.lost = self.not_next;
        // `… but the volunteers never`, `the others can't`: the verb is the one before.
        if clause.verbs.is_empty()
            && clause.not
            && !clause.subjects.is_empty()
            && !clause.nobody
            && let Some(before) = self.out.last().filter(|before| !before.verbs.is_empty())
        {
            clause.verbs.clone_from(&before.verbs);
            clause.passive = before.passive;
            if clause.objects.is_empty() {
                clause.objects.clone_from(&before.objects);
            }
        }
        // `requests are placed by doctors (product, units)`: the list is of what is placed.
        if clause.passive
            && let [subject] = clause.subjects.as_mut_slice()
            && subject.paren.is_empty()
            && let Some(agent) = clause
                .tails
                .iter_mut()
                .filter(|tail| tail.by == "by")
                .flat_map(|tail| &mut tail.phrases)
                .find(|phrase| phrase.paren.contains(&Token::Comma))
        {
            subject.paren = std::mem::take(&mut agent.paren);
        }
        if let Some(about) = self.relative.take()
            && clause.objects.is_empty()
            && !clause.verbs.is_empty()
        {
            clause.objects.push(Phrase { paren: Vec::new(), ..about });
        }
        if !clause.objects.is_empty()
            && std::mem::take(&mut self.object_wanted)
            && let Some(before) = self.out.last_mut().filter(|before| before.objects.is_empty())
        {
            before.objects.clone_from(&clause.objects);
            before.tails.extend(clause.tails.iter().cloned());
        }
        if clause.started() || clause.narrowing > 0 {
            self.out.push(clause);
        }
        self.phase = Phase::Subject;
        self.only_next = false;
        self.not_next = false;
        self.denying = false;
    }
}
