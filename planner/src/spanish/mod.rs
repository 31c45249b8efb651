//! Prompts in Spanish, read by the same grammar.
//!
//! Word by word into the English that the grammar knows (shallow transfer, as machine translation calls
//! it): phrases first, then nouns, adjectives and verbs in their forms; nouns joined by *de* and adjectives
//! behind their noun change places. What each English name was in Spanish is kept, so that the plan speaks
//! Spanish again. The words are data, in `catalogue/spanish.toml`.

mod lexicon;
mod names;
mod transfer;

pub(crate) use names::Names;

use crate::sentences::{Sentence, Token};
use lexicon::{fold, lexicon};

/// Whether a prompt is in Spanish: more of its words glue Spanish sentences than English ones.
pub(crate) fn is_spanish(sentences: &[Sentence]) -> bool {
    let (mut spanish, mut english) = (0_usize, 0_usize);
    for sentence in sentences {
        let head = sentence.head.iter().flat_map(|head| head.split(' '));
        for word in head.chain(sentence.tokens.iter().filter_map(Token::word)) {
            let word = fold(word);
            spanish += usize::from(lexicon().tells_spanish(&word));
            let shared = matches!(word.as_str(), "a" | "no" | "me" | "i" | "he" | "as" | "so");
            english += usize::from(!shared && crate::words::is_glue(&word) && !lexicon().knows(&word));
        }
    }
    spanish > 1 && spanish > english
}

/// Sentences of Spanish tokens as sentences of English ones, and what the names were.
pub(crate) fn read(sentences: Vec<Sentence>) -> (Vec<Sentence>, Names) {
    let mut names = Names::default();
    for word in sentences.iter().flat_map(|sentence| sentence.text.split(|c: char| !c.is_alphabetic())) {
        names.spell(word);
        names.spell(&lexicon::singular_spelt(word));
    }
    let said = |words: &[&str]| {
        sentences.iter().flat_map(|sentence| sentence.text.split(|c: char| !c.is_alphabetic())).any(|word| {
            let word = fold(word);
            words.iter().any(|known| word == *known || word == format!("{known}s"))
        })
    };
    let cared_for =
        ["paciente", "cliente", "residente", "alumno", "nino", "gestante", "embarazada", "bebe", "donante"];
    names.users_are_cared_for = !said(&cared_for)
        && said(&[
            "cuidador",
            "cuidadora",
            "enfermera",
            "enfermero",
            "medico",
            "medica",
            "terapeuta",
            "auxiliar",
        ]);
    // `la enfermera … a la enfermería`: where she works, and nobody besides her.
    let has_nurse = said(&["enfermera", "enfermero"]);
    let place = |token: Token| match token {
        Token::Word(word) if has_nurse && fold(&word) == "enfermeria" => Token::Word("clinica".into()),
        token => token,
    };
    let read = sentences
        .into_iter()
        .map(|mut sentence| {
            sentence.tokens = sentence.tokens.into_iter().map(place).collect();
            let plain = |text: &str, names: &mut Names| {
                transfer::transfer(&crate::sentences::tokens(text), names)
                    .iter()
                    .filter_map(Token::word)
                    .filter(|word| !matches!(*word, "the" | "a"))
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            Sentence {
                head: sentence.head.as_deref().map(|head| plain(head, &mut names)),
                under: sentence.under.as_deref().map(|under| plain(under, &mut names)),
                tokens: crate::idioms::plainly(transfer::transfer(&sentence.tokens, &mut names)),
                text: sentence.text,
            }
        })
        .collect();
    (read, names)
}
