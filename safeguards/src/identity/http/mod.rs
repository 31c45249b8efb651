//! The doors of identity: a JSON API under `/identity`, and pages.
//!
//! | route | body | answer |
//! |---|---|---|
//! | `POST /identity/sign-in` | `email`, `password` | a step |
//! | `POST /identity/sign-in/code`, `…/recovery` | `ticket`, `code` | a step |
//! | `POST /identity/sign-in/authenticator` | `ticket` | `secret`, `uri` |
//! | `POST /identity/sign-in/authenticator/confirm` | `ticket`, `code` | a step with `recovery_codes` |
//! | `POST /identity/sign-in/organisation` | `ticket`, `organisation` | a step |
//! | `POST /identity/refresh` | `refresh_token` | tokens |
//! | `POST /identity/sign-up` | `email`, `password`, `display_name?`, `organisation?` | 202, whether or not the address was new |
//! | `POST /identity/welcome` | `token`, `password`, `display_name?` | 204 |
//! | `GET`, `POST /identity/session` | `organisation?`, `purpose?` | who I am; tokens or a new cookie |
//! | `POST /identity/sign-out` | | 204 |
//! | `GET`, `PATCH /identity/profile` | `display_name` | all that is kept of me |
//! | `POST /identity/password` | `current`, `new` | 204 |
//! | `GET`, `DELETE /identity/devices[/{id}]` | | my sessions; one or all others ended |
//! | `GET`, `POST /identity/authenticator`, `…/confirm`, `…/remove` | `password`, `code` | enrolment |
//! | `POST /identity/recovery-codes` | `password`, `code` | `recovery_codes` |
//! | `POST /identity/session/proof` | `password`, `code?` | 204: shown anew who I am, for ten minutes |
//! | `GET`, `POST`, `DELETE /identity/impersonation` | `colleague`, `reason`, `minutes?` | who looks as whom, until when; 204 |
//! | `GET`, `POST /identity/people` | `email`, `role`, `place?` | colleagues; a one-time `link` |
//! | `DELETE /identity/people/{id}`, `DELETE /identity/invitations/{id}` | | 204: membership ended, invitation withdrawn |
//! | `POST /identity/people/{id}/roles`, `DELETE …/roles/{membership}` | `role`, `place?` | 204 |
//! | `PUT`, `DELETE /identity/people/{id}/suspension`; `DELETE …/lock` | | 204 |
//! | `POST /identity/people/{id}/password-link` | | a one-time `link` |
//! | `GET`, `POST /identity/places` | `kind`, `name`, `inside?` | places; a new `id` |
//! | `PATCH /identity/places/{id}`; `PUT`, `DELETE …/closure` | `name` | 204 |
//!
//! The pages are `/sign-in` and its steps, `/sign-in/sso` where an identity provider is named, `/sign-out`, `/sign-up`, `/welcome/{token}`, and `/account` with
//! what lies below it, `/account/people` and `/account/places` among it.
//!
//! A *step* is `{"next": "second_factor" \| "enrol" \| "choose", "ticket": …}` or, at the end,
//! `{"next": "signed_in", "access_token", "token_type": "Bearer", "expires_in", "refresh_token", …}`.

mod account;
mod entry;
mod impersonation;
mod look;
mod office;
mod people;
mod people_pages;
mod places;
mod places_pages;
mod sign_in;
mod sso;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, patch, post, put};

use super::service::Identity;
pub(crate) use impersonation::impersonation_cookie;
#[cfg(feature = "tenant")]
pub(crate) use people::link_made;
#[cfg(feature = "tenant")]
pub(crate) use people_pages::link_page;

/// Every route of identity.
pub fn routes(identity: Identity) -> Router {
    let steps = Router::new()
        .route("/identity/sign-in", post(sign_in::sign_in))
        .route("/identity/sign-in/code", post(sign_in::code))
        .route("/identity/sign-in/recovery", post(sign_in::recovery))
        .route("/identity/sign-in/authenticator", post(sign_in::enrol))
        .route("/identity/sign-in/authenticator/confirm", post(sign_in::confirm))
        .route("/identity/sign-in/organisation", post(sign_in::organisation))
        .route("/identity/refresh", post(sign_in::refresh))
        .route("/identity/sign-up", post(sign_in::sign_up))
        .route("/identity/welcome", post(sign_in::welcome));
    let account = Router::new()
        .route("/identity/session", get(account::session).post(account::switch))
        .route("/identity/session/proof", post(account::prove))
        .route("/identity/sign-out", post(account::sign_out))
        .route("/identity/profile", get(account::profile).patch(account::rename))
        .route("/identity/password", post(account::password))
        .route("/identity/devices", get(account::devices).delete(account::revoke_others))
        .route("/identity/devices/{id}", delete(account::revoke))
        .route("/identity/authenticator", get(account::second_factor).post(account::enrol))
        .route("/identity/authenticator/confirm", post(account::confirm))
        .route("/identity/authenticator/remove", post(account::remove))
        .route("/identity/recovery-codes", post(account::recovery_codes))
        .route(
            "/identity/impersonation",
            get(impersonation::told)
                .post(impersonation::begin_by_script)
                .delete(impersonation::stop_by_script),
        );
    let people = Router::new()
        .route("/identity/people", get(people::list).post(people::invite))
        .route("/identity/people/{id}", delete(people::end_membership))
        .route("/identity/invitations/{id}", delete(people::withdraw))
        .route("/identity/people/{id}/roles", post(people::give_role))
        .route("/identity/people/{id}/roles/{membership}", delete(people::take_role))
        .route("/identity/people/{id}/suspension", put(people::suspend).delete(people::lift))
        .route("/identity/people/{id}/lock", delete(people::unlock))
        .route("/identity/people/{id}/password-link", post(people::password_link));
    let places = Router::new()
        .route("/identity/places", get(places::list).post(places::make))
        .route("/identity/places/{id}", patch(places::rename))
        .route("/identity/places/{id}/closure", put(places::close).delete(places::open));
    steps.merge(account).merge(people).merge(places).merge(pages()).with_state(identity)
}

/// The same for browsers. A form is answered by a redirect, so that going back sends nothing twice.
fn pages() -> Router<Identity> {
    let entry = Router::new()
        .route("/sign-in", get(entry::show_sign_in).post(entry::sign_in))
        .route("/sign-in/code", get(entry::show_code).post(entry::code))
        .route("/sign-in/recovery", get(entry::show_recovery).post(entry::recovery))
        .route("/sign-in/enrol", get(entry::show_enrolment).post(entry::enrol))
        .route("/sign-in/organisation", get(entry::show_organisations).post(entry::organisation))
        .route("/sign-in/sso", get(sso::begin))
        .route("/sign-in/sso/return", get(sso::returned))
        .route("/sign-in/sso/ended", post(sso::ended))
        .route("/sign-out", post(office::sign_out))
        .route("/sign-up", get(entry::show_sign_up).post(entry::sign_up))
        .route("/welcome/{token}", get(entry::show_welcome).post(entry::welcome));
    let account = Router::new()
        .route("/account", get(office::account).post(office::rename))
        .route("/account/password", get(office::show_password).post(office::password))
        .route("/account/second-factor", get(office::show_second_factor).post(office::enrol))
        .route("/account/second-factor/confirm", post(office::confirm))
        .route("/account/second-factor/remove", post(office::remove))
        .route("/account/recovery-codes", get(office::show_recovery_codes).post(office::recovery_codes))
        .route("/account/devices", get(office::devices))
        .route("/account/devices/sign-out", post(office::revoke))
        .route("/account/proof", get(office::show_proof).post(office::prove))
        .route("/account/proof/sso", get(sso::prove))
        .route("/account/impersonation", get(impersonation::show))
        .route("/account/impersonation/new", get(impersonation::show_new).post(impersonation::begin))
        .route("/account/impersonation/stop", post(impersonation::stop))
        .route("/account/work", get(office::show_work).post(office::work));
    let people = Router::new()
        .route("/account/people", get(people_pages::list))
        .route("/account/people/invite", get(people_pages::invite))
        .route(
            "/account/people/invite/{role}",
            get(people_pages::show_invitation).post(people_pages::make_invitation),
        )
        .route("/account/people/invitations/{id}/withdraw", post(people_pages::withdraw))
        .route("/account/people/{id}", get(people_pages::person))
        .route("/account/people/{id}/roles", get(people_pages::roles))
        .route(
            "/account/people/{id}/roles/{role}",
            get(people_pages::show_role).post(people_pages::give_role),
        )
        .route("/account/people/{id}/roles/{role}/take", post(people_pages::take_role))
        .route("/account/people/{id}/end", get(people_pages::show_end).post(people_pages::end))
        .route("/account/people/{id}/suspend", post(people_pages::suspend))
        .route("/account/people/{id}/lift", post(people_pages::lift))
        .route("/account/people/{id}/unlock", post(people_pages::unlock))
        .route("/account/people/{id}/password-link", post(people_pages::password_link));
    let places = Router::new()
        .route("/account/places", get(places_pages::list))
        .route("/account/places/new/{kind}", get(places_pages::show_new).post(places_pages::make))
        .route("/account/places/{id}", get(places_pages::show).post(places_pages::rename))
        .route("/account/places/{id}/close", post(places_pages::close))
        .route("/account/places/{id}/open", post(places_pages::open));
    entry.merge(account).merge(people).merge(places)
}

/// What holds a secret is kept by nobody on the way (RFC 9111, section 5.2.2.5).
fn secret(response: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], response).into_response()
}

/// The `Set-Cookie` of a session's token, or of its removal.
pub(crate) fn session_cookie(identity: &Identity, token: Option<&str>) -> String {
    let name = identity.cookie_name();
    let secure = if identity.settings().secure_cookies { "; Secure" } else { "" };
    match token {
        Some(token) => format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax{secure}"),
        None => format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}"),
    }
}
