//! A file that was sent: kept to be looked at first, and told line by line.

use uuid::Uuid;

use super::{Csv, Report, Step};
use crate::pages::{Column, Content, FormData, Notice, Page, Row, Table};
use crate::slice::{Result, Viewer};
use crate::web::Problem;

/// Most lines that a page shows.
const SHOWN: usize = 100;

impl Viewer {
    /// Keeps a file that is to be looked at first, sealed, for half a day; says the address where that is done.
    pub async fn keep_csv(&self, path: &str, csv: Csv) -> Result<String> {
        let mut kept = FormData::default();
        kept.set("csv", csv.0);
        let id = self.ids.next();
        self.insert_search(id, &kept).await?;
        Ok(format!("{path}/{id}"))
    }

    /// The file that was kept under this id.
    ///
    /// # Errors
    /// 404: it is somebody else's, or was sent more than half a day ago.
    pub async fn kept_csv(&self, id: Uuid) -> Result<Csv> {
        let kept = self.kept_search(id).await?;
        kept.first("csv").map(|text| Csv(text.to_owned())).ok_or_else(Problem::not_found)
    }

    /// A page of what a file would do, or did: how much of which, then every line that was left out, then the first others.
    pub fn import_page(&self, page: Page, report: &Report, done: bool) -> Page {
        let Report { made, changed, same, refused, steps } = report;
        let (will, left) = if done { ("", "was left out") } else { (" to be", "will be left out") };
        let told = format!("{made} records{will} made, {changed}{will} changed, {same} as they are");
        let notice = match (done, refused.is_empty()) {
            (true, true) => Notice::success(told),
            (_, true) => Notice::information(told),
            (_, false) => {
                Notice::warning(told).text(format!("{} mistakes: what they are in {left}.", refused.len()))
            }
        };
        let page = page.with(notice);
        let wrong = refused.iter().take(SHOWN).map(|wrong| {
            let line = i64::try_from(wrong.line).unwrap_or(i64::MAX);
            Row::new()
                .cell(line)
                .cell(wrong.column.clone().map_or(Content::Empty, Content::from))
                .cell(wrong.detail.clone())
        });
        let page = match refused.is_empty() {
            true => page,
            false => page.with(
                Table::new("Left out")
                    .column(Column::new("Line").numeric())
                    .column(Column::new("Column"))
                    .column(Column::new("What is wrong"))
                    .rows(wrong)
                    .in_its_own_order(),
            ),
        };
        let word = |step: &Step| match step {
            Step::Made => "A new record",
            Step::Changed => "Changes a record",
            Step::Same => "Says what is recorded",
        };
        let lines = steps
            .iter()
            .take(SHOWN)
            .map(|(line, step)| Row::new().cell(i64::try_from(*line).unwrap_or(i64::MAX)).cell(word(step)));
        if steps.is_empty() {
            return page;
        }
        page.with(
            Table::new("Lines")
                .column(Column::new("Line").numeric())
                .column(Column::new("What it does"))
                .rows(lines)
                .in_its_own_order(),
        )
    }
}
