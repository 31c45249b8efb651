//! One page that a privacy officer can read, print and keep: no script, nothing from elsewhere.
//!
//! It answers in this order: is it all right; what is not; what was looked at at all; what each promise says and whether it
//! is kept; what was not tried, and why. What was done and seen, check by check, stands last.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use time::OffsetDateTime;
use time::macros::format_description;

use super::promises::{COMPLIANCE, promise};
use super::{Report, Verdict};
use crate::check::Group;
use crate::outcome::Outcome;

const STYLE: &str = include_str!("page.css");

pub(super) fn write(report: &Report) -> String {
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
                (summary(report))
                (failures(report))
                (at_a_glance(report))
                (promises(report))
                (not_tried(report))
                h2 #checks { "Every check" }
                p { "What was done, and what was seen. Open a line to read it; all of them are printed." }
                @for group in groups(report) {
                    h3 { (group.title()) }
                    @for verdict in of_group(report, group) { (entry(verdict, false)) }
                }
            }
        }
    };
    page.into_string()
}

fn count(report: &Report, word: &str) -> usize {
    report.counts().get(word).copied().unwrap_or(0)
}

fn summary(report: &Report) -> Markup {
    let count = |word| count(report, word);
    let green = report.is_green();
    html! {
        div.sum.(if green { "good" } else { "bad" }) {
            p.said { (answer(report)) }
            ul {
                li { strong { (count("kept")) } " checks saw their promise kept" }
                @if count("broken") > 0 { li { strong { (count("broken")) } " saw it broken" } }
                @if count("undecided") > 0 { li { strong { (count("undecided")) } " came to no end, which is no pass" } }
                @if count("not kept yet") > 0 {
                    li { strong { (count("not kept yet")) } " are known not to be kept yet: the product says so itself" }
                }
                @if count("not applicable") > 0 {
                    li { strong { (count("not applicable")) } " could not be tried here; " a href="#not-tried" { "why" } }
                }
            }
        }
        dl {
            dt { "Verified" } dd { (moment(report.at)) }
            dt { "How" } dd { (report.manner) }
            dt { "What" } dd { code { (report.target) } }
        }
        p { "Each check does what an attacker, a curious colleague or a thief would do, and looks at what happens. It knows the "
            "app by what its owner approved (its spec), and shares no code with what it tests. This page is evidence, not "
            "legal advice, and says nothing about what people do beside the software." }
    }
}

/// The answer to the page's question. Where little could be tried, that is a part of it.
fn answer(report: &Report) -> &'static str {
    if !report.is_green() {
        "No: not every promise was kept."
    } else if count(report, "kept") < count(report, "not applicable") {
        "Nothing that is broken was seen, but most could not be tried here."
    } else {
        "Yes: every promise that was tried was kept."
    }
}

fn moment(seconds: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let format = format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    moment.format(format).unwrap_or_default()
}

fn failures(report: &Report) -> Markup {
    let failures: Vec<&Verdict> =
        report.verdicts.iter().filter(|verdict| verdict.outcome.is_failure()).collect();
    html! {
        @if !failures.is_empty() {
            h2 { "What was not kept" }
            p { "Do not put health information into this version before each of these is settled." }
            @for verdict in failures { (entry(verdict, true)) }
        }
    }
}

/// How the checks of an area ended, as one line.
fn at_a_glance(report: &Report) -> Markup {
    let words = ["kept", "broken", "undecided", "not kept yet", "not applicable"];
    html! {
        h2 { "At a glance" }
        div.wide { table {
            thead { tr { th scope="col" { "Area" } @for word in words { th.number scope="col" { (capitalised(word)) } } } }
            tbody { @for group in groups(report) { tr {
                th scope="row" { (group.title()) }
                @for word in words {
                    @let found = of_group(report, group).filter(|verdict| verdict.outcome.word() == word).count();
                    td.number.(class(word)) { @if found > 0 { (found) } @else { span.none { "–" } } }
                }
            } } }
        } }
    }
}

fn promises(report: &Report) -> Markup {
    html! {
        h2 { "Promise by promise" }
        div.wide { table {
            thead { tr { th scope="col" { "Promise" } th scope="col" { "What it says" } th scope="col" { "Result" } } }
            tbody { @for ((part, number), verdicts) in report.promises() {
                @let id = format!("{part}-{number}");
                @let promise = promise(COMPLIANCE, &id);
                tr {
                    th scope="row" { (id) }
                    td {
                        @if let Some(promise) = promise { (promise.words) }
                        @if let Some(promise) = promise.filter(|promise| !promise.missing.is_empty()) {
                            p.quiet { "Not there yet, as the product says itself: " (promise.missing) "." }
                        }
                        details { summary { (verdicts.len()) @if verdicts.len() == 1 { " check" } @else { " checks" } } ul { @for verdict in &verdicts {
                            li { (mark(verdict)) " " a href={ "#" (verdict.check.id) } { (verdict.check.title) } }
                        } } }
                    }
                    td { (result(&verdicts)) }
                }
            } }
        } }
    }
}

fn result(verdicts: &[&Verdict]) -> Markup {
    let any = |fits: fn(&Outcome) -> bool| verdicts.iter().filter(|verdict| fits(&verdict.outcome)).count();
    let kept = any(|outcome| matches!(outcome, Outcome::Kept { .. }));
    let tried = any(|outcome| !matches!(outcome, Outcome::NotApplicable { .. }));
    html! {
        @if any(|outcome| matches!(outcome, Outcome::Broken { .. })) > 0 { span.broken { "Broken" } }
        @else if any(Outcome::is_failure) > 0 { span.undecided { "Undecided" } }
        @else if any(|outcome| matches!(outcome, Outcome::Admitted { .. })) > 0 { span.admitted { "Not kept yet" } }
        @else if kept == 0 { span.not { "Not tried here" } }
        @else { span.kept { "Kept" } span.quiet { " in " (kept) @if kept == 1 { " check" } @else { " checks" } } }
        @if tried > 0 && tried < verdicts.len() { p.quiet { (verdicts.len() - tried) " more could not be tried here" } }
    }
}

/// What could not be tried, by the reason.
fn not_tried(report: &Report) -> Markup {
    let mut reasons: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in &report.verdicts {
        if let Outcome::NotApplicable { why } = &verdict.outcome {
            reasons.entry(why).or_default().push(verdict);
        }
    }
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    reasons.sort_by_key(|(_, verdicts)| std::cmp::Reverse(verdicts.len()));
    html! {
        @if !reasons.is_empty() {
            h2 #not-tried { "What was not tried, and why" }
            @for (why, verdicts) in reasons { details {
                summary { (capitalised(why)) span.quiet { " (" (verdicts.len()) ")" } }
                ul { @for verdict in verdicts { li { (verdict.check.title) } } }
            } }
        }
    }
}

fn groups(report: &Report) -> Vec<Group> {
    let mut groups: Vec<Group> = report.verdicts.iter().map(|verdict| verdict.check.group).collect();
    groups.sort();
    groups.dedup();
    groups
}

fn of_group(report: &Report, group: Group) -> impl Iterator<Item = &Verdict> {
    report.verdicts.iter().filter(move |verdict| verdict.check.group == group)
}

fn class(word: &str) -> &'static str {
    match word {
        "kept" => "kept",
        "broken" => "broken",
        "undecided" => "undecided",
        "not kept yet" => "admitted",
        _ => "not",
    }
}

fn mark(verdict: &Verdict) -> Markup {
    let word = verdict.outcome.word();
    html! { span.mark.(class(word)) { (capitalised(word)) } }
}

fn entry(verdict: &Verdict, open: bool) -> Markup {
    let check = &verdict.check;
    html! {
        // What is shown above stands once more among all; only there it has an address.
        details id=[(!open).then_some(check.id)] open[open] {
            summary { (mark(verdict)) " " (check.title) }
            dl {
                @match &verdict.outcome {
                    Outcome::Kept { did, saw } => { dt { "Did" } dd { (did) } dt { "Saw" } dd { (saw) } }
                    Outcome::Broken { did, saw, expected } | Outcome::Admitted { did, saw, expected } => {
                        dt { "Did" } dd { (did) } dt { "Saw" } dd { (saw) } dt { "Expected" } dd { (expected) }
                    }
                    Outcome::NotApplicable { why } | Outcome::Undecided { why } => { dt { "Why" } dd { (why) } }
                }
                dt { "Stands for" } dd { (check.promises.join(", ")) }
                dt { "Name" } dd { code { (check.id) } }
            }
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
