//! What a generated app is: the typed spec, its validation, its rules and its access policy.
pub mod access;
mod buildable;
mod decode;
pub mod document;
pub mod field_type;
pub mod grant;
mod lock;
pub mod model;
mod name;
pub mod problem;
pub mod rules;
mod source;
mod validate;

pub use buildable::{NotYet, not_yet};
pub use decode::Map;
pub use document::{AppSpec, Reading, read};
pub use field_type::{Choice, Class, CodeSystem, FieldType, Kind, Range, Sensitivity};
pub use grant::{Access, Clause, Grant, Permitted, Scope, Verb};
pub use lock::Lock;
pub use model::Model;
pub use name::Name;
pub use problem::{Pointer, Problem, Problems, Span};
pub use source::{DEEPEST, LARGEST, Source};
pub use validate::{ValidatedSpec, check, validate};
