//! The library on its real parts: SQLCipher files and a PostgreSQL server.

#![allow(missing_docs, reason = "a test reads as the promise it keeps")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod app;
mod archives;
mod audit;
mod cancelled;
mod closed;
mod expired;
mod identity;
mod keys;
mod preview;
mod schedules;
mod store;
mod support;
