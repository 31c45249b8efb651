//! What a covered entity has to look at again and again, and write down: risk analysis, contingency, access (HG-2).

use axum::response::{IntoResponse, Response};
use time::{Date, OffsetDateTime};

use super::clocks::REVIEW_AGAIN;
use super::sealing::{Column as Sealed, open, seal};
use super::{begin, below, finish, only_who_answers};
use crate::access::{Context, Error};
use crate::audit::{self, Event};
use crate::pages::{Choice, Column, Content, Field, Form, FormData, Page, Row, Table};
use crate::slice::{Result, Viewer, capitalised, go};
use crate::store::sql;

/// What is reviewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    RiskAnalysis,
    Contingency,
    Restore,
    Access,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::RiskAnalysis, Self::Contingency, Self::Restore, Self::Access];

    fn name(self) -> &'static str {
        match self {
            Self::RiskAnalysis => "risk analysis",
            Self::Contingency => "contingency exercise",
            Self::Restore => "restore drill",
            Self::Access => "access review",
        }
    }

    pub(super) fn label(self) -> String {
        capitalised(self.name())
    }

    pub(super) fn source(self) -> &'static str {
        match self {
            Self::RiskAnalysis => "45 CFR 164.308(a)(1)(ii)(A)",
            Self::Contingency => "45 CFR 164.308(a)(7)(ii)(D)",
            Self::Restore => "45 CFR 164.308(a)(7)(ii)(B)",
            Self::Access => "45 CFR 164.308(a)(4)(ii)(C)",
        }
    }
}

/// When each kind was last conducted.
pub(super) async fn last(context: &Context, kind: Kind) -> Result<Option<Date>> {
    let row = sql(
        "SELECT max(conducted_on) AS last FROM compliance_reviews WHERE organisation_id = $1 AND kind = $2",
    )
    .bind(context.principal.organisation())
    .bind(kind.name())
    .fetch_one(&context.store)
    .await
    .map_err(Error::from)?;
    Ok(row.optional_date("last").map_err(Error::Store)?)
}

/// When a kind is due again; at once, where it never was.
pub(super) fn due(last: Option<Date>, today: Date) -> Date {
    last.map_or(today, |last| last.saturating_add(REVIEW_AGAIN))
}

fn form(viewer: &Viewer) -> Form {
    let today = viewer.view.today();
    let kinds = Kind::ALL.into_iter().map(|kind| Choice::new(kind.name(), kind.label()));
    Form::new("/account/compliance/reviews")
        .field(Field::choice("kind", "What was reviewed", kinds))
        .field(Field::date("conducted_on", "Conducted on").not_after(today))
        .field(
            Field::paragraphs("findings", "What was found, and what will be done by when")
                .hint("No names of patients: what is written here is about the organisation")
                .longest(8_000),
        )
        .with("conducted_on", today)
        .submit("Write it down")
}

pub(super) async fn list(viewer: Viewer) -> Result<Page> {
    only_who_answers(&viewer)?;
    let form = form(&viewer);
    reviews_page(&viewer, form).await
}

async fn reviews_page(viewer: &Viewer, form: Form) -> Result<Page> {
    let rows =
        sql("SELECT id, kind, conducted_on, recorded_at, recorded_by_id, findings FROM compliance_reviews
         WHERE organisation_id = $1 ORDER BY conducted_on DESC, id DESC LIMIT 200")
        .bind(viewer.principal.organisation())
        .fetch_all(&viewer.store)
        .await
        .map_err(Error::from)?;
    let mut told = Vec::new();
    for row in rows {
        let read = || {
            let kind = capitalised(&row.text("kind")?);
            let (conducted, recorded) = (row.date("conducted_on")?, row.timestamp("recorded_at")?);
            Ok((
                row.uuid("id")?,
                kind,
                conducted,
                recorded,
                row.uuid("recorded_by_id")?,
                row.bytes("findings")?,
            ))
        };
        let (id, kind, conducted, recorded, by, sealed) = read().map_err(Error::Store)?;
        let findings = open(viewer, Sealed::Findings, id, sealed).await?;
        told.push((kind, conducted, recorded, by, findings));
    }
    let names = viewer.people(told.iter().map(|told| Some(told.3))).await?;
    let name = |person| names.iter().find(|called| called.id == person).map(|called| called.title.clone());
    let rows =
        told.into_iter().map(|(kind, conducted, recorded, by, findings): (_, _, OffsetDateTime, _, _)| {
            Row::new()
                .cell(kind)
                .cell(conducted)
                .cell(Content::narrative(findings))
                .cell(name(by))
                .cell(recorded)
        });
    let table = ["What", "Conducted on", "Findings", "Written by", "Written at"]
        .into_iter()
        .fold(Table::new("What was reviewed"), |table, label| table.column(Column::new(label)));
    let table =
        table.rows(rows.collect::<Vec<_>>()).empty("Nothing yet", "Write down the first review below.");
    Ok(below(viewer, "Reviews")
        .about("What the Security Rule wants looked at again: each at least once a year, and after each large change.")
        .with(table)
        .heading("Write down a review")
        .with(form))
}

pub(super) async fn record(viewer: Viewer, data: FormData) -> Result<Response> {
    only_who_answers(&viewer)?;
    let answers = match form(&viewer).parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(reviews_page(&viewer, *form).await?.into_response()),
    };
    let id = viewer.ids.next();
    let findings = seal(&viewer, Sealed::Findings, id, answers.text("findings").unwrap_or_default()).await?;
    let mut transaction = begin(&viewer).await?;
    sql("INSERT INTO compliance_reviews
             (id, organisation_id, kind, conducted_on, recorded_at, recorded_by_id, findings)
         VALUES ($1, $2, $3, $4, $5, $6, $7)")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(answers.text("kind").unwrap_or_default())
    .bind(answers.date("conducted_on").unwrap_or_else(|| viewer.view.today()))
    .bind(viewer.clock.now())
    .bind(viewer.principal.person())
    .bind(findings)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    finish(&viewer, transaction, Event::new(audit::Action::Configure).entity("review").record(id)).await?;
    Ok(go("/account/compliance/reviews"))
}
