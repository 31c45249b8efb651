//! The three wires against a stand-in that speaks them: what leaves, what comes back, what it costs, what goes wrong.
#![allow(clippy::unwrap_used, reason = "a test's fixtures are its own")]

mod attested;
mod ceiling;
mod faults;
mod outbound;
mod scene;
mod transport;
