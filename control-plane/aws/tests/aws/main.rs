//! Root keys and archives at AWS: against moto over real HTTP, with a fault for each call.
#![allow(clippy::unwrap_used, reason = "a test's fixtures are its own")]

mod archives;
mod cloud;
mod key_faults;
mod keys;
