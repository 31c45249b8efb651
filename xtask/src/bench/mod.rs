//! `cargo xtask bench`: what generating, building and the safeguards cost, into `bench/RESULTS.md`.
//!
//! Seconds depend on the machine, so what counts are ratios: the generated app of `bench/clinic.yaml` against
//! `bench/bare`, which serves the same tables by hand and without any safeguard. Both are measured in one run, in
//! turns, with the same client and the same durability. The goals are reported beside the figures and never asserted.
#![expect(clippy::disallowed_methods, reason = "to measure is to read the real clock and to wait for it")]

mod builds;
mod client;
mod databases;
mod fill;
mod generation;
mod idle;
mod lab;
mod load;
mod machine;
mod results;
mod servers;
mod sides;
mod soak;
mod timing;

use anyhow::ensure;
use clap::{Args, ValueEnum};

use self::lab::Lab;

/// What to measure.
#[derive(Args)]
pub(crate) struct Bench {
    /// Measure one part and leave what RESULTS.md says of the others.
    #[arg(long)]
    only: Option<Part>,
    /// How many distinct patients there are on each side while load is measured.
    #[arg(long, default_value_t = 100_000)]
    records: usize,
    /// How often each load is measured on each side, in turns.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How many minutes an app is under load on each database, to see whether its memory grows.
    #[arg(long, default_value_t = 3)]
    minutes: u64,
    /// Something about the machine that the reader must know, such as other jobs.
    #[arg(long)]
    remark: Option<String>,
}

/// A part of the measurements.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Generating 10, 100 and 300 entities.
    Generate,
    /// A fresh project to its first healthy answer.
    Build,
    /// Requests a second and p99.
    Load,
    /// Memory and start of an idle app.
    Idle,
    /// Memory of an app under load for minutes.
    Soak,
    /// Whether the time of an answer tells more than the answer.
    Timing,
}

impl Part {
    const ALL: [Self; 6] = [Self::Generate, Self::Build, Self::Load, Self::Idle, Self::Soak, Self::Timing];

    fn heading(self) -> &'static str {
        match self {
            Self::Generate => "1. Generating",
            Self::Build => "2. Warm build to the first healthy answer",
            Self::Load => "3. Requests a second and p99",
            Self::Idle => "4. Memory and start of an idle app",
            Self::Soak => "5. Memory under load for minutes",
            Self::Timing => "6. What the time of an answer tells",
        }
    }
}

impl Bench {
    /// Measures, prints and writes `bench/RESULTS.md` after every part, so that a run that is cut off leaves what it has.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        ensure!(self.records >= 1_000 && self.rounds >= 1, "give at least 1000 records and one round");
        ensure!(!cfg!(debug_assertions), "measure what is compiled for release: `cargo xtask bench` does");
        let lab = Lab::open()?;
        for part in Part::ALL.into_iter().filter(|part| self.only.is_none_or(|only| only == *part)) {
            eprintln!("bench: {}", part.heading());
            let began = machine::moment()?;
            let figures = match part {
                Part::Generate => generation::measure(&lab)?,
                Part::Build => builds::measure(&lab)?,
                Part::Load => load::measure(&lab, self.records, self.rounds)?,
                Part::Idle => idle::measure(&lab)?,
                Part::Soak => soak::measure(&lab, self.minutes)?,
                Part::Timing => timing::measure(&lab)?,
            };
            eprintln!("{figures}");
            let remark = self.remark.as_deref().map(|remark| format!(" {remark}")).unwrap_or_default();
            results::write(part, &format!("*{began}.{remark}*\n\n{figures}"))?;
        }
        Ok(())
    }
}
