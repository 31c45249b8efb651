//! What a prompt speaks of without naming it as a record: the person cared for, and what is booked.

use super::{define, phrase_key};
use crate::{
    catalogue::{EntityKind, RoleKind, catalogue},
    features,
    sentences::Token,
    words::{Verb, singular},
    world::{Parsed, World},
};

/// The word for the person cared for, where no role has it: `caregivers visit clients`.
pub(crate) fn spoken_of(parsed: &[Parsed]) -> Option<String> {
    const ALSO_OTHERS: &[&str] = &[
        "member",
        "child",
        "student",
        "mother",
        "subject",
        "athlete",
        "donor",
        "employee",
        "worker",
        "pet",
        "animal",
        "baby",
        "kid",
        "player",
        "customer",
        "recipient",
        "attendee",
        "consumer",
        "pupil",
        "visitor",
        "couple",
        "infant",
        "son",
        "daughter",
        "woman",
    ];
    let mut second = None;
    for one in parsed {
        let mut before = "";
        let words: Vec<&str> = one.sentence.tokens.iter().filter_map(Token::word).collect();
        for (at, word) in words.iter().copied().enumerate() {
            let key = singular(word);
            // `pregnant women`, `expectant mothers`.
            let two = format!("{before} {key}");
            if catalogue().role(&two).is_some_and(|(kind, _)| kind == RoleKind::Subject) {
                return Some(two);
            }
            if catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject) {
                if !ALSO_OTHERS.contains(&key.as_str()) {
                    return Some(key);
                }
                let longer = format!("{} {key}", singular(before));
                // `customer service` is no customer.
                let next = words.get(at + 1).map(|next| format!("{key} {}", singular(next)));
                let other = [Some(longer), next]
                    .iter()
                    .flatten()
                    .filter_map(|name| catalogue().role(name))
                    .any(|(kind, _)| kind != RoleKind::Subject);
                if !other && !matches!(before, "family" | "staff" | "team" | "crew" | "care") {
                    second = second.or(Some(key));
                }
            }
            before = word;
        }
    }
    second
}

/// `Infusion center scheduling`, `create a weekly schedule`: somebody books, and nothing to book was named.
pub(crate) fn appointments(parsed: &[Parsed], world: &mut World) {
    let books = parsed.iter().any(|one| {
        let text = one.sentence.plain();
        [" scheduling ", " booking ", " bookings ", " book online ", " calendar of ", " agenda "]
            .iter()
            .any(|word| text.contains(word))
    });
    // `Receptionists book`, `my assistant books them`: what is booked of nothing that is written down is a time.
    let booked = parsed
        .iter()
        .filter(|one| !features::settles(&one.sentence))
        .flat_map(|one| &one.clauses)
        .any(|clause| {
            let written = clause.objects.iter().any(|phrase| {
                let named = world.entity_of(&phrase.words).and_then(|name| world.entities.get(&name));
                named.is_some_and(|entity| entity.kind == EntityKind::Clinical)
            });
            clause.does(crate::words::Verb::Book) && !clause.not && !clause.subjects.is_empty() && !written
        });
    let books = books || booked;
    let scheduled = world.entities.values().any(|entity| entity.kind == EntityKind::Schedule);
    if books
        && !scheduled
        && let Some(name) = define("appointment", world, false)
    {
        world.assume(format!("a record `{name}`: what is booked"));
    }
}

/// The deeds of which a prompt speaks as of things that happen again and again, where it speaks of no visits.
pub(super) fn events(parsed: &[Parsed]) -> Vec<String> {
    const DEEDS: &[&str] = &[
        "treatment",
        "session",
        "scan",
        "screening",
        "exam",
        "fitting",
        "check",
        "round",
        "encounter",
        "test",
    ];
    let words: Vec<&str> =
        parsed.iter().flat_map(|one| one.sentence.tokens.iter().filter_map(Token::word)).collect();
    if words.iter().any(|word| matches!(singular(word).as_str(), "visit" | "appointment")) {
        return Vec::new();
    }
    let told = |deed: &str| {
        words.windows(2).any(|pair| {
            singular(pair[1]) == deed
                && (matches!(pair[0], "each" | "every" | "per" | "after" | "missed" | "before" | "during")
                    || pair[1] != deed)
        })
    };
    DEEDS.iter().filter(|deed| told(deed)).map(|deed| (*deed).to_owned()).collect()
}

/// Who is said to do to people what is written down under the name of the deed.
pub(super) fn doers(parsed: &[Parsed], world: &World) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for clause in parsed.iter().flat_map(|one| &one.clauses).filter(|clause| !clause.not && !clause.passive) {
        let deeds = clause.verbs.iter().filter_map(|(_, word)| crate::plan::deed_named(word));
        for deed in deeds {
            let people = clause.objects.iter().any(|phrase| {
                let key = phrase_key(phrase);
                key == "person" || catalogue().role(&key).is_some_and(|(kind, _)| kind == RoleKind::Subject)
            });
            let works = |role: &String| {
                world
                    .roles
                    .get(role)
                    .is_some_and(|role| matches!(role.kind, RoleKind::Panel | RoleKind::Care))
            };
            let roles = clause
                .subjects
                .iter()
                .flat_map(|phrase| world.roles_of(phrase))
                .filter(|role| people && works(role));
            out.extend(roles.map(|role| (role, deed.to_owned())));
        }
    }
    out
}

/// Kinds of records that somebody works with by themselves.
pub(super) fn worked_with(parsed: &[Parsed]) -> Vec<String> {
    let worked_with = parsed.iter().flat_map(|one| &one.clauses).filter(|clause| {
        clause.verbs.iter().any(|(verb, _)| {
            matches!(verb, Verb::View | Verb::Create | Verb::Update | Verb::Sign | Verb::Manage)
        }) && !clause.not
    });
    worked_with
        .flat_map(|clause| clause.objects.iter().map(|phrase| (phrase, clause.objects.len())))
        .filter(|(phrase, count)| {
            *count == 1
                && phrase.of.is_empty()
                && phrase.words.last().is_some_and(|word| singular(word) != *word)
        })
        .map(|(phrase, _)| phrase_key(phrase))
        .collect()
}
