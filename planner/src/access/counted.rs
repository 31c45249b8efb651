//! Phrases that are no records: pages, counts, and what somebody gives.

use crate::clauses::{Clause, Phrase};

/// Whether somebody gives what the phrase tells of.
pub(super) fn given(phrase: &Phrase) -> bool {
    phrase.words.iter().any(|word| {
        crate::words::base(word).is_some_and(|base| {
            matches!(base, "release" | "share" | "grant" | "allow" | "give" | "publish" | "approve")
        })
    })
}

pub(super) fn is_page(phrase: &Phrase) -> bool {
    phrase.words.last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "page"
                | "pages"
                | "board"
                | "worklist"
                | "dashboard"
                | "dashboards"
                | "screen"
                | "chart"
                | "charts"
                | "list"
                | "lists"
        )
    })
}

/// Aggregates are measures: a role that sees only these gets no record.
pub(super) fn is_aggregate(phrase: &Phrase, clause: &Clause) -> bool {
    let counted = phrase.words.last().is_some_and(|word| {
        matches!(
            word.as_str(),
            "count"
                | "counts"
                | "average"
                | "averages"
                | "total"
                | "totals"
                | "statistics"
                | "stats"
                | "aggregates"
                | "numbers"
                | "rate"
                | "rates"
                | "percentages"
                | "trends"
        )
    });
    let per = |word: &String| {
        matches!(word.as_str(), "day" | "week" | "month" | "year" | "quarter" | "hour" | "site" | "clinic")
    };
    counted || clause.tail("per").is_some_and(|tail| tail.words.iter().any(per))
}
