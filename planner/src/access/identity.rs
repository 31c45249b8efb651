//! `researchers read depth and area, de-identified`: whoever it is about stays unknown to them.

use super::{Deny, Rules};
use crate::clauses::{Clause, Phrase};
use crate::world::World;

/// Takes the words that say so out of a clause, and denies its roles every identifier of the person.
pub(super) fn unidentified(
    clause: &Clause,
    roles: &[String],
    world: &World,
    rules: &mut Rules,
) -> Option<Clause> {
    let mut found = false;
    let mut strip = |phrase: &Phrase| {
        let words = bare(&phrase.words);
        found |= words.len() < phrase.words.len();
        Phrase { words, ..phrase.clone() }
    };
    let objects: Vec<Phrase> =
        clause.objects.iter().map(&mut strip).filter(|phrase| !phrase.words.is_empty()).collect();
    if !found || clause.not {
        return None;
    }
    let subject = world.subject()?;
    let identity = crate::grants::identity_fields(world, subject);
    for role in roles {
        rules.denies.push(Deny {
            role: role.clone(),
            entity: subject.to_owned(),
            fields: Some(identity.clone()),
            changes_only: false,
            itself: true,
            deletes_only: false,
        });
    }
    Some(Clause { objects, ..clause.clone() })
}

/// Words without `de-identified` and its like.
fn bare(words: &[String]) -> Vec<String> {
    const SAID: &[&str] = &[
        "deidentified",
        "de identified",
        "anonymized",
        "anonymised",
        "anonymous",
        "anonymously",
        "pseudonymized",
        "pseudonymised",
        "unidentified",
    ];
    let mut out = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let two = words.get(at + 1).is_some_and(|next| words[at] == "de" && next == "identified");
        match (two, SAID.contains(&words[at].as_str())) {
            (true, _) => at += 2,
            (false, true) => at += 1,
            (false, false) => {
                out.push(words[at].clone());
                at += 1;
            }
        }
    }
    out
}
