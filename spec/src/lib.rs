//! What a generated app is: the typed spec, its validation, its rules and its access policy.
//!
//! ```text
//! text --read--> Reading { AppSpec, Problems, Source }
//! AppSpec --validate--> ValidatedSpec { document, lock, model }   or every Problem at once
//! ValidatedSpec --buildable--> what the generator cannot build yet
//! Model --plan--> who sees what, and where PHI is
//! ```
//! [`check`] does the first two together and gives each problem its place in the text. There is no I/O
//! and no clock here: the same text and lock give the same model, byte for byte.

pub mod access;
mod buildable;
pub mod change;
mod decode;
pub mod document;
pub mod field_type;
pub mod grant;
pub mod library;
mod lock;
pub mod model;
mod name;
pub mod plan;
pub mod problem;
pub mod rules;
mod schema;
mod source;
mod validate;
mod write;

pub use buildable::{NotYet, buildable};
pub use decode::Map;
pub use document::{AppSpec, Reading, read};
pub use field_type::{Choice, Class, CodeSystem, FieldType, Kind, Range, Sensitivity};
pub use grant::{Access, Clause, Grant, Permitted, Scope, Verb};
pub use lock::Lock;
pub use model::Model;
pub use name::Name;
pub use problem::{Pointer, Problem, Problems, Span};
pub use schema::schema;
pub use source::{DEEPEST, LARGEST, Source};
pub use validate::{ValidatedSpec, check, identifies, validate};
