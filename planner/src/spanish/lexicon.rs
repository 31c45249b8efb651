//! Spanish words in their forms.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

/// What a Spanish word is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Articles, prepositions and the like, in English.
    Glue(String),
    /// A noun: English and Spanish in the singular, and whether it was a plural.
    Noun { english: String, spanish: String, plural: bool },
    /// An adjective, in English.
    Adjective(String),
    /// A verb: its English base, and its form.
    Verb(String, Form),
}

/// The forms of a verb that the grammar tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `registra`.
    Third,
    /// `registran`.
    Plural,
    /// `registrar`.
    Infinitive,
    /// `registrado`.
    Participle,
}

#[derive(Deserialize)]
struct File {
    glue: BTreeMap<String, String>,
    phrases: BTreeMap<String, String>,
    nouns: BTreeMap<String, String>,
    adjectives: BTreeMap<String, String>,
    verbs: BTreeMap<String, String>,
    forms: BTreeMap<String, String>,
    we: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    accents: String,
}

/// The words of `catalogue/spanish.toml`.
pub(super) struct Lexicon {
    pub(super) glue: BTreeMap<String, String>,
    pub(super) phrases: BTreeMap<String, String>,
    pub(super) we: BTreeMap<String, String>,
    pub(super) names: BTreeMap<String, String>,
    pub(super) accents: BTreeMap<String, String>,
    nouns: BTreeMap<String, String>,
    adjectives: BTreeMap<String, String>,
    verbs: HashMap<String, (String, Form)>,
}

/// The lexicon, read once.
pub(super) fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(|| {
        let file: File = toml::from_str(include_str!("../../catalogue/spanish.toml"))
            .expect("the embedded file is read by a test");
        let mut verbs = HashMap::new();
        for (infinitive, english) in &file.verbs {
            for (form, kind) in conjugate(infinitive) {
                verbs.entry(form).or_insert((english.clone(), kind));
            }
        }
        // `quiero que lleve la historia`: as it is wished, where the form is no other word.
        for (infinitive, english) in &file.verbs {
            for (form, kind) in wished(infinitive) {
                let other = file.nouns.contains_key(&form)
                    || file.glue.contains_key(&form)
                    || file.adjectives.contains_key(&form)
                    || file.phrases.contains_key(&form);
                if !other {
                    verbs.entry(form).or_insert((english.clone(), kind));
                }
            }
        }
        for (form, infinitive) in &file.forms {
            let (infinitive, kind) = match infinitive.strip_suffix(['!', '?']) {
                Some(bare) if infinitive.ends_with('!') => (bare, Form::Plural),
                Some(bare) => (bare, Form::Participle),
                None => (infinitive.as_str(), Form::Third),
            };
            if let Some(english) = file.verbs.get(infinitive) {
                verbs.insert(form.clone(), (english.clone(), kind));
            }
        }
        // `ajusto la pauta`, `revisamos las fotos`: who writes the prompt does it, where the form is no other word.
        let mut we = file.we;
        for (infinitive, english) in &file.verbs {
            for (form, who) in first_person(infinitive) {
                let other = file.nouns.contains_key(&form)
                    || file.glue.contains_key(&form)
                    || file.adjectives.contains_key(&form)
                    || file.phrases.contains_key(&form)
                    || verbs.contains_key(&form)
                    || NOUNS_IN_O.contains(&form.as_str());
                if !other {
                    we.entry(form).or_insert_with(|| format!("{who} {english}"));
                }
            }
        }
        Lexicon {
            glue: file.glue,
            phrases: file.phrases,
            we,
            names: file.names,
            accents: file.accents.split_whitespace().map(|word| (fold(word), word.to_owned())).collect(),
            nouns: file.nouns,
            adjectives: file.adjectives,
            verbs,
        }
    })
}

/// What ends as a verb of the first person does and is a noun as often.
const NOUNS_IN_O: &[&str] = &[
    "registro", "peso", "cobro", "pago", "trato", "cuido", "cargo", "archivo", "retiro", "envio", "aviso",
    "cambio", "dibujo", "uso", "cuento", "llamo", "control", "cierro", "reviso", "vacuno", "marco", "libro",
    "proceso", "giro", "deposito",
];

fn first_person(infinitive: &str) -> Vec<(String, &'static str)> {
    let Some(stem) = infinitive.get(..infinitive.len().saturating_sub(2)) else { return Vec::new() };
    let many = match infinitive.get(infinitive.len() - 2..) {
        Some("ar") => "amos",
        Some("er") => "emos",
        _ => "imos",
    };
    vec![(format!("{stem}o"), "i"), (format!("{stem}{many}"), "we")]
}

fn conjugate(infinitive: &str) -> Vec<(String, Form)> {
    let Some(stem) = infinitive.get(..infinitive.len().saturating_sub(2)) else { return Vec::new() };
    let (third, plural, past) = match infinitive.get(infinitive.len() - 2..) {
        Some("ar") => ("a", "an", "ad"),
        _ => ("e", "en", "id"),
    };
    let mut out = vec![
        (infinitive.to_owned(), Form::Infinitive),
        (format!("{stem}{third}"), Form::Third),
        (format!("{stem}{plural}"), Form::Plural),
    ];
    out.extend(["o", "a", "os", "as"].map(|ending| (format!("{stem}{past}{ending}"), Form::Participle)));
    out
}

/// The subjunctive: `registre`, `registren`, `vea`.
fn wished(infinitive: &str) -> Vec<(String, Form)> {
    let Some(stem) = infinitive.get(..infinitive.len().saturating_sub(2)) else { return Vec::new() };
    let ar = infinitive.ends_with("ar");
    let stem = match stem.get(stem.len().saturating_sub(1)..) {
        Some("c") if ar => format!("{}qu", &stem[..stem.len() - 1]),
        Some("g") if ar => format!("{stem}u"),
        Some("z") if ar => format!("{}c", &stem[..stem.len() - 1]),
        _ => stem.to_owned(),
    };
    let (third, plural) = if ar { ("e", "en") } else { ("a", "an") };
    vec![(format!("{stem}{third}"), Form::Third), (format!("{stem}{plural}"), Form::Plural)]
}

impl Lexicon {
    /// Whether a word is one that only Spanish sentences are glued with.
    pub(super) fn tells_spanish(&self, word: &str) -> bool {
        !matches!(word, "a" | "no" | "me" | "son" | "es" | "solo" | "menos" | "le" | "e" | "o" | "u")
            && (self.glue.contains_key(word) || self.we.contains_key(word))
            || self.nouns.contains_key(word)
                && !matches!(
                    word,
                    "plan"
                        | "hospital"
                        | "dental"
                        | "app"
                        | "total"
                        | "stock"
                        | "software"
                        | "personal"
                        | "doctor"
                        | "director"
                        | "supervisor"
                        | "media"
                        | "residencia"
                        | "via"
                        | "familiar"
                        | "tutor"
                        | "fin"
                )
            || self
                .noun(word)
                .is_some_and(|(english, plural)| plural && english != word && !word.starts_with(&english))
    }

    /// Whether any list knows the word.
    pub(super) fn knows(&self, word: &str) -> bool {
        self.glue.contains_key(word) || self.noun(word).is_some() || self.verbs.contains_key(word)
    }

    /// What a folded word is; `None` for words of no list.
    pub(super) fn word(&self, word: &str) -> Option<Word> {
        if let Some(glue) = self.glue.get(word) {
            return Some(Word::Glue(glue.clone()));
        }
        if let Some((english, plural)) = self.noun(word) {
            return Some(Word::Noun { english, spanish: singular(word), plural });
        }
        if let Some((english, form)) = self.verbs.get(word) {
            return Some(Word::Verb(english.clone(), *form));
        }
        self.adjective(word).map(Word::Adjective)
    }

    /// The verb that a word can be, whatever else it is.
    pub(super) fn verb(&self, word: &str) -> Option<(&str, Form)> {
        self.verbs.get(word).map(|(english, form)| (english.as_str(), *form))
    }

    fn noun(&self, word: &str) -> Option<(String, bool)> {
        if let Some(english) = self.nouns.get(word) {
            return Some((english.clone(), false));
        }
        let one = singular(word);
        (one != word).then(|| self.nouns.get(&one).map(|english| (english.clone(), true))).flatten()
    }

    /// The English of an adjective, in any gender and number.
    pub(super) fn adjective(&self, word: &str) -> Option<String> {
        let one = singular(word);
        let masculine = one.strip_suffix('a').map(|stem| format!("{stem}o"));
        [Some(one), masculine].into_iter().flatten().find_map(|form| self.adjectives.get(&form).cloned())
    }
}

/// The singular of a folded Spanish noun.
pub(super) fn singular(word: &str) -> String {
    let vowel = |c: char| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u');
    if let Some(stem) = word.strip_suffix("ces") {
        return format!("{stem}z");
    }
    if let Some(stem) = word.strip_suffix("es")
        && stem.len() > 2
        && stem.ends_with(['n', 'r', 'l', 'd', 'j'])
        // `padres`, `nombres`: the e is the noun's own.
        && stem.chars().rev().nth(1).is_some_and(vowel)
    {
        return stem.to_owned();
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && stem.ends_with(vowel) && !matches!(word, "dosis" | "analisis") => {
            stem.to_owned()
        }
        _ => word.to_owned(),
    }
}

/// The singular of a word as it is spelt: `planes` → `plan`, `sesiones` → `sesión`.
pub(super) fn singular_spelt(word: &str) -> String {
    let lower = word.to_lowercase();
    match lower.strip_suffix("iones") {
        Some(stem) => format!("{stem}ión"),
        None => singular(&lower),
    }
}

/// A word without its accents, in lower case.
pub(super) fn fold(word: &str) -> String {
    word.chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'á' | 'à' => 'a',
            'é' => 'e',
            'í' => 'i',
            'ó' => 'o',
            'ú' | 'ü' => 'u',
            'ñ' => 'n',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_known_in_their_forms() {
        for (many, one) in
            [("pacientes", "paciente"), ("sesiones", "sesion"), ("dosis", "dosis"), ("heridas", "herida")]
        {
            assert_eq!(singular(many), one);
        }
        assert_eq!(lexicon().word("registran"), Some(Word::Verb("record".into(), Form::Plural)));
        assert_eq!(lexicon().adjective("clinicas"), Some("clinical".into()));
        assert_eq!(fold("Teléfono"), "telefono");
    }
}
