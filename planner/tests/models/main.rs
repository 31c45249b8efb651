//! Planning through models, over each wire, against a stand-in that counts and fails.
#![allow(clippy::unwrap_used, reason = "a test's fixtures are its own")]

mod faults;
mod floor;
mod identifiers;
mod prompts;
mod repair;
mod restrictions;
mod scene;
