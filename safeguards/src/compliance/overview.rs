//! How all of this stands, on one page: for whoever works here their own part, for who answers for it everything, with what
//! the app itself found (CF-26), and the same as JSON (HG-6).

use axum::extract::State;
use axum::{Extension, Json};
use serde::Serialize;
use time::OffsetDateTime;

use super::documents::{Document, accepted, runs_it};
use super::officers::{self, Duty};
use super::reviews::{self, Kind};
use super::{Facts, answers, emergencies, incidents, only_who_answers, requests, training, works_here};
use crate::app::Services;
use crate::pages::{Compliance, Control, Page, Standing};
use crate::slice::{Result, Viewer};

/// One point as JSON.
#[derive(Serialize)]
pub(super) struct Point {
    group: &'static str,
    title: String,
    source: String,
    standing: &'static str,
    found: String,
}

pub(super) async fn page(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
) -> Result<Page> {
    let mut compliance = Compliance::new();
    for (group, controls) in controls(&viewer, &services, &facts).await? {
        compliance = compliance.group(group, controls);
    }
    let mut page = viewer.page("Compliance").back("Your account", "/account");
    if works_here(&viewer) || answers(&viewer) {
        page = page.action("Report an incident", "/account/compliance/incidents/new");
        page = page.option("Incidents", "/account/compliance/incidents");
    }
    if facts.assists {
        page = page.option("AI in this app", "/account/compliance/ai");
    }
    if facts.opens_pages && crate::open_pages::offered(&viewer) {
        page = page.option("Pages that anybody may come to", crate::open_pages::PAGES);
    }
    if answers(&viewer) {
        page = page.option("Training of everybody", "/account/compliance/training/everybody");
    }
    Ok(page.option("Documents", "/legal").with(compliance))
}

pub(super) async fn api(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
) -> Result<Json<Vec<Point>>> {
    only_who_answers(&viewer)?;
    let groups = controls(&viewer, &services, &facts).await?;
    let points = groups.into_iter().flat_map(|(group, controls)| {
        controls.into_iter().map(move |control| Point {
            group,
            title: control.title,
            source: control.source,
            standing: match control.standing {
                Standing::InForce => "in force",
                Standing::NeedsAttention => "needs attention",
                Standing::Missing => "missing",
            },
            found: control.found,
        })
    });
    Ok(Json(points.collect()))
}

type Groups = Vec<(&'static str, Vec<Control>)>;

async fn controls(viewer: &Viewer, services: &Services, facts: &Facts) -> Result<Groups> {
    let mut groups: Groups = Vec::new();
    let mut yours = vec![document(viewer, services, facts, Document::Privacy).await?];
    yours.extend(own_training(viewer).await?);
    if !answers(viewer) {
        yours.push(open_requests(viewer).await?);
    }
    groups.push(("Yours", yours));
    if !answers(viewer) {
        return Ok(groups);
    }
    let mut agreements = Vec::new();
    for one in [Document::Agreement, Document::Processing] {
        agreements.push(document(viewer, services, facts, one).await?);
    }
    if !facts.sub_processors.is_empty() {
        agreements.push(sub_processors(viewer, facts).await?);
    }
    groups.push(("Agreements of the organisation", agreements));
    groups.push(("People", vec![named_officers(viewer).await?, everybodys_training(viewer).await?]));
    let asked = vec![open_incidents(viewer).await?, open_requests(viewer).await?, erasures(viewer).await?];
    groups.push(("Incidents and requests", asked));
    let mut looked_at = Vec::new();
    for kind in Kind::ALL {
        looked_at.push(review(viewer, kind).await?);
    }
    looked_at.push(emergency_access(viewer).await?);
    groups.push(("Reviews", looked_at));
    groups.push(("The app itself", vec![witnessed(viewer, services).await]));
    Ok(groups)
}

fn control(
    (title, source): (impl Into<String>, &str),
    standing: Standing,
    found: impl Into<String>,
    link: (&str, &str),
) -> Control {
    let link = Some((link.0.to_owned(), link.1.to_owned()));
    Control {
        title: title.into(),
        source: source.to_owned(),
        standing,
        found: found.into(),
        checked: None,
        link,
    }
}

async fn document(
    viewer: &Viewer,
    services: &Services,
    facts: &Facts,
    document: Document,
) -> Result<Control> {
    let source = match document {
        Document::Privacy => "45 CFR 164.520",
        Document::Agreement => "45 CFR 164.504(e)",
        Document::Processing => "GDPR, Article 28",
    };
    let version = document.text(services, facts).await?.version();
    let (standing, found) = match accepted(viewer, document).await? {
        Some(last) if last.version == version => {
            (Standing::InForce, format!("Accepted on {}.", viewer.view.moment(last.at)))
        }
        _ if document != Document::Privacy && runs_it(viewer, services).await? => {
            (Standing::InForce, "Your organisation runs this app itself.".to_owned())
        }
        Some(_) => (Standing::NeedsAttention, "It has changed since it was accepted.".to_owned()),
        None if document == Document::Processing => {
            (Standing::NeedsAttention, "Not accepted: needed where the GDPR applies.".to_owned())
        }
        None => (Standing::Missing, "Not accepted yet.".to_owned()),
    };
    let to = format!("/account/compliance/documents/{}", document.name());
    Ok(control((document.title(), source), standing, found, ("Read it", &to)))
}

/// One that is not attested is not called, so nothing is missing: somebody may want it, and then has to act.
async fn sub_processors(viewer: &Viewer, facts: &Facts) -> Result<Control> {
    let (all, attested) = crate::ai::attested(viewer, facts).await?;
    let standing = if all == attested { Standing::InForce } else { Standing::NeedsAttention };
    let found = format!("{attested} of {all} attested; the others are never called.");
    let title = ("Agreements with sub-processors", "45 CFR 164.502(e); 45 CFR 164.504(e)");
    Ok(control(title, standing, found, ("See them", "/account/compliance/ai")))
}

async fn own_training(viewer: &Viewer) -> Result<Option<Control>> {
    let Some(mine) = training::own(viewer).await? else { return Ok(None) };
    let due = viewer.view.date(viewer.view.local(mine.due).date());
    let (standing, found) = match (mine.is_overdue(viewer.clock.now()), mine.last) {
        (true, _) => (Standing::Missing, format!("It was due on {due}.")),
        (false, None) => (Standing::NeedsAttention, format!("Your first training is due on {due}.")),
        (false, Some(_)) => (Standing::InForce, format!("Completed; next due on {due}.")),
    };
    let title = ("Your privacy and security training", "45 CFR 164.530(b)");
    Ok(Some(control(title, standing, found, ("Open it", "/account/compliance/training"))))
}

async fn named_officers(viewer: &Viewer) -> Result<Control> {
    let mut named = Vec::new();
    for duty in Duty::ALL {
        named.extend(
            officers::of(viewer, duty).await?.map(|contact| format!("{}: {}", duty.label(), contact.name)),
        );
    }
    let standing = if named.len() == Duty::ALL.len() { Standing::InForce } else { Standing::Missing };
    let found =
        if named.is_empty() { "Nobody is named yet.".to_owned() } else { format!("{}.", named.join("; ")) };
    let title = ("Privacy and security officers", "45 CFR 164.530(a); 45 CFR 164.308(a)(2)");
    Ok(control(title, standing, found, ("Name them", "/account/compliance/officers")))
}

async fn everybodys_training(viewer: &Viewer) -> Result<Control> {
    let workforce = training::workforce(viewer, &training::works(viewer)).await?;
    let now = viewer.clock.now();
    let overdue = workforce.iter().filter(|trainee| trainee.is_overdue(now)).count();
    let trained =
        workforce.iter().filter(|trainee| trainee.last.is_some() && !trainee.is_overdue(now)).count();
    let standing = match (overdue, trained == workforce.len()) {
        (0, true) => Standing::InForce,
        (0, false) => Standing::NeedsAttention,
        _ => Standing::Missing,
    };
    let found = format!("{trained} of {} trained, {overdue} overdue.", workforce.len());
    let title = ("Training of the workforce", "45 CFR 164.530(b); 45 CFR 164.308(a)(5)");
    Ok(control(title, standing, found, ("Who", "/account/compliance/training/everybody")))
}

async fn open_requests(viewer: &Viewer) -> Result<Control> {
    let now = viewer.clock.now();
    let seen = requests::seen(viewer).await?;
    let open: Vec<_> = seen.iter().filter(|request| request.is_open()).collect();
    let late = open.iter().filter(|request| request.due() < now).count();
    let title = if answers(viewer) { "Requests of people" } else { "Your rights" };
    let title = (title, "45 CFR 164.522 to 164.528");
    let found = format!("{} open, {late} late.", open.len());
    Ok(control(title, standing(open.len(), late), found, ("See them", "/account/compliance/requests")))
}

/// How things stand of which some are open and some are late.
fn standing(open: usize, late: usize) -> Standing {
    match (open, late) {
        (0, _) => Standing::InForce,
        (_, 0) => Standing::NeedsAttention,
        _ => Standing::Missing,
    }
}

async fn open_incidents(viewer: &Viewer) -> Result<Control> {
    let now = viewer.clock.now();
    let seen = incidents::seen(viewer).await?;
    let open: Vec<_> = seen.iter().filter(|incident| incident.is_open()).collect();
    let late = open.iter().filter(|incident| incident.next().is_some_and(|(_, due)| due < now)).count();
    let found = format!("{} open, {late} past a date.", open.len());
    let title = ("Incidents and breaches", "45 CFR 164.308(a)(6); 45 CFR 164.404");
    Ok(control(title, standing(open.len(), late), found, ("See them", "/account/compliance/incidents")))
}

async fn erasures(viewer: &Viewer) -> Result<Control> {
    let (standing, found) = match super::rights::waiting(viewer).await? {
        0 => (Standing::InForce, "None waits.".to_owned()),
        waiting => (
            Standing::NeedsAttention,
            format!("{waiting} wait for the next run, or for the end of a legal hold."),
        ),
    };
    Ok(control(
        ("Erasures", "GDPR, Article 17"),
        standing,
        found,
        ("See them", "/account/compliance/erasures"),
    ))
}

async fn review(viewer: &Viewer, kind: Kind) -> Result<Control> {
    let (last, today) = (reviews::last(viewer, kind).await?, viewer.view.today());
    let due = reviews::due(last, today);
    let (standing, found) = match last {
        None => (Standing::Missing, "Never conducted yet.".to_owned()),
        Some(_) if due < today => (Standing::Missing, format!("It was due on {}.", viewer.view.date(due))),
        Some(last) => {
            let (last, due) = (viewer.view.date(last), viewer.view.date(due));
            (Standing::InForce, format!("Conducted on {last}; due again on {due}."))
        }
    };
    let link = ("Write it down", "/account/compliance/reviews");
    Ok(control((kind.label(), kind.source()), standing, found, link))
}

async fn emergency_access(viewer: &Viewer) -> Result<Control> {
    let now = viewer.clock.now();
    let all = emergencies::all(viewer).await?;
    let open = all.iter().filter(|one| one.is_open()).count();
    let late = all.iter().filter(|one| one.is_late(now)).count();
    let found = match all.len() {
        0 => "Nobody has used it.".to_owned(),
        _ => format!("{open} to be reviewed, {late} late."),
    };
    let title = ("Emergency access", "45 CFR 164.312(a)(2)(ii)");
    Ok(control(title, standing(open, late), found, ("See it", "/account/compliance/emergencies")))
}

/// What the app knows of its own log.
async fn witnessed(viewer: &Viewer, services: &Services) -> Control {
    let failing: Option<OffsetDateTime> = services.keeper.behind_since();
    let (standing, found) = match failing {
        None => (Standing::InForce, "Its heads are signed and witnessed outside the app.".to_owned()),
        Some(since) => {
            (Standing::Missing, format!("Nobody has witnessed it since {}.", viewer.view.moment(since)))
        }
    };
    let checked = Some(viewer.clock.now());
    let title = "The audit log is witnessed".to_owned();
    Control { title, source: "45 CFR 164.312(b)".to_owned(), standing, found, checked, link: None }
}
