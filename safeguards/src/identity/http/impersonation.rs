//! The pages on which somebody begins to look as a colleague, sees that they do, and stops; the same as JSON, for
//! scripts of these pages.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::error::{IdentityError, Result};
use super::super::impersonation::{Begun, Impersonate, MOST_MINUTES, REASON_AT_MOST, USUAL_MINUTES};
use super::super::names::PersonId;
use super::super::people::Colleague;
use super::super::principal::{Own, Session};
use super::super::service::Identity;
use super::entry::sentence;
use super::look::{Look, go, with_cookie};
use super::office::{account_page, barred};
use super::people_pages::prove_first;
use crate::pages::{Choice, Content, Detail, Field, Form, FormData, Notice, Page, View};

const HERE: &str = "/account/impersonation";
const NEW: &str = "/account/impersonation/new";
const TITLE: &str = "Look as a colleague";

/// The `Set-Cookie` of an impersonation, or of its removal. It has no age: a browser that dropped it by itself would go
/// on as somebody else than the page says.
pub(crate) fn impersonation_cookie(identity: &Identity, token: Option<&str>) -> String {
    let name = identity.impersonation_cookie();
    let secure = if identity.settings().secure_cookies { "; Secure" } else { "" };
    match token {
        Some(token) => format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}"),
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"),
    }
}

fn form(colleagues: &[Colleague]) -> Form {
    let called = |person: &Colleague| {
        let roles: Vec<&str> = person.memberships.iter().map(|held| held.role.as_str()).collect();
        let name = person.display_name.clone().unwrap_or_else(|| person.email.clone());
        Choice::new(person.id.to_string(), format!("{name}, {}", roles.join(", ")))
    };
    Form::new(NEW)
        .field(Field::choice("colleague", "As whom", colleagues.iter().map(called)))
        .field(
            Field::paragraphs("reason", "Why you must look")
                .hint("What happened, in 20 letters or more. Your colleague and whoever reviews it will read this.")
                .longest(REASON_AT_MOST),
        )
        .field(
            Field::integer("minutes", "For how long")
                .unit("minutes")
                .hint("At most an hour; it ends earlier when you stop it or sign out.")
                .least(1)
                .most(MOST_MINUTES),
        )
        .with("minutes", USUAL_MINUTES)
        .submit("Begin to look")
        .cancel("/account")
}

fn page_of(view: &View, colleagues: &[Colleague], form: Form) -> Page {
    let page = account_page(view, TITLE).about("For an emergency: you see what they see, and can change nothing.").notice(
        Notice::warning("It is announced and reviewed").text(
            "Your colleague and whoever answers for the organisation are told at once. Every record that is opened \
             stands in the audit log under both names, and somebody else reviews it within 72 hours.",
        ),
    );
    if colleagues.is_empty() {
        return page.with(Notice::information("There is nobody as whom you may look").text(
            "It is for colleagues whom you administer. Nobody looks as somebody who has far-reaching rights, or who is \
             cared for here.",
        ));
    }
    page.with(form)
}

pub(super) async fn show_new(session: Session, Look(view): Look) -> Result<Response> {
    let colleagues = session.identity().impersonable(&session).await?;
    if session.proved_lately().is_err() {
        return Ok(prove_first(NEW));
    }
    let form = form(&colleagues);
    Ok(page_of(&view, &colleagues, form).into_response())
}

pub(super) async fn begin(session: Session, Look(view): Look, data: FormData) -> Result<Response> {
    let identity = session.identity();
    let colleagues = identity.impersonable(&session).await?;
    let kept = data.clone();
    let answers = match form(&colleagues).parse(&view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(page_of(&view, &colleagues, *form).into_response()),
    };
    let colleague =
        answers.text("colleague").and_then(|id| id.parse().ok()).ok_or(IdentityError::NotFound)?;
    let wanted = Impersonate {
        colleague,
        reason: answers.text("reason").unwrap_or_default(),
        minutes: answers.integer("minutes").unwrap_or(USUAL_MINUTES),
    };
    match identity.impersonate(&session, &wanted).await {
        Ok(begun) => Ok(with_cookie(go("/"), &impersonation_cookie(identity, Some(begun.token.reveal())))),
        Err(IdentityError::ProveAgain) => Ok(prove_first(NEW)),
        Err(IdentityError::Conflict(reason)) => Ok(barred(&view, TITLE, reason)),
        Err(IdentityError::Invalid { field, reason }) => {
            let form = form(&colleagues).fill(&kept).mistake(field, sentence(reason));
            Ok(page_of(&view, &colleagues, form).into_response())
        }
        Err(other) => Err(other),
    }
}

/// What goes on, to whoever looks; to others, the way to begin.
pub(super) async fn show(session: Session, Look(view): Look) -> Result<Response> {
    let Some(impersonation) = session.impersonation() else { return Ok(go(NEW)) };
    let identity = session.identity();
    let organisation = session.principal().organisation();
    let by = identity.colleague_name(organisation, impersonation.by()).await?;
    let whom = identity.colleague_name(organisation, session.principal().person()).await?;
    let reason = session.reason_of_looking().await?;
    let detail = Detail::new()
        .line("Who looks", by)
        .line("As whom", whom)
        .line("Why", Content::narrative(reason))
        .line("Until", view.moment(impersonation.until()));
    let page = view.page("You look as a colleague").narrow().back("Home", "/");
    let page =
        page.about("You can read what they can read. Their account, and every change, is closed to you.");
    Ok(page.with(detail).command("Stop", format!("{HERE}/stop")).into_response())
}

pub(super) async fn stop(Own(session): Own, headers: HeaderMap) -> Result<Response> {
    session.identity().stop_impersonating(&session, &headers).await?;
    Ok(with_cookie(go("/"), &impersonation_cookie(session.identity(), None)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    colleague: PersonId,
    reason: String,
    #[serde(default = "usual")]
    minutes: i64,
}

fn usual() -> i64 {
    USUAL_MINUTES
}

/// Who looks as whom.
#[derive(Serialize)]
pub(super) struct Told {
    id: Uuid,
    person: PersonId,
    colleague: PersonId,
    #[serde(with = "time::serde::rfc3339")]
    until: OffsetDateTime,
}

pub(super) async fn begin_by_script(session: Session, Json(body): Json<Wanted>) -> Result<Response> {
    let wanted = Impersonate { colleague: body.colleague, reason: &body.reason, minutes: body.minutes };
    let Begun { id, token, until } = session.identity().impersonate(&session, &wanted).await?;
    let told = Told { id, person: session.principal().person(), colleague: body.colleague, until };
    let cookie = impersonation_cookie(session.identity(), Some(token.reveal()));
    Ok(with_cookie((StatusCode::CREATED, Json(told)).into_response(), &cookie))
}

pub(super) async fn told(session: Session) -> Result<Json<Told>> {
    let impersonation = session.impersonation().ok_or(IdentityError::NotFound)?;
    let (person, colleague) = (impersonation.by(), session.principal().person());
    Ok(Json(Told { id: impersonation.id(), person, colleague, until: impersonation.until() }))
}

pub(super) async fn stop_by_script(Own(session): Own, headers: HeaderMap) -> Result<Response> {
    session.identity().stop_impersonating(&session, &headers).await?;
    let cookie = impersonation_cookie(session.identity(), None);
    Ok(([(header::SET_COOKIE, cookie)], StatusCode::NO_CONTENT).into_response())
}
