//! `Schedulers see contact info only`: a number without its name reaches nobody.

use super::Rules;
use crate::automatic::roles_in;
use crate::words::key_of;
use crate::world::{Parsed, World};

/// Whoever sees how to reach somebody sees whom; what the prompt denies is taken away afterwards.
pub(crate) fn named_contacts(parsed: &[Parsed], world: &World, rules: &mut Rules) {
    let Some(subject) = world.subject() else { return };
    let Some(entity) = world.entities.get(subject).filter(|entity| entity.fields.contains_key("name")) else {
        return;
    };
    let group: Vec<String> = ["phone", "email", "address"]
        .iter()
        .filter(|name| entity.fields.contains_key(**name))
        .map(|name| (*name).to_owned())
        .collect();
    for one in parsed {
        let text = one.sentence.plain();
        let narrowed =
            [" name ", " names ", " anonymous ", " not ", " never "].iter().any(|word| text.contains(word));
        let spoken = [" contact info ", " contact information ", " contact details ", " contact data "]
            .iter()
            .any(|said| text.contains(said));
        if !spoken || narrowed {
            continue;
        }
        let roles = roles_in(&one.sentence.tokens, world);
        for allow in &mut rules.allows {
            let whole = allow.fields.as_ref().is_some_and(|fields| {
                group.len() > 1
                    && fields.len() == group.len()
                    && group.iter().all(|name| fields.iter().any(|field| key_of(field) == *name))
            });
            if whole
                && allow.verb == "view"
                && allow.entity == subject
                && roles.contains(&allow.role)
                && let Some(fields) = &mut allow.fields
            {
                fields.insert(0, "name".into());
            }
        }
    }
}
