//! What the floor refuses: safeguards that a prompt would switch off, and records that a clock would delete.

use super::Refused;
use crate::features;
use crate::world::Parsed;

/// How somebody asks for less.
const OFF: &[&str] = &[
    "no ",
    "without ",
    "turn off ",
    "switch off ",
    "disable ",
    "skip ",
    "don't need ",
    "do not need ",
    "not need ",
    "no need for ",
    "no need to have ",
    "don't bother ",
    "do not bother ",
    "don't want ",
    "do not want ",
    "get rid of ",
    "leave out ",
    "sin ",
    "desactivar ",
    "desactiva ",
    "apagar ",
    "quitar ",
];

/// What stands between the asking and what is asked for.
const BETWEEN: &[&str] =
    &["", "the ", "any ", "all ", "with ", "about ", "your ", "la ", "el ", "las ", "los "];

/// Safeguards by the words that begin their names, why they stay, and what there is instead.
const SAFEGUARDS: &[(&[&str], &str, &str)] = &[
    (
        &["audit", "logging of access", "access log", "registro de auditor", "auditor"],
        "every app logs who saw what (45 CFR 164.312(b))",
        "the audit log stays on",
    ),
    (
        &["encrypt", "cifrad", "cifrar", "encripta"],
        "patient data is encrypted at rest (45 CFR 164.312(a)(2)(iv))",
        "encryption stays on",
    ),
    (
        &["login", "password", "logging in", "signing in", "contrase"],
        "patient data is shown to nobody unknown (45 CFR 164.312(d))",
        "people sign in",
    ),
    (
        &["mfa", "2fa", "two factor", "two-factor", "second factor", "doble factor"],
        "privileged roles sign in with a second factor",
        "MFA stays on for privileged roles",
    ),
    (
        &["access control", "permission check", "permissions check", "access check"],
        "who sees what is decided by role (45 CFR 164.312(a)(1))",
        "access stays by role",
    ),
];

/// What the floor refuses, in the prompt's own words.
pub(crate) fn refusals(parsed: &[Parsed], audit_years: Option<u32>) -> Vec<Refused> {
    let mut out: Vec<Refused> = Vec::new();
    for Parsed { sentence, .. } in parsed {
        let refused = |why: &str, instead: &str| Refused {
            said: sentence.text.clone(),
            why: why.into(),
            instead: instead.into(),
        };
        let text = sentence.text.to_lowercase();
        for (names, why, instead) in SAFEGUARDS {
            if names.iter().any(|name| switched_off(&text, name)) {
                out.push(refused(why, instead));
            }
        }
        if audit_years.is_some_and(|years| years < 6) && features::audit_years(sentence).is_some() {
            out.push(refused(
                "audit logs are kept at least 6 years (45 CFR 164.316(b)(2))",
                "they are kept 6 years or longer",
            ));
        }
        if features::deletes_by_the_clock(sentence) {
            out.push(refused(
                "records of care are kept for years by law, and what proves compliance for 6 (45 CFR 164.316(b)(2)(i)); no clock deletes them",
                "records are kept; who is erased is erased by a decision that is logged",
            ));
        }
    }
    out
}

/// `turn off the audit log`, `turn the audit log off`; that patients have no login of their own is no such wish.
fn switched_off(text: &str, name: &str) -> bool {
    if name == "login"
        && [" have no login", " has no login", ", no login", " get no login", " gets no login"]
            .iter()
            .any(|said| text.contains(said))
    {
        return false;
    }
    // `no logins or audit`: each of what is listed.
    let listed = |off: &str| {
        text.match_indices(off).any(|(at, _)| {
            let rest = text[at + off.len()..].split(['.', ';', ':']).next().unwrap_or_default();
            let rest = rest.split(" but ").next().unwrap_or_default();
            let mut pieces = rest.split(" or ").take(4);
            pieces.any(|piece| {
                BETWEEN
                    .iter()
                    .any(|between| piece.strip_prefix(between).is_some_and(|bare| bare.starts_with(name)))
            })
        })
    };
    let asked = OFF.iter().any(|off| listed(off));
    let split = ["turn ", "switch "].iter().any(|verb| text.contains(verb))
        && text.split_once(name).is_some_and(|(_, rest)| rest.contains(" off"));
    asked || split
}

#[cfg(test)]
mod tests {
    use super::switched_off;

    /// HC-2: however it is said, what a prompt would switch off is heard.
    #[test]
    fn safeguards_are_switched_off_in_many_words() {
        for (said, name) in [
            ("please turn off the audit log", "audit"),
            ("turn the audit log off", "audit"),
            ("don't bother encrypting the photos", "encrypt"),
            ("no passwords for staff", "password"),
            ("no need for logins or audit, everyone can see everything", "audit"),
            ("sin cifrado", "cifrad"),
        ] {
            assert!(switched_off(said, name), "{said}");
        }
        assert!(!switched_off("parents have no login", "login"));
        assert!(!switched_off("parents get no login", "login"));
        assert!(!switched_off("the audit log is on", "audit"));
    }
}
