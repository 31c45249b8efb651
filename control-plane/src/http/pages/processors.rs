//! Which companies handle data, and under which agreement (HC-13).

use safeguards::axum::extract::State;
use safeguards::pages::{Content, Page, Row, Table, Tone};

use super::Result;
use crate::accounts::Member;
use crate::http::{Shell, Site};
use crate::processors::{self, Data};

pub(super) async fn list(State(site): State<Site>, _member: Member, Shell(view): Shell) -> Result<Page> {
    let rows = processors::register(&site.platform).await?.into_iter().map(|line| {
        let processor = line.processor;
        let agreement = match (&line.attestation, processor.data) {
            (Some(attested), _) => Content::Text(format!(
                "{}, since {}",
                attested.agreement,
                view.date(attested.attested_at.date())
            )),
            (None, Data::Account) => Content::tag("none needed", Tone::Quiet),
            (None, Data::Health) => Content::tag("not attested: not called", Tone::Caution),
        };
        Row::new()
            .cell(processor.name)
            .cell(processor.purpose)
            .cell(match processor.data {
                Data::Account => "Account data only",
                Data::Health => "May hold health information",
            })
            .cell(processor.region)
            .cell(agreement)
    });
    let table = Table::new("Sub-processors")
        .column("Company")
        .column("What for")
        .column("What it meets")
        .column("Where")
        .column("Agreement")
        .rows(rows);
    Ok(view
        .page("Sub-processors")
        .about("No other company is sent data by this platform. One that may meet health information is not called before the agreement with it is attested. Planning happens here, on this machine: no model provider is called.")
        .with(table))
}
