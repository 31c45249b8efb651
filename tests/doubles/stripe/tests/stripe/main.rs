//! The stand-in itself: that it behaves as Stripe documents, and as two other stand-ins do where they overlap.
#![allow(clippy::unwrap_used, reason = "a test's fixtures are its own")]

mod billing;
mod client;
mod overlap;
