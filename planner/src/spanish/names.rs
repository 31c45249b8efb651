//! What English names were in Spanish.

use super::lexicon::lexicon;
use crate::words::key_of;
use std::collections::BTreeMap;

/// Spanish names by English keys; empty where the prompt was English.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    learnt: BTreeMap<String, String>,
    /// Whether `usuarios` are those cared for: nobody else is.
    pub(super) users_are_cared_for: bool,
    /// Words with their accents, by the words without.
    accents: BTreeMap<String, String>,
}

/// `control posoperatorios` said in one number: what stands behind a noun in the singular agrees with it.
fn agreeing(name: &str) -> String {
    let mut words = name.split(' ');
    let Some(head) = words.next().filter(|head| !head.ends_with('s')) else { return name.to_owned() };
    let mut out = head.to_owned();
    let mut of = false;
    for word in words {
        of |= matches!(word, "de" | "del" | "con" | "para" | "por" | "en" | "a" | "y" | "sin" | "al");
        let one = word.strip_suffix('s').filter(|stem| !of && word.len() > 5 && stem.ends_with(['a', 'o']));
        out.push(' ');
        out.push_str(one.unwrap_or(word));
    }
    out
}

impl Names {
    /// Keeps the first name that a thing was given.
    pub(super) fn learn(&mut self, english: &str, spanish: &str) {
        self.learnt.entry(key_of(english)).or_insert_with(|| spanish.to_owned());
    }

    /// Keeps how a word is spelt.
    pub(super) fn spell(&mut self, word: &str) {
        self.accents.entry(super::lexicon::fold(word)).or_insert_with(|| word.to_lowercase());
    }

    /// What people read: the name with its accents and a capital; `None` where it is the name itself.
    pub(crate) fn label(&self, name: &str) -> Option<String> {
        let spelt: Vec<&str> = name
            .split(' ')
            .map(|word| {
                self.accents.get(word).or_else(|| lexicon().accents.get(word)).map_or(word, String::as_str)
            })
            .collect();
        let label = spelt.join(" ");
        let mut chars = label.chars();
        let first = chars.next()?;
        (self.is_spanish() && label != name).then(|| first.to_uppercase().chain(chars).collect())
    }

    /// Several of a thing: `sesiones`; `None` where an added `s` does.
    pub(crate) fn plural(&self, name: &str) -> Option<String> {
        let (head, rest) = name.split_once(' ').map_or((name, ""), |(head, rest)| (head, rest));
        let regular = head.ends_with(['a', 'e', 'i', 'o', 'u']);
        if !self.is_spanish() || regular && rest.is_empty() {
            return None;
        }
        let many = match head.strip_suffix('z') {
            Some(stem) => format!("{stem}ces"),
            None if regular => format!("{head}s"),
            None if head.ends_with('s') => head.to_owned(),
            None => format!("{head}es"),
        };
        let said = if rest.is_empty() { many } else { format!("{many} {rest}") };
        let mut chars = said.chars();
        let first = chars.next()?;
        Some(first.to_uppercase().chain(chars).collect())
    }

    /// The name as the plan writes it: as it was said in Spanish, else as Spanish apps call it.
    pub(crate) fn say(&self, name: &str) -> String {
        if self.learnt.is_empty() {
            return name.to_owned();
        }
        let listed = lexicon().names.get(name);
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
        listed
            .or_else(|| self.learnt.get(&key_of(name)).filter(|_| plain))
            .or_else(|| lexicon().names.get(&key_of(name)))
            // The app's own tables have some names; nobody else's language has these.
            .or_else(|| name.strip_prefix("care ").and_then(|bare| self.learnt.get(&key_of(bare))))
            .map_or_else(|| agreeing(name), |said| agreeing(said))
    }

    /// Whether the prompt was in Spanish.
    pub(crate) fn is_spanish(&self) -> bool {
        !self.learnt.is_empty()
    }
}
