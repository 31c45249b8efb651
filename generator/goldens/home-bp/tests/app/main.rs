//! The promises of this app, each under the id by which `docs/COMPLIANCE.md` names it.
//!
//! They run on SQLite with nothing else installed, and on PostgreSQL, too, where `TEST_DATABASE_URL` names a server on
//! which databases may be made: `TEST_DATABASE_URL=postgres://postgres@localhost/postgres cargo test`.
mod compliance;
mod duties;
mod emergencies;
mod isolation;
mod lists;
mod policy;
mod promises;
mod rights;

use safeguards::slice::trial::{Trial, on_each_database};

use crate::seed::PEOPLE;

/// Runs a check on each database.
fn trial(name: &str, check: impl AsyncFn(&Trial)) {
    on_each_database(&crate::app(), name, PEOPLE, check).expect("the app starts and is seeded");
}
