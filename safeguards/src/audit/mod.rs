//! The audit log: evidence of every change and every look, in chains that cannot be rewritten unseen.
//!
//! * `event`: what an event says.
//! * `chain`: how it becomes a link, and how identities in it can still be erased.
//! * `witness`: heads of the chains, signed outside the process that writes them.
//! * [`verify`]: whether a log is whole; pure, for live databases and archives alike.
//!
//! What holds on each database:
//!
//! | | PostgreSQL | SQLite |
//! |---|---|---|
//! | lanes | up to 64, one a writing transaction | one, the writer's |
//! | the app edits an event | impossible: its role can call `audit_append` and nothing else | evident, once its head was witnessed |
//! | the holder of the database edits an event | evident, once its head was witnessed | the same |
//! | the window | at most 60 s while the signer lives; [`Keeper::behind_since`] tells when it does not | the same |
//!
//! The signer runs as a process of its own with a key that the app never reads. Where app and signer are
//! the same user of one machine (`run`, an exported project), an app that was taken over could read the
//! key file; whoever needs more runs the signer as another user, or keeps the witness elsewhere.

mod append;
mod archive;
mod chain;
mod digest;
mod erase;
mod error;
mod event;
mod keeper;
mod queries;
mod reads;
mod restore;
mod signer;
mod source;
mod succession;
mod sweep;
#[cfg(test)]
mod tampering;
mod verify;
mod windows;
mod witness;

pub use append::{APPEND_VALUES, append, append_call};
pub use archive::{
    EVENTS, PUBLIC_KEY, WITNESS, verify_archive, verify_events, verify_in, witnesses_in, write_entry,
};
pub use chain::{Body, Entry, Prepared, Side, link_hash, pseudonym_text};
pub use digest::Digest;
pub use erase::{Erased, References, erase, erase_references};
pub use error::AuditUnavailable;
pub use event::{
    Action, Actor, AuditContext, Checkpoint, Detail, Erasure, Event, Outcome, PLATFORM_SUPPORT, Part,
    Purpose, timestamp,
};
pub use keeper::{Keeper, KeeperError, WITNESS_EVERY};
pub use queries::{
    ACCOUNTING_YEARS, BY_LINK, Disclosure, Seen, accounting, activity, in_the_course_of, opened_under,
    who_looked,
};
pub use reads::Audit;
pub use restore::{Carried, carry_forward, record_restore};
pub use signer::{Signer, SignerError, known_end, run_signer};
pub use source::{Source, lane_heads, verify, verify_against};
pub use succession::{BEFORE, Continuation, Verification, WitnessCopy};
pub use sweep::{SweepError, retention, set_retention, sweep};
pub use verify::{Finding, Report, Verifier};
pub use windows::WINDOW;
pub use witness::{LaneHead, PublicKey, Signed, Statement, Witness, WitnessEnd};

use time::{Date, OffsetDateTime};

/// Nothing younger than this many years is ever swept: 45 CFR 164.316(b)(2)(i) asks for six.
pub const RETENTION_FLOOR_YEARS: i32 = 6;
/// How long events are kept unless a spec asks for longer.
pub const RETENTION_YEARS: i32 = 7;

/// The moment before which an event must have been witnessed for a sweep to be lawful at `now`.
#[must_use]
pub fn sweep_floor(now: OffsetDateTime) -> OffsetDateTime {
    years_before(now, RETENTION_FLOOR_YEARS)
}

/// The same day and time, `years` later; 29 February becomes 1 March, so that a day of doubt is kept.
#[must_use]
pub fn years_after(now: OffsetDateTime, years: i32) -> OffsetDateTime {
    let date = now.date();
    let year = date.year().saturating_add(years).min(9_999);
    let later = Date::from_calendar_date(year, date.month(), date.day())
        .or_else(|_| Date::from_calendar_date(year, time::Month::March, 1))
        .unwrap_or(Date::MAX);
    now.replace_date(later)
}

/// The same day and time, `years` earlier; 29 February becomes the 28th, so that a day of doubt is kept.
pub(crate) fn years_before(now: OffsetDateTime, years: i32) -> OffsetDateTime {
    let date = now.date();
    let year = date.year() - years;
    let earlier = Date::from_calendar_date(year, date.month(), date.day())
        .or_else(|_| Date::from_calendar_date(year, date.month(), date.day() - 1))
        .unwrap_or(Date::MIN);
    now.replace_date(earlier)
}
