//! The pages of an account, and of the people of an organisation.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::super::error::{IdentityError, Result};
use super::super::names::{OrganisationId, PersonId, Purpose, SessionId, may_be_chosen};
use super::super::people::{Colleague, Invitation, Link, parse_email};
use super::super::principal::Session;
use super::super::service::Identity;
use super::entry::{enrolment_page, mistaken, new_password, recovery_codes_page, sentence, text, told};
use super::look::{Look, go, keep, secret, with_cookie};
use super::session_cookie;
use super::sign_in::revealed;
use crate::pages::{
    Account, Choice, CodeEntry, Column, Content, Detail, Device, Devices, Field, Form, FormData, Notice,
    Page, Row, Shape, Table, View,
};

/// CC-11: all that is kept about me as an account, and the way to each thing that I can do about it.
pub(super) async fn account(session: Session, Look(view): Look) -> Result<Page> {
    let identity = session.identity();
    let profile = identity.profile(session.row()).await?;
    let organisations = identity.organisations(session.row()).await?;
    let here = session.principal().organisation();
    let place = organisations.iter().find(|choice| choice.id == here).map_or("", |choice| &choice.name);
    let name = profile.display_name.unwrap_or_default();
    let factor = profile.second_factor;
    let roles = session.principal().roles().iter().map(|role| role.as_str().to_owned()).collect();
    let shown = Account {
        name: name.clone(),
        email: profile.email,
        organisation: place.to_owned(),
        roles,
        second_factor: factor.enrolled_at.is_some(),
        recovery_codes_left: usize::try_from(factor.recovery_codes_left).unwrap_or_default(),
    };
    let rest = Detail::new()
        .line("Purpose of use", session.principal().purpose().as_str())
        .line("Account since", view.moment(profile.created_at))
        .line("Password changed", profile.password_changed_at.map_or_else(String::new, |at| view.moment(at)));
    let form = Form::new("/account")
        .field(Field::text("display_name", "Your name").longest(100).optional().autocomplete("name"))
        .with("display_name", name)
        .submit("Save the name");
    let mut page = view.page("Your account").back("Home", "/").with(shown).with(rest).with(form);
    page = page
        .action("Security code", "/account/second-factor")
        .action("Organisation and purpose", "/account/work");
    if identity.settings().roles.any_administers_people(session.principal().roles()) {
        page = page.action("People", "/account/people");
    }
    Ok(page.command("Sign out", "/sign-out"))
}

pub(super) async fn rename(session: Session, data: FormData) -> Result<Response> {
    session.identity().rename(session.row(), text(&data, "display_name"), session.visit()).await?;
    Ok(go("/account"))
}

pub(super) async fn sign_out(session: Session) -> Result<Response> {
    session.identity().sign_out(session.row(), session.visit()).await?;
    // The browser forgets what it kept of this session (W3C Clear Site Data).
    let response =
        ([(header::HeaderName::from_static("clear-site-data"), "\"cache\", \"storage\"")], go("/sign-in"));
    Ok(with_cookie(response.into_response(), &session_cookie(session.identity(), None)))
}

pub(super) async fn show_password(_session: Session, Look(view): Look) -> Page {
    account_page(&view, "Change the password").with(password_form())
}

fn password_form() -> Form {
    Form::new("/account/password")
        .field(Field::shaped(Shape::Password, "current", "Password in use"))
        .field(new_password("password"))
        .submit("Change the password")
}

pub(super) async fn password(session: Session, Look(view): Look, data: FormData) -> Result<Response> {
    let (current, new) = (text(&data, "current"), text(&data, "password"));
    match session.identity().change_password(session.row(), current, new, session.visit()).await {
        Ok(()) => Ok(go("/account")),
        Err(error) => {
            let form = match error {
                IdentityError::Wrong => password_form().mistake("current", told(error)?),
                other => mistaken(password_form(), other)?,
            };
            Ok(account_page(&view, "Change the password").with(form).into_response())
        }
    }
}

pub(super) async fn show_second_factor(session: Session, Look(view): Look) -> Result<Page> {
    let factor = session.identity().second_factor_of(session.principal().person()).await?;
    let page = account_page(&view, "Security code");
    Ok(match factor.enrolled_at {
        None => page
            .about("An authenticator app on your phone gives you a code each time you sign in.")
            .with(proof_form("/account/second-factor", "Set up my phone", false)),
        Some(since) => page
            .about(format!(
                "In use since {}. {} recovery codes are left.",
                view.moment(since),
                factor.recovery_codes_left
            ))
            .with(proof_form("/account/recovery-codes", "Make new recovery codes", true))
            .with(proof_form("/account/second-factor/remove", "Sign in without a code", true).danger()),
    })
}

fn proof_form(to: &str, does: &'static str, with_code: bool) -> Form {
    let form = Form::new(to).field(Field::shaped(Shape::Password, "password", "Password"));
    let form =
        if with_code { form.field(Field::shaped(Shape::OneTimeCode, "code", "Security code")) } else { form };
    form.submit(does)
}

pub(super) async fn enrol(session: Session, Look(view): Look, data: FormData) -> Result<Response> {
    let identity = session.identity();
    match identity.enrol(session.row(), text(&data, "password"), session.visit()).await {
        Ok(offer) => {
            let page = enrolment_page(&view, identity, &offer, "/account/second-factor/confirm");
            Ok(secret(page.into_response()))
        }
        Err(error) => {
            let form = mistaken(proof_form("/account/second-factor", "Set up my phone", false), error)?;
            Ok(account_page(&view, "Security code").with(form).into_response())
        }
    }
}

pub(super) async fn confirm(session: Session, Look(view): Look, data: FormData) -> Result<Response> {
    match session.identity().confirm_enrol(session.row(), text(&data, "code"), session.visit()).await {
        Ok(codes) => Ok(secret(recovery_codes_page(&view, revealed(&codes), "/account").into_response())),
        Err(error) => {
            let form = CodeEntry::authenticator("/account/second-factor/confirm").refused(told(error)?);
            Ok(account_page(&view, "Set up your phone").with(form).into_response())
        }
    }
}

pub(super) async fn remove(session: Session, Look(view): Look, data: FormData) -> Result<Response> {
    let (identity, password, code) = (session.identity(), text(&data, "password"), text(&data, "code"));
    match identity.remove_authenticator(session.row(), password, code, session.visit()).await {
        Ok(()) => Ok(go("/account")),
        Err(IdentityError::Conflict(reason)) => Ok(barred(&view, "Security code", reason)),
        Err(error) => {
            let form =
                mistaken(proof_form("/account/second-factor/remove", "Sign in without a code", true), error)?;
            Ok(account_page(&view, "Security code").with(form).into_response())
        }
    }
}

pub(super) async fn show_recovery_codes(_session: Session, Look(view): Look) -> Page {
    let form = proof_form("/account/recovery-codes", "Make new recovery codes", true);
    account_page(&view, "Recovery codes").about("The codes that you have now stop working.").with(form)
}

pub(super) async fn recovery_codes(session: Session, Look(view): Look, data: FormData) -> Result<Response> {
    let (identity, password, code) = (session.identity(), text(&data, "password"), text(&data, "code"));
    match identity.renew_recovery_codes(session.row(), password, code, session.visit()).await {
        Ok(codes) => Ok(secret(recovery_codes_page(&view, revealed(&codes), "/account").into_response())),
        Err(error) => {
            let form =
                mistaken(proof_form("/account/recovery-codes", "Make new recovery codes", true), error)?;
            Ok(account_page(&view, "Security code").with(form).into_response())
        }
    }
}

pub(super) async fn devices(session: Session, Look(view): Look) -> Result<Page> {
    let devices = session.identity().devices(session.row()).await?;
    let devices = devices.into_iter().map(|device| Device {
        id: device.id.to_string(),
        name: device.device.unwrap_or_default(),
        address: device.address,
        signed_in: device.started_at,
        last_seen: device.seen_at,
        this: device.current,
    });
    Ok(account_page(&view, "Where you are signed in").with(Devices(devices.collect())))
}

/// Ends the session that is named, or every other one.
pub(super) async fn revoke(session: Session, data: FormData) -> Result<Response> {
    let (identity, visit) = (session.identity(), session.visit());
    match data.first("device") {
        Some(device) => {
            let device: SessionId = device.parse().map_err(|_| IdentityError::NotFound)?;
            identity.revoke(session.row(), device, visit).await?;
        }
        None => drop(identity.revoke_others(session.row(), visit).await?),
    }
    Ok(go("/account/devices"))
}

/// In which organisation, and for which purpose.
pub(super) async fn show_work(session: Session, Look(view): Look) -> Result<Page> {
    let organisations = session.identity().organisations(session.row()).await?;
    let organisations =
        organisations.into_iter().map(|choice| Choice::new(choice.id.to_string(), choice.name));
    let purposes = Purpose::ALL.iter().filter(|purpose| may_be_chosen(**purpose));
    let purposes =
        purposes.map(|purpose| Choice::new(purpose.as_str(), sentence(&purpose.as_str().replace('-', " "))));
    let form = Form::new("/account/work")
        .field(Field::choice("organisation", "Organisation", organisations))
        .field(
            Field::choice("purpose", "Purpose of use", purposes)
                .hint("It stands on every entry of the audit log"),
        )
        .with("organisation", session.principal().organisation().to_string())
        .with("purpose", session.principal().purpose().as_str())
        .submit("Go on");
    Ok(account_page(&view, "Organisation and purpose").with(form))
}

pub(super) async fn work(session: Session, data: FormData) -> Result<Response> {
    let organisation: Option<OrganisationId> = text(&data, "organisation").parse().ok();
    let purpose = Purpose::parse(text(&data, "purpose"));
    let identity = session.identity();
    let opened = identity.switch(session.row(), organisation, purpose, session.visit()).await?;
    Ok(keep(identity, &opened, go("/")))
}

pub(super) async fn people(session: Session, Look(view): Look) -> Result<Page> {
    let people = session.identity().people(&session).await?;
    let rows = people.iter().map(|person| {
        let roles: Vec<&str> = person.memberships.iter().map(|membership| membership.role.as_str()).collect();
        let row = Row::new()
            .cell(person.display_name.clone().unwrap_or_default())
            .cell(person.email.clone())
            .cell(roles.join(", "))
            .cell(standing(person));
        if person.memberships.is_empty() { row } else { row.to(format!("/account/people/{}", person.id)) }
    });
    let table = Table::new("People of your organisation")
        .column(Column::new("Name"))
        .column(Column::new("E-mail address"))
        .column(Column::new("Roles"))
        .column(Column::new("Standing"))
        .rows(rows)
        .empty("Nobody yet", "Invite the first person.");
    Ok(account_page(&view, "People").with(table).with(invitation_form(session.identity())))
}

fn standing(person: &Colleague) -> &'static str {
    match (person.suspended_at, person.invited, person.second_factor) {
        (Some(_), ..) => "suspended",
        (None, true, _) => "invited",
        (None, false, true) => "active, with security code",
        (None, false, false) => "active",
    }
}

fn invitation_form(identity: &Identity) -> Form {
    Form::new("/account/people")
        .field(Field::shaped(Shape::Email, "email", "E-mail address").section("Invite somebody"))
        .field(role_field(identity))
        .submit("Make the invitation")
}

fn role_field(identity: &Identity) -> Field {
    let roles = identity.settings().roles;
    Field::choice("role", "Role", roles.iter().map(|role| Choice::new(role.name, role.name)))
}

pub(super) async fn invite(session: Session, Look(view): Look, data: FormData) -> Result<Response> {
    let identity = session.identity();
    let read = || {
        let role = identity.declared(text(&data, "role"))?.into();
        Ok::<_, IdentityError>(Invitation { email: parse_email(text(&data, "email"))?, role, place: None })
    };
    match read() {
        Ok(invitation) => Ok(link_page(&view, &identity.invite(&session, &invitation).await?)),
        Err(error) => {
            let form = mistaken(invitation_form(identity).with("email", text(&data, "email")), error)?;
            Ok(account_page(&view, "People").with(form).into_response())
        }
    }
}

/// A link, shown once, to be handed over by whoever asked for it.
fn link_page(view: &View, link: &Link) -> Response {
    let page = account_page(view, "A one-time link")
        .notice(
            Notice::warning("It is shown only now")
                .text("Give it to this person only, by a way that you trust. It works once."),
        )
        .with(
            Detail::new()
                .line("Link", Content::from(format!("/welcome/{}", link.token.reveal())))
                .line("Works until", view.moment(link.expires_at)),
        );
    secret(page.into_response())
}

pub(super) async fn person(session: Session, Look(view): Look, Path(id): Path<PersonId>) -> Result<Page> {
    let people = session.identity().people(&session).await?;
    let person = people.into_iter().find(|person| person.id == id && !person.memberships.is_empty());
    let person = person.ok_or(IdentityError::NotFound)?;
    let at = |rest: &str| format!("/account/people/{id}/{rest}");
    let mut page = view
        .page(person.display_name.clone().unwrap_or_else(|| person.email.clone()))
        .back("People", "/account/people")
        .with(Detail::new().line("E-mail address", person.email.clone()).line("Standing", standing(&person)));
    for membership in &person.memberships {
        let take = Form::new(at(&format!("roles/{}/take", membership.id)));
        page = page.with(take.submit(format!("Take the role {}", membership.role)).danger());
    }
    page = page.with(Form::new(at("roles")).field(role_field(session.identity())).submit("Give this role"));
    page = page.command("Unlock after failed sign-ins", at("unlock"));
    page = page.command("Make a link for a new password", at("password-link"));
    Ok(match person.suspended_at {
        None => page.command("Suspend the account", at("suspend")),
        Some(_) => page.command("Lift the suspension", at("lift")),
    })
}

pub(super) async fn give_role(
    session: Session,
    Path(id): Path<PersonId>,
    data: FormData,
) -> Result<Response> {
    session.identity().give_role(&session, id, text(&data, "role"), None).await?;
    Ok(go(&format!("/account/people/{id}")))
}

pub(super) async fn take_role(
    session: Session,
    Path((id, membership)): Path<(PersonId, Uuid)>,
) -> Result<Response> {
    session.identity().take_role(&session, id, membership).await?;
    Ok(go("/account/people"))
}

pub(super) async fn suspend(session: Session, Path(id): Path<PersonId>) -> Result<Response> {
    session.identity().suspend(&session, id, true).await?;
    Ok(go(&format!("/account/people/{id}")))
}

pub(super) async fn lift(session: Session, Path(id): Path<PersonId>) -> Result<Response> {
    session.identity().suspend(&session, id, false).await?;
    Ok(go(&format!("/account/people/{id}")))
}

pub(super) async fn unlock(session: Session, Path(id): Path<PersonId>) -> Result<Response> {
    session.identity().unlock(&session, id).await?;
    Ok(go(&format!("/account/people/{id}")))
}

pub(super) async fn password_link(
    session: Session,
    Look(view): Look,
    Path(id): Path<PersonId>,
) -> Result<Response> {
    Ok(link_page(&view, &session.identity().password_link(&session, id).await?))
}

fn account_page(view: &View, title: &str) -> Page {
    view.page(title).narrow().back("Your account", "/account")
}

fn barred(view: &View, title: &str, reason: &str) -> Response {
    account_page(view, title).notice(Notice::danger(sentence(reason))).into_response()
}
