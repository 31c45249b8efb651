// does: builds on lists, measures and rules of the spec

use safeguards::pages::{Card, Notice};
use safeguards::slice::prelude::*;
use safeguards::slice::rules;

use crate::{lists, measures};

pub async fn board(viewer: Viewer) -> Result<Page> {
    let high = lists::high_readings(&viewer, &Wanted::first(5)).await?;
    let week = measures::readings_by_week(&viewer).await?;
    let page = viewer.page("Board").with(lists::high_readings_table(&viewer, &high).await?);
    let _ = Card::new("All of them", "/lists/high-readings");
    Ok(page.with(week.table("By week", "")))
}

pub fn overdue(from: Option<OffsetDateTime>, to: Option<OffsetDateTime>) -> Option<bool> {
    rules::compare(rules::hours(from, to), Some(72.0), |waited, most| waited > most)
}

pub fn age(patient: &crate::patients::Patient, now: OffsetDateTime) -> Option<Decimal> {
    crate::rules::patient_age(&patient.date_of_birth, now).known()
}

pub fn note() -> Option<Notice> {
    None
}
