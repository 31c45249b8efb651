//! Turns a prompt into a spec, offline: no network, no weights, the same plan for the same words. With the feature
//! `models`, the module `model` asks a model first, and holds it to the spec.
//!
//! # How a sentence becomes spec
//!
//! ```text
//! text ─sentences─▶ tokens ─clauses─▶ who does what with what, how far, and with which restriction
//!        │ spanish (into the same tokens)          │
//!        roles ◀──── who can stand there           │
//!     entities ◀──── what is written, listed, bracketed (nouns, fields, catalogue)
//!     features ◀──── thresholds, silences, measures, forms, wishes
//!       access ◀──── grants, denials, `only`       ▼
//!                  complete ─▶ grants ─▶ write ─▶ spec
//! ```
//!
//! 1. `gate` says when a text is no product, before anything else is done with it.
//! 2. `layout` turns tables and outlines into lines, bullets and colons; `sentences` splits; a prompt in Spanish
//!    passes `spanish`, word by word into English that the same grammar reads, and what its names were is kept. `plan::heads` parts a sentence at its colon; `clauses` finds subject,
//!    verbs, objects and what narrows them. A negation belongs to the verb behind it: one that is read and not
//!    placed makes its sentence not understood.
//! 3. Words are data: `catalogue/english.toml` and `spanish.toml` hold the languages, `wishes.toml` what cannot be
//!    built yet, the other files health care: roles, records, fields. `roles` and `entities` take from the clauses
//!    what the catalogue knows, and what stands where only a role or a record can stand. An unknown noun becomes a
//!    record or a value by its grammar (a list behind it, an article, its number); an unknown field is clinical; an
//!    unknown role has no clinical reach.
//!    `idioms` says turns of phrase that restrict in plain words before anything is read.
//! 4. `access` turns clauses into grants, denials and *only*. A denial takes away all that it can mean. A narrowing
//!    sentence that it did not understand whole is taken at its narrowest where that is certain; else it gets a safe
//!    default and a question where it is plain whom or what it is about. It stops the plan ([`PlanError::Blocked`])
//!    until a person has answered where that cannot be said, or where the default would leave nobody whom the prompt
//!    lets reach a record: ignorance narrows.
//! 5. `complete` fills in what nobody said, and lists it under `assumed`; `grants` gives what was said, then what
//!    nobody could do otherwise, and takes away last.
//!    A role writes what a verb says it writes; what nobody was said to keep goes to as few as can be.
//!    `automatic` reads what happens by itself, of what it is then known who sees it: rules, tasks, AI actions.
//! 6. What needs a construct that cannot be built yet goes under `not yet`; the rest is planned.

mod access;
mod automatic;
mod catalogue;
pub mod change;
mod clauses;
mod complete;
mod entities;
mod features;
mod fields;
mod gate;
mod grants;
mod idioms;
mod layout;
#[cfg(feature = "models")]
pub mod model;
mod naming;
mod nouns;
mod plan;
mod roles;
mod sentences;
mod sharing;
mod spanish;
mod words;
mod world;
mod write;

pub use change::{Changed, Difference, change, change_answered, differences, without_retired};
pub use plan::{
    Answer, Answers, Plan, PlanError, Question, Refused, STOP, Wished, plan, plan_answered, stops,
};
