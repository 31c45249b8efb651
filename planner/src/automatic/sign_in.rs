//! `Staff sign in with Microsoft`, `with their hospital login`: by the identity provider of the organisation.

use super::Automatic;
use super::people::{mentions, works};
use crate::sentences::Token;
use crate::world::{Parsed, World};

/// `Lock after 5 bad attempts`, `log out after 10 minutes of inactivity`: as far as it is no laxer than the floor.
fn numbers(one: &Parsed, out: &mut Automatic) -> bool {
    let text = one.sentence.plain();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(&format!(" {word} ")));
    let numbers = one.sentence.tokens.iter().enumerate().filter_map(|(at, token)| match token {
        Token::Number(number) => {
            Some((number.parse::<u32>().ok()?, one.sentence.tokens.get(at + 1)?.word()?))
        }
        Token::Word(word) => {
            Some((crate::words::number_word(word)?, one.sentence.tokens.get(at + 1)?.word()?))
        }
        _ => None,
    });
    let bad = ["bad", "failed", "wrong", "incorrect", "unsuccessful", "invalid", "attempts", "tries"];
    let locks = has(&["lock", "locks", "locked", "lockout", "block", "blocked"]);
    let idle = has(&[
        "idle",
        "inactive",
        "inactivity",
        "timeout",
        "time out",
        "times out",
        "log out",
        "logs out",
        "logout",
        "sign out",
        "logged out",
        "signed out",
        "unattended",
    ]);
    for (number, next) in numbers {
        if locks && bad.contains(&next) && (1..=8).contains(&number) {
            out.sign_in.insert("attempts", number.to_string());
        } else if idle && matches!(next, "minute" | "minutes" | "min" | "mins") && (1..=60).contains(&number)
        {
            out.sign_in.insert("idle", format!("{number} minutes"));
        } else {
            continue;
        }
        out.settle(one, &[]);
        return true;
    }
    false
}

/// Reads how people sign in; whether the sentence was about nothing else.
pub(super) fn read(one: &Parsed, world: &mut World, out: &mut Automatic) -> bool {
    let tokens = &one.sentence.tokens;
    if numbers(one, out) {
        return false;
    }
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
    out.sign_in.insert("sso", "oidc".into());
    world.assume("people who work there sign in by the organisation's own identity provider (OpenID Connect), once its owner has set it up");
    signs || named
}
