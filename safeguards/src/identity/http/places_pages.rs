//! The pages on which the places of an organisation are made.

use axum::response::{IntoResponse, Response};

use super::super::error::{IdentityError, Result};
use super::super::names::{PlaceId, PlaceKind};
use super::super::places::{Place, place_path};
use super::super::principal::Session;
use super::super::service::Identity;
use super::entry::{sentence, text, with_article};
use super::look::{Look, go};
use super::office::barred;
use crate::pages::{Choice, Column, Content, Detail, Field, Form, FormData, Page, Row, Table, View};
use crate::web::Path;

/// A table for each kind, and the way to make another.
pub(super) async fn list(session: Session, Look(view): Look) -> Result<Page> {
    let identity = session.identity();
    let places = identity.places(&session).await?;
    let kinds = identity.settings().places;
    if kinds.is_empty() {
        return Err(IdentityError::NotFound);
    }
    let page = view.page("Places").back("Your account", "/account");
    let mut page =
        page.about("Where people work and records belong. Roles are given in a place: see People.");
    for kind in kinds {
        if may_be_made(&session, kind, &places).await? {
            page = page.action(format!("Add {}", with_article(&kind.label.to_lowercase())), new_path(kind));
        }
    }
    for kind in kinds {
        page = page.with(table(kind, &places));
    }
    Ok(page.action("People", "/account/people"))
}

fn table(kind: &PlaceKind, places: &[Place]) -> Table {
    let of_kind = places.iter().filter(|place| place.kind == kind.name);
    let rows = of_kind.map(|place| {
        let row = Row::new().cell(place.name.clone());
        let row = match kind.inside {
            Some(_) => row.cell(place.inside.map(|above| place_path(places, above)).unwrap_or_default()),
            None => row,
        };
        let row = row.cell(standing(place));
        if place.mine { row.to(format!("/account/places/{}", place.id)) } else { row }
    });
    let table = Table::new(kind.plural).column(Column::new("Name"));
    let table = if kind.inside.is_some() { table.column(Column::new("Lies in")) } else { table };
    table
        .column(Column::new("Standing"))
        .rows(rows.collect::<Vec<_>>())
        .empty("None yet", format!("Add the first {}.", kind.label.to_lowercase()))
}

fn standing(place: &Place) -> &'static str {
    if place.closed_at.is_some() { "closed" } else { "open" }
}

fn new_path(kind: &PlaceKind) -> String {
    format!("/account/places/new/{}", kind.name.replace(' ', "-"))
}

fn kind_at(identity: &Identity, path: &str) -> Result<&'static PlaceKind> {
    let known = identity.settings().places.iter().find(|kind| kind.name.replace(' ', "-") == path);
    known.ok_or(IdentityError::NotFound)
}

/// Where a place of this kind may be made: nowhere, below the organisation, or in these.
async fn may_be_made(session: &Session, kind: &PlaceKind, places: &[Place]) -> Result<bool> {
    let administration = session.identity().administration(session).await?;
    Ok(match kind.inside {
        None => administration.may_make_places_in(None),
        Some(above) => outer(above, places).any(|place| administration.may_make_places_in(Some(place.id))),
    })
}

fn outer<'p>(kind: &'static str, places: &'p [Place]) -> impl Iterator<Item = &'p Place> {
    places.iter().filter(move |place| place.kind == kind && place.closed_at.is_none())
}

async fn form(session: &Session, kind: &'static PlaceKind) -> Result<Form> {
    let places = session.identity().places(session).await?;
    if !may_be_made(session, kind, &places).await? {
        return Err(IdentityError::NotFound);
    }
    let form = Form::new(new_path(kind)).field(Field::text("name", "Name").longest(100));
    let form = match kind.inside {
        Some(above) => {
            let administration = session.identity().administration(session).await?;
            let choices =
                outer(above, &places).filter(|place| administration.may_make_places_in(Some(place.id)));
            let choices =
                choices.map(|place| Choice::new(place.id.to_string(), place_path(&places, place.id)));
            form.field(Field::choice("inside", "Lies in", choices.collect::<Vec<_>>()))
        }
        None => form,
    };
    Ok(form.submit(format!("Add the {}", kind.label.to_lowercase())).cancel("/account/places"))
}

fn form_page(view: &View, kind: &PlaceKind, form: Form) -> Page {
    let title = format!("Add {}", with_article(&kind.label.to_lowercase()));
    view.page(title).narrow().back("Places", "/account/places").with(form)
}

pub(super) async fn show_new(session: Session, Look(view): Look, Path(kind): Path<String>) -> Result<Page> {
    let kind = kind_at(session.identity(), &kind)?;
    Ok(form_page(&view, kind, form(&session, kind).await?))
}

pub(super) async fn make(
    session: Session,
    Look(view): Look,
    Path(kind): Path<String>,
    data: FormData,
) -> Result<Response> {
    let kind = kind_at(session.identity(), &kind)?;
    let form = form(&session, kind).await?;
    let inside = kind.inside.map(|_| text(&data, "inside").parse::<PlaceId>().ok());
    let made = match inside {
        Some(None) => {
            Err(IdentityError::Invalid { field: "inside", reason: "choose the place that it lies in" })
        }
        Some(Some(inside)) => {
            session.identity().make_place(&session, kind.name, text(&data, "name"), Some(inside)).await
        }
        None => session.identity().make_place(&session, kind.name, text(&data, "name"), None).await,
    };
    match made {
        Ok(_) => Ok(go("/account/places")),
        Err(IdentityError::Invalid { field, reason }) => {
            Ok(form_page(&view, kind, form.fill(&data).mistake(field, sentence(reason))).into_response())
        }
        Err(other) => Err(other),
    }
}

async fn of_mine(session: &Session, id: PlaceId) -> Result<(Place, Vec<Place>)> {
    let places = session.identity().places(session).await?;
    let found = places.iter().find(|place| place.id == id && place.mine).cloned();
    Ok((found.ok_or(IdentityError::NotFound)?, places))
}

fn name_form(place: &Place) -> Form {
    Form::new(format!("/account/places/{}", place.id))
        .field(Field::text("name", "Name").longest(100))
        .with("name", place.name.clone())
        .submit("Save the name")
}

pub(super) async fn show(session: Session, Look(view): Look, Path(id): Path<PlaceId>) -> Result<Page> {
    let (place, places) = of_mine(&session, id).await?;
    Ok(place_page(&view, session.identity(), &place, &places, name_form(&place)))
}

fn place_page(view: &View, identity: &Identity, place: &Place, places: &[Place], form: Form) -> Page {
    let kind = identity.settings().places.iter().find(|kind| kind.name == place.kind);
    let detail =
        Detail::new().line("Kind", kind.map_or_else(|| place.kind.clone(), |kind| kind.label.to_owned()));
    let detail = match place.inside {
        Some(above) => detail.line("Lies in", place_path(places, above)),
        None => detail,
    };
    let closed = place
        .closed_at
        .map_or(Content::from("open"), |at| Content::from(format!("closed since {}", view.moment(at))));
    let detail = detail.line("Standing", closed);
    let page =
        view.page(place.name.clone()).narrow().back("Places", "/account/places").with(detail).with(form);
    match place.closed_at {
        None => page.command("Close this place", format!("/account/places/{}/close", place.id)),
        Some(_) => page.command("Open it again", format!("/account/places/{}/open", place.id)),
    }
}

pub(super) async fn rename(
    session: Session,
    Look(view): Look,
    Path(id): Path<PlaceId>,
    data: FormData,
) -> Result<Response> {
    match session.identity().rename_place(&session, id, text(&data, "name")).await {
        Ok(()) => Ok(go("/account/places")),
        Err(IdentityError::Invalid { reason, .. }) => {
            let (place, places) = of_mine(&session, id).await?;
            let form = name_form(&place).fill(&data).mistake("name", sentence(reason));
            Ok(place_page(&view, session.identity(), &place, &places, form).into_response())
        }
        Err(other) => Err(other),
    }
}

pub(super) async fn close(session: Session, Look(view): Look, Path(id): Path<PlaceId>) -> Result<Response> {
    standing_changed(&session, &view, id, true).await
}

pub(super) async fn open(session: Session, Look(view): Look, Path(id): Path<PlaceId>) -> Result<Response> {
    standing_changed(&session, &view, id, false).await
}

async fn standing_changed(session: &Session, view: &View, id: PlaceId, closed: bool) -> Result<Response> {
    match session.identity().close_place(session, id, closed).await {
        Ok(()) => Ok(go(&format!("/account/places/{id}"))),
        Err(IdentityError::Conflict(reason)) => {
            let title =
                if closed { "This place cannot be closed yet" } else { "This place cannot be opened yet" };
            Ok(barred(view, title, reason))
        }
        Err(other) => Err(other),
    }
}
