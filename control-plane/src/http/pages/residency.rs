//! Where the data of a project's environments lie, as it was recorded (HC-7).

use safeguards::pages::{Content, Row, Table, Tone};

use super::Result;
use crate::Platform;
use crate::environments::Environment;
use crate::residency;
use crate::seams::EnvironmentKind;

/// One line for each thing that lies somewhere.
pub(super) async fn table(platform: &Platform, environments: &[Environment]) -> Result<Table> {
    let mut rows = Vec::new();
    for environment in environments {
        let kind = match environment.kind {
            EnvironmentKind::Preview => "Preview",
            EnvironmentKind::Production => "Production",
        };
        let lines = residency::of(platform, environment.id).await?;
        if lines.is_empty() {
            let unknown = Content::tag("not recorded: it is older than this record", Tone::Caution);
            rows.push(Row::new().cell(kind).cell("Everything").cell(unknown).cell("").cell(""));
        }
        for line in lines {
            let region = match line.kept.region {
                Some(region) => Content::Text(region.to_string()),
                None => Content::tag("not told by the operator", Tone::Quiet),
            };
            rows.push(
                Row::new()
                    .cell(kind)
                    .cell(line.what.words())
                    .cell(line.kept.by)
                    .cell(region)
                    .cell(line.recorded_at),
            );
        }
    }
    Ok(Table::new("Where its data lie")
        .column("Environment")
        .column("What")
        .column("Kept by")
        .column("Region")
        .column("Since")
        .rows(rows))
}
