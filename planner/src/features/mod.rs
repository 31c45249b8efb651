//! Lists, measures, forms, calendars and wishes: what a sentence asks for besides records and access.

mod forms;
mod instruments;
mod limits;
mod measures;
mod settled;
mod silences;
mod thresholds;
mod wishes;

pub(crate) use forms::{forms, is_form_sentence};
pub(crate) use limits::{Limit, limits};
pub(crate) use measures::{Measure, measures};
pub(crate) use settled::{audit_years, deletes_by_the_clock, lock, locks, never_stored, settles};
pub(crate) use silences::{Silence, silences};
pub(crate) use thresholds::{Threshold, compares, thresholds};
pub(crate) use wishes::{Wish, wished_by_clauses, wishes};

use crate::words::key_of;

/// Whether this head introduces measures.
pub(crate) fn is_dashboard_head(head: &str) -> bool {
    let key = key_of(head);
    ["dashboard", "report", "reporting", "analytic", "metric", "kpi", "statistic", "stat", "chart", "measure"]
        .iter()
        .any(|word| key.split(' ').any(|said| said == *word))
}
