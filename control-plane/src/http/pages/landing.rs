//! The first page of all.

use maud::{Markup, html};
use safeguards::axum::extract::State;
use safeguards::axum::http::HeaderMap;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::identity::Session;
use safeguards::web::Arrival;

use super::go;
use crate::billing::Plan;
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
                "Describe who works with your app, what they record and who may see it. Out comes an app in Rust and SQL "
                "that you own, with encryption, access control and an audit log in it, on a database of its own."
            }
            figure.said {
                blockquote { p { (EXAMPLE_PROMPT) } }
                figcaption { "becomes this plan, which you read before anything is built:" }
                div.matrix role="region" aria-label="Who may do what in the example" tabindex="0" { table {
                    caption { "Reading" }
                    thead { tr { th scope="col" { "Role" } th scope="col" { "May" } th scope="col" { "Which records" } } }
                    tbody { @for (role, may, which) in EXAMPLE {
                        tr { th scope="row" { (role) } td { (may) } td { (which) } }
                    } }
                } }
            }
            (steps())
            section { h2 { "In every app, and not to be turned off" }
                ul.kept { @for (what, how) in KEPT { li { strong { (what) } " " (how) } } }
            }
            section { h2 { "Two plans" }
                ul.plans { @for plan in Plan::ALL { li {
                    h3 { (plan.title()) } p.price { (plan.price()) } p { (plan.purpose()) }
                } } }
                p { "Whoever cancels has 30 days to take everything home; then the keys are destroyed, the data with them, and a "
                    "signed certificate says so. "
                    a href="/legal/baa" { "Read the business associate agreement" } " before you sign up." }
            }
        }
    }
}

const EXAMPLE_PROMPT: &str = "Patients take their blood pressure at home, morning and evening. Nurses see the readings of the \
    patients assigned to them. Only the clinic owner adds patients.";

/// What the example becomes, as the planner plans it.
const EXAMPLE: [(&str, &str, &str); 3] = [
    ("Patient", "view, create", "their own"),
    ("Nurse", "view", "whose patient is assigned to them"),
    ("Clinic owner", "nothing", ""),
];

/// What every app does by default, each kept by code and a test in it.
const KEPT: [(&str, &str); 6] = [
    ("Access by row and field.", "What you leave unsaid is denied, in the statement that reads the record."),
    (
        "Encryption per field.",
        "What tells something about a person is sealed where it is stored, under your own keys.",
    ),
    (
        "An audit log that shows tampering.",
        "Every view and every change, before it is answered; chained, signed and witnessed.",
    ),
    ("A second factor", "for everybody with wide reach; lockout, single sign-on, sessions that end."),
    (
        "Records that lock.",
        "What was signed is immutable, for people, imports and AI alike; what is learnt later is an addendum.",
    ),
    (
        "No third party.",
        "No analytics, no fonts, no scripts from elsewhere; no model learns from your patients.",
    ),
];

fn steps() -> Markup {
    html! {
        ol.promises {
            li { h2 { "Read first" } p { "You see every role, every field that holds health information, everything that was assumed. Nothing is built that you have not approved." } }
            li { h2 { "Try it safely" } p { "Each version is attacked by a verifier of its own, then runs as a preview with made-up people, at an address of its own." } }
            li { h2 { "Sign, and go live" } p { "No real patient enters before the agreement is signed on both sides. The gate stands outside the app." } }
            li { h2 { "Take it home" } p { "The project builds, tests and runs without us. Your data comes along, in JSON and SQL." } }
        }
    }
}

pub(super) async fn alive() -> &'static str {
    "ok"
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLE, EXAMPLE_PROMPT};

    /// HC-1: what the first page promises of its example is what a founder gets who types it.
    #[test]
    fn the_example_becomes_the_plan_that_is_shown() {
        let plan = planner::plan(EXAMPLE_PROMPT).unwrap();
        let reading =
            plan.text.split("  reading:").nth(1).and_then(|rest| rest.split("access:").nth(1)).unwrap();
        let access: Vec<&str> =
            reading.lines().skip(1).take_while(|line| line.starts_with("      ")).map(str::trim).collect();
        assert_eq!(access, ["patient: view, create own", "nurse: view assigned"], "{}", plan.text);
        assert_eq!(
            EXAMPLE.map(|(role, may, _)| (role, may)),
            [("Patient", "view, create"), ("Nurse", "view"), ("Clinic owner", "nothing")]
        );
    }
}
