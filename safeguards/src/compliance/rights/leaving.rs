//! Deleting one's own account (CC-10; GDPR, Article 17): what goes and what stays is said first, then the password is asked, and
//! a code where a second factor is in use. Who came by an identity provider has shown there anew who they are.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::going::{Fate, of_own_records, of_the_account, sees_others, table};
use super::{Facts, at_once};
use crate::access::Error;
use crate::app::Services;
use crate::audit::{retention, years_after};
use crate::identity::{Erasing, IdentityError, Leaving, session_cookie};
use crate::pages::{Field, Form, FormData, Notice, Page, Shape, View};
use crate::slice::{Result, Viewer};
use crate::web::Problem;

const PAGE: &str = "/account/delete";
const TITLE: &str = "Delete your account";

/// What is known before anything is asked.
struct Prospect {
    leaving: Vec<Leaving>,
    fates: Vec<Fate>,
    held: bool,
    by: Proof,
    orders: Vec<Erasing>,
}

/// By what somebody shows that it is them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Proof {
    Password,
    PasswordAndCode,
    /// The provider asked, a moment ago.
    Provider,
}

async fn prospect(viewer: &Viewer, facts: &Facts) -> Result<Prospect> {
    let session = viewer.session();
    let leaving = session.identity().leaving(session).await?;
    let (mut stays, mut held) = (None, false);
    let mut orders = Vec::new();
    for one in &leaving {
        let organisation = one.organisation.id;
        let (years, on_hold) = retention(&viewer.store, organisation.uuid()).await.map_err(Error::from)?;
        held |= on_hold;
        let roles: Vec<&str> = one.roles.iter().map(|role| role.as_str()).collect();
        let answerable = sees_others(facts, &roles);
        let now = viewer.clock.now();
        stays = if answerable { stays.max(Some(years)) } else { stays };
        orders.push(Erasing {
            id: viewer.ids.next(),
            organisation,
            entity: None,
            subject: viewer.principal.person().uuid(),
            ordered_by: None,
            due_at: if answerable { years_after(now, years) } else { now },
        });
    }
    let mut fates = of_own_records(facts, &viewer.roles());
    fates.extend(of_the_account(stays));
    Ok(Prospect { leaving, fates, held, by: proof(viewer).await?, orders })
}

/// What is asked of this session; of one that came by a provider, that it was asked there lately.
async fn proof(viewer: &Viewer) -> Result<Proof> {
    let session = viewer.session();
    if session.came_by_provider().await? {
        viewer.proved_lately()?;
        return Ok(Proof::Provider);
    }
    let factor = session.identity().second_factor_of(viewer.principal.person()).await?;
    Ok(if factor.enrolled_at.is_some() { Proof::PasswordAndCode } else { Proof::Password })
}

fn form(by: Proof) -> Form {
    let form = Form::new(PAGE).field(Field::tick(
        "understood",
        "I have read what goes and what stays, and that it cannot be undone",
    ));
    let password = Field::shaped(Shape::Password, "password", "Password");
    let code = Field::shaped(Shape::OneTimeCode, "code", "Security code");
    let form = match by {
        Proof::Password => form.field(password),
        Proof::PasswordAndCode => form.field(password).field(code),
        Proof::Provider => form,
    };
    form.submit(TITLE).danger().cancel("/account")
}

fn page(viewer: &Viewer, prospect: Prospect, form: Form) -> Page {
    let mut page = viewer
        .page(TITLE)
        .back("Your account", "/account")
        .about("It cannot be undone. Take a copy of your data before.")
        .action("See and copy what is kept about you", "/account/data");
    if prospect.held {
        page = page.notice(Notice::warning("A legal hold stands").text(
            "Nothing of what is kept here is erased before it ends; your account is closed all the same, and the rest follows by itself.",
        ));
    }
    let alone: Vec<&str> =
        prospect.leaving.iter().filter(|one| one.is_last).map(|one| one.organisation.name.as_str()).collect();
    let page = page.with(table(prospect.fates));
    if alone.is_empty() {
        return page.with(form);
    }
    page.notice(
        Notice::danger(format!("You are the last who administers people in {}", alone.join(", "))).text(
            "An organisation cannot be left alone. Give somebody else that role under People, or have the organisation \
             closed by whoever runs this app; then come back.",
        ),
    )
}

/// `GET /account/delete`
pub(super) async fn ask(viewer: Viewer, Extension(facts): Extension<Facts>) -> Result<Page> {
    let prospect = prospect(&viewer, &facts).await?;
    let form = form(prospect.by);
    Ok(page(&viewer, prospect, form))
}

/// `POST /account/delete`
pub(super) async fn leave(
    viewer: Viewer,
    State(services): State<Services>,
    Extension(facts): Extension<Facts>,
    data: FormData,
) -> Result<Response> {
    let prospect = prospect(&viewer, &facts).await?;
    let kept = data.clone();
    let answers = match form(prospect.by).parse(&viewer.view, data) {
        Ok(answers) => answers,
        Err(form) => return Ok(page(&viewer, prospect, *form).into_response()),
    };
    let (password, code) =
        (answers.text("password").unwrap_or_default(), answers.text("code").unwrap_or_default());
    let identity = viewer.session().identity();
    match identity.close_account(viewer.session(), (password, code), &prospect.orders).await {
        Ok(()) => {}
        Err(wrong @ (IdentityError::Wrong | IdentityError::Locked { .. })) => {
            let form = form(prospect.by).fill(&kept).mistake("password", sentence(&wrong));
            return Ok(page(&viewer, prospect, form).into_response());
        }
        Err(IdentityError::Conflict(why)) => return Err(Problem::conflict().detail(why)),
        Err(other) => return Err(other.into()),
    }
    // Whoever is gone has no use for it that the rest failed: it is in the ledger, and is tried again by itself.
    if at_once(&services, &facts).await.is_err() {
        let failed = crate::web::Entry::Happened { what: "erasure-not-carried-out", count: Some(1) };
        services.log.write(services.clock.now(), &failed);
    }
    let mut response = gone(&viewer, &facts).into_response();
    let headers = response.headers_mut();
    if let Ok(cookie) = HeaderValue::from_str(&session_cookie(identity, None)) {
        headers.append(header::SET_COOKIE, cookie);
    }
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    Ok(response)
}

fn gone(viewer: &Viewer, facts: &Facts) -> Page {
    View::new(facts.app, viewer.clock.now())
        .language(viewer.view.words)
        .page("Your account is deleted")
        .narrow()
        .about("You are signed out everywhere. What must be kept is kept, as you were told.")
        .action("Sign in with another account", "/sign-in")
}

/// The words of an error as a sentence.
fn sentence(error: &IdentityError) -> String {
    crate::slice::capitalised(&error.to_string())
}
