//! Notices by SMTP: from the outbox of a platform, on databases of both kinds, to a real mail server with faults.
#![allow(clippy::unwrap_used, reason = "a test's fixtures are its own")]

mod settings;
mod sink;
mod telling;
