//! The platform on real databases of both kinds.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod agreements;
mod builds;
mod changes;
mod custom;
mod gates;
mod kills;
mod lifecycle;
mod operations;
mod outward;
mod planning;
mod processors;
mod providers;
mod routes;
mod support;
mod verifications;
