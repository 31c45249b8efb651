//! One page that a privacy officer can read, print and keep: no script, nothing from elsewhere.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{Report, Verdict};
use crate::check::Group;
use crate::outcome::Outcome;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
    h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #bbb}\
    table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #ddd}\
    .sum{font-size:1.1rem;border-left:6px solid;padding:.6rem 1rem;margin:1rem 0}.good{border-color:#1b7340}.bad{border-color:#b3261e}\
    .kept{color:#14532d}.broken,.undecided{color:#8c1d18;font-weight:600}.admitted{color:#7a4b00}.not{color:#595959}\
    details{margin:.2rem 0}summary{cursor:pointer}code{font-size:.9em}@media print{details{display:block}}\
    @media(prefers-color-scheme:dark){body{color:#eee;background:#161616}.kept{color:#7fd6a3}.broken,.undecided{color:#ff9d96}\
    .admitted{color:#f2c078}.not{color:#b0b0b0}th,td{border-color:#444}}";

pub(super) fn write(report: &Report) -> String {
    let counts = report.counts();
    let count = |word: &str| counts.get(word).copied().unwrap_or(0);
    let green = report.is_green();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Verification of " (report.app) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Does " (report.app) " keep its promises?" }
                p.sum.(if green { "good" } else { "bad" }) {
                    @if green { "Every promise that was tried was kept. " } @else { "Not every promise was kept. " }
                    (count("kept")) " checks kept, " (count("broken")) " broken, "
                    (count("undecided")) " undecided, " (count("not kept yet")) " known not to be kept yet, "
                    (count("not applicable")) " not applicable."
                }
                p { "Verified: " code { (report.target) } ". The checks look at the app from outside, and at the files of an instance "
                    "that was made for this, as somebody would who stole the disk. They are evidence, no legal advice." }
                @for verdict in report.verdicts.iter().filter(|verdict| verdict.outcome.is_failure()) { (entry(verdict, true)) }
                h2 { "Promise by promise" }
                (promises(report))
                @for group in groups(report) {
                    h2 { (group.title()) }
                    @for verdict in report.verdicts.iter().filter(|verdict| verdict.check.group == group) { (entry(verdict, false)) }
                }
            }
        }
    };
    page.into_string()
}

fn groups(report: &Report) -> Vec<Group> {
    let mut groups: Vec<Group> = report.verdicts.iter().map(|verdict| verdict.check.group).collect();
    groups.sort();
    groups.dedup();
    groups
}

fn promises(report: &Report) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" { "Promise" } th scope="col" { "Checks" } th scope="col" { "Result" } } }
            tbody { @for ((part, number), verdicts) in report.promises() { tr {
                @let broken = verdicts.iter().any(|verdict| verdict.outcome.is_failure());
                @let admitted = verdicts.iter().any(|verdict| matches!(verdict.outcome, Outcome::Admitted { .. }));
                @let kept = verdicts.iter().filter(|verdict| matches!(verdict.outcome, Outcome::Kept { .. })).count();
                th scope="row" { (part) "-" (number) }
                td { (verdicts.iter().map(|verdict| verdict.check.id).collect::<Vec<_>>().join(", ")) }
                td {
                    @if broken { span.broken { "broken" } }
                    @else if admitted { span.admitted { "not kept yet, as the product says" } }
                    @else if kept == 0 { span.not { "not tried" } }
                    @else { span.kept { "kept in " (kept) " of " (verdicts.len()) } }
                }
            } } }
        }
    }
}

fn entry(verdict: &Verdict, open: bool) -> Markup {
    let check = &verdict.check;
    let class = match verdict.outcome {
        Outcome::Kept { .. } => "kept",
        Outcome::Broken { .. } => "broken",
        Outcome::Undecided { .. } => "undecided",
        Outcome::Admitted { .. } => "admitted",
        Outcome::NotApplicable { .. } => "not",
    };
    html! {
        details open[open] {
            summary { span.(class) { (verdict.outcome.word()) } " · " (check.title) }
            p { code { (check.id) } " · " (check.promises.join(", ")) }
            @match &verdict.outcome {
                Outcome::Kept { did, saw } => { p { "Did: " (did) } p { "Saw: " (saw) } }
                Outcome::Broken { did, saw, expected } | Outcome::Admitted { did, saw, expected } => {
                    p { "Did: " (did) } p { "Saw: " (saw) } p { "Expected: " (expected) }
                }
                Outcome::NotApplicable { why } | Outcome::Undecided { why } => { p { (why) } }
            }
        }
    }
}
