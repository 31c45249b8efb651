//! Measures: what can be counted of the records that the viewer may list. Small cells are hidden, so that nobody is
//! found behind a number.

use safeguards::slice::measure::{Aggregate, Interval, Measured};
use safeguards::slice::prelude::*;

use crate::access;

/// `GET /measures`: those of the viewer's roles.
pub async fn page(viewer: Viewer) -> Result<Page> {
    let mut page = viewer.page("Measures");
    if viewer.is(FOR_READINGS_BY_WEEK) {
        let measured = readings_by_week(&viewer).await?;
        if measured.has_values() {
            page = page.with(measured.bars("Readings by week", ""));
        }
        page = page.with(measured.table("Readings by week", ""));
    }
    Ok(page)
}

const FOR_READINGS_BY_WEEK: &[&str] = &["nurse"];

/// Readings by week: by week.
pub async fn readings_by_week(viewer: &Viewer) -> Result<Measured> {
    viewer.only(FOR_READINGS_BY_WEEK)?;
    let rows = tenant!(
        "SELECT substr(CAST(taken_at AS TEXT), 1, 13) AS cell, count(*) AS n, 0 AS value
         FROM readings WHERE {visible}
         GROUP BY substr(CAST(taken_at AS TEXT), 1, 13)"
    );
    let rows = rows.measure(viewer, &access::READING).await?;
    Measured::of(&viewer.view, Interval::Week, Aggregate::Count, 11, &rows)
}

/// `GET /api/measures/readings-by-week`
pub async fn readings_by_week_api(viewer: Viewer) -> Result<Json<Measured>> {
    readings_by_week(&viewer).await.map(Json)
}
