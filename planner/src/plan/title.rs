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
    let named = prompt.split([',', ':', '.', '\n']).next().unwrap_or_default();
    let quotes = |c: char| matches!(c, '"' | '“' | '”');
    let product = named.split_whitespace().map(|word| word.trim_matches(quotes)).find(|word| {
        let inner = word.chars().skip(1).any(char::is_uppercase);
        // `HIPAA-compliant` is what every app is, and no name.
        // `MAs` are medical assistants.
        let letters = word.trim_end_matches('s').chars().all(char::is_uppercase);
        inner
            && !letters
            && word.split('-').all(|part| part.starts_with(char::is_uppercase))
            && word.chars().any(char::is_lowercase)
    });
    let said_head = first.head.clone().filter(|head| {
        !crate::naming::is_deed(head)
            && catalogue().entity(&key_of(head)).is_none()
            && catalogue().role(&key_of(head)).is_none()
            && !roles::is_role_head(head)
    });
    let product = product.map(|name| name.trim_matches(|c: char| !c.is_alphanumeric()));
    let head = said_head.as_ref().and_then(|_| first.text.split(':').next());
    let (text, greeting) = (first.text.clone(), crate::naming::greets(&first.text));
    let said_head = said_head.filter(|_| !greeting);
    let head = head.map(str::to_owned);
    let begun = sentences.get(1).filter(|_| greeting).map_or(text, |second| second.text.clone());
    let head = head.or_else(|| heading(prompt));
    world.title = crate::naming::title(product, head.as_deref(), &begun);
    let mut told = begun;
    // A table or a list of users comes first: what it is stands further down.
    let of_users = sentences.first().and_then(|one| one.under.as_deref()).is_some_and(roles::is_role_head);
    if (world.title == "Clinic" || of_users && heading(prompt).is_none())
        && let Some(other) = sentences
            .iter()
            .skip(1)
            .find(|one| crate::naming::says_what_it_is(&one.text) && one.under.is_none())
    {
        world.title = crate::naming::title(None, None, &other.text);
        told.clone_from(&other.text);
    }
    // A table of users alone names no product.
    if of_users
        && told == sentences.first().map(|one| one.text.clone()).unwrap_or_default()
        && heading(prompt).is_none()
    {
        world.title = "Clinic".into();
        told.clear();
    }
    world.about = crate::naming::about(&world.title, &told);
    let Some(first) = sentences.first_mut() else { return };
    if said_head.is_some()
        && (product.is_some() || first.under.is_none())
        && first.tokens.len() > 3
        && !first.text.contains(" (")
    {
        first.head = None;
    }
}

/// `# Oncology nurse navigation`: a heading over everything.
fn heading(prompt: &str) -> Option<String> {
    let first = prompt.lines().map(str::trim).find(|line| !line.is_empty())?;
    let said = first.strip_prefix('#')?.trim_start_matches('#').trim();
    (1..=8).contains(&said.split_whitespace().count()).then(|| said.to_owned())
}

/// Mends single slips of the pen in words that are nearly the catalogue's.
pub(crate) fn respell(sentences: &mut [Sentence]) {
    let mut seen: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut mend = |word: &str| {
        let one = singular(word);
        let known = catalogue().role(&one).is_some()
            || catalogue().entity(&one).is_some()
            || catalogue().field(&one).is_some();
        if word.len() < 5 || known || crate::words::verb(word).is_some() || crate::words::is_glue(word) {
            return None;
        }
        seen.entry(word.to_owned())
            .or_insert_with(|| match catalogue().respell(&one) {
                Some(near) if one == *word => Some(near.to_owned()),
                Some(near) => Some(format!("{near}s")),
                // `progres notes`: it ended in one `s` too few.
                None => catalogue().respell(word).filter(|near| near.ends_with("ss")).map(str::to_owned),
            })
            .clone()
    };
    for sentence in sentences {
        for token in &mut sentence.tokens {
            if let Token::Word(word) = token
                && let Some(mended) = mend(word)
            {
                *word = mended;
            }
        }
        for head in sentence.head.iter_mut().chain(&mut sentence.under) {
            let words: Vec<String> =
                head.split(' ').map(|word| mend(word).unwrap_or_else(|| word.to_owned())).collect();
            *head = words.join(" ");
        }
    }
}
