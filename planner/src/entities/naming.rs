//! Which words name a record, and which only say how often, where or that something is done.

use crate::catalogue::catalogue;
use crate::words::key_of;

/// `scheduling`, `management`: what people do, of which no record is kept by that name.
pub(super) fn is_activity(word: &str) -> bool {
    word.ends_with("ing")
        && !matches!(
            word,
            "reading"
                | "dosing"
                | "setting"
                | "screening"
                | "finding"
                | "dressing"
                | "counselling"
                | "counseling"
                | "training"
                | "booking"
                | "feeding"
                | "hearing"
                | "charting"
                | "testing"
                | "imaging"
                | "fitting"
                | "meeting"
                | "mailing"
                | "outing"
                | "rating"
                | "casting"
        )
        || matches!(
            word,
            "management"
                | "administration"
                | "practice"
                | "coordination"
                | "care"
                | "workshop"
                | "drive"
                | "campaign"
                | "program"
                | "programme"
        )
}

/// Whether a word can stand for a longer name: `note` for `treatment note`, but not the other way.
pub(super) fn generic(key: &str, found: &str) -> bool {
    let found = key_of(found);
    // `labs` and `lab results` of one kind are one record.
    let longer = found.starts_with(&format!("{key} ")) || key.starts_with(&format!("{found} "));
    found == key || found.ends_with(&format!(" {key}")) || longer || key == "visit"
}

/// `drug dispensed`, `doses administered`: what was done with what is known.
pub(super) fn given(words: &[&str]) -> bool {
    let [first, last] = words else { return false };
    matches!(
        *last,
        "dispensed" | "administered" | "issued" | "delivered" | "ordered" | "used" | "removed" | "collected"
    ) && (catalogue().entity(first).is_some() || catalogue().field(first).is_some())
}

/// A name without how often it comes: `daily`, `weekly`.
pub(super) fn often(key: &str) -> Option<&str> {
    ["daily ", "weekly ", "monthly ", "yearly ", "annual ", "nightly ", "hourly ", "regular "]
        .iter()
        .find_map(|often| key.strip_prefix(often))
}
