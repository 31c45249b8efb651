//! The whole system, from a prompt to a served app: one binary, real parts.
//!
//! Apps are generated into `.generated` and built into the workspace's own target folder, so that
//! what they stand on is compiled once; a second run compiles only what was generated differently.
#![allow(clippy::unwrap_used, reason = "a test's fixtures are its own")]

mod agreement;
mod assistance;
mod browser;
mod change;
mod cli;
mod client;
mod custom;
mod deploy;
mod evolution;
mod examples;
mod exit;
mod fuzz;
mod healthcoder;
mod link_pages;
mod lints;
mod models;
mod open_pages;
mod outward;
mod packets;
mod planted;
mod platform;
mod policy;
mod project;
mod prompts;
mod registration;
mod row_level_security;
mod rules;
mod schemathesis;
mod seeded;
mod served;
mod serving;
mod sso;
mod storm;
mod tls;
mod verify;

use safeguards::store::{Row, Store, sql};

/// Statements of the library are static; those of these tests are made from random facts.
fn leaked(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

async fn execute(store: &Store, text: String) {
    let text = leaked(text);
    sql(text).execute(store).await.unwrap_or_else(|error| panic!("{error}\n{text}"));
}

async fn rows(store: &Store, text: String) -> Vec<Row> {
    let text = leaked(text);
    sql(text).fetch_all(store).await.unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// A reproducible stream of choices (SplitMix64).
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        let index = self.below(of.len() as u64);
        of[usize::try_from(index).unwrap()]
    }
}
