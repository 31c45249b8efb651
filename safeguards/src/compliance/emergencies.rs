//! Who looked beyond what is theirs in an emergency: told at once to whom it concerns and to whoever answers for the
//! organisation, and reviewed by somebody else within 72 hours (CF-3; 45 CFR 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D)).

use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::announced::unseen;
use super::clocks::emergency_review_due;
use super::sealing::{Column as Sealed, open, seal};
use super::{Facts, answers, begin, below, break_glass, finish, only_who_answers};
use crate::access::{Context, Error, in_emergency};
use crate::audit::{self, Event, Outcome, Seen};
use crate::identity::EMERGENCY_ACCESS;
use crate::pages::{Choice, Column, Content, Detail, Field, Form, FormData, Notice, Page, Row, Table, Tone};
use crate::slice::{Called, Id, Result, Viewer, capitalised, go};
use crate::store::{self, sql};
use crate::web::{Path, Problem};

/// How many of the records that were opened are told at once, the latest first.
const OPENED: u32 = 500;
const LIST: &str = "/account/compliance/emergencies";

/// An emergency access, as far as it has no words.
#[derive(Clone, Debug)]
pub(super) struct Emergency {
    pub(super) id: Uuid,
    kind: String,
    pub(super) person: Uuid,
    pub(super) colleague: Option<Uuid>,
    pub(super) subject: Option<Uuid>,
    pub(super) starts_at: OffsetDateTime,
    pub(super) ends_at: OffsetDateTime,
    because: Option<String>,
    reviewed_at: Option<OffsetDateTime>,
    reviewed_by: Option<Uuid>,
    verdict: Option<String>,
}

impl Emergency {
    fn goes_on(&self, now: OffsetDateTime) -> bool {
        self.ends_at > now
    }

    pub(super) fn is_open(&self) -> bool {
        self.reviewed_at.is_none()
    }

    pub(super) fn is_late(&self, now: OffsetDateTime) -> bool {
        self.is_open() && self.due() < now
    }

    /// When it is to be reviewed.
    fn due(&self) -> OffsetDateTime {
        emergency_review_due(self.ends_at)
    }

    fn label(&self) -> &'static str {
        if self.kind == "impersonation" { "Looked as a colleague" } else { "Broke the glass" }
    }

    fn ended(&self, now: OffsetDateTime) -> &'static str {
        match self.because.as_deref() {
            _ if self.goes_on(now) => "It goes on",
            Some("stopped") => "Stopped by who looked",
            Some("session-ended") => "They signed out, or their session ended",
            Some("rights-changed") => "Rights have changed meanwhile",
            _ => "Its time was up",
        }
    }

    fn tag(&self, now: OffsetDateTime) -> Content {
        match self.verdict.as_deref() {
            Some("justified") => Content::tag("justified", Tone::Good),
            Some(_) => Content::tag("not justified", Tone::Danger),
            None if self.goes_on(now) => Content::tag("goes on", Tone::Caution),
            None if self.is_late(now) => Content::tag("review overdue", Tone::Danger),
            None => Content::tag("to be reviewed", Tone::Caution),
        }
    }

    pub(super) fn path(&self) -> String {
        format!("{LIST}/{}", self.id)
    }
}

pub(super) fn read(row: &store::Row) -> store::Result<Emergency> {
    Ok(Emergency {
        id: row.uuid("id")?,
        kind: row.text("kind")?,
        person: row.uuid("person_id")?,
        colleague: row.optional_uuid("colleague_id")?,
        subject: row.optional_uuid("subject_id")?,
        starts_at: row.timestamp("starts_at")?,
        ends_at: row.timestamp("ends_at")?,
        because: row.optional_text("ended_because")?,
        reviewed_at: row.optional_timestamp("reviewed_at")?,
        reviewed_by: row.optional_uuid("reviewed_by_id")?,
        verdict: row.optional_text("verdict")?,
    })
}

/// Emergencies of the organisation `$1`.
macro_rules! emergencies_where {
    ($rest:literal) => {
        sql(concat!(
            "SELECT e.id, e.kind, e.person_id, e.colleague_id, e.subject_id, e.starts_at, e.ends_at, e.ended_because, e.reviewed_at,
                 e.reviewed_by_id, e.verdict, e.reason, e.finding
             FROM emergency_accesses e WHERE e.organisation_id = $1 ",
            $rest
        ))
    };
}

pub(super) use emergencies_where;

/// All of the organisation, those that wait for a review first; for who answers for it.
pub(super) async fn all(context: &Context) -> Result<Vec<Emergency>> {
    let rows = emergencies_where!(
        "ORDER BY CASE WHEN e.reviewed_at IS NULL THEN 0 ELSE 1 END, e.starts_at DESC, e.id DESC LIMIT 500"
    )
    .bind(context.principal.organisation())
    .fetch_all(&context.store)
    .await
    .map_err(Error::from)?;
    Ok(rows.iter().map(read).collect::<store::Result<Vec<_>>>().map_err(Error::Store)?)
}

/// One with its words: for who answers, and for whoever was told of it. To others it is not there.
pub(super) async fn find(viewer: &Viewer, id: Uuid) -> Result<(Emergency, store::Row)> {
    let row = emergencies_where!(
        "AND e.id = $2 AND ($3 OR EXISTS (SELECT 1 FROM emergency_notices n
             WHERE n.emergency_id = e.id AND n.person_id = $4))"
    )
    .bind(viewer.principal.organisation())
    .bind(id)
    .bind(answers(viewer))
    .bind(viewer.principal.person())
    .fetch_optional(&viewer.store)
    .await
    .map_err(Error::from)?;
    let row = row.ok_or_else(Problem::not_found)?;
    Ok((read(&row).map_err(Error::Store)?, row))
}

pub(super) fn name_of(names: &[Called], person: Option<Uuid>) -> String {
    let called = names.iter().find(|called| Some(called.id) == person);
    called.map_or_else(|| "Somebody who has left".to_owned(), |called| called.title.clone())
}

/// As whom somebody looked, or at whose records.
async fn at_whom(viewer: &Viewer, facts: &Facts, names: &[Called], one: &Emergency) -> Result<String> {
    let reference = match one.subject {
        Some(subject) => break_glass::reference(viewer, facts, subject).await?,
        None => return Ok(name_of(names, one.colleague)),
    };
    Ok(reference.unwrap_or_else(|| "One patient".to_owned()))
}

pub(super) async fn list(viewer: Viewer, Extension(facts): Extension<Facts>) -> Result<Page> {
    only_who_answers(&viewer)?;
    let found = all(&viewer).await?;
    let people = found.iter().flat_map(|one| [Some(one.person), one.colleague, one.reviewed_by]);
    let names = viewer.people(people).await?;
    let now = viewer.clock.now();
    let mut rows = Vec::with_capacity(found.len());
    for one in &found {
        let row = Row::new()
            .to(one.path())
            .cell(name_of(&names, Some(one.person)))
            .cell(at_whom(&viewer, &facts, &names, one).await?)
            .cell(one.starts_at)
            .cell(one.ends_at)
            .cell(one.is_open().then(|| one.due()))
            .cell(one.tag(now));
        rows.push(row);
    }
    let table = ["Who", "As or at whom", "From", "Until", "Review due", "Standing"]
        .into_iter()
        .fold(Table::new("Emergency access"), |table, label| table.column(Column::new(label)));
    let table = table
        .rows(rows)
        .empty("Nobody yet", "Whoever looks beyond what is theirs in an emergency will stand here.");
    Ok(below(&viewer, "Emergency access")
        .about("Each is reviewed within 72 hours after its end, by somebody else than who looked.")
        .with(table))
}

/// One as JSON.
#[derive(Serialize)]
pub(super) struct Told {
    id: Uuid,
    kind: String,
    person: Uuid,
    colleague: Option<Uuid>,
    #[serde(with = "time::serde::rfc3339")]
    starts_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    ends_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    review_due: OffsetDateTime,
    reviewed_by: Option<Uuid>,
    verdict: Option<String>,
}

pub(super) async fn api(viewer: Viewer) -> Result<Json<Vec<Told>>> {
    only_who_answers(&viewer)?;
    let told = |one: Emergency| Told {
        id: one.id,
        review_due: one.due(),
        kind: one.kind,
        person: one.person,
        colleague: one.colleague,
        starts_at: one.starts_at,
        ends_at: one.ends_at,
        reviewed_by: one.reviewed_by,
        verdict: one.verdict,
    };
    Ok(Json(all(&viewer).await?.into_iter().map(told).collect()))
}

pub(super) async fn show(viewer: Viewer, Extension(facts): Extension<Facts>, Id(id): Id) -> Result<Page> {
    let (one, row) = find(&viewer, id).await?;
    // To look is an event, before anything is shown: a reason may be about a patient.
    let looked = Event::new(audit::Action::View).entity(EMERGENCY_ACCESS).record(id);
    viewer.audit.record(&viewer.circumstances, looked).await.map_err(Error::AuditUnavailable)?;
    let organisation = viewer.principal.organisation().uuid();
    let basis = in_emergency(id);
    let opened = audit::opened_under(&viewer.store, organisation, (id, &basis), one.starts_at, OPENED);
    let opened = opened.await.map_err(Error::from)?;
    let names = viewer.people([Some(one.person), one.colleague, one.reviewed_by]).await?;
    let reason = row.bytes("reason").map_err(Error::Store)?;
    let reason = open(&viewer, Sealed::Reason, id, reason).await?;
    let now = viewer.clock.now();
    let mut detail = Detail::new()
        .line("Who", name_of(&names, Some(one.person)))
        .line(
            if one.subject.is_some() { "At whose records" } else { "As whom" },
            at_whom(&viewer, &facts, &names, &one).await?,
        )
        .line("Why", Content::narrative(reason))
        .line("From", one.starts_at)
        .line("Until", one.ends_at)
        .line("How it ended", one.ended(now))
        .line("What was opened", counted(&opened))
        .line("Standing", one.tag(now));
    if let Some(finding) = row.optional_bytes("finding").map_err(Error::Store)? {
        let finding = open(&viewer, Sealed::EmergencyFinding, id, finding).await?;
        detail = detail
            .line("Reviewed by", name_of(&names, one.reviewed_by))
            .line("Reviewed at", one.reviewed_at)
            .line("What was found", Content::narrative(finding));
    }
    let back = if answers(&viewer) { ("Emergency access", LIST) } else { ("Home", "/") };
    let mut page = below(&viewer, one.label()).back(back.0, back.1);
    if one.is_open() && !one.goes_on(now) {
        let words = format!("To be reviewed by {}", viewer.view.moment(one.due()));
        page = page.notice(if one.is_late(now) { Notice::danger(words) } else { Notice::information(words) });
    }
    if may_review(&viewer, &one) {
        page = page.action("Review it", format!("{}/review", one.path()));
    }
    if answers(&viewer) {
        page = page.option("Journal", format!("{}/journal", one.path()));
    }
    if unseen(&viewer, Some(id)).await?.is_some() {
        page = page.command("I have seen this", format!("{}/seen", one.path()));
    }
    Ok(page.with(detail).with(told_of(opened)))
}

/// How many records were opened.
fn counted(opened: &[Seen]) -> String {
    let shown = opened.iter().filter(|seen| seen.outcome == Outcome::Succeeded);
    let mut records: Vec<&String> = shown.flat_map(|seen| &seen.records).collect();
    records.sort_unstable();
    records.dedup();
    let more = if opened.len() >= OPENED as usize { "at least " } else { "" };
    match records.len() {
        0 => "No record".to_owned(),
        1 => format!("{more}1 record"),
        many => format!("{more}{many} records"),
    }
}

fn told_of(opened: Vec<Seen>) -> Table {
    let rows = opened.into_iter().map(|seen| {
        let what = seen.entity.map(|entity| capitalised(&entity.replace('-', " ")));
        let many = i64::try_from(seen.records.len()).unwrap_or(i64::MAX);
        Row::new()
            .cell(seen.at)
            .cell(capitalised(&seen.action.as_str().replace('-', " ")))
            .cell(what)
            .cell(many)
    });
    let table =
        [Column::new("When"), Column::new("Did"), Column::new("What"), Column::new("Records").numeric()]
            .into_iter()
            .fold(Table::new("What the audit log has of it"), Table::column);
    table
        .rows(rows.collect::<Vec<_>>())
        .empty("Nothing was opened", "Each record that is opened will stand here.")
}

/// Whoever answers for the organisation and did not look themselves, once it is over.
fn may_review(viewer: &Viewer, one: &Emergency) -> bool {
    answers(viewer)
        && one.is_open()
        && !one.goes_on(viewer.clock.now())
        && one.person != viewer.principal.person().uuid()
}

fn form(one: &Emergency) -> Form {
    let verdicts = [
        Choice::new("justified", "It was justified"),
        Choice::new("not justified", "It was not justified")
            .hint("Then report an incident, too: it may be a breach"),
    ];
    Form::new(format!("{}/review", one.path()))
        .field(Field::choice("verdict", "What you found", verdicts))
        .field(
            Field::paragraphs("finding", "On what grounds, and what follows")
                .hint("Say what you looked at: the reason, the records that were opened, whom you asked")
                .longest(4_000),
        )
        .submit("Write down the review")
        .cancel(one.path())
}

fn review_page(viewer: &Viewer, one: &Emergency, form: Form) -> Page {
    viewer.page("Review an emergency access").narrow().back(one.label(), one.path()).with(form)
}

/// An emergency that the viewer may review now; says why not.
async fn reviewable(viewer: &Viewer, id: Uuid) -> Result<Emergency> {
    only_who_answers(viewer)?;
    let (one, _) = find(viewer, id).await?;
    if may_review(viewer, &one) {
        return Ok(one);
    }
    let why = if one.person == viewer.principal.person().uuid() {
        "Somebody else has to review what you did yourself."
    } else if one.is_open() {
        "It still goes on. It is reviewed once it is over."
    } else {
        "It was reviewed meanwhile. Look at it again."
    };
    Err(Problem::conflict().detail(why))
}

pub(super) async fn ask_review(viewer: Viewer, Id(id): Id) -> Result<Page> {
    let one = reviewable(&viewer, id).await?;
    Ok(review_page(&viewer, &one, form(&one)))
}

pub(super) async fn review(viewer: Viewer, Path(id): Path<Uuid>, data: FormData) -> Result<Response> {
    let one = reviewable(&viewer, id).await?;
    let answered = match form(&one).parse(&viewer.view, data) {
        Ok(answered) => answered,
        Err(form) => return Ok(review_page(&viewer, &one, *form).into_response()),
    };
    let finding = answered.text("finding").unwrap_or_default();
    let finding = seal(&viewer, Sealed::EmergencyFinding, id, finding).await?;
    let mut transaction = begin(&viewer).await?;
    let changed = sql("UPDATE emergency_accesses SET reviewed_at = $3, reviewed_by_id = $4, verdict = $5, finding = $6
         WHERE id = $1 AND organisation_id = $2 AND reviewed_at IS NULL AND ends_at <= $3 AND person_id <> $4")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(viewer.clock.now())
    .bind(viewer.principal.person())
    .bind(answered.text("verdict").unwrap_or_default())
    .bind(finding)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    if changed != 1 {
        return Err(Problem::conflict().detail("It was reviewed meanwhile. Look at it again."));
    }
    let event = Event::new(audit::Action::Update).entity(EMERGENCY_ACCESS).record(id).note("reviewed");
    finish(&viewer, transaction, event).await?;
    Ok(go(one.path()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// CF-3: open until somebody has reviewed it, late after 72 hours; what goes on is not judged yet.
    #[test]
    fn a_review_is_due_in_72_hours() {
        let one = Emergency {
            id: Uuid::nil(),
            kind: "impersonation".to_owned(),
            person: Uuid::nil(),
            colleague: Some(Uuid::max()),
            subject: None,
            starts_at: datetime!(2026-11-27 09:00 UTC),
            ends_at: datetime!(2026-11-27 09:15 UTC),
            because: None,
            reviewed_at: None,
            reviewed_by: None,
            verdict: None,
        };
        assert_eq!(one.due(), datetime!(2026-11-30 09:15 UTC));
        assert!(
            one.goes_on(datetime!(2026-11-27 09:14:59 UTC)) && !one.goes_on(datetime!(2026-11-27 09:15 UTC))
        );
        assert!(
            !one.is_late(datetime!(2026-11-30 09:15 UTC)) && one.is_late(datetime!(2026-11-30 09:15:01 UTC))
        );
        let reviewed = Emergency { reviewed_at: Some(datetime!(2026-11-28 09:00 UTC)), ..one };
        assert!(!reviewed.is_open() && !reviewed.is_late(datetime!(2027-11-30 09:15 UTC)));
    }
}
