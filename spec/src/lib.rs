//! What a generated app is: the typed spec, its validation, its rules and its access policy.
mod decode;
pub mod document;
pub mod field_type;
pub mod grant;
mod name;
pub mod problem;
mod source;

pub use decode::Map;
pub use document::{AppSpec, Reading, read};
pub use field_type::{Choice, Class, CodeSystem, FieldType, Kind, Range, Sensitivity};
pub use grant::{Access, Clause, Grant, Permitted, Scope, Verb};
pub use name::Name;
pub use problem::{Pointer, Problem, Problems, Span};
pub use source::{DEEPEST, LARGEST, Source};
