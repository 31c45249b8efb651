//! What people ask for as their right, and how it is answered: a copy, a correction, an accounting, a limit, erasure, or a
//! complaint (HG-1, CL-10, HG-7; 45 CFR 164.522 to 164.528, 164.530(d)).

use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use uuid::Uuid;

use super::clocks::{ACCESS, ACCOUNTING, AMENDMENT, Answering, OTHERS, answer_due};
use super::{answers, begin, below, finish, trail};
use crate::access::{Context, Error};
use crate::audit::{self, Event};
use crate::pages::{Choice, Column, Content, Detail, Field, Form, FormData, Notice, Page, Row, Table, Tone};
use crate::slice::{Id, Result, Version, Viewer, go};
use crate::store::{self, sql};
use crate::web::{Path, Problem};

/// The step of a request's first entry.
const ASKED: &str = "asked";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Access,
    Amendment,
    Accounting,
    Restriction,
    Erasure,
    Complaint,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Access, Self::Amendment, Self::Accounting, Self::Restriction, Self::Erasure, Self::Complaint];

    fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Amendment => "amendment",
            Self::Accounting => "accounting",
            Self::Restriction => "restriction",
            Self::Erasure => "erasure",
            Self::Complaint => "complaint",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Access => "A copy of my record",
            Self::Amendment => "A correction of my record",
            Self::Accounting => "To whom my record was disclosed",
            Self::Restriction => "A limit on what is done with it",
            Self::Erasure => "Erasure of what need not be kept",
            Self::Complaint => "A complaint about privacy",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Access => "45 CFR 164.524",
            Self::Amendment => "45 CFR 164.526",
            Self::Accounting => "45 CFR 164.528",
            Self::Restriction => "45 CFR 164.522",
            Self::Erasure => "GDPR, Article 17",
            Self::Complaint => "45 CFR 164.530(d)",
        }
    }

    fn answering(self) -> Answering {
        match self {
            Self::Access => ACCESS,
            Self::Amendment => AMENDMENT,
            Self::Accounting => ACCOUNTING,
            Self::Restriction | Self::Erasure | Self::Complaint => OTHERS,
        }
    }

    /// Another word in a row of ours is nothing that we wrote.
    fn parse(name: &str) -> Result<Self> {
        let known = Self::ALL.into_iter().find(|kind| kind.name() == name);
        known.ok_or_else(|| Problem::internal("kind of request"))
    }
}

/// What can be done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Reply,
    Grant,
    Deny,
    Extend,
    Withdraw,
    Disagree,
}

impl Step {
    const ALL: [Self; 6] =
        [Self::Reply, Self::Grant, Self::Deny, Self::Extend, Self::Withdraw, Self::Disagree];

    fn name(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Grant => "grant",
            Self::Deny => "deny",
            Self::Extend => "extend",
            Self::Withdraw => "withdraw",
            Self::Disagree => "disagree",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Reply => "Add a message",
            Self::Grant => "Grant it",
            Self::Deny => "Deny it",
            Self::Extend => "Take longer, once",
            Self::Withdraw => "Withdraw it",
            Self::Disagree => "State that you disagree",
        }
    }

    fn called(name: &str) -> &'static str {
        Self::ALL.into_iter().find(|step| step.name() == name).map_or("Asked", Self::label)
    }

    fn asks(self) -> &'static str {
        match self {
            Self::Reply => "What you want to say",
            Self::Grant => "What was done, and how the person gets it",
            Self::Deny => {
                "On what basis, and how the person can disagree or complain (45 CFR 164.524(d), 164.526(d))"
            }
            Self::Extend => "Why it takes longer, and until when",
            Self::Withdraw => "Why, if you like to say",
            Self::Disagree => "Your statement; it stays with the record (45 CFR 164.526(d)(2))",
        }
    }

    /// Whether it is open, for whoever asked or for whoever answers.
    fn is_open_for(self, request: &Request, asked: bool, answers: bool) -> bool {
        let open = request.standing == "open";
        match self {
            Self::Reply => open && (asked || answers),
            Self::Grant | Self::Deny => open && answers,
            Self::Extend => open && answers && request.extended_at.is_none(),
            Self::Withdraw => open && asked,
            Self::Disagree => request.standing == "denied" && asked,
        }
    }
}

/// A request, as far as it has no words.
#[derive(Clone, Debug)]
pub(super) struct Request {
    id: Uuid,
    version: i64,
    person: Uuid,
    kind: Kind,
    asked_at: OffsetDateTime,
    standing: String,
    extended_at: Option<OffsetDateTime>,
    decided_at: Option<OffsetDateTime>,
}

impl Request {
    pub(super) fn is_open(&self) -> bool {
        self.standing == "open"
    }

    pub(super) fn due(&self) -> OffsetDateTime {
        answer_due(self.asked_at, self.kind.answering(), self.extended_at.is_some())
    }

    fn tag(&self, now: OffsetDateTime) -> Content {
        let tone = match self.standing.as_str() {
            "open" if self.due() < now => Tone::Danger,
            "open" => Tone::Caution,
            "granted" => Tone::Good,
            _ => Tone::Quiet,
        };
        Content::tag(self.standing.clone(), tone)
    }
}

fn read(row: &store::Row) -> Result<Request> {
    let kind = Kind::parse(&row.text("kind").map_err(Error::Store)?)?;
    let rest = || {
        Ok(Request {
            id: row.uuid("id")?,
            version: row.integer("version")?,
            person: row.uuid("person_id")?,
            kind,
            asked_at: row.timestamp("asked_at")?,
            standing: row.text("standing")?,
            extended_at: row.optional_timestamp("extended_at")?,
            decided_at: row.optional_timestamp("decided_at")?,
        })
    };
    Ok(rest().map_err(Error::Store)?)
}

/// Requests of the organisation `$1` that are the person's `$3`, or anybody's if `$2`.
macro_rules! requests_where {
    ($rest:literal) => {
        sql(concat!(
            "SELECT id, version, person_id, kind, asked_at, standing, extended_at, decided_at FROM rights_requests
             WHERE organisation_id = $1 AND ($2 OR person_id = $3) ",
            $rest
        ))
    };
}

/// The requests that the viewer sees: all, who answers them; everybody else their own.
pub(super) async fn seen(viewer: &Viewer) -> Result<Vec<Request>> {
    let rows = requests_where!("ORDER BY asked_at DESC, id DESC LIMIT 500")
        .bind(viewer.principal.organisation())
        .bind(answers(viewer))
        .bind(viewer.principal.person())
        .fetch_all(&viewer.store)
        .await
        .map_err(Error::from)?;
    rows.iter().map(read).collect()
}

async fn find(viewer: &Viewer, id: Uuid) -> Result<Request> {
    let row = requests_where!("AND id = $4")
        .bind(viewer.principal.organisation())
        .bind(answers(viewer))
        .bind(viewer.principal.person())
        .bind(id)
        .fetch_optional(&viewer.store)
        .await
        .map_err(Error::from)?;
    read(&row.ok_or_else(Problem::not_found)?)
}

pub(super) async fn list(viewer: Viewer) -> Result<Page> {
    let requests = seen(&viewer).await?;
    let names = viewer.people(requests.iter().map(|request| Some(request.person))).await?;
    let name = |person| names.iter().find(|called| called.id == person).map(|called| called.title.clone());
    let now = viewer.clock.now();
    let rows = requests.iter().map(|request| {
        Row::new()
            .to(format!("/account/compliance/requests/{}", request.id))
            .cell(request.kind.label())
            .cell(name(request.person))
            .cell(request.asked_at)
            .cell(request.is_open().then(|| viewer.view.local(request.due()).date()))
            .cell(request.tag(now))
    });
    let table = ["What", "Who", "Asked", "Answer due", "Standing"]
        .into_iter()
        .fold(Table::new("Requests"), |table, label| table.column(Column::new(label)));
    let table = table
        .rows(rows.collect::<Vec<_>>())
        .empty("No requests", "A copy, a correction, a list of disclosures: ask for it here.");
    let title = if answers(&viewer) { "Requests of people" } else { "Your rights" };
    Ok(below(&viewer, title).action("Make a request", "/account/compliance/requests/new").with(table))
}

fn form() -> Form {
    let kinds = Kind::ALL.map(|kind| Choice::new(kind.name(), kind.label()).hint(kind.source()));
    Form::new("/account/compliance/requests/new")
        .field(Field::choice("kind", "What you ask for", kinds))
        .field(
            Field::paragraphs("words", "What it is about")
                .hint("For a correction: what is wrong, and what is right")
                .longest(4_000),
        )
        .submit("Ask for it")
        .cancel("/account/compliance/requests")
}

pub(super) async fn ask(viewer: Viewer) -> Page {
    form_page(&viewer, form())
}

fn form_page(viewer: &Viewer, form: Form) -> Page {
    below(viewer, "Make a request")
        .narrow()
        .back("Requests", "/account/compliance/requests")
        .about("The privacy officer answers it. Nobody may treat you worse for asking.")
        .with(form)
}

pub(super) async fn make(viewer: Viewer, data: FormData) -> Result<Response> {
    let answered = match form().parse(&viewer.view, data) {
        Ok(answered) => answered,
        Err(form) => return Ok(form_page(&viewer, *form).into_response()),
    };
    let id = viewer.ids.next();
    let entry = trail::draft(&viewer, id, ASKED, answered.text("words").unwrap_or_default()).await?;
    let mut transaction = begin(&viewer).await?;
    sql("INSERT INTO rights_requests (id, organisation_id, person_id, version, kind, asked_at, standing)
         VALUES ($1, $2, $3, 1, $4, $5, 'open')")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(viewer.principal.person())
    .bind(answered.text("kind").unwrap_or_default())
    .bind(viewer.clock.now())
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    entry.write(&viewer, &mut transaction).await?;
    let event = Event::new(audit::Action::Create).entity("request").record(id);
    finish(&viewer, transaction, event).await?;
    Ok(go(format!("/account/compliance/requests/{id}")))
}

pub(super) async fn show(viewer: Viewer, Id(id): Id) -> Result<Page> {
    let request = find(&viewer, id).await?;
    request_page(&viewer, &request).await
}

async fn request_page(viewer: &Viewer, request: &Request) -> Result<Page> {
    let looked = Event::new(audit::Action::View).entity("request").record(request.id);
    viewer.audit.record(&viewer.circumstances, looked).await.map_err(Error::AuditUnavailable)?;
    let now = viewer.clock.now();
    let mut page = below(viewer, request.kind.label()).back("Requests", "/account/compliance/requests");
    if request.is_open() {
        let words =
            format!("To be answered by {}", viewer.view.date(viewer.view.local(request.due()).date()));
        let late = request.due() < now;
        page = page.notice(if late { Notice::danger(words) } else { Notice::information(words) });
    }
    let people = viewer.people([Some(request.person)]).await?;
    let detail = Detail::new()
        .line("Asked by", people.first().map(|called| called.title.clone()))
        .line("Asked", request.asked_at)
        .line("By the rule", request.kind.source())
        .line("Standing", request.tag(now))
        .line("Put off", request.extended_at)
        .line("Decided", request.decided_at);
    page = page.with(detail).with(trail::table(viewer, request.id, Step::called).await?);
    for step in open_steps(viewer, request) {
        page = page.option(step.label(), step_path(request, step));
    }
    Ok(page)
}

fn open_steps(viewer: &Viewer, request: &Request) -> impl Iterator<Item = Step> + use<> {
    let (asked, answers) = (request.person == viewer.principal.person().uuid(), answers(viewer));
    let request = request.clone();
    Step::ALL.into_iter().filter(move |step| step.is_open_for(&request, asked, answers))
}

fn step_path(request: &Request, step: Step) -> String {
    format!("/account/compliance/requests/{}/{}", request.id, step.name())
}

fn step_form(request: &Request, step: Step) -> Form {
    let words = Field::paragraphs("words", step.asks()).longest(4_000);
    let words = if step == Step::Withdraw { words.optional() } else { words };
    Form::new(step_path(request, step))
        .field(words)
        .version(request.version)
        .submit(step.label())
        .cancel(format!("/account/compliance/requests/{}", request.id))
}

fn step_page(viewer: &Viewer, request: &Request, step: Step, form: Form) -> Page {
    let back = format!("/account/compliance/requests/{}", request.id);
    viewer.page(step.label()).narrow().back(request.kind.label(), back).with(form)
}

/// The step of this name, as far as it is open for the viewer.
fn open_step(viewer: &Viewer, request: &Request, name: &str) -> Result<Step> {
    let known = Step::ALL.into_iter().any(|step| step.name() == name);
    let step = open_steps(viewer, request).find(|step| step.name() == name);
    step.ok_or_else(|| if known { changed() } else { Problem::not_found() })
}

fn changed() -> Problem {
    Problem::conflict().detail("This request has changed in the meantime. Look at it again.")
}

pub(super) async fn ask_step(viewer: Viewer, Path((id, name)): Path<(Uuid, String)>) -> Result<Page> {
    let request = find(&viewer, id).await?;
    let step = open_step(&viewer, &request, &name)?;
    Ok(step_page(&viewer, &request, step, step_form(&request, step)))
}

pub(super) async fn step(
    viewer: Viewer,
    Path((id, name)): Path<(Uuid, String)>,
    data: FormData,
) -> Result<Response> {
    let request = find(&viewer, id).await?;
    let step = open_steps(&viewer, &request).find(|step| step.name() == name);
    let changed =
        || Problem::conflict().detail("This request has changed in the meantime. Look at it again.");
    let known = Step::ALL.into_iter().any(|step| step.name() == name);
    let step = step.ok_or_else(|| if known { changed() } else { Problem::not_found() })?;
    if Version::of(&data)?.version != request.version {
        return Err(changed());
    }
    let answered = match step_form(&request, step).parse(&viewer.view, data) {
        Ok(answered) => answered,
        Err(form) => return Ok(step_page(&viewer, &request, step, *form).into_response()),
    };
    let entry = trail::draft(&viewer, id, step.name(), answered.text("words").unwrap_or_default()).await?;
    let mut transaction = begin(&viewer).await?;
    if write(&viewer, &mut transaction, &after(&request, step, viewer.clock.now())).await? != 1 {
        return Err(changed());
    }
    entry.write(&viewer, &mut transaction).await?;
    let event = Event::new(audit::Action::Update).entity("request").record(id).note(step.name());
    finish(&viewer, transaction, event).await?;
    Ok(go(format!("/account/compliance/requests/{id}")))
}

/// Writes a request as it is after a step; says how many there were of the version before.
async fn write(context: &Context, transaction: &mut store::Transaction, after: &Request) -> Result<u64> {
    let changed = sql("UPDATE rights_requests
         SET version = version + 1, standing = $4, extended_at = $5, decided_at = $6
         WHERE id = $1 AND organisation_id = $2 AND version = $3")
    .bind(after.id)
    .bind(context.principal.organisation())
    .bind(after.version)
    .bind(after.standing.clone())
    .bind(after.extended_at)
    .bind(after.decided_at)
    .execute(transaction)
    .await
    .map_err(Error::from)?;
    Ok(changed)
}

fn after(before: &Request, step: Step, now: OffsetDateTime) -> Request {
    let mut after = before.clone();
    let standing = match step {
        Step::Reply | Step::Disagree => return after,
        Step::Extend => {
            after.extended_at = Some(now);
            return after;
        }
        Step::Grant => "granted",
        Step::Deny => "denied",
        Step::Withdraw => "withdrawn",
    };
    after.standing = standing.to_owned();
    after.decided_at = Some(now);
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    /// HG-1: who asked does not decide, who decides does not withdraw; time is taken once; a denial can be answered.
    #[test]
    fn each_side_has_its_steps() {
        let now = datetime!(2026-11-26 09:00 UTC);
        let request = Request {
            id: Uuid::nil(),
            version: 1,
            person: Uuid::nil(),
            kind: Kind::Amendment,
            asked_at: now,
            standing: "open".to_owned(),
            extended_at: None,
            decided_at: None,
        };
        let steps = |request: &Request, asked, answers| {
            let open = Step::ALL.into_iter().filter(|step| step.is_open_for(request, asked, answers));
            open.map(Step::name).collect::<Vec<_>>()
        };
        assert_eq!(steps(&request, true, false), ["reply", "withdraw"]);
        assert_eq!(steps(&request, false, true), ["reply", "grant", "deny", "extend"]);
        let extended = after(&request, Step::Extend, now);
        assert_eq!(steps(&extended, false, true), ["reply", "grant", "deny"]);
        let denied = after(&extended, Step::Deny, now);
        assert_eq!(steps(&denied, true, false), ["disagree"]);
        assert_eq!(steps(&denied, false, true), [""; 0]);
    }
}
