//! What AI proposes in an app, and a person applies (construct 23; CC-2, CC-6, CC-13, CF-10, CF-11, CF-23, HC-5).
//!
//! ```text
//! record ──find (audited)──▶ text ──gate──▶ Given ──cache?──▶ register "began" ──▶ engine ──▶ Run ──▶ a form
//!                                                                 │ embedded, or the one provider that             │
//!                                                                 │ this organisation attested                     │ a person
//!                                                                 ▼                                                ▼
//!                                                            HC-5: nothing else                  the slice's own write + tombstone
//! ```
//!
//! - **It proposes.** What comes back is data: values for a form, put into it field by field where they are of the field's
//!   kind, shown as text. Nothing is written but by a person whom the spec names, through the same statement as any other
//!   change: what is locked stays locked, the version is checked, masks hold.
//! - **Whom it asks.** The app's own engine ([`engine`]), which runs here and understands nothing; or the provider that the
//!   spec names, once this organisation has attested it ([`attestation`]). Without an attestation none is called, since
//!   [`models::Attested`] is the only way to one.
//! - **What is kept.** A row of the register before anybody is asked, with a keyed hash of what was read and no word of it
//!   ([`register`]); of the text and the proposals, what the spec keeps, sealed. Each proposal ends in a tombstone.
//! - **De-identified** actions take a confirmation with each run, and refuse what names somebody ([`gate`]).

mod action;
mod assistance;
pub mod attestation;
mod decisions;
pub mod engine;
pub mod gate;
mod office;
mod pages;
mod proposal;
pub mod register;
mod run;

pub use action::{AiAction, Reads, SubProcessor};
pub use assistance::{Assistance, NotConfigured};
pub use decisions::{Tombstone, discard, tombstone};
pub(crate) use office::attested;
pub use office::routes;
pub use pages::{again, ask, offered, propose, shown};
pub use proposal::{Run, only};
pub use register::kept;
pub use run::{Given, Subject, given, run};

/// Where this part's columns are sealed, and its hashes made; the library's own tables count down from `u32::MAX`.
const AI: u32 = u32::MAX - 50;
/// The keyed hash of what was read.
const ASKED: u32 = 1;
/// What was proposed, where it is kept.
const OUTPUT: u32 = 2;
/// How what was read begins, where it is kept.
const PREVIEW: u32 = 3;

/// Each sealed column as an archive knows it: table, column, and the place that its values are sealed to.
pub(crate) const SEALED: [(&str, &str, (u32, u32)); 2] =
    [("ai_invocations", "output", (AI, OUTPUT)), ("ai_invocations", "preview", (AI, PREVIEW))];
