//! The pages on which the people of an organisation are invited, given roles and let go.

use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::super::administration::Administration;
use super::super::error::{IdentityError, Result};
use super::super::invitations::Link;
use super::super::names::{PersonId, PlaceId, Role};
use super::super::people::Colleague;
use super::super::places::{Place, place_path};
use super::super::principal::Session;
use super::super::service::Identity;
use super::entry::{sentence, text, with_article};
use super::look::{Look, go, secret};
use super::office::barred;
use crate::pages::{
    Choice, Column, Content, Detail, Field, Form, FormData, Notice, Page, Row, Shape, Table, View,
};
use crate::web::Path;

/// The value of the choice that is no place.
const WHOLE: &str = "whole";

pub(super) async fn list(session: Session, Look(view): Look) -> Result<Page> {
    let identity = session.identity();
    let people = identity.people(&session).await?;
    let places = places(&session).await?;
    let rows = people.iter().map(|person| {
        Row::new()
            .cell(person.display_name.clone().unwrap_or_else(|| person.email.clone()))
            .cell(roles_of(identity, person, &places))
            .cell(standing(person))
            .to(format!("/account/people/{}", person.id))
    });
    let table = Table::new("People")
        .column(Column::new("Name"))
        .column(Column::new("Roles"))
        .column(Column::new("Standing"))
        .rows(rows.collect::<Vec<_>>())
        .empty("Nobody yet", "Invite the first person.");
    let page = view.page("People").back("Your account", "/account");
    let page = page.about("Those whom you may invite, give a role, or let go.");
    let page = page.action("Invite somebody", "/account/people/invite");
    let page =
        if identity.settings().places.is_empty() { page } else { page.action("Places", "/account/places") };
    Ok(page.with(table))
}

async fn places(session: &Session) -> Result<Vec<Place>> {
    if session.identity().settings().places.is_empty() {
        return Ok(Vec::new());
    }
    session.identity().places(session).await
}

fn roles_of(identity: &Identity, person: &Colleague, places: &[Place]) -> Content {
    let held = person.memberships.iter().map(|held| role_at(identity, &held.role, held.place, places));
    let offered = person
        .invitations
        .iter()
        .map(|offer| format!("{}, not taken yet", role_at(identity, &offer.role, offer.place, places)));
    Content::list(held.chain(offered).collect::<Vec<_>>())
}

/// `provider, North`; whoever has a role of places without one appoints for all of them.
fn role_at(identity: &Identity, role: &str, place: Option<PlaceId>, places: &[Place]) -> String {
    let of_places = identity.settings().roles.find(role).is_some_and(|role| role.place.is_some());
    match place {
        Some(place) => format!("{role}, {}", place_path(places, place)),
        None if of_places => format!("{role}, appoints for the whole organisation"),
        None => role.to_owned(),
    }
}

fn standing(person: &Colleague) -> &'static str {
    match (person.suspended_at, person.invited, person.second_factor) {
        (Some(_), ..) => "suspended",
        (None, true, _) => "invited",
        (None, false, true) => "active, with security code",
        (None, false, false) => "active",
    }
}

/// The roles that one may give somewhere, and the choices of where.
struct Offer {
    role: &'static Role,
    choices: Vec<(Option<PlaceId>, String)>,
}

fn offers(identity: &Identity, administration: &Administration, places: &[Place]) -> Vec<Offer> {
    let roles = identity.settings().roles.iter();
    let offer = |role: &'static Role| {
        let mut choices = Vec::new();
        if let Some(kind) = role.place {
            let open = places.iter().filter(|place| place.kind == kind && place.closed_at.is_none());
            let covered = open.filter(|place| administration.covers(role, Some(place.id)));
            choices.extend(covered.map(|place| (Some(place.id), place_path(places, place.id))));
        }
        let without = role.place.is_none() || role.administers_people();
        if without && administration.covers(role, None) {
            let told = match role.place {
                Some(_) => "Nowhere yet: appoints others in the whole organisation",
                None => "The whole organisation",
            };
            choices.push((None, told.to_owned()));
        }
        Offer { role, choices }
    };
    roles.map(offer).filter(|offer| !offer.choices.is_empty()).collect()
}

fn role_path(role: &Role) -> String {
    role.name.replace(' ', "-")
}

async fn offer_of(session: &Session, path: &str) -> Result<Offer> {
    let administration = session.identity().administration(session).await?;
    let places = places(session).await?;
    let mut offers = offers(session.identity(), &administration, &places);
    let at = offers.iter().position(|offer| role_path(offer.role) == path).ok_or(IdentityError::NotFound)?;
    Ok(offers.swap_remove(at))
}

/// The form field that asks where, unless there is only one answer.
fn with_place(form: Form, offer: &Offer) -> Form {
    if offer.choices.len() == 1 {
        return form;
    }
    let choices = offer.choices.iter().map(|(place, name)| {
        Choice::new(place.map_or_else(|| WHOLE.to_owned(), |place| place.to_string()), name.clone())
    });
    form.field(Field::choice("place", "Place", choices.collect::<Vec<_>>()))
}

fn place_of(data: &FormData, offer: &Offer) -> Result<Option<PlaceId>> {
    if let [(only, _)] = offer.choices.as_slice() {
        return Ok(*only);
    }
    match text(data, "place") {
        WHOLE => Ok(None),
        id => {
            let reason = "choose the place where the person has this role";
            id.parse().map(Some).map_err(|_| IdentityError::Invalid { field: "place", reason })
        }
    }
}

/// Which role: a page of links, each with what it means.
async fn choice_of_role(session: &Session, page: Page, base: &str) -> Result<Page> {
    let administration = session.identity().administration(session).await?;
    let places = places(session).await?;
    let offers = offers(session.identity(), &administration, &places);
    let rows = offers.iter().map(|offer| {
        let places: Vec<&str> = offer.choices.iter().map(|(_, name)| name.as_str()).collect();
        let at =
            if offer.role.place.is_some() { places.join("; ") } else { "the whole organisation".to_owned() };
        let factor = if offer.role.needs_second_factor() { "always" } else { "if wished" };
        Row::new()
            .cell(sentence(offer.role.name))
            .cell(at)
            .cell(factor)
            .to(format!("{base}/{}", role_path(offer.role)))
    });
    let table = Table::new("Roles that you may give")
        .column(Column::new("Role"))
        .column(Column::new("Where"))
        .column(Column::new("Security code"))
        .rows(rows.collect::<Vec<_>>())
        .empty("None yet", "First make a place where people can have a role.");
    Ok(page.with(table))
}

pub(super) async fn invite(session: Session, Look(view): Look) -> Result<Page> {
    let page = view.page("Invite somebody").back("People", "/account/people");
    choice_of_role(&session, page.about("First choose what they do here."), "/account/people/invite").await
}

fn invitation_form(offer: &Offer) -> Form {
    let form = Form::new(format!("/account/people/invite/{}", role_path(offer.role)));
    let email = Field::shaped(Shape::Email, "email", "E-mail address")
        .hint("They set a password of their own by a link that you give them.");
    with_place(form.field(email), offer).submit("Make the invitation").cancel("/account/people/invite")
}

fn invitation_page(view: &View, offer: &Offer, form: Form) -> Page {
    let page = view.page(format!("Invite {}", with_article(offer.role.name))).narrow();
    let page = page.back("Invite somebody", "/account/people/invite");
    let page = match offer.choices.as_slice() {
        [(Some(_), only)] => page.about(format!("In {only}.")),
        _ => page,
    };
    page.with(form)
}

pub(super) async fn show_invitation(
    session: Session,
    Look(view): Look,
    Path(role): Path<String>,
) -> Result<Response> {
    let offer = offer_of(&session, &role).await?;
    if offer.role.privileged && session.identity().proved_lately(&session).is_err() {
        return Ok(prove_first(&format!("/account/people/invite/{role}")));
    }
    Ok(invitation_page(&view, &offer, invitation_form(&offer)).into_response())
}

/// To the page that asks who somebody is, and from there on to where they wanted to go.
pub(super) fn prove_first(to: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("to", to).finish();
    go(&format!("/account/proof?{query}"))
}

pub(super) async fn make_invitation(
    session: Session,
    Look(view): Look,
    Path(role): Path<String>,
    data: FormData,
) -> Result<Response> {
    let identity = session.identity();
    let offer = offer_of(&session, &role).await?;
    let place = place_of(&data, &offer);
    let read = place.and_then(|place| identity.invitation(text(&data, "email"), offer.role.name, place));
    let made = match read {
        Ok(invitation) => identity.invite(&session, &invitation).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(link) => Ok(link_of_people(identity, &view, &link)),
        Err(IdentityError::ProveAgain) => Ok(prove_first(&format!("/account/people/invite/{role}"))),
        Err(IdentityError::Invalid { field, reason }) => {
            let form = invitation_form(&offer).fill(&data).mistake(field, sentence(reason));
            Ok(invitation_page(&view, &offer, form).into_response())
        }
        Err(other) => Err(other),
    }
}

/// A link, shown once, to be handed over by whoever asked for it.
pub(crate) fn link_page(identity: &Identity, view: &View, page: Page, link: &Link) -> Response {
    let address = format!("{}/welcome/{}", identity.settings().issuer, link.token.reveal());
    let page = page
        .notice(
            Notice::warning("It is shown only now")
                .text("Give it to this person only, by a way that you trust. It works once."),
        )
        .with(
            Detail::new()
                .line("Link", Content::from(address))
                .line("Works until", view.moment(link.expires_at)),
        );
    secret(page.into_response())
}

fn link_of_people(identity: &Identity, view: &View, link: &Link) -> Response {
    link_page(identity, view, view.page("A one-time link").narrow().back("People", "/account/people"), link)
}

async fn of_mine(session: &Session, id: PersonId) -> Result<Colleague> {
    let people = session.identity().people(session).await?;
    people.into_iter().find(|person| person.id == id).ok_or(IdentityError::NotFound)
}

fn called(person: &Colleague) -> String {
    person.display_name.clone().unwrap_or_else(|| person.email.clone())
}

pub(super) async fn person(session: Session, Look(view): Look, Path(id): Path<PersonId>) -> Result<Page> {
    let identity = session.identity();
    let person = of_mine(&session, id).await?;
    let places = places(&session).await?;
    let at = |rest: &str| format!("/account/people/{id}/{rest}");
    let detail =
        Detail::new().line("E-mail address", person.email.clone()).line("Standing", standing(&person));
    let mut page = view.page(called(&person)).narrow().back("People", "/account/people");
    page = page.with(detail.line("Roles", roles_of(identity, &person, &places)));
    if id == session.principal().person() {
        return Ok(page.notice(
            Notice::information("This is you").text("Another administrator has to change your rights."),
        ));
    }
    for offer in &person.invitations {
        let withdraw = Form::new(format!("/account/people/invitations/{}/withdraw", offer.id));
        let role = role_at(identity, &offer.role, offer.place, &places);
        page = page.with(withdraw.submit(format!("Withdraw the invitation: {role}")));
    }
    if person.memberships.is_empty() {
        return Ok(page);
    }
    for held in &person.memberships {
        let take = Form::new(at(&format!("roles/{}/take", held.id)));
        let role = role_at(identity, &held.role, held.place, &places);
        page = page.with(take.submit(format!("Take the role: {role}")));
    }
    let page = page
        .action("Give a role", at("roles"))
        .command("Unlock after failed sign-ins", at("unlock"))
        .command("Make a link for a new password", at("password-link"));
    let page = match person.suspended_at {
        None => page.command("Suspend the account", at("suspend")),
        Some(_) => page.command("Lift the suspension", at("lift")),
    };
    Ok(page.action("End the membership", at("end")))
}

pub(super) async fn roles(session: Session, Look(view): Look, Path(id): Path<PersonId>) -> Result<Page> {
    let person = of_mine(&session, id).await?;
    let page = view.page(format!("Give {} a role", called(&person)));
    let page = page.back(called(&person), format!("/account/people/{id}"));
    choice_of_role(&session, page, &format!("/account/people/{id}/roles")).await
}

fn role_form(id: PersonId, offer: &Offer) -> Form {
    let form = Form::new(format!("/account/people/{id}/roles/{}", role_path(offer.role)));
    with_place(form, offer).submit("Give this role").cancel(format!("/account/people/{id}"))
}

fn role_page(view: &View, person: &Colleague, offer: &Offer, form: Form) -> Page {
    let page = view.page(format!("Give {} the role {}", called(person), offer.role.name)).narrow();
    let page = page.back(called(person), format!("/account/people/{}", person.id));
    page.about("They are signed out, and have the role when they sign in again.").with(form)
}

pub(super) async fn show_role(
    session: Session,
    Look(view): Look,
    Path((id, role)): Path<(PersonId, String)>,
) -> Result<Response> {
    let (person, offer) = (of_mine(&session, id).await?, offer_of(&session, &role).await?);
    if offer.role.privileged && session.identity().proved_lately(&session).is_err() {
        return Ok(prove_first(&format!("/account/people/{id}/roles/{role}")));
    }
    Ok(role_page(&view, &person, &offer, role_form(id, &offer)).into_response())
}

pub(super) async fn give_role(
    session: Session,
    Look(view): Look,
    Path((id, role)): Path<(PersonId, String)>,
    data: FormData,
) -> Result<Response> {
    let offer = offer_of(&session, &role).await?;
    let given = match place_of(&data, &offer) {
        Ok(place) => session.identity().give_role(&session, id, offer.role.name, place).await,
        Err(error) => Err(error),
    };
    match given {
        Ok(()) => Ok(go(&format!("/account/people/{id}"))),
        Err(IdentityError::ProveAgain) => Ok(prove_first(&format!("/account/people/{id}/roles/{role}"))),
        Err(IdentityError::Invalid { field, reason }) => {
            let person = of_mine(&session, id).await?;
            let form = role_form(id, &offer).fill(&data).mistake(field, sentence(reason));
            Ok(role_page(&view, &person, &offer, form).into_response())
        }
        Err(IdentityError::Conflict(reason)) => Ok(barred(&view, "This role cannot be given", reason)),
        Err(other) => Err(other),
    }
}

pub(super) async fn take_role(
    session: Session,
    Look(view): Look,
    Path((id, membership)): Path<(PersonId, Uuid)>,
) -> Result<Response> {
    done(&view, session.identity().take_role(&session, id, membership).await, "/account/people")
}

pub(super) async fn show_end(session: Session, Look(view): Look, Path(id): Path<PersonId>) -> Result<Page> {
    let person = of_mine(&session, id).await?;
    let form = Form::new(format!("/account/people/{id}/end")).danger().submit("End the membership");
    let page = view.page(format!("End the membership of {}", called(&person))).narrow();
    let page = page.back(called(&person), format!("/account/people/{id}"));
    let page = page.about(
        "They are signed out at once and lose every role here. What they wrote stays, under their name.",
    );
    Ok(page.with(form.cancel(format!("/account/people/{id}"))))
}

pub(super) async fn end(session: Session, Look(view): Look, Path(id): Path<PersonId>) -> Result<Response> {
    done(&view, session.identity().end_membership(&session, id).await, "/account/people")
}

pub(super) async fn withdraw(session: Session, Look(view): Look, Path(id): Path<Uuid>) -> Result<Response> {
    done(&view, session.identity().withdraw(&session, id).await, "/account/people")
}

pub(super) async fn suspend(
    session: Session,
    Look(view): Look,
    Path(id): Path<PersonId>,
) -> Result<Response> {
    let done_to = format!("/account/people/{id}");
    done(&view, session.identity().suspend(&session, id, true).await, &done_to)
}

pub(super) async fn lift(session: Session, Look(view): Look, Path(id): Path<PersonId>) -> Result<Response> {
    let done_to = format!("/account/people/{id}");
    done(&view, session.identity().suspend(&session, id, false).await, &done_to)
}

pub(super) async fn unlock(session: Session, Look(view): Look, Path(id): Path<PersonId>) -> Result<Response> {
    done(&view, session.identity().unlock(&session, id).await, &format!("/account/people/{id}"))
}

pub(super) async fn password_link(
    session: Session,
    Look(view): Look,
    Path(id): Path<PersonId>,
) -> Result<Response> {
    match session.identity().password_link(&session, id).await {
        Ok(link) => Ok(link_of_people(session.identity(), &view, &link)),
        Err(error) => done(&view, Err(error), "/account/people"),
    }
}

/// Goes on where it was done, and says why where it cannot be.
fn done(view: &View, outcome: Result<()>, to: &str) -> Result<Response> {
    match outcome {
        Ok(()) => Ok(go(to)),
        Err(IdentityError::Conflict(reason)) => Ok(barred(view, "This cannot be done", reason)),
        Err(other) => Err(other),
    }
}
