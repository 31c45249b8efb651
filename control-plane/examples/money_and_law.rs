//! The pages of plan, payment and agreement in each of their states, with made-up data:
//! `cargo run -p control-plane --example money_and_law`, then open the address that it prints.

use std::sync::Arc;

use control_plane::AccountId;
use control_plane::agreement::{
    AgreementName, AgreementStanding, BAA, CountersigningKey, LEGAL, Signatory, Signed, Statement, html,
    pages as law,
};
use control_plane::billing::{
    Subscription, SubscriptionId, SubscriptionStanding, pages as money, production,
};
use control_plane::seams::Standing;
use safeguards::axum::extract::Path;
use safeguards::axum::response::{Html, IntoResponse, Response};
use safeguards::axum::routing::get;
use safeguards::axum::{self, Extension, Router};
use safeguards::pages::{FormData, View, assets};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-11-26 9:00 UTC);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join("health-coder-pages");
    let key = Arc::new(CountersigningKey::open(&folder)?);
    let router = Router::new()
        .route("/", get(index))
        .route("/billing/{state}", get(billing))
        .route("/agreement/{state}", get(agreement))
        .route("/legal/{name}", get(legal))
        .route("/signed", get(signed))
        .route("/{page}", get(other))
        .merge(assets())
        .layer(Extension(key));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("http://{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

fn view() -> View {
    View::new("Health Coder", NOW)
}

async fn index() -> Html<String> {
    let links: Vec<String> = states()
        .iter()
        .map(|(name, _)| format!("/billing/{name}"))
        .chain(AgreementStanding::ALL.iter().map(|standing| format!("/agreement/{standing:?}")))
        .chain(["baa", "privacy", "terms", "dpa"].map(|name| format!("/legal/{name}")))
        .chain(["wrong", "leaving", "paid", "cancel", "terminate", "signed"].map(|name| format!("/{name}")))
        .collect();
    Html(links.iter().map(|to| format!("<p><a href=\"{to}\">{to}</a></p>")).collect())
}

fn states() -> Vec<(&'static str, Subscription)> {
    let id = || SubscriptionId("sub_1".into());
    let living = |ends, failing_since| Subscription::Living { id: id(), ends, failing_since };
    vec![
        ("none", Subscription::None),
        ("active", living(None, None)),
        ("cancelling", living(Some(datetime!(2026-12-20 9:00 UTC)), None)),
        ("failing", living(None, Some(datetime!(2026-11-20 9:00 UTC)))),
        ("overdue", living(None, Some(datetime!(2026-10-01 9:00 UTC)))),
        ("cancelled", Subscription::Cancelled { id: id(), at: datetime!(2026-11-20 9:00 UTC) }),
    ]
}

fn standing(subscription: &Subscription) -> Standing {
    let paid = subscription.standing(NOW);
    let next = match paid {
        SubscriptionStanding::None => "Subscribe to the BAA plan ($399 a month) to open production.",
        SubscriptionStanding::PaymentFailing => {
            "A payment failed. Change the card by 20 Dec 2026: after that day, nothing can be written."
        }
        SubscriptionStanding::PaymentOverdue => "Pay what is owed: until then, nothing can be written.",
        SubscriptionStanding::Cancelled => {
            "Export everything by 20 Dec 2026: after that day it is destroyed. To keep it, subscribe again."
        }
        _ => "",
    };
    let page = if paid == SubscriptionStanding::Cancelled { "/departures" } else { "/billing" };
    Standing {
        production: production(paid, AgreementStanding::InForce),
        plan: if paid == SubscriptionStanding::None { "Sandbox" } else { "BAA" }.into(),
        words: String::new(),
        next: (!next.is_empty()).then(|| (next.to_owned(), page.to_owned())),
        until: subscription.window_closes(),
    }
}

async fn billing(Path(state): Path<String>) -> Response {
    match states().into_iter().find(|(name, _)| *name == state) {
        Some((_, subscription)) => {
            let account = AccountId::new(Uuid::from_u128(1));
            money::billing(&view(), account, &standing(&subscription), &subscription, true).into_response()
        }
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

async fn agreement(Path(state): Path<String>) -> Response {
    let signed = [Signed {
        id: Uuid::from_u128(7),
        version: "1.0".into(),
        organisation: "Main St Clinic LLC".into(),
        name: "Ada Ruiz".into(),
        title: "Owner".into(),
        at: datetime!(2026-11-20 9:00 UTC),
    }];
    match AgreementStanding::ALL.into_iter().find(|standing| format!("{standing:?}") == state) {
        Some(AgreementStanding::NeverSigned) => {
            law::agreement(&view(), AgreementStanding::NeverSigned, &[], &BAA[0]).into_response()
        }
        Some(standing) => law::agreement(&view(), standing, &signed, &BAA[0]).into_response(),
        None => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

async fn legal(Path(name): Path<String>, Extension(key): Extension<Arc<CountersigningKey>>) -> Response {
    match LEGAL.into_iter().find(|text| text.name == name) {
        Some(text) => law::legal(&view(), &text).into_response(),
        None => law::public(&view(), &BAA[0], &key.verifying_key()).into_response(),
    }
}

async fn other(Path(page): Path<String>) -> Response {
    let view = view();
    match page.as_str() {
        "wrong" => {
            let form = law::form(&BAA[0]).parse(&view, FormData::parse(b"organisation=Clinic&name=&title="));
            view.page("Agreement").with(form.err().map(|form| *form)).into_response()
        }
        "leaving" => money::leaving(&view, "Subscribe", "https://checkout.example/").into_response(),
        "paid" => money::paid(&view, &standing(&Subscription::None)).into_response(),
        "cancel" => view.page("Cancel the BAA plan").with(money::cancel("main-st-clinic")).into_response(),
        "terminate" => view.page("Terminate").with(law::terminate("main-st-clinic")).into_response(),
        _ => axum::http::StatusCode::NOT_FOUND.into_response(),
    }
}

async fn signed(Extension(key): Extension<Arc<CountersigningKey>>) -> Response {
    let signatory = |organisation: &str, name: &str, title: &str| {
        Signatory::new(organisation, name, title).expect("these names are lawful")
    };
    let statement = Statement {
        agreement: AgreementName::BusinessAssociateAgreement,
        version: BAA[0].version.to_owned(),
        text_sha256: BAA[0].sha256(),
        id: Uuid::from_u128(1),
        account: Uuid::from_u128(2),
        customer: signatory("Main St Clinic LLC", "Ada Ruiz", "Owner"),
        business_associate: signatory("Health Coder", "Operations", "Operator"),
        signed_at: NOW,
        signed_from: std::net::Ipv4Addr::LOCALHOST.into(),
    };
    let file = html(&BAA[0], &statement, &key).unwrap_or_default();
    Html(String::from_utf8_lossy(&file).into_owned()).into_response()
}
