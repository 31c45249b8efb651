//! JUnit's XML, as build servers read it. XML is made as markup, so that nothing that was seen can be taken for a tag.

use maud::{Markup, html};

use super::{Report, Verdict};
use crate::outcome::Outcome;

pub(super) fn write(report: &Report) -> String {
    let count = |word: &str| report.counts().get(word).copied().unwrap_or(0);
    let took: f64 = report.verdicts.iter().map(|verdict| verdict.took.as_secs_f64()).sum();
    let skipped = count("not applicable") + count("not kept yet");
    let suite = html! {
        testsuite name=(report.app) tests=(report.verdicts.len()) failures=(count("broken"))
            errors=(count("undecided")) skipped=(skipped) time=(format!("{took:.3}")) {
            @for verdict in &report.verdicts { (case(verdict)) }
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", printable(&suite.into_string()))
}

fn case(verdict: &Verdict) -> Markup {
    let check = &verdict.check;
    let group = check.group.title();
    let inner = match &verdict.outcome {
        // The notation takes a hyphen in a name.
        Outcome::Kept { did, saw } => html! { system-out { (did) ": " (saw) } },
        Outcome::Broken { did, saw, expected } => html! {
            failure message=(expected) { (did) ": " (saw) }
        },
        Outcome::Undecided { why } => html! { error message=(why) {} },
        Outcome::Admitted { saw, .. } => html! { skipped message=(format!("not kept yet: {saw}")) {} },
        Outcome::NotApplicable { why } => html! { skipped message=(why) {} },
    };
    html! {
        testcase classname=(group) name=(check.id) time=(format!("{:.3}", verdict.took.as_secs_f64())) { (inner) }
    }
}

/// Control characters are no part of XML, however they are written.
fn printable(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter })
        .collect()
}
