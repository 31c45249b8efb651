//! The first page of all.

use maud::{Markup, html};
use safeguards::axum::extract::State;
use safeguards::axum::http::HeaderMap;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::identity::Session;
use safeguards::web::Arrival;

use super::go;
use crate::http::{Shell, Site};

/// Who is signed in goes to their projects; a stranger is told what this is.
pub(super) async fn show(
    State(site): State<Site>,
    Shell(view): Shell,
    arrival: Arrival,
    headers: HeaderMap,
) -> Response {
    let visit = safeguards::identity::Visit {
        address: arrival.address.unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into()),
        device: None,
        request: arrival.id,
    };
    if Session::authenticate(&site.platform.identity, &headers, visit).await.is_ok() {
        return go("/projects");
    }
    view.page("Health apps from a description")
        .action("Create an account", "/sign-up")
        .action("Sign in", "/sign-in")
        .with(about())
        .into_response()
}

fn about() -> Markup {
    html! {
        div.landing {
            p.lead {
                "Describe who works with your app, what they record and who may see it. You read the plan before "
                "anything is built: every role, every field that holds health information, everything that was assumed. "
                "What you get is a Rust project that you own, and a running app with encryption, access control and an "
                "audit log in it."
            }
            ul.promises {
                li { h2 { "Read first" } p { "Nothing is built that you have not approved. What nobody may see, nobody sees." } }
                li { h2 { "Try it safely" } p { "Each version runs as a preview with made-up people, at an address of its own." } }
                li { h2 { "Take it home" } p { "The project builds, tests and runs without us. Your data comes along, in JSON and SQL." } }
            }
        }
    }
}

pub(super) async fn alive() -> &'static str {
    "ok"
}
