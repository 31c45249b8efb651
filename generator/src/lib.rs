//! Turns a validated spec into the project that its founder owns.
//!
//! [`generate`] is pure: the same spec gives the same files, byte for byte. [`write()`] is the thin rest: it
//! formats and puts them on disk, whole or not at all.
//!
//! ```text
//! ValidatedSpec ── view/ ──▶ words for templates ── tera ──▶ Project (path → text) ── write ──▶ folder
//! ```
//!
//! [`evolve`] is the same for a spec that changed: migrations that were written stay, and the difference is one more.
//!
//! Nothing of a spec gets into a file but through [`doors`]: names by `spec::Name`, free text by the literal or
//! the comment of the language at hand.
//!
//! [`custom`] reads what a founder adds, before it is built.

pub mod custom;
pub mod doors;
mod evolve;
mod openapi;
mod project;
mod render;
mod rules;
mod unbuildable;
pub mod vendored;
mod view;
mod write;
mod zones;

pub use evolve::Past;
pub use project::{Project, evolve, generate};
pub use unbuildable::unbuildable;
pub use write::{Edits, Generated, WriteError, Written, edited, generated, write};

/// Why a spec could not be turned into a project. [`unbuildable`] says it before, with its place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A time zone for which we have no rule.
    #[error("the time zone {0} is not one that apps can have yet; choose the zone of a large city near you")]
    TimeZone(String),
    /// A language in which the library has no words yet.
    #[error("pages in {0} cannot be built yet: leave `language` out, and write labels in any language")]
    Language(&'static str),
    /// An expression that neither the database nor the app can evaluate, and why.
    #[error("`{0}` cannot be built: {1}")]
    Expression(String, String),
    /// A change that no migration can make, each with what to do instead.
    #[error("this change cannot be made to an app that has records:\n  {}", .0.join("\n  "))]
    Change(Vec<String>),
    /// A template and what it was given do not fit: a fault of this program.
    #[error("a template failed: {0}")]
    Template(String),
}
