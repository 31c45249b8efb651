//! The name of the product, and slips of the pen.

use crate::catalogue::catalogue;
use crate::roles;
use crate::sentences::{Sentence, Token};
use crate::words::{key_of, singular};
use crate::world::World;
use std::collections::BTreeMap;

/// The product's name: what stands before the first colon, behind `Build`, or the first words.
pub(crate) fn title(prompt: &str, sentences: &mut [Sentence], world: &mut World) {
    let Some(first) = sentences.first_mut() else { return };
    world.about = first.text.chars().take(300).collect();
    let named = prompt.split([',', ':', '.', '\n']).next().unwrap_or_default();
    let product = named.split_whitespace().find(|word| {
        let inner = word.chars().skip(1).any(char::is_uppercase);
        inner && word.chars().next().is_some_and(char::is_uppercase) && word.chars().any(char::is_lowercase)
    });
    let said_head = first.head.clone().filter(|head| {
        catalogue().entity(&key_of(head)).is_none()
            && catalogue().role(&key_of(head)).is_none()
            && !roles::is_role_head(head)
    });
    world.title = match (product, &said_head) {
        (Some(name), _) => name.trim_matches(|c: char| !c.is_alphanumeric()).to_owned(),
        (None, Some(_)) => first.text.split(':').next().unwrap_or_default().trim().to_owned(),
        (None, None) => shorten(&first.text),
    };
    if said_head.is_some()
        && (product.is_some() || first.under.is_none())
        && first.tokens.len() > 3
        && !first.text.contains(" (")
    {
        first.head = None;
    }
    if world.title.is_empty() {
        world.title = "Clinic".into();
    }
}

/// The first words of a sentence as a title.
fn shorten(text: &str) -> String {
    let words: Vec<&str> = text
        .split_whitespace()
        .skip_while(|word| {
            matches!(
                word.to_lowercase().as_str(),
                "an" | "a"
                    | "the"
                    | "i"
                    | "we"
                    | "build"
                    | "me"
                    | "want"
                    | "need"
                    | "make"
                    | "create"
                    | "please"
                    | "run"
                    | "my"
                    | "our"
                    | "app"
                    | "application"
                    | "for"
                    | "to"
                    | "would"
                    | "like"
                    | "quiero"
                    | "necesito"
                    | "queremos"
                    | "necesitamos"
                    | "una"
                    | "un"
                    | "la"
                    | "el"
                    | "aplicación"
                    | "para"
                    | "mi"
                    | "software"
                    | "de"
            )
        })
        .take_while(|word| !matches!(word.to_lowercase().as_str(), "that" | "where" | "which" | "who"))
        .take(5)
        .collect();
    let mut title: String = words.join(" ").chars().filter(|c| !c.is_control()).take(60).collect();
    if let Some(at) = title.find([':', ',', '.', '(']) {
        title.truncate(at);
    }
    let mut letters = title.trim().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Mends single slips of the pen in words that are nearly the catalogue's.
pub(crate) fn respell(sentences: &mut [Sentence]) {
    let mut seen: BTreeMap<String, Option<String>> = BTreeMap::new();
    for sentence in sentences {
        for token in &mut sentence.tokens {
            let Token::Word(word) = token else { continue };
            if word.len() < 6 || crate::words::verb(word).is_some() || crate::words::is_glue(word) {
                continue;
            }
            let mended = seen.entry(word.clone()).or_insert_with(|| {
                let one = singular(word);
                let near = catalogue().respell(&one)?;
                Some(if one == *word { near.to_owned() } else { format!("{near}s") })
            });
            if let Some(mended) = mended {
                *word = mended.clone();
            }
        }
    }
}
