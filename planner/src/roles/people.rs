//! Which phrases name people: by their last word, by what they do, and what is a tool although it sounds like somebody.

use super::words_key;
use crate::{
    catalogue::{RoleKind, catalogue},
    clauses::{Clause, Phrase},
    words::{Verb, key, singular},
};

/// Whether a phrase of two or three words names people by its last: `shot nurse`, `clinical director`.
pub(super) fn is_crew(phrase: &Phrase) -> bool {
    let Some((last, first)) = phrase.words.split_last() else { return false };
    let qualified = (1..=2).contains(&first.len())
        && phrase.of.is_empty()
        && first
            .iter()
            .all(|word| !crate::words::is_glue(word) && catalogue().role(&singular(word)).is_none());
    let worker = catalogue().role(&singular(last)).is_some_and(|(kind, name)| {
        !matches!(kind, RoleKind::Subject | RoleKind::Proxy | RoleKind::Support)
            && !matches!(
                name,
                "office"
                    | "billing"
                    | "staff"
                    | "sales"
                    | "lab"
                    | "laboratory"
                    | "school"
                    | "hr"
                    | "court"
                    | "police"
                    | "management"
                    | "pharmacy"
                    | "warehouse"
                    | "support"
                    | "finance"
                    | "marketing"
                    | "corporate"
                    | "dispatch"
                    | "leadership"
                    | "headquarters"
                    | "accounting"
            )
    });
    qualified
        && worker
        && !first.iter().any(|word| word == "ai")
        && catalogue().entity(&words_key(phrase)).is_none()
}

/// As [`is_crew`], from a name: `custody officer`.
pub(crate) fn is_crew_name(key: &str) -> bool {
    let words: Vec<String> = key.split(' ').map(str::to_owned).collect();
    is_crew(&Phrase { words, ..Phrase::default() })
}

/// `a medical coding assistant`, `the AI vendor`: what the app is or calls, where nobody of that name acts.
pub(super) fn is_tool(phrase: &Phrase) -> bool {
    phrase.words.iter().any(|word| word == "ai")
        || phrase.words.last().is_some_and(|word| {
            matches!(
                singular(word).as_str(),
                "assistant"
                    | "scribe"
                    | "vendor"
                    | "coach"
                    | "monitor"
                    | "sponsor"
                    | "supplier"
                    | "analyst"
                    | "trainer"
                    | "coder"
            )
        })
}

/// The role in `nutritionist app`, `booking app` having none.
pub(super) fn of_the_app(phrase: &Phrase) -> Option<String> {
    let (last, first) = phrase.words.split_last()?;
    let app = matches!(
        last.as_str(),
        "app" | "application" | "tool" | "software" | "platform" | "system" | "portal" | "tracker"
    );
    // `midwife practice app`: of the midwives.
    let first = match first.split_last() {
        Some((place, whose))
            if matches!(place.as_str(), "practice" | "clinic" | "office") && !whose.is_empty() =>
        {
            whose
        }
        _ => first,
    };
    let name = key(&first.iter().map(String::as_str).collect::<Vec<_>>());
    let cares =
        catalogue().role(&name).is_some_and(|(kind, _)| matches!(kind, RoleKind::Panel | RoleKind::Care));
    (app && cares).then_some(name)
}

/// `the county health department gets counts`, `the funder gets a report`: a body outside, whose people get in.
pub(super) fn is_outside_body(phrase: &Phrase) -> bool {
    let last = phrase.words.last().map(|word| singular(word)).unwrap_or_default();
    let named = phrase.words.len() > 1
        && matches!(
            last.as_str(),
            "dept" | "department" | "agency" | "authority" | "registry" | "company" | "firm"
        );
    phrase.words.len() <= 4
        && phrase.of.is_empty()
        && (named || matches!(last.as_str(), "funder" | "insurer" | "ministry" | "grantor" | "regulator"))
        && catalogue().entity(&words_key(phrase)).is_none()
}

/// Whether an unknown phrase before this verb can only be people.
pub(super) fn agentive(phrase: &Phrase, clause: &Clause) -> bool {
    const THINGS: &[&str] = &[
        "app",
        "system",
        "platform",
        "software",
        "dashboard",
        "page",
        "report",
        "email",
        "reminder",
        "message",
        "notification",
        "form",
        "list",
        "chart",
        "screen",
        "calendar",
        "alert",
        "portal",
        "tool",
        "record",
        "note",
        "entry",
        "data",
        "button",
        "link",
        "view",
        "history",
        "log",
        "user",
        "order",
        "number",
        "computer",
        "server",
        "website",
        "web",
        "tracker",
        "scheduler",
        "answer",
        "letter",
        "folder",
        "reader",
        "timer",
        "layer",
        "score",
        "everyone",
        "whoever",
        "anyone",
        "it",
        "who",
        "they",
        "we",
        "i",
        "you",
        "he",
        "she",
        "them",
        "ai",
        "clinic",
        "practice",
        "hospital",
        "office",
        "center",
        "centre",
        "ward",
        "paper",
        "encounter",
        "filter",
        "header",
        "footer",
        "newsletter",
        "number",
        "provider",
        "organization",
        "printer",
        "product",
        "sensor",
        "factor",
        "error",
        "calculator",
        "indicator",
        "document",
        "treatment",
        "appointment",
        "assessment",
        "payment",
        "agreement",
        "patient",
        "that",
        "which",
        "person",
        "people",
        "public",
        "card",
        "erasure",
        "group",
        "cohort",
        "everything",
    ];
    let Some(last) = phrase.words.last() else { return false };
    let one = singular(last);
    let sees_it = clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "see" | "sees"));
    // `outside hospitals can only see …`: their people.
    if sees_it
        && !phrase.all
        && !phrase.article
        && matches!(one.as_str(), "hospital" | "clinic" | "practice" | "organization" | "school" | "agency")
    {
        return true;
    }
    // `clinic users`: those of the clinic.
    let users = one == "user" && phrase.words.len() == 2;
    if phrase.words.len() > 3 || THINGS.contains(&one.as_str()) && !users || !phrase.of.is_empty() {
        return false;
    }
    let name = words_key(phrase);
    // `the workshop sees the brace order`: only people see, even where the word is more often a thing.
    let looks = clause.verbs.iter().any(|(_, word)| matches!(word.as_str(), "see" | "sees"));
    let place = matches!(
        one.as_str(),
        "store"
            | "shop"
            | "branch"
            | "site"
            | "location"
            | "ward"
            | "house"
            | "department"
            | "facility"
            | "unit"
    );
    if looks
        && phrase.article
        && !phrase.all
        && !place
        && matches!(clause.subjects.as_slice(), [_])
        && catalogue().field(&name).is_none()
        && catalogue()
            .entity(&name)
            .is_some_and(|(concept, _)| concept.kind == crate::catalogue::EntityKind::Thing)
    {
        return true;
    }
    if catalogue().entity(&name).is_some()
        || catalogue().field(&name).is_some()
        || catalogue().entity(&one).is_some()
    {
        return false;
    }
    let acts = clause.verbs.iter().any(|(verb, _)| {
        matches!(
            verb,
            Verb::View
                | Verb::Create
                | Verb::Update
                | Verb::Book
                | Verb::Review
                | Verb::Upload
                | Verb::Delete
                | Verb::Manage
                | Verb::Assign
                | Verb::Sign
        )
    });
    // `adopters apply with a form`.
    let acts = acts || clause.verbs.iter().any(|(_, word)| crate::words::base(word) == Some("apply"));
    const ENDINGS: &[&str] = &[
        "er", "or", "ist", "ian", "ant", "ee", "eer", "man", "woman", "lady", "person", "staff", "mom",
        "dad", "ive", "ete", "lead",
    ];
    // Only people see and read, whatever they are called.
    let sees = clause.verbs.iter().any(|(verb, word)| {
        *verb == Verb::View
            && matches!(
                crate::words::base(word),
                Some("see" | "read" | "view" | "access" | "open" | "browse" | "search" | "consult")
            )
    }) && phrase.words.len() <= 3
        && !crate::words::is_glue(&one)
        && !phrase.words.iter().any(|word| word == "ai")
        && !matches!(one.as_str(), "team" | "staff" | "people" | "person" | "someone" | "everybody")
        && crate::words::verb(&one).is_none_or(|_| phrase.words.len() > 1);
    // Only people write, prescribe and approve.
    let writes = clause.verbs.iter().any(|(_, word)| {
        matches!(
            crate::words::base(word),
            Some("write" | "document" | "prescribe" | "diagnose" | "approve" | "sign" | "cosign" | "examine")
        )
    }) && phrase.words.len() <= 2
        && (one != *last || phrase.article)
        && !crate::words::is_glue(&one)
        && crate::words::verb(&one).is_none()
        && !clause.passive
        && !matches!(one.as_str(), "team" | "staff" | "people" | "person" | "someone" | "everybody");
    let denied = clause.not
        && clause.modal
        && phrase.words.len() == 1
        && !clause.passive
        && !crate::words::is_glue(&one)
        // `guides can't see prescriptions`: several of them, though the word is as often a verb.
        && (one != *last || crate::words::verb(&one).is_none_or(|_| one.ends_with("ing")))
        && !matches!(one.as_str(), "team" | "staff" | "people" | "person" | "someone" | "everybody");
    acts && (sees || writes || denied || ENDINGS.iter().any(|ending| one.ends_with(ending)))
}

/// `within 6 months`: no people, whatever stands behind them.
pub(super) fn is_time(name: &str) -> bool {
    name.rsplit(' ').next().is_some_and(|last| {
        matches!(
            last,
            "minute"
                | "hour"
                | "day"
                | "week"
                | "month"
                | "quarter"
                | "year"
                | "night"
                | "morning"
                | "evening"
                | "weekend"
                | "today"
                | "tomorrow"
                | "time"
                | "date"
        )
    })
}
