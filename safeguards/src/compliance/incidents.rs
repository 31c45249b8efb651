//! Security incidents and breaches: reported by whoever works here, assessed and closed by who answers for it, with the
//! clocks of the Breach Notification Rule (CF-21, CF-25; 45 CFR 164.308(a)(6), 164.400 to 164.414).

use axum::response::{IntoResponse, Response};
use time::OffsetDateTime;
use uuid::Uuid;

use super::clocks::{FIRST_NOTICE, authority_due, individuals_due, media_due};
use super::sealing::{Column as Sealed, open, seal};
use super::{answers, begin, below, finish, only_who_answers, trail, works_here};
use crate::access::{Context, Error};
use crate::audit::{self, Event};
use crate::pages::{Column, Content, Detail, Field, Form, FormData, Notice, Page, Row, Table, Tone};
use crate::slice::{Id, Result, Version, Viewer, capitalised, go};
use crate::store::{self, sql};
use crate::web::{Path, Problem};

/// The step of an incident's first entry.
const REPORTED: &str = "reported";

/// An incident, as far as it has no words.
#[derive(Clone, Debug)]
pub(super) struct Incident {
    id: Uuid,
    version: i64,
    reported_at: OffsetDateTime,
    reported_by: Uuid,
    pub(super) discovered_at: OffsetDateTime,
    title: String,
    standing: String,
    individuals: Option<i64>,
    individuals_told_at: Option<OffsetDateTime>,
    authority_told_at: Option<OffsetDateTime>,
    media_told_at: Option<OffsetDateTime>,
    closed_at: Option<OffsetDateTime>,
}

/// What can be done with an incident, in the order in which it is usually done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Note,
    NoBreach,
    Breach,
    IndividualsTold,
    AuthorityTold,
    MediaTold,
    Close,
}

impl Step {
    const ALL: [Self; 7] = [
        Self::Note,
        Self::NoBreach,
        Self::Breach,
        Self::IndividualsTold,
        Self::AuthorityTold,
        Self::MediaTold,
        Self::Close,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::NoBreach => "no-breach",
            Self::Breach => "breach",
            Self::IndividualsTold => "individuals-told",
            Self::AuthorityTold => "authority-told",
            Self::MediaTold => "media-told",
            Self::Close => "close",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Note => "Add a note",
            Self::NoBreach => "Not a breach",
            Self::Breach => "It is a breach",
            Self::IndividualsTold => "The people concerned were told",
            Self::AuthorityTold => "The Secretary was told",
            Self::MediaTold => "The media were told",
            Self::Close => "Close the incident",
        }
    }

    /// What people call the step of an entry.
    fn called(name: &str) -> &'static str {
        Self::ALL.into_iter().find(|step| step.name() == name).map_or("Reported", Self::label)
    }

    /// What has to be written with it.
    fn asks(self) -> &'static str {
        match self {
            Self::Note => "What was found or done",
            Self::NoBreach => {
                "Why there is a low probability that the data were compromised: kinds of data, who had them, whether they \
                 were seen, how the risk was mitigated"
            }
            Self::Breach => "What happened, and which kinds of data are concerned",
            Self::IndividualsTold | Self::AuthorityTold | Self::MediaTold => {
                "How they were told, and by whom"
            }
            Self::Close => "What keeps it from happening again",
        }
    }

    /// Whether it can be done as things stand. A breach is closed once everybody was told whom the law wants told.
    fn is_open_for(self, incident: &Incident) -> bool {
        let breach = incident.standing == "breach";
        match (self, incident.standing.as_str()) {
            (_, "closed") => false,
            (Self::Note, _) => true,
            (Self::NoBreach, standing) => standing == "reported",
            (Self::Breach, _) => true,
            (Self::IndividualsTold, _) => breach && incident.individuals_told_at.is_none(),
            (Self::AuthorityTold, _) => breach && incident.authority_told_at.is_none(),
            (Self::MediaTold, _) => {
                let due = media_due(incident.discovered_at, incident.individuals).is_some();
                breach && due && incident.media_told_at.is_none()
            }
            (Self::Close, "no breach") => true,
            (Self::Close, _) => breach && !incident.owes_anybody(),
        }
    }
}

impl Incident {
    pub(super) fn is_open(&self) -> bool {
        self.closed_at.is_none()
    }

    fn owes_anybody(&self) -> bool {
        let media = media_due(self.discovered_at, self.individuals).is_some() && self.media_told_at.is_none();
        media || self.individuals_told_at.is_none() || self.authority_told_at.is_none()
    }

    /// What is due next, and when: an assessment, a notice, or nothing.
    pub(super) fn next(&self) -> Option<(&'static str, OffsetDateTime)> {
        let (at, many) = (self.discovered_at, self.individuals);
        match self.standing.as_str() {
            "reported" => Some(("assess it, and tell whoever relies on you", at + FIRST_NOTICE)),
            "breach" => {
                let individuals = self
                    .individuals_told_at
                    .is_none()
                    .then(|| ("tell the people concerned", individuals_due(at)));
                let authority =
                    self.authority_told_at.is_none().then(|| ("tell the Secretary", authority_due(at, many)));
                let media = media_due(at, many)
                    .filter(|_| self.media_told_at.is_none())
                    .map(|due| ("tell the media", due));
                [individuals, authority, media].into_iter().flatten().min_by_key(|(_, due)| *due)
            }
            _ => None,
        }
    }

    fn tag(&self) -> Content {
        let tone = match self.standing.as_str() {
            "reported" => Tone::Caution,
            "breach" => Tone::Danger,
            "no breach" => Tone::Quiet,
            _ => Tone::Good,
        };
        Content::tag(self.standing.clone(), tone)
    }
}

async fn read(context: &Context, row: &store::Row) -> Result<Incident> {
    let fields = || {
        Ok((
            Incident {
                id: row.uuid("id")?,
                version: row.integer("version")?,
                reported_at: row.timestamp("reported_at")?,
                reported_by: row.uuid("reported_by_id")?,
                discovered_at: row.timestamp("discovered_at")?,
                title: String::new(),
                standing: row.text("standing")?,
                individuals: row.optional_integer("individuals")?,
                individuals_told_at: row.optional_timestamp("individuals_told_at")?,
                authority_told_at: row.optional_timestamp("authority_told_at")?,
                media_told_at: row.optional_timestamp("media_told_at")?,
                closed_at: row.optional_timestamp("closed_at")?,
            },
            row.bytes("title")?,
        ))
    };
    let (incident, sealed) = fields().map_err(Error::Store)?;
    let title = open(context, Sealed::Title, incident.id, sealed).await?;
    Ok(Incident { title, ..incident })
}

/// Incidents of the organisation `$1` that the person `$3` reported, or anybody if `$2`.
macro_rules! incidents_where {
    ($rest:literal) => {
        sql(concat!(
            "SELECT id, version, reported_at, reported_by_id, discovered_at, title, standing, individuals,
             individuals_told_at, authority_told_at, media_told_at, closed_at FROM incidents
             WHERE organisation_id = $1 AND ($2 OR reported_by_id = $3) ",
            $rest
        ))
    };
}

/// The incidents of the organisation that the viewer sees: all, who answers for them; else those that they reported.
pub(super) async fn seen(viewer: &Viewer) -> Result<Vec<Incident>> {
    let rows = incidents_where!("ORDER BY discovered_at DESC, id DESC LIMIT 500")
        .bind(viewer.principal.organisation())
        .bind(answers(viewer))
        .bind(viewer.principal.person())
        .fetch_all(&viewer.store)
        .await
        .map_err(Error::from)?;
    let mut seen = Vec::with_capacity(rows.len());
    for row in &rows {
        seen.push(read(viewer, row).await?);
    }
    Ok(seen)
}

async fn find(viewer: &Viewer, id: Uuid) -> Result<Incident> {
    let row = incidents_where!("AND id = $4")
        .bind(viewer.principal.organisation())
        .bind(answers(viewer))
        .bind(viewer.principal.person())
        .bind(id)
        .fetch_optional(&viewer.store)
        .await
        .map_err(Error::from)?;
    read(viewer, &row.ok_or_else(Problem::not_found)?).await
}

pub(super) async fn list(viewer: Viewer) -> Result<Page> {
    only_who_works_here(&viewer)?;
    let incidents = seen(&viewer).await?;
    let rows = incidents.iter().map(|incident| {
        let next = incident.next().map(|(what, due)| format!("{what} by {}", viewer.view.moment(due)));
        Row::new()
            .to(format!("/account/compliance/incidents/{}", incident.id))
            .cell(incident.title.clone())
            .cell(incident.discovered_at)
            .cell(incident.tag())
            .cell(next.map(|next| capitalised(&next)))
    });
    let table = ["What", "Discovered", "Standing", "Next"]
        .into_iter()
        .fold(Table::new("Incidents"), |table, label| table.column(Column::new(label)));
    let table = table
        .rows(rows.collect::<Vec<_>>())
        .empty("No incidents", "Report anything that looks wrong; nobody is punished for it.");
    Ok(below(&viewer, "Incidents")
        .action("Report an incident", "/account/compliance/incidents/new")
        .with(table))
}

fn only_who_works_here(viewer: &Viewer) -> Result<()> {
    if works_here(viewer) || answers(viewer) { Ok(()) } else { Err(Problem::not_found()) }
}

fn form(viewer: &Viewer) -> Form {
    Form::new("/account/compliance/incidents/new")
        .field(Field::text("title", "What happened, in a few words").longest(200))
        .field(
            Field::moment("discovered_at", "When it was first noticed")
                .hint("By anybody: the law's clocks begin then"),
        )
        .field(
            Field::paragraphs("words", "What you know: where, whose data, what was done already")
                .hint("It lies encrypted; only who answers for incidents reads it")
                .longest(8_000),
        )
        .with_moment(&viewer.view, "discovered_at", Some(viewer.view.this_minute()))
        .submit("Report it")
        .cancel("/account/compliance/incidents")
}

pub(super) async fn ask(viewer: Viewer) -> Result<Page> {
    only_who_works_here(&viewer)?;
    Ok(form_page(&viewer, form(&viewer)))
}

fn form_page(viewer: &Viewer, form: Form) -> Page {
    below(viewer, "Report an incident")
        .narrow()
        .back("Incidents", "/account/compliance/incidents")
        .about("A lost phone, a wrong recipient, a strange message, a record that you should not have seen.")
        .with(form)
}

pub(super) async fn report(viewer: Viewer, data: FormData) -> Result<Response> {
    only_who_works_here(&viewer)?;
    let now = viewer.clock.now();
    let answered = match form(&viewer).parse(&viewer.view, data.clone()) {
        Ok(answered) => answered,
        Err(form) => return Ok(form_page(&viewer, *form).into_response()),
    };
    let discovered = answered.moment("discovered_at").unwrap_or(now);
    if discovered > now {
        let form = form(&viewer).fill(&data).mistake("discovered_at", "This is still to come.");
        return Ok(form_page(&viewer, form).into_response());
    }
    let id = viewer.ids.next();
    let title = seal(&viewer, Sealed::Title, id, answered.text("title").unwrap_or_default()).await?;
    let words = answered.text("words").unwrap_or_default();
    let entry = trail::draft(&viewer, id, REPORTED, words).await?;
    let mut transaction = begin(&viewer).await?;
    sql("INSERT INTO incidents
             (id, organisation_id, version, reported_at, reported_by_id, discovered_at, title, standing)
         VALUES ($1, $2, 1, $3, $4, $5, $6, 'reported')")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(now)
    .bind(viewer.principal.person())
    .bind(discovered)
    .bind(title)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    entry.write(&viewer, &mut transaction).await?;
    let event = Event::new(audit::Action::Create).entity("incident").record(id);
    finish(&viewer, transaction, event).await?;
    Ok(go(format!("/account/compliance/incidents/{id}")))
}

pub(super) async fn show(viewer: Viewer, Id(id): Id) -> Result<Page> {
    let incident = find(&viewer, id).await?;
    incident_page(&viewer, &incident).await
}

async fn incident_page(viewer: &Viewer, incident: &Incident) -> Result<Page> {
    // To look is an event, before anything is shown: words about an incident may be about a patient.
    let looked = Event::new(audit::Action::View).entity("incident").record(incident.id);
    viewer.audit.record(&viewer.circumstances, looked).await.map_err(Error::AuditUnavailable)?;
    let reporter = viewer.people([Some(incident.reported_by)]).await?;
    let reporter = reporter.first().map(|called| called.title.clone());
    let mut page = below(viewer, incident.title.clone()).back("Incidents", "/account/compliance/incidents");
    if let Some((what, due)) = incident.next() {
        let (words, late) =
            (format!("Next: {what}, by {}", viewer.view.moment(due)), due < viewer.clock.now());
        page = page.notice(if late { Notice::danger(words) } else { Notice::warning(words) });
    }
    page = page
        .with(facts(viewer, incident, reporter))
        .with(trail::table(viewer, incident.id, Step::called).await?);
    if answers(viewer) {
        for step in Step::ALL.into_iter().filter(|step| step.is_open_for(incident)) {
            page = page.option(step.label(), step_path(incident, step));
        }
    }
    Ok(page)
}

fn facts(viewer: &Viewer, incident: &Incident, reporter: Option<String>) -> Detail {
    let view = &viewer.view;
    let told = |at: Option<OffsetDateTime>, due: Option<OffsetDateTime>| match (at, due) {
        (Some(at), _) => view.moment(at),
        (None, Some(due)) => format!("due by {}", view.moment(due)),
        (None, None) => "not needed".to_owned(),
    };
    let detail = Detail::new()
        .line("Standing", incident.tag())
        .line("Discovered", incident.discovered_at)
        .line("Reported by", reporter)
        .line("Reported at", incident.reported_at);
    if incident.standing != "breach" && incident.individuals_told_at.is_none() {
        return detail.line("Closed", incident.closed_at);
    }
    let (at, many) = (incident.discovered_at, incident.individuals);
    detail
        .line("People concerned", many)
        .line("They were told", told(incident.individuals_told_at, Some(individuals_due(at))))
        .line("The Secretary was told", told(incident.authority_told_at, Some(authority_due(at, many))))
        .line("The media were told", told(incident.media_told_at, media_due(at, many)))
        .line("Closed", incident.closed_at)
}

fn step_path(incident: &Incident, step: Step) -> String {
    format!("/account/compliance/incidents/{}/{}", incident.id, step.name())
}

fn step_form(incident: &Incident, step: Step) -> Form {
    let form = Form::new(step_path(incident, step));
    let form = match step {
        Step::Breach => form.field(
            Field::integer("individuals", "How many people are concerned")
                .least(1)
                .hint("Leave it empty while nobody knows: then the strictest dates hold")
                .optional(),
        ),
        _ => form,
    };
    form.field(Field::paragraphs("words", step.asks()).longest(8_000))
        .version(incident.version)
        .submit(step.label())
        .cancel(format!("/account/compliance/incidents/{}", incident.id))
}

fn step_page(viewer: &Viewer, incident: &Incident, step: Step, form: Form) -> Page {
    let back = format!("/account/compliance/incidents/{}", incident.id);
    viewer.page(step.label()).narrow().back(incident.title.clone(), back).with(form)
}

/// The step of this name, as far as it is open.
fn open_step(incident: &Incident, name: &str) -> Result<Step> {
    let step = Step::ALL.into_iter().find(|step| step.name() == name).ok_or_else(Problem::not_found)?;
    let closed =
        || Problem::conflict().detail("This incident has changed in the meantime. Look at it again.");
    if step.is_open_for(incident) { Ok(step) } else { Err(closed()) }
}

pub(super) async fn ask_step(viewer: Viewer, Path((id, name)): Path<(Uuid, String)>) -> Result<Page> {
    only_who_answers(&viewer)?;
    let incident = find(&viewer, id).await?;
    let step = open_step(&incident, &name)?;
    Ok(step_page(&viewer, &incident, step, step_form(&incident, step)))
}

pub(super) async fn step(
    viewer: Viewer,
    Path((id, name)): Path<(Uuid, String)>,
    data: FormData,
) -> Result<Response> {
    only_who_answers(&viewer)?;
    let incident = find(&viewer, id).await?;
    let step = open_step(&incident, &name)?;
    if Version::of(&data)?.version != incident.version {
        return Err(
            Problem::conflict().detail("This incident has changed in the meantime. Look at it again.")
        );
    }
    let answered = match step_form(&incident, step).parse(&viewer.view, data) {
        Ok(answered) => answered,
        Err(form) => {
            return Ok(step_page(&viewer, &incident, step, *form).into_response());
        }
    };
    let after = after(&incident, step, answered.integer("individuals"), viewer.clock.now());
    let entry = trail::draft(&viewer, id, step.name(), answered.text("words").unwrap_or_default()).await?;
    let mut transaction = begin(&viewer).await?;
    let changed = sql("UPDATE incidents SET version = version + 1, standing = $4, individuals = $5,
             individuals_told_at = $6, authority_told_at = $7, media_told_at = $8, closed_at = $9
         WHERE id = $1 AND organisation_id = $2 AND version = $3")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(incident.version)
    .bind(after.standing)
    .bind(after.individuals)
    .bind(after.individuals_told_at)
    .bind(after.authority_told_at)
    .bind(after.media_told_at)
    .bind(after.closed_at)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    if changed != 1 {
        return Err(
            Problem::conflict().detail("Somebody else has changed this in the meantime. Look at it again.")
        );
    }
    entry.write(&viewer, &mut transaction).await?;
    let event = Event::new(audit::Action::Update).entity("incident").record(id).note(step.name());
    finish(&viewer, transaction, event).await?;
    Ok(go(format!("/account/compliance/incidents/{id}")))
}

/// The incident after a step.
fn after(before: &Incident, step: Step, individuals: Option<i64>, now: OffsetDateTime) -> Incident {
    let mut after = before.clone();
    match step {
        Step::Note => {}
        Step::NoBreach => after.standing = "no breach".to_owned(),
        Step::Breach => {
            after.standing = "breach".to_owned();
            after.individuals = individuals;
        }
        Step::IndividualsTold => after.individuals_told_at = Some(now),
        Step::AuthorityTold => after.authority_told_at = Some(now),
        Step::MediaTold => after.media_told_at = Some(now),
        Step::Close => {
            after.standing = "closed".to_owned();
            after.closed_at = Some(now);
        }
    }
    after
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    fn breach(individuals: Option<i64>) -> Incident {
        let at = datetime!(2026-11-26 09:00 UTC);
        Incident {
            id: Uuid::nil(),
            version: 1,
            reported_at: at,
            reported_by: Uuid::nil(),
            discovered_at: at,
            title: "A lost phone".to_owned(),
            standing: "breach".to_owned(),
            individuals,
            individuals_told_at: None,
            authority_told_at: None,
            media_told_at: None,
            closed_at: None,
        }
    }

    /// CF-25: a breach is not closed before everybody was told whom the rule wants told.
    #[test]
    fn a_breach_is_closed_when_everybody_was_told() {
        let now = datetime!(2026-11-27 09:00 UTC);
        for (individuals, steps) in [
            (Some(3), &[Step::IndividualsTold, Step::AuthorityTold][..]),
            (Some(900), &[Step::MediaTold, Step::IndividualsTold, Step::AuthorityTold][..]),
            (None, &[Step::MediaTold, Step::IndividualsTold, Step::AuthorityTold][..]),
        ] {
            let mut incident = breach(individuals);
            for step in steps {
                assert!(!Step::Close.is_open_for(&incident), "{individuals:?} before {step:?}");
                assert!(step.is_open_for(&incident), "{individuals:?}: {step:?}");
                incident = after(&incident, *step, None, now);
            }
            assert_eq!(incident.next(), None);
            assert!(Step::Close.is_open_for(&incident));
            incident = after(&incident, Step::Close, None, now);
            assert!(
                Step::ALL.iter().all(|step| !step.is_open_for(&incident)),
                "what is closed stays as it was"
            );
        }
    }

    /// CF-25: our own target comes first, then the dates of the law.
    #[test]
    fn what_is_due_next_is_what_is_due_first() {
        let reported = Incident { standing: "reported".to_owned(), ..breach(None) };
        assert_eq!(reported.next().map(|(_, due)| due), Some(datetime!(2026-11-27 09:00 UTC)));
        assert_eq!(breach(Some(3)).next().map(|(_, due)| due), Some(datetime!(2027-01-25 09:00 UTC)));
    }
}
