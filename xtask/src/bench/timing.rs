//! Part 6: whether the time of an answer tells whether an account, a link or a session is there.
//!
//! The trials are run by a test of the library, in its own process and without a network, since noise would only help the
//! app: two questions that are answered alike, in turns. Here they are judged by the Mann-Whitney U test, which asks of two
//! samples whether one tends to be greater, and assumes nothing of how times are distributed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

use anyhow::{Context, ensure};

use super::lab::Lab;
use super::results::{median, met};
use crate::process::{self, cargo};

const TRIALS: usize = 2_000;
/// So many standard deviations are no chance: one pair of alike samples in a thousand is as far apart (p = 0.001, two-sided).
/// There are several comparisons, so the usual one in twenty would be too many.
const SIGNIFICANT: f64 = 3.29;
/// A difference in microseconds that nobody measures over a network (Crosby, Wallach and Riedi, 2009, found some 20 µs over
/// the internet with thousands of trials for each answer).
const SMALL: f64 = 20.0;

pub(super) fn measure(lab: &Lab) -> anyhow::Result<String> {
    let file = lab.fresh("timing")?.join("trials");
    let mut test = cargo();
    test.args([
        "test",
        "--release",
        "--package",
        "safeguards",
        "--features",
        "tenant,testing",
        "--test",
        "integration",
    ]);
    test.args(["--", "--ignored", "--exact", "identity::timing::trials"]);
    test.env("TIMING_TRIALS", TRIALS.to_string()).env("TIMING_FILE", &file);
    process::run(&mut test)?;
    report(&fs::read_to_string(&file).with_context(|| format!("{} is missing", file.display()))?)
}

/// Lines of `database<tab>question<tab>variant<tab>nanoseconds`.
fn report(text: &str) -> anyhow::Result<String> {
    let mut questions: BTreeMap<(&str, &str), Vec<(&str, Vec<f64>)>> = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let [database, question, variant, time] = words[..] else { continue };
        let variants = questions.entry((database, question)).or_default();
        let at = match variants.iter().position(|(name, _)| *name == variant) {
            Some(at) => at,
            None => {
                variants.push((variant, Vec::new()));
                variants.len() - 1
            }
        };
        variants[at].1.push(time.parse::<f64>()? / 1000.0);
    }
    ensure!(!questions.is_empty(), "the test told no trial");
    let mut table = String::from(
        "| | | against | trials | median, µs | median, µs | difference, µs | z |\n|---|---|---|---:|---:|---:|---:|---:|\n",
    );
    let mut told = Vec::new();
    for ((database, question), variants) in &questions {
        let Some(((first, ours), others)) = variants.split_first() else { continue };
        for (other, theirs) in others {
            let z = mann_whitney(ours, theirs);
            let (one, two) = (median(ours), median(theirs));
            let trials = ours.len() + theirs.len();
            writeln!(
                table,
                "| {question}, {database} | {first} | {other} | {trials} | {one:.1} | {two:.1} | {:+.1} | {z:+.1} |",
                two - one
            )?;
            if z.abs() > SIGNIFICANT && (two - one).abs() > SMALL {
                told.push(format!("{question} on {database}: {first} against {other}"));
            }
        }
    }
    let goal = met(
        &format!("no difference of over {SMALL} µs beyond {SIGNIFICANT} standard deviations"),
        told.is_empty(),
    );
    let told = if told.is_empty() { String::new() } else { format!("\n- told apart: {}", told.join("; ")) };
    Ok(format!(
        "Answers that are alike, asked in turns, in one process, without a network. z is that of the Mann-Whitney U test: \
         by how many standard deviations the one tends to be greater than chance would have it; beyond {SIGNIFICANT}, p is under \
         0.001. The work is counted, too, and is \
         the same (`safeguards/tests/integration/identity/equal_work.rs`).\n\n{table}\nGoals:\n\n- {goal}{told}\n"
    ))
}

/// The standard score of the Mann-Whitney U test in its normal form, with ties at their mean rank: positive where the second
/// sample tends to be greater. Both samples are of dozens and more, so the variance needs no correction for ties of clocks
/// that count nanoseconds. (A crate for it would bring forty others into the lock.)
fn mann_whitney(first: &[f64], second: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> =
        first.iter().map(|time| (*time, false)).chain(second.iter().map(|time| (*time, true))).collect();
    all.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (n, m) = (first.len() as f64, second.len() as f64);
    let mut ranks = 0.0;
    let mut before = 0.0;
    for tied in all.chunk_by(|one, other| one.0.total_cmp(&other.0).is_eq()) {
        let mean = before + (tied.len() as f64 + 1.0) / 2.0;
        ranks += mean * tied.iter().filter(|(_, is_second)| *is_second).count() as f64;
        before += tied.len() as f64;
    }
    let u = ranks - m * (m + 1.0) / 2.0;
    (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Mann and Whitney's test in the R manual (`wilcox.test`, permeability by gestational age): U = 35.
    #[test]
    fn the_score_is_that_of_a_known_example() {
        let term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
        let weeks = [1.15, 0.88, 0.90, 0.74, 1.21];
        let expected = (35.0 - 25.0) / (10.0 * 5.0 * 16.0 / 12.0_f64).sqrt();
        assert!((mann_whitney(&weeks, &term) - expected).abs() < 1e-9);
        assert!((mann_whitney(&term, &weeks) + expected).abs() < 1e-9);
        assert!(mann_whitney(&[1.0; 50], &[1.0; 50]).abs() < 1e-9, "ties tell nothing");
    }

    fn lines(variant: &str, times: impl Iterator<Item = u32>) -> String {
        times.map(|time| format!("SQLite\tsign-in\t{variant}\t{time}\n")).collect()
    }

    #[test]
    fn a_difference_is_told_and_noise_is_not() {
        let noise = |number: u32| 1_000_000 + number.wrapping_mul(2_654_435_761) % 10_000;
        let alike = lines("known", (0..500).map(noise)) + &lines("unknown", (500..1000).map(noise));
        assert!(report(&alike).unwrap().contains("deviations: met"));
        let slower =
            lines("known", (0..500).map(noise)) + &lines("unknown", (500..1000).map(|n| noise(n) + 50_000));
        let said = report(&slower).unwrap();
        assert!(
            said.contains("**not met**") && said.contains("sign-in on SQLite: known against unknown"),
            "{said}"
        );
        assert!(report("").is_err());
    }
}
