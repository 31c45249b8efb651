//! The pages of an account.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::super::error::{IdentityError, Result};
use super::super::names::{OrganisationId, Purpose, SessionId, may_be_chosen};
use super::super::principal::{Own, Session};
use super::entry::{enrolment_page, mistaken, new_password, recovery_codes_page, sentence, text, told};
use super::look::{Look, Wanted, go, keep, secret, with_cookie};
use super::sign_in::revealed;
use super::{impersonation_cookie, session_cookie};
use crate::pages::{
    Account, Choice, CodeEntry, Detail, Device, Devices, Field, Form, FormData, Notice, Page, Shape, View,
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
    for (text, to) in identity.settings().account {
        page = page.action(*text, *to);
    }
    if identity.settings().roles.any_administers_people(session.principal().roles()) {
        page = page.action("People", "/account/people");
        if !identity.settings().places.is_empty() {
            page = page.action("Places", "/account/places");
        }
    }
    if identity.may_impersonate(session.principal().roles()) {
        page = page.option("Look as a colleague", "/account/impersonation/new");
    }
    if identity.may_break_glass(session.principal().roles()) {
        page = page.option("Break the glass", "/account/break-glass");
    }
    Ok(page.command("Sign out", "/sign-out"))
}

pub(super) async fn rename(session: Session, data: FormData) -> Result<Response> {
    session.identity().rename(session.row(), text(&data, "display_name"), session.visit()).await?;
    Ok(go("/account"))
}

/// Whoever looks as a colleague signs themselves out, and what they looked at is closed with that.
/// Signed out here; whether there, too, is for the person to say. A link, since no form of ours leads elsewhere.
fn signed_out_page(view: &View, name: &str, address: &str) -> Page {
    view.page("You are signed out here")
        .narrow()
        .about(format!("You came from {name}, and are still signed in there."))
        .action(format!("Sign out of {name}, too"), address)
        .action("Sign in again", "/sign-in")
}

pub(super) async fn sign_out(Own(session): Own, Look(view): Look) -> Result<Response> {
    let elsewhere = session.identity().provider_sign_out(session.row().id.uuid()).await?;
    session.identity().sign_out(session.row(), session.visit()).await?;
    let name = session.identity().provider_name();
    let response = match elsewhere.zip(name) {
        Some((address, name)) => signed_out_page(&view, name, &address).into_response(),
        None => go("/sign-in"),
    };
    // The browser forgets what it kept of this session (W3C Clear Site Data).
    let response =
        ([(header::HeaderName::from_static("clear-site-data"), "\"cache\", \"storage\"")], response);
    let response = with_cookie(response.into_response(), &session_cookie(session.identity(), None));
    Ok(with_cookie(response, &impersonation_cookie(session.identity(), None)))
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

/// The title of the page where people show anew who they are.
pub(super) const PROOF: &str = "Show that it is you";

/// Where privilege grows, a person shows anew who they are, and goes on to what they wanted.
pub(super) async fn show_proof(session: Session, Look(view): Look, wanted: Wanted) -> Result<Page> {
    proof_page(&session, &view, &wanted, None).await
}

pub(super) async fn prove(
    session: Session,
    Look(view): Look,
    wanted: Wanted,
    data: FormData,
) -> Result<Response> {
    let (password, code) = (text(&data, "password"), text(&data, "code"));
    match session.identity().prove_again(session.row(), password, code, session.visit()).await {
        Ok(()) => Ok(go(wanted.end())),
        Err(error) => Ok(proof_page(&session, &view, &wanted, Some(error)).await?.into_response()),
    }
}

async fn proof_page(
    session: &Session,
    view: &View,
    wanted: &Wanted,
    error: Option<IdentityError>,
) -> Result<Page> {
    let identity = session.identity();
    let page = account_page(view, PROOF)
        .about("What comes next is not for a screen that somebody left open, so you are asked once more.");
    if session.came_by_provider().await?
        && let Some(provider) = identity.provider_name()
    {
        return Ok(page.action(format!("Go on by {provider}"), wanted.on("/account/proof/sso")));
    }
    let factor = identity.second_factor_of(session.principal().person()).await?;
    let form = proof_form(&wanted.on("/account/proof"), "Go on", factor.enrolled_at.is_some());
    let form = match error {
        Some(error) => mistaken(form, error)?,
        None => form,
    };
    Ok(page.with(form))
}

pub(super) fn account_page(view: &View, title: &str) -> Page {
    view.page(title).narrow().back("Your account", "/account")
}

pub(super) fn barred(view: &View, title: &str, reason: &str) -> Response {
    account_page(view, title).notice(Notice::danger(sentence(reason))).into_response()
}
