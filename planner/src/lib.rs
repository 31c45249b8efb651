//! Turns a prompt into a spec, offline.
mod catalogue;
mod clauses;
mod fields;
mod nouns;
mod sentences;
mod words;
