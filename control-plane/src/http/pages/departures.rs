//! The end of an app: what will happen, what can be taken home until when, and the certificate (HC-12).

use maud::{Markup, html};
use safeguards::axum::extract::State;
use safeguards::axum::http::header;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Column, Confirm, Content, Detail, FormData, Notice, Page, Row, Table, Tone, View};

use super::{Decision, Result, go, proved};
use crate::accounts::{Owned, Owner};
use crate::error::Refusal;
use crate::http::{Shell, Site};
use crate::ids::{DepartureId, EnvironmentId, ProjectId};
use crate::lifecycle::{Cause, Departure, DepartureArchive, DepartureState};
use crate::projects::{self, Project};

/// What an owner is shown of a departure.
struct Story {
    name: String,
    archives: Vec<DepartureArchive>,
    held: bool,
}

async fn story(site: &Site, departure: &Departure) -> Result<Story> {
    let lifecycle = &site.lifecycle;
    Ok(Story {
        name: projects::name(&site.platform, departure.account, departure.project).await?,
        archives: lifecycle.archives_of(departure.account, departure.id).await?,
        held: !lifecycle.holds(departure.account, departure.project).await?.is_empty(),
    })
}

pub(super) fn at(departure: DepartureId) -> String {
    format!("/departures/{departure}")
}

fn state(departure: &Departure) -> Content {
    match departure.state {
        DepartureState::Window => Content::tag("everything can be taken home", Tone::Caution),
        DepartureState::Destroying => Content::tag("being destroyed", Tone::Danger),
        DepartureState::Destroyed => Content::tag("destroyed", Tone::Quiet),
        DepartureState::Returned => Content::tag("called off", Tone::Good),
    }
}

/// `GET /departures`: what leaves, and how anything is taken home.
pub(super) async fn list(State(site): State<Site>, owner: Owner, Shell(view): Shell) -> Result<Page> {
    let mut rows = Vec::new();
    for departure in site.lifecycle.of_account(owner.account()).await? {
        let name = projects::name(&site.platform, departure.account, departure.project).await?;
        rows.push(
            Row::new()
                .cell(name)
                .cell(state(&departure))
                .cell(departure.cancelled_at)
                .cell(departure.window_ends_at)
                .to(at(departure.id)),
        );
    }
    let table = Table::new("Apps that have ended or will end")
        .column(Column::new("App"))
        .column("State")
        .column("Begun")
        .column("Can be taken home until")
        .rows(rows)
        .empty(
            "Nothing ends",
            "An app ends when you end it on its page, or when your plan or agreement ends.",
        );
    let key = site.lifecycle.certificate_key()?;
    Ok(view.page("Ends and archives").with(table).with(Detail::new().title("To verify a certificate").line(
        "Our key",
        Content::narrative(format!("{key}\nhealthcoder certificate verify FILE --key KEY needs no network.")),
    )))
}

fn ending(project: &Project) -> Decision {
    let at = format!("/projects/{}", project.id);
    let confirm = Confirm::new(format!("{at}/end"), format!("End {}", project.name), project.name.as_str())
        .consequence("From this moment records can be read and nothing can be changed, in production and in the preview.")
        .consequence("An archive of production is made: records as JSON and SQL, the audit log with its proof, and the source. You can take it home for 30 days.")
        .consequence("After 30 days everything is destroyed, keys first, and you get a certificate of it. You are reminded 30, 14, 7, 3 and 1 days before.")
        .consequence("Until then you can call it off, and everything is as it was.")
        .consequence("What you pay for does not change by this: cancel the plan under Plan and payment, if this was your only app.")
        .button("End this app")
        .cancel(at.as_str());
    Decision { title: "End this app", back: (project.name.clone(), at), confirm }
}

pub(super) async fn show_end(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
) -> Result<Response> {
    Ok(match site.lifecycle.of_project(owner.account(), project.id).await? {
        Some(departure) => go(at(departure.id)),
        None => ending(&project).ask(&view).into_response(),
    })
}

pub(super) async fn end(
    State(site): State<Site>,
    owner: Owner,
    project: Owned<Project>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    if let Err(again) = ending(&project).taken(&view, data) {
        return Ok(*again);
    }
    let departure = site.lifecycle.cancel(owner.account(), project.id, owner.person()).await?;
    Ok(go(at(departure)))
}

pub(super) async fn show(
    State(site): State<Site>,
    departure: Owned<Departure>,
    Shell(view): Shell,
) -> Result<Page> {
    let story = story(&site, &departure).await?;
    let page = view.page(format!("The end of {}", story.name)).back("Ends and archives", "/departures");
    let page = match departure.state {
        DepartureState::Window => window(page, &view, &departure, &story),
        DepartureState::Destroying => page
            .notice(Notice::danger("Its keys are destroyed").text("What they had opened is being removed."))
            .refreshed(5),
        DepartureState::Destroyed => page
            .notice(Notice::information("Everything on our side is destroyed").text(
                "The certificate is signed, and can be verified without us. Keep it with your archive.",
            ))
            .action("Download the certificate", format!("{}/certificate", at(departure.id))),
        DepartureState::Returned => page.notice(
            Notice::success("It was called off")
                .text("Everything is as it was.")
                .link("To the app", format!("/projects/{}", departure.project)),
        ),
    };
    let facts = Detail::new()
        .line("State", state(&departure))
        .line("Begun", departure.cancelled_at)
        .line("Can be taken home until", departure.window_ends_at);
    let facts = match departure.destroyed_at {
        Some(at) => facts.line("Destroyed", at),
        None => facts,
    };
    let page = page.with(facts).with(archive_table(&departure, &story.archives));
    Ok(page.with(destroy_link(&departure, &story)))
}

fn window(page: Page, view: &View, departure: &Departure, story: &Story) -> Page {
    let until = view.moment(departure.window_ends_at);
    let page = page.notice(
        Notice::warning(format!("Take everything home until {until}"))
            .text("Records can be read, and nothing can be changed. After that moment everything is destroyed, keys first."),
    );
    let page = match departure.cause {
        Cause::Owner => page.command("Call it off", format!("{}/return", at(departure.id))),
        Cause::Account => page.with(
            Notice::information("Your plan or your agreement has ended")
                .text("Production departs; plans, source and preview stay. Subscribe or sign again before the end, and it is as it was.")
                .link("Plan and payment", "/billing"),
        ),
    };
    let page = if story.held {
        page.notice(
            Notice::information("A legal hold stands")
                .text("Nothing is destroyed while it does, whatever the day."),
        )
    } else {
        page
    };
    // What is to be done next is the one button; what cannot be undone is a link at the end.
    match story.archives.first() {
        None => page.refreshed(5),
        Some(first) => page.action("Take it home", archive_at(departure, first.environment)),
    }
}

pub(super) fn archive_at(departure: &Departure, environment: EnvironmentId) -> String {
    format!("{}/archives/{environment}", at(departure.id))
}

/// Whoever holds everything need not wait for the end of the window.
fn destroy_link(departure: &Departure, story: &Story) -> Markup {
    let held = story.archives.iter().all(|archive| archive.confirmed_at.is_some());
    html! {
        @if departure.state == DepartureState::Window && held && !story.archives.is_empty() && !story.held {
            p.quiet { a href={ (at(departure.id)) "/destroy" } { "You hold everything: destroy it now, before the end of the window" } }
        }
    }
}

fn archive_table(departure: &Departure, archives: &[DepartureArchive]) -> Table {
    let rows = archives.iter().map(|archive| {
        let taken = match (archive.confirmed_at, archive.fetched_at) {
            (Some(at), _) => Content::list([Content::tag("you hold it", Tone::Good), at.into()]),
            (None, Some(_)) => Content::tag("downloaded, not confirmed", Tone::Caution),
            (None, None) => Content::tag("not taken home", Tone::Caution),
        };
        let row = Row::new()
            .cell(Content::Moment(archive.made_at))
            .measure(i64::try_from(archive.bytes / 1024).unwrap_or(i64::MAX), "KiB")
            .cell(taken);
        match departure.state {
            DepartureState::Window => row.to(archive_at(departure, archive.environment)),
            _ => row,
        }
    });
    Table::new("Archives of production")
        .column("Made")
        .column(Column::new("Size").numeric())
        .column("Taken home")
        .rows(rows)
        .empty("No archive", "Where nothing ever served in production, there is nothing to take home. One that is being made appears here.")
}

pub(super) async fn call_off(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
) -> Result<Response> {
    site.lifecycle.come_back(owner.account(), departure.id, owner.person()).await?;
    Ok(go(at(departure.id)))
}

fn destroying(departure: &Departure, name: &str) -> Decision {
    let confirm = Confirm::new(format!("{}/destroy", at(departure.id)), format!("Destroy {name} now"), name)
        .consequence("You hold every archive, and have confirmed it: nothing is kept here.")
        .consequence("Keys are destroyed at once. Nobody, we included, can open anything again.")
        .consequence("This cannot be called off.")
        .button("Destroy it now")
        .cancel(at(departure.id));
    Decision { title: "Destroy it now", back: ("The end".to_owned(), at(departure.id)), confirm }
}

pub(super) async fn show_destroy(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Shell(view): Shell,
) -> Result<Response> {
    if let Err(first) = proved(&owner, &format!("{}/destroy", at(departure.id))) {
        return Ok(*first);
    }
    let name = projects::name(&site.platform, departure.account, departure.project).await?;
    Ok(destroying(&departure, &name).ask(&view).into_response())
}

pub(super) async fn destroy(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
    Shell(view): Shell,
    data: FormData,
) -> Result<Response> {
    let proof = match proved(&owner, &format!("{}/destroy", at(departure.id))) {
        Ok(proof) => proof,
        Err(first) => return Ok(*first),
    };
    let name = projects::name(&site.platform, departure.account, departure.project).await?;
    if let Err(again) = destroying(&departure, &name).taken(&view, data) {
        return Ok(*again);
    }
    site.lifecycle.destroy_now(owner.account(), departure.id, &name, owner.person(), &proof).await?;
    Ok(go(at(departure.id)))
}

/// The certificate as a page that proves itself.
pub(super) async fn certificate(
    State(site): State<Site>,
    owner: Owner,
    departure: Owned<Departure>,
) -> Result<Response> {
    let signed = site.lifecycle.certificate(owner.account(), departure.id).await?;
    let page = signed.html().map_err(|_| Refusal::Fault("a certificate cannot be read"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"certificate-{}.html\"", departure.id)),
    ];
    Ok((headers, page).into_response())
}

/// On the page of a project that departs.
pub(super) fn notice(departure: &Departure, view: &View) -> Notice {
    let until = view.moment(departure.window_ends_at);
    let title = match departure.cause {
        Cause::Owner => "This app ends",
        Cause::Account => "Its production ends",
    };
    Notice::danger(title)
        .text(format!("Everything can be taken home until {until}; then it is destroyed."))
        .link("Archive, and calling it off", at(departure.id))
}

/// Where a project is ended.
pub(super) fn end_link(project: ProjectId) -> Markup {
    html! { p.quiet { a href={ "/projects/" (project) "/end" } { "End this app and take everything home" } } }
}
