//! The project's own chores. `cargo xtask test` and `cargo xtask check` are what a change must pass.

#[cfg(feature = "laboratory")]
mod bench;
mod check;
mod compliance;
mod crates;
mod duplicates;
mod fuzz;
mod install;
#[cfg(not(feature = "laboratory"))]
mod laboratory;
mod migrations;
#[cfg(feature = "laboratory")]
mod mutants;
mod process;
mod test;
mod unused;

use clap::{Parser, Subcommand};
#[cfg(not(feature = "laboratory"))]
use laboratory::{Bench, Mutants};

#[cfg(feature = "laboratory")]
use crate::{bench::Bench, mutants::Mutants};

/// Chores of the Health Coder workspace.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what the tests need, then run every test.
    Test {
        /// Passed on to `cargo nextest run`, such as a filter.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        nextest: Vec<String>,
    },
    /// Formatting, lints, documentation, dependencies, crate directions, migrations.
    Check {
        /// Enter new migrations into `migrations.lock`.
        #[arg(long)]
        accept_migrations: bool,
    },
    /// Measure generation, builds and what the safeguards cost, into `bench/RESULTS.md`.
    Bench(Bench),
    /// Take safeguards away one by one, and see whether `healthcoder verify` notices.
    Mutants(Mutants),
    /// Feed hostile input to what reads it, found by coverage.
    Fuzz(fuzz::Fuzz),
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().chore {
        Chore::Test { nextest } => test::run(&nextest),
        Chore::Check { accept_migrations } => check::run(accept_migrations),
        Chore::Bench(bench) => bench.run(),
        Chore::Mutants(mutants) => mutants.run(),
        Chore::Fuzz(fuzz) => fuzz::run(&fuzz),
    }
}
