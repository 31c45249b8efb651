//! Every kind of page with made-up data, behind the real edge: `cargo run --example gallery`, then
//! open the address that it prints. `/list?rows=0`, `1` or `many`; `?direction=rtl` anywhere.

mod clinic;
mod people;

use std::sync::Arc;

use axum::extract::{OriginalUri, Path};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use safeguards::clock::{Clock, ManualClock, SystemIds};
use safeguards::pages::{Audience, ENGLISH, FormData, Listing, Reader, View, Words, assets};
use safeguards::web::{
    Arrival, Connections, Csrf, Hsts, JsonLines, Limits, Problem, RateLimit, RateLimits, SecurityHeaders,
    Trust, Web, serve,
};
use time::macros::datetime;

static MIRRORED: Words = ENGLISH.written("ar", "rtl");

/// The pages, by name; the example's own index and the tests' list.
const PAGES: [&str; 31] = [
    "home",
    "home-patient",
    "list",
    "list-empty",
    "list-found-nothing",
    "detail",
    "detail-locked",
    "form",
    "form-wrong",
    "form-patient",
    "form-patient-wrong",
    "form-checked",
    "confirm",
    "confirm-wrong",
    "calendar",
    "calendar-week",
    "charts",
    "charts-empty",
    "measures",
    "sign-in",
    "sign-in-refused",
    "code",
    "recovery-code",
    "enrol",
    "recovery",
    "devices",
    "account",
    "who-looked",
    "compliance",
    "notices",
    "long",
];

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(datetime!(2026-11-23 15:20 UTC)));
    let web = Arc::new(Web {
        application: "Riverside Clinic".into(),
        words: &ENGLISH,
        ids: Arc::new(SystemIds::new(Arc::clone(&clock))),
        clock: Arc::clone(&clock),
        log: Arc::new(JsonLines::stderr()),
        csrf: Csrf::new(&[0; 32]),
        rate: RateLimit::new(RateLimits::default()),
        limits: Limits::default(),
        headers: SecurityHeaders::new(Hsts::Off),
        trust: Trust::Peer,
        secure: false,
        cookie: "session",
        beside: None,
        sign_in: None,
    });
    let router = Router::new()
        .route("/", get(index))
        .route("/{page}", get(shown).post(sent))
        .route("/problem/{status}", get(problem))
        .merge(assets())
        .layer(Extension(clock));
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    eprintln!("http://{}/", listener.local_addr()?);
    let stop = async {
        let _interrupted = tokio::signal::ctrl_c().await;
    };
    serve(listener, web.guard(router), Connections::default(), stop).await;
    Ok(())
}

async fn index() -> Response {
    let links = PAGES.map(|page| maud::html! { li { a href={ "/" (page) } { (page) } } });
    let view = View::new("Riverside Clinic", datetime!(2026-11-23 15:20 UTC));
    let list = maud::html! { ul { @for link in &links { (link) } } };
    view.page("Gallery").with(list).into_response()
}

fn view(arrival: &Arrival, page: &str, query: &str) -> View {
    let patient = page.contains("patient");
    let signed_out = ["sign-in", "code", "recovery-code"].iter().any(|start| page.starts_with(start));
    let view = View::new("Riverside Clinic", arrival.at)
        .language(if query.contains("rtl") { &MIRRORED } else { &ENGLISH })
        .audience(if patient { Audience::Patient } else { Audience::Staff })
        .here(format!("/{page}"));
    let view = match &arrival.csrf {
        Some(token) => view.csrf(token),
        None => view,
    };
    if signed_out {
        return view;
    }
    let (name, role) = if patient { ("Maria Torres", "Patient") } else { ("Dr. Amina Haddad", "Provider") };
    let view = view.environment("Preview: invented people only").reader(Reader {
        name: name.into(),
        organisation: "Riverside Clinic, North".into(),
        role: role.into(),
    });
    if patient {
        return view.destination("Home", "/home-patient").destination("Check-in", "/form-patient");
    }
    view.destination("Home", "/home")
        .destination("Patients", "/list")
        .destination("Calendar", "/calendar")
        .destination("Readings", "/charts")
        .destination("Reports", "/measures")
        .destination("Compliance", "/compliance")
}

async fn shown(
    arrival: Arrival,
    Path(page): Path<String>,
    OriginalUri(uri): OriginalUri,
    listing: Listing,
) -> Result<Response, Problem> {
    let query = uri.query().unwrap_or_default();
    let view = view(&arrival, &page, query);
    let shown = clinic::page(&view, &page, &listing).or_else(|| people::page(&view, &page, &listing));
    shown.map(IntoResponse::into_response).ok_or_else(Problem::not_found)
}

async fn sent(arrival: Arrival, Path(page): Path<String>, data: FormData) -> Result<Response, Problem> {
    let view = view(&arrival, &page, "");
    clinic::sent(&view, &page, data).map(IntoResponse::into_response).ok_or_else(Problem::not_found)
}

async fn problem(Path(status): Path<u16>) -> Problem {
    axum::http::StatusCode::from_u16(status).map_or_else(|_| Problem::not_found(), Problem::from)
}
