//! The dashboard's pages: what will happen is said before it happens, and what happened is shown with its
//! time.

mod agreements;
mod archives;
mod builds;
mod copies;
mod custom;
mod deciding;
mod departures;
mod editing;
mod landing;
mod outward;
mod paying;
mod plan;
mod planning;
mod processors;
mod production;
mod projects;
mod prompts;
mod providers;
mod residency;
mod support;

pub(in crate::http) use builds::events as build_events;

use std::borrow::Cow;

use safeguards::axum::http::{HeaderValue, StatusCode, header};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::pages::{Confirm, FormData, Page, View};

use super::Routes;
use super::doors::Door::{Copy, Departure, Member, Owner, Project, ProjectOwner, Public, Support};
use crate::accounts;
use crate::lifecycle::StepUp;

/// Where a member can go from every page.
pub(crate) const DESTINATIONS: &[(&str, &str)] = &[
    ("Projects", "/projects"),
    ("Plan and payment", "/billing"),
    ("Agreement", "/agreement"),
    ("Ends and archives", "/departures"),
    ("Sub-processors", "/sub-processors"),
];

/// What the pages answer: a page, or a refusal that the edge turns into one.
type Result<T> = std::result::Result<T, crate::error::Refusal>;

pub(super) fn routes(routes: Routes) -> Routes {
    let routes = reached(taken_home(support_access(ends(account(routes)))))
        .get(Public, "/", "What this is; or, for who is signed in, the projects", landing::show)
        .get(Public, "/healthz", "That the process answers", landing::alive)
        .get(Member, "/projects", "The account's projects, and the box for a prompt", projects::list)
        .post(Member, "/projects", "Begins a project by its prompt, and plans it", projects::begin)
        .get(Project, "/projects/{project}", "A project: preview, production, versions", projects::show)
        .get(Project, "/projects/{project}/name", "The form that renames a project", projects::show_name)
        .post(Project, "/projects/{project}/name", "Renames a project", projects::rename)
        .get(Project, "/projects/{project}/logs/{kind}", "The last lines that the app wrote", projects::logs)
        .post(
            Project,
            "/projects/{project}/preview/open",
            "Opens the preview by a one-time link",
            projects::open,
        )
        .get(
            Project,
            "/projects/{project}/preview/people",
            "The made-up people of the preview, and what they sign in with",
            projects::made_up,
        )
        .get(Project, "/projects/{project}/prompts", "The prompts of a project", prompts::list)
        .get(Project, "/projects/{project}/prompts/new", "The box for another prompt", prompts::new)
        .post(Project, "/projects/{project}/prompts", "Keeps a prompt and plans it", prompts::write)
        .get(
            Project,
            "/projects/{project}/prompts/{prompt}",
            "A prompt, and what it leaves open",
            prompts::show,
        )
        .post(
            Project,
            "/projects/{project}/prompts/{prompt}",
            "Answers what a prompt left open",
            prompts::answer,
        )
        .get(
            Project,
            "/projects/{project}/prompts/{prompt}/planning",
            "How a prompt may be planned, and how far it is",
            planning::show,
        )
        .post(
            Project,
            "/projects/{project}/prompts/{prompt}/planning",
            "Has a prompt planned, by models or offline",
            planning::begin,
        )
        .get(
            Project,
            "/projects/{project}/prompts/{prompt}/planning/events",
            "What goes on while a prompt is planned",
            planning::events,
        )
        .post(
            Project,
            "/projects/{project}/prompts/{prompt}/delete",
            "Deletes a prompt's text",
            prompts::delete,
        );
    routes
        .get(Project, "/projects/{project}/versions/{version}", "The plan of a version", plan::show)
        .get(
            Project,
            "/projects/{project}/versions/{version}/spec",
            "The spec of a version, as text",
            plan::spec,
        )
        .get(
            Project,
            "/projects/{project}/versions/{version}/verification",
            "The report of the verifier on a version, as a file",
            plan::verification,
        )
        .get(
            Project,
            "/projects/{project}/versions/{version}/edit",
            "The forms that change a plan: in words, in the matrix, as text",
            editing::show,
        )
        .post(
            Project,
            "/projects/{project}/versions/{version}/edit/words",
            "Changes a plan in words",
            editing::in_words,
        )
        .post(
            Project,
            "/projects/{project}/versions/{version}/edit/access",
            "Changes who may do what",
            editing::in_the_matrix,
        )
        .post(
            Project,
            "/projects/{project}/versions/{version}/edit/text",
            "Takes a plan as text",
            editing::as_text,
        )
        .post(
            Project,
            "/projects/{project}/versions/{version}/edit/custom",
            "Makes the same plan without custom code",
            custom::leave_out,
        )
        .post(
            Project,
            "/projects/{project}/versions/{version}/approve",
            "Approves a plan and builds it",
            deciding::approve,
        )
        .post(
            Project,
            "/projects/{project}/versions/{version}/withdraw",
            "Puts a plan aside",
            deciding::withdraw,
        )
        .post(
            Project,
            "/projects/{project}/versions/{version}/build",
            "Builds an approved version again",
            deciding::again,
        )
        .post(
            ProjectOwner,
            "/projects/{project}/versions/{version}/production",
            "Builds a version into production",
            deciding::production,
        )
        .get(Project, "/projects/{project}/builds/{build}", "A build and how far it is", builds::show)
        .get(
            Project,
            "/projects/{project}/builds/{build}/events",
            "What happens in a build, as it happens",
            builds::events,
        )
        .post(Project, "/projects/{project}/builds/{build}/cancel", "Calls a build off", builds::cancel)
        .get(
            Member,
            "/sub-processors",
            "Which companies handle data, and under which agreement",
            processors::list,
        )
}

/// How an app ends, and what is taken home of it.
fn ends(routes: Routes) -> Routes {
    const ARCHIVE: &str = "/departures/{departure}/archives/{environment}";
    const RECEIPT: &str = "/departures/{departure}/archives/{environment}/receipt";
    const FILE: &str = "/departures/{departure}/archives/{environment}/file";
    routes
        .get(
            ProjectOwner,
            "/projects/{project}/end",
            "What happens when an app is ended",
            departures::show_end,
        )
        .post(ProjectOwner, "/projects/{project}/end", "Ends an app", departures::end)
        .get(Owner, "/departures", "Apps that end, and their archives", departures::list)
        .get(Departure, "/departures/{departure}", "An end and how far it is", departures::show)
        .post(Departure, "/departures/{departure}/return", "Calls an end off", departures::call_off)
        .get(
            Departure,
            "/departures/{departure}/destroy",
            "What happens when the window is ended",
            departures::show_destroy,
        )
        .post(Departure, "/departures/{departure}/destroy", "Destroys everything now", departures::destroy)
        .get(Departure, ARCHIVE, "An archive, what opens it, and its receipt", archives::archive)
        .get(Departure, FILE, "The file of an archive", archives::file)
        .post(Departure, RECEIPT, "Confirms that the owner holds an archive", archives::receipt)
        .get(
            Departure,
            "/departures/{departure}/certificate",
            "The certificate of destruction",
            departures::certificate,
        )
        .get(
            ProjectOwner,
            "/projects/{project}/production/owner",
            "The form for production's first person",
            production::show_owner,
        )
        .post(
            ProjectOwner,
            "/projects/{project}/production/owner",
            "Makes the link for production's first person",
            production::make_owner,
        )
}

/// Whom an app may reach, and how it calls them.
fn reached(routes: Routes) -> Routes {
    const OUTWARD: &str = "/projects/{project}/environments/{kind}/outward";
    const WAY: &str = "/projects/{project}/environments/{kind}/outward/{way}";
    const PROVIDERS: &str = "/projects/{project}/environments/{kind}/providers";
    const MODEL: &str = "/projects/{project}/environments/{kind}/providers/model";
    const SIGN_IN: &str = "/projects/{project}/environments/{kind}/providers/sign-in";
    const PROVIDER: &str = "/projects/{project}/environments/{kind}/providers/{provider}";
    routes
        .get(ProjectOwner, OUTWARD, "Whom the app of an environment may reach", outward::show)
        .post(ProjectOwner, OUTWARD, "Lets the app reach a company that is attested", outward::attest)
        .get(ProjectOwner, WAY, "Asks whether a company is to be reached no longer", outward::ask_to_withdraw)
        .post(ProjectOwner, WAY, "Has the app reach a company no longer", outward::withdraw)
        .get(
            ProjectOwner,
            PROVIDERS,
            "How the app of an environment calls whom it may reach",
            providers::show,
        )
        .get(ProjectOwner, MODEL, "The form for an AI provider", providers::ask)
        .post(ProjectOwner, MODEL, "Sets how the app calls an AI provider", providers::set)
        .get(ProjectOwner, SIGN_IN, "The form for the identity provider", providers::ask)
        .post(ProjectOwner, SIGN_IN, "Sets how the app calls its identity provider", providers::set)
        .get(
            ProjectOwner,
            PROVIDER,
            "Asks whether the app is to forget how to call a company",
            providers::ask_to_withdraw,
        )
        .post(
            ProjectOwner,
            PROVIDER,
            "Has the app forget how to call a company, and erases the key",
            providers::withdraw,
        )
}

/// What of an app that goes on is taken home.
fn taken_home(routes: Routes) -> Routes {
    const MAKE: &str = "/projects/{project}/copies/{kind}/make";
    routes
        .get(ProjectOwner, "/projects/{project}/copies", "Copies of an app that goes on", copies::list)
        .post(ProjectOwner, MAKE, "Has a copy made", copies::make)
        .get(Copy, "/projects/{project}/copies/{copy}", "A copy, and what opens it", copies::show)
        .get(Copy, "/projects/{project}/copies/{copy}/file", "The file of a copy", copies::file)
}

/// Whom of the platform an owner lets in.
fn support_access(routes: Routes) -> Routes {
    const GRANTS: &str = "/projects/{project}/support";
    routes
        .get(ProjectOwner, GRANTS, "What support was let into", support::list)
        .get(
            ProjectOwner,
            "/projects/{project}/support/new",
            "The form that lets support in",
            support::show_new,
        )
        .post(ProjectOwner, GRANTS, "Lets support in", support::grant)
        .get(Support, "/projects/{project}/support/{grant}", "A grant, and what was looked at", support::show)
        .post(Support, "/projects/{project}/support/{grant}/revoke", "Ends a grant at once", support::revoke)
}

/// What an account pays for and has signed.
fn account(routes: Routes) -> Routes {
    routes
        .get(
            Public,
            "/legal/{name}",
            "A text that everybody may read: baa, privacy, terms, dpa",
            agreements::legal,
        )
        .get(Owner, "/billing", "What the account pays for, and what it opens", paying::show)
        .post(Owner, "/billing/checkout", "Begins a payment on the provider's page", paying::checkout)
        .get(Owner, "/billing/paid", "Back from the provider's page", paying::paid)
        .post(Owner, "/billing/portal", "Card and invoices, on the provider's page", paying::portal)
        .get(Owner, "/billing/cancel", "What happens when the plan is cancelled", paying::show_cancel)
        .post(Owner, "/billing/cancel", "Cancels the plan at the end of what is paid", paying::cancel)
        .post(Owner, "/billing/resume", "Takes a cancellation back", paying::resume)
        .get(Owner, "/agreement", "How the agreement stands, and the form to sign it", agreements::show)
        .post(Owner, "/agreement", "Signs the agreement", agreements::sign)
        .get(
            Owner,
            "/agreement/terminate",
            "What happens when the agreement ends",
            agreements::show_terminate,
        )
        .post(Owner, "/agreement/terminate", "Ends the agreement", agreements::terminate)
        .get(Owner, "/agreement/{file}", "A signed file, to keep", agreements::file)
}

/// Something dangerous: what will happen is said first, and a phrase is typed before it does.
struct Decision {
    title: &'static str,
    back: (String, String),
    confirm: Confirm,
}

impl Decision {
    fn ask(self, view: &View) -> Page {
        let (text, to) = self.back;
        view.page(self.title).back(text, to).with(self.confirm)
    }

    /// Whether the phrase was typed; if not, the page again, with the mistake.
    fn taken(self, view: &View, data: FormData) -> std::result::Result<(), Instead> {
        let Self { title, back, confirm } = self;
        match confirm.parse(view, data) {
            Ok(_) => Ok(()),
            Err(again) => Err(Self { title, back, confirm: *again }.ask(view).into_response().into()),
        }
    }
}

/// What is answered instead of doing what was asked for.
type Instead = Box<Response>;

/// Whoever has not shown lately that it is them does so first, and comes back to this page.
fn proved(owner: &accounts::Owner, back: &str) -> std::result::Result<StepUp, Instead> {
    StepUp::of(owner.session()).map_err(|_| go(format!("/account/proof?to={back}")).into())
}

/// Goes on to another page; the browser asks for it by GET (RFC 9110, section 15.4.4).
fn go(to: impl Into<Cow<'static, str>>) -> Response {
    let location = HeaderValue::from_str(&to.into()).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}
