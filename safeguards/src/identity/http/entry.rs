//! The pages of signing in, of one-time links and of sign-up. Each step is a page of its own with one
//! short form; what was proved so far lies in the ticket's cookie.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::super::error::{IdentityError, Result};
use super::super::policy::PasswordFault;
use super::super::secret::Token;
use super::super::service::{Identity, Visit};
use super::super::settings::SignUp;
use super::super::sign_in::{Door, Next};
use super::super::totp::TotpSecret;
use super::look::{Look, Wanted, go, keep, secret, ticket, ticket_cookie, with_cookie};
use super::sign_in::revealed;
use crate::pages::{
    Choice, CodeEntry, Enrolment, Field, Form, FormData, Notice, Page, RecoveryCodes, Shape, SignIn, View,
};
use crate::web::{Path, Problem};

const CODE: &str = "Enter your security code";

pub(super) async fn show_sign_in(State(identity): State<Identity>, Look(view): Look, wanted: Wanted) -> Page {
    let page = view.page("Sign in").narrow().with(sign_in_form(&identity, &wanted, ""));
    match identity.settings().sign_up {
        Some(_) => page.action("Create an account", "/sign-up"),
        None => page,
    }
}

pub(super) async fn sign_in(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
    data: FormData,
) -> Result<Response> {
    let (email, password) = (text(&data, "email"), text(&data, "password"));
    match identity.sign_in(email, password, Door::Browser, &visit).await {
        Ok(next) => Ok(step(&identity, next, &wanted)),
        Err(error) => {
            let form = sign_in_form(&identity, &wanted, email).refused(told(error)?);
            Ok(view.page("Sign in").narrow().with(form).into_response())
        }
    }
}

fn sign_in_form(identity: &Identity, wanted: &Wanted, email: &str) -> SignIn {
    let form = SignIn::new().email(email).back_to(wanted.end());
    match identity.provider_name() {
        Some(name) => form.provider(name, wanted.on("/sign-in/sso")),
        None => form,
    }
}

/// The identity provider signed nobody in: the page where one begins, with the reason.
pub(super) fn refused(
    view: &View,
    identity: &Identity,
    wanted: &Wanted,
    error: IdentityError,
) -> Result<Response> {
    let IdentityError::Provider(failed) = error else { return Err(error) };
    let why = Notice::danger(told(failed.into())?);
    let page = view.page("Sign in").narrow().with(why).with(sign_in_form(identity, wanted, ""));
    Ok((Problem::from(IdentityError::from(failed)).status(), page).into_response())
}

pub(super) async fn show_code(Look(view): Look, wanted: Wanted) -> Page {
    view.page(CODE).narrow().with(code_form(&wanted))
}

pub(super) async fn code(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
    headers: HeaderMap,
    data: FormData,
) -> Result<Response> {
    let ticket = ticket(&identity, &headers)?;
    match identity.second_factor(&ticket, text(&data, "code"), &visit).await {
        Ok(next) => Ok(step(&identity, next, &wanted)),
        Err(error) => {
            let form = code_form(&wanted).refused(told(error)?);
            Ok(view.page(CODE).narrow().with(form).into_response())
        }
    }
}

fn code_form(wanted: &Wanted) -> CodeEntry {
    CodeEntry::authenticator(wanted.on("/sign-in/code")).otherwise(wanted.on("/sign-in/recovery"))
}

pub(super) async fn show_recovery(Look(view): Look, wanted: Wanted) -> Page {
    view.page("Enter a recovery code").narrow().with(recovery_form(&wanted))
}

pub(super) async fn recovery(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
    headers: HeaderMap,
    data: FormData,
) -> Result<Response> {
    let ticket = ticket(&identity, &headers)?;
    match identity.recover(&ticket, text(&data, "code"), &visit).await {
        Ok(next) => Ok(step(&identity, next, &wanted)),
        Err(error) => {
            let form = recovery_form(&wanted).refused(told(error)?);
            Ok(view.page("Enter a recovery code").narrow().with(form).into_response())
        }
    }
}

fn recovery_form(wanted: &Wanted) -> CodeEntry {
    CodeEntry::recovery(wanted.on("/sign-in/recovery")).otherwise(wanted.on("/sign-in/code"))
}

/// A new secret at each look, so that a page left open somewhere is worth nothing.
pub(super) async fn show_enrolment(
    State(identity): State<Identity>,
    Look(view): Look,
    wanted: Wanted,
    headers: HeaderMap,
) -> Result<Response> {
    let offer = identity.begin_enrolment(&ticket(&identity, &headers)?).await?;
    let page = enrolment_page(&view, &identity, &offer, &wanted.on("/sign-in/enrol"));
    Ok(secret(page.into_response()))
}

pub(super) fn enrolment_page(view: &View, identity: &Identity, secret: &TotpSecret, to: &str) -> Page {
    let name = &identity.settings().app_name;
    let link = secret.enrolment_uri(name, name);
    let enrolment = Enrolment::new(to, link.as_str(), secret.base32().as_str());
    view.page("Set up your phone").narrow().with(enrolment)
}

pub(super) async fn enrol(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
    headers: HeaderMap,
    data: FormData,
) -> Result<Response> {
    let ticket = ticket(&identity, &headers)?;
    match identity.confirm_enrolment(&ticket, text(&data, "code"), &visit).await {
        Ok((codes, next)) => {
            let (to, opened) = match next {
                Next::SignedIn(opened) => (wanted.end().to_owned(), Some(opened)),
                _ => (wanted.on("/sign-in/organisation"), None),
            };
            let page = recovery_codes_page(&view, revealed(&codes), &to).into_response();
            Ok(match opened {
                Some(opened) => keep(&identity, &opened, page),
                None => with_cookie(page, &ticket_cookie(&identity, Some(&ticket))),
            })
        }
        Err(error) => {
            let again = wanted.on("/sign-in/enrol");
            let form = CodeEntry::authenticator(&again).refused(told(error)?);
            let page = view.page("Set up your phone").narrow().with(form);
            Ok(page.action("Show a new picture", again).into_response())
        }
    }
}

/// The codes, shown once.
pub(super) fn recovery_codes_page(view: &View, codes: Vec<String>, to: &str) -> Page {
    view.page("Keep these codes").narrow().with(RecoveryCodes::new(codes, to))
}

pub(super) async fn show_organisations(
    State(identity): State<Identity>,
    Look(view): Look,
    wanted: Wanted,
    headers: HeaderMap,
) -> Result<Response> {
    let choices = identity.choices(&ticket(&identity, &headers)?).await?;
    Ok(view
        .page("Where do you work now?")
        .narrow()
        .with(organisation_form(&choices, &wanted))
        .into_response())
}

fn organisation_form(choices: &[super::super::sign_in::OrganisationChoice], wanted: &Wanted) -> Form {
    let choices = choices.iter().map(|choice| Choice::new(choice.id.to_string(), choice.name.clone()));
    Form::new(wanted.on("/sign-in/organisation"))
        .field(Field::choice("organisation", "Organisation", choices))
        .submit("Continue")
}

pub(super) async fn organisation(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    wanted: Wanted,
    headers: HeaderMap,
    data: FormData,
) -> Result<Response> {
    let ticket = ticket(&identity, &headers)?;
    let Ok(chosen) = text(&data, "organisation").parse() else {
        let form = organisation_form(&identity.choices(&ticket).await?, &wanted);
        let form = form.mistake("organisation", "Choose an organisation");
        return Ok(view.page("Where do you work now?").narrow().with(form).into_response());
    };
    Ok(step(&identity, identity.choose(&ticket, chosen, &visit).await?, &wanted))
}

/// Goes to the page of the next step.
pub(super) fn step(identity: &Identity, next: Next, wanted: &Wanted) -> Response {
    let (ticket, page) = match next {
        Next::SecondFactor(ticket) => (ticket, "/sign-in/code"),
        Next::Enrol(ticket) => (ticket, "/sign-in/enrol"),
        Next::Choose(ticket, _) => (ticket, "/sign-in/organisation"),
        Next::SignedIn(opened) => return keep(identity, &opened, go(wanted.end())),
    };
    with_cookie(go(&wanted.on(page)), &ticket_cookie(identity, Some(&ticket)))
}

pub(super) async fn show_welcome(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    Path(token): Path<String>,
) -> Result<Response> {
    let link = Token::parse(&token).ok_or(IdentityError::LinkSpent)?;
    let (email, known) = identity.link_email(&link, &visit).await?;
    let page = view.page("Welcome").narrow().about(format!("This link is for {}.", email.as_str()));
    Ok(secret(page.with(welcome_form(&token, known)).into_response()))
}

fn welcome_form(token: &str, known: bool) -> Form {
    let form = Form::new(format!("/welcome/{token}"));
    if known {
        let password = Field::shaped(Shape::Password, "password", "Your password");
        return form.field(password.hint("You have an account: prove that it is you")).submit("Join");
    }
    form.field(Field::text("display_name", "Your name").longest(100).optional().autocomplete("name"))
        .field(new_password("password"))
        .submit("Set the password")
}

pub(super) fn new_password(name: &'static str) -> Field {
    Field::shaped(Shape::NewPassword, name, "New password")
        .hint("At least 15 characters, or 12 with a security code; three kinds of characters. A few unusual words do well.")
}

pub(super) async fn welcome(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    Path(token): Path<String>,
    data: FormData,
) -> Result<Response> {
    let link = Token::parse(&token).ok_or(IdentityError::LinkSpent)?;
    let (password, name) = (text(&data, "password"), data.first("display_name"));
    match identity.accept(&link, password, name, &visit).await {
        Ok(()) => Ok(go("/sign-in")),
        Err(error) => {
            let (_, known) = identity.link_email(&link, &visit).await?;
            let form =
                mistaken(welcome_form(&token, known).with("display_name", name.unwrap_or_default()), error)?;
            Ok(view.page("Welcome").narrow().with(form).into_response())
        }
    }
}

pub(super) async fn show_sign_up(State(identity): State<Identity>, Look(view): Look) -> Result<Page> {
    let sign_up = identity.settings().sign_up.ok_or(IdentityError::NotFound)?;
    Ok(view.page("Create an account").narrow().with(sign_up_form(sign_up)))
}

fn sign_up_form(sign_up: SignUp) -> Form {
    let form = match sign_up {
        SignUp::Joins(_) => Form::new("/sign-up"),
        SignUp::Founds(_) => Form::new("/sign-up").field(
            Field::text("organisation", "Your organisation")
                .longest(200)
                .autocomplete("organization")
                .hint("The practice or company that you act for. Agreements will be in its name."),
        ),
    };
    form.field(Field::shaped(Shape::Email, "email", "E-mail address").autocomplete("username"))
        .field(Field::text("display_name", "Your name").longest(100).optional().autocomplete("name"))
        .field(new_password("password"))
        .submit("Create the account")
}

pub(super) async fn sign_up(
    State(identity): State<Identity>,
    visit: Visit,
    Look(view): Look,
    data: FormData,
) -> Result<Response> {
    let sign_up = identity.settings().sign_up.ok_or(IdentityError::NotFound)?;
    let (email, name, organisation) =
        (text(&data, "email"), data.first("display_name"), data.first("organisation"));
    match identity.sign_up(email, text(&data, "password"), name, organisation, &visit).await {
        Ok(()) => Ok(go("/sign-in")),
        Err(error) => {
            let form = sign_up_form(sign_up)
                .with("email", email)
                .with("display_name", name.unwrap_or_default())
                .with("organisation", organisation.unwrap_or_default());
            Ok(view.page("Create an account").narrow().with(mistaken(form, error)?).into_response())
        }
    }
}

pub(super) fn text<'a>(data: &'a FormData, name: &str) -> &'a str {
    data.first(name).unwrap_or_default()
}

/// The sentence for a refusal that belongs on the form; any other goes to the edge.
pub(super) fn told(error: IdentityError) -> Result<String> {
    match error {
        IdentityError::Wrong
        | IdentityError::Locked { .. }
        | IdentityError::TooMany(_)
        | IdentityError::Provider(_)
        | IdentityError::Busy => Ok(sentence(&error.to_string())),
        other => Err(other),
    }
}

/// The form with what is wrong, each at its field.
pub(super) fn mistaken(form: Form, error: IdentityError) -> Result<Form> {
    match error {
        IdentityError::Password(faults) => {
            let all: Vec<String> = faults.iter().map(PasswordFault::to_string).collect();
            Ok(form.mistake("password", sentence(&all.join("; "))))
        }
        IdentityError::Invalid { field, reason } => Ok(form.mistake(field, sentence(reason))),
        other => Ok(form.mistake("password", told(other)?)),
    }
}

/// A noun with its article: `an owner`, `a clinic`.
pub(super) fn with_article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// With a capital letter, as it stands alone.
pub(super) fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
