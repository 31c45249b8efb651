//! `Staff sign in with Microsoft`, `with their hospital login`: by the identity provider of the organisation.

use super::Automatic;
use super::people::{mentions, works};
use crate::world::{Parsed, World};

/// Reads how people sign in; whether the sentence was about nothing else.
pub(super) fn read(one: &Parsed, world: &mut World, out: &mut Automatic) -> bool {
    let tokens = &one.sentence.tokens;
    let text = one.sentence.plain();
    let has = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(&format!(" {phrase} ")));
    let named = has(&[
        "sso",
        "okta",
        "single sign on",
        "azure ad",
        "active directory",
        "entra",
        "entra id",
        "openid",
        "oidc",
    ]);
    let signs = has(&[
        "sign in",
        "signs in",
        "log in",
        "logs in",
        "login",
        "logins",
        "signing in",
        "logging in",
        "sign on",
        "enter",
        "enters",
    ]);
    let provider = has(&["google", "google workspace", "microsoft", "office 365", "microsoft 365", "azure"])
        || text.contains(" hospital login ")
        || has(&[
            "hospital account",
            "hospital accounts",
            "work account",
            "work accounts",
            "company account",
            "company login",
            "university login",
        ]);
    if !(named || signs && provider) {
        return false;
    }
    let denied = tokens
        .iter()
        .any(|token| token.word().is_some_and(|word| matches!(word, "no" | "not" | "never" | "without")));
    // Whoever is cared for has no account at the organisation.
    let people = mentions(tokens, world);
    let patients_only =
        !people.is_empty() && people.iter().all(|who| who.roles.iter().all(|role| !works(role, world)));
    if denied || patients_only {
        return false;
    }
    out.sso = true;
    world.assume("people who work there sign in by the organisation's own identity provider (OpenID Connect), once its owner has set it up");
    signs || named
}
