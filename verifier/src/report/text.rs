//! For people at a terminal: what is wrong stands last, where one looks.

use std::fmt::Write;

use super::{Report, Verdict};
use crate::outcome::Outcome;

pub(super) fn write(report: &Report) -> String {
    let mut text = String::new();
    for verdict in &report.verdicts {
        line(&mut text, verdict);
    }
    let failures: Vec<&Verdict> =
        report.verdicts.iter().filter(|verdict| verdict.outcome.is_failure()).collect();
    for verdict in &failures {
        detail(&mut text, verdict);
    }
    let counts: Vec<String> = report.counts().iter().map(|(word, count)| format!("{count} {word}")).collect();
    // Writing to a string cannot fail.
    let _ = write!(text, "\n{}: {} checks: {}", report.app, report.verdicts.len(), counts.join(", "));
    text
}

fn line(text: &mut String, verdict: &Verdict) {
    let mark = match verdict.outcome {
        Outcome::Kept { .. } => "✓",
        Outcome::Broken { .. } => "✗",
        Outcome::Admitted { .. } => "○",
        Outcome::NotApplicable { .. } => "–",
        Outcome::Undecided { .. } => "?",
    };
    let check = &verdict.check;
    let _ = write!(text, "{mark} {:<34} {}", check.id, check.title);
    if let Outcome::NotApplicable { why } | Outcome::Undecided { why } = &verdict.outcome {
        let _ = write!(text, " ({}: {why})", verdict.outcome.word());
    }
    text.push('\n');
}

fn detail(text: &mut String, verdict: &Verdict) {
    let check = &verdict.check;
    let _ = writeln!(text, "\n✗ {} ({})", check.id, check.promises.join(", "));
    match &verdict.outcome {
        Outcome::Broken { did, saw, expected } => {
            let _ = write!(text, "  did       {did}\n  saw       {saw}\n  expected  {expected}\n");
        }
        Outcome::Undecided { why } => {
            let _ = writeln!(text, "  could not be decided, which is no pass: {why}");
        }
        _ => {}
    }
}
