//! The one door to model providers (HC-5, HC-13, CF-23, HG-5).
//!
//! ```text
//! file of providers ──▶ Entry ──attest──▶ Attested ──permit──▶ Wire ──▶ provider
//!                                            │
//!      Ask ──▶ Caller ──reserve──▶ Budget ───┤            nothing leaves before all four said yes:
//!                  └────began────▶ Register ─┘            attestation, ceiling, register, address
//! ```
//!
//! - **Attested or not at all.** A provider is called through [`Attested`] only, which [`Entry::attest`] alone makes, of
//!   an entry that names the agreement, the terms under which nothing is kept, the day and who says so. It lapses.
//! - **Nothing is kept.** Every request carries the flags that turn storage off, and none that turns it on: no
//!   identifier of a user, no cache control, no file, no conversation on the provider's side.
//! - **A ceiling is a ceiling.** The worst that a call can cost (a token for each byte sent, and the longest answer) is
//!   reserved before it is sent; a call that would pass the ceiling is not made. What was cut off, so that nobody knows
//!   its cost, counts as the worst.
//! - **On record.** Each call is in the [`Register`] before it is sent: when, whom, which model, how much, and keyed
//!   hashes of what was said. The text is in no record, no error and no log.
//! - **The model is a stranger.** Its answer is one JSON value of bounded size, or a [`Fault`]; what stands beside it is
//!   dropped. What the value means is for whoever asked to judge.
//!
//! The crate depends on no other of ours, and opens no connection but those of [`Caller::ask`]: TLS 1.2 or later to
//! anywhere, plain HTTP to this machine only; no redirect is followed and no proxy is asked.

mod answer;
mod ask;
mod attestation;
mod budget;
mod caller;
mod clean;
pub mod door;
mod entry;
mod fault;
mod file;
mod form;
mod key;
mod money;
mod register;
mod seal;
mod sse;
mod surroundings;
#[cfg(feature = "testing")]
pub mod testing;
mod wire;
#[cfg(feature = "yaml")]
mod yaml;

pub use answer::{Answer, Billed, Usage};
pub use ask::{Ask, Turn};
pub use attestation::{Attestation, Attested, NotAttested, Permit, Terms};
pub use budget::{Budget, Ceiling, PastCeiling, Reservation, Spent};
pub use caller::{Caller, NotAnswered};
pub use entry::{Address, Entry, KeySource, Prices, WireKind};
pub use fault::Fault;
pub use file::{Fallback, NotRead, Providers, WrittenCeiling};
pub use form::{Filled, Form};
pub use key::{ApiKey, NoKey};
pub use money::{Money, NotMoney, Price};
pub use register::{JsonLines, Outcome, Record, Register};
pub use seal::Seal;
pub use sse::{Event, Events, NotEvents};
pub use surroundings::{Behind, Machine, Surroundings, Wait, Waiting};
pub use wire::{Exchange, Exchanging, Limits, Seen, Wire, wire_of};
