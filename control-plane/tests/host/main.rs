//! The host on its real parts: sandboxes, processes, sockets, TLS, both databases.
//!
//! The app is `examples/clinic.rs`. Where a machine lends no sandbox, these fail and say what is missing.
#![allow(
    clippy::disallowed_methods,
    reason = "an environment of a test has an id of its own, and none is expected"
)]
#![allow(missing_docs, reason = "a test reads as the promise it keeps")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod builds;
mod doors;
mod gates;
mod keys;
mod lab;
mod neighbours;
mod orders;
mod outward;
mod providers;
mod road;
mod serving;
mod support;
mod verification;
