//! Short references instead of names.

use crate::catalogue::RoleKind;
use crate::world::{Parsed, World};

/// Roles that are shown a short reference *instead of names*.
pub(crate) fn references(parsed: &[Parsed], world: &World) -> (Option<String>, Vec<String>) {
    let mut prefix = None;
    let mut roles = Vec::new();
    for Parsed { sentence, clauses } in parsed {
        let text = sentence.text.to_lowercase();
        let about =
            text.contains("reference") || text.contains("pseudonym") || text.contains("instead of name");
        if !about {
            continue;
        }
        prefix = prefix.or_else(|| reference_prefix(&sentence.text));
        for clause in clauses {
            for phrase in clause.subjects.iter() {
                let mut found = world.roles_of(phrase);
                if found.is_empty() {
                    for word in &phrase.words {
                        found.extend(world.roles_named(&crate::words::singular(word)));
                    }
                }
                for role in found {
                    let kind = world.roles.get(&role).map(|role| role.kind);
                    if !matches!(kind, Some(RoleKind::Panel | RoleKind::Subject | RoleKind::Owner))
                        && !roles.contains(&role)
                    {
                        roles.push(role);
                    }
                }
            }
        }
    }
    (prefix, roles)
}

/// `PT` from `PT-7F3A4B`.
fn reference_prefix(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').find_map(|word| {
        let (letters, code) = word.split_once('-')?;
        let fits = (1..=4).contains(&letters.len())
            && letters.bytes().all(|b| b.is_ascii_uppercase())
            && code.len() >= 3
            && code.bytes().any(|b| b.is_ascii_digit());
        fits.then(|| letters.to_owned())
    })
}
