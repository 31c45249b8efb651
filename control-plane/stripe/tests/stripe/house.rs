//! A platform, a stand-in of Stripe, and a door for its webhooks, on clocks that go together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration as StdDuration;

use control_plane::billing::{Billing, PaymentProvider, SubscriptionStanding, webhooks};
use control_plane::processors::{self, Data, Permit};
use control_plane::testing::{BEGINNING, TestPlatform, platform_on};
use control_plane::{AccountId, seams};
use control_plane_stripe::{Secret, Settings, Stripe};
use safeguards::Clock;
use stripe_double::{StripeDouble, cards};
use time::OffsetDateTime;
use tokio::net::TcpListener;

pub(crate) struct House {
    pub(crate) platform: TestPlatform,
    pub(crate) stripe: StripeDouble,
    pub(crate) billing: Billing,
    pub(crate) account: AccountId,
    pub(crate) hook: String,
    pub(crate) secret: String,
    pub(crate) price: String,
    pub(crate) permit: Permit,
}

/// The address that people come back to.
pub(crate) const ORIGIN: &str = "http://healthcoder.localhost:8080";

impl House {
    pub(crate) async fn on(database: &'static str) -> Self {
        let platform = platform_on(database).await;
        let stripe = StripeDouble::start(BEGINNING.unix_timestamp()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let hook = format!("http://{}/webhooks/stripe", listener.local_addr().unwrap());
        let product = ask(&stripe, "/v1/products", "name=BAA").await["id"].as_str().unwrap().to_owned();
        let form = format!("product={product}&currency=usd&unit_amount=39900&recurring[interval]=month");
        let price = ask(&stripe, "/v1/prices", &form).await["id"].as_str().unwrap().to_owned();
        let endpoint = ask(&stripe, "/v1/webhook_endpoints", &format!("url={hook}&enabled_events[]=*")).await;
        let secret = endpoint["secret"].as_str().unwrap().to_owned();
        let permit = processors::permit(&platform.platform, "stripe", Data::Account).await.unwrap();
        let provider: Arc<dyn PaymentProvider> =
            Arc::new(Stripe::new(settings(&stripe, &secret, &price), &permit).unwrap());
        let billing = Billing::new(platform.platform.clone(), Some(provider));
        let router = webhooks(billing.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let account = platform.account("Main St Clinic").await;
        Self { platform, stripe, billing, account, hook, secret, price, permit }
    }

    /// Another provider to the same stand-in and platform: what a restart, or another process, would be.
    pub(crate) fn again(&self) -> Billing {
        let provider = Stripe::new(settings(&self.stripe, &self.secret, &self.price), &self.permit).unwrap();
        Billing::new(self.platform.platform.clone(), Some(Arc::new(provider)))
    }

    pub(crate) async fn checkout(&self) -> String {
        self.billing.checkout(self.account, Some("ada@clinic.example".into()), ORIGIN).await.unwrap()
    }

    /// A person pays on the page; where they are led.
    pub(crate) async fn pay(&self, page: &str, card: &str) -> Option<String> {
        let form = format!("email=ada@clinic.example&card={card}&expiry=12/30&cvc=123");
        browse(page, Some(&form)).await.1.remove("location")
    }

    pub(crate) async fn subscribe(&self) {
        let page = self.checkout().await;
        self.pay(&page, cards::PAYS).await.unwrap();
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.platform.clock.now()
    }

    pub(crate) async fn standing(&self) -> SubscriptionStanding {
        self.billing.subscription(self.account).await.unwrap().standing(self.now())
    }

    /// Lets days pass, here and at Stripe.
    pub(crate) async fn days(&self, days: i64) {
        let now = self.now() + time::Duration::days(days);
        self.platform.clock.set(now);
        self.stripe.pass_to(now.unix_timestamp()).await;
    }

    pub(crate) async fn seams(&self) -> seams::Standing {
        seams::Billing::standing(&self.billing, self.account).await.unwrap()
    }
}

pub(crate) fn settings(stripe: &StripeDouble, secret: &str, price: &str) -> Settings {
    let mut settings = Settings::new(Secret::new(stripe.secret_key()), Secret::new(secret), price);
    settings.address = Some(stripe.url().to_owned());
    settings.timeout = StdDuration::from_millis(1500);
    settings.first_wait = StdDuration::from_millis(1);
    settings
}

/// Asks the stand-in's API as a developer would at a terminal.
pub(crate) async fn ask(stripe: &StripeDouble, path: &str, form: &str) -> serde_json::Value {
    let url = format!("{}{path}", stripe.url());
    let (status, _, body) =
        send(&url, Some(form), &[("authorization", &format!("Bearer {}", stripe.secret_key()))]).await;
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Opens a page, or sends a form to it.
pub(crate) async fn browse(url: &str, form: Option<&str>) -> (u16, HashMap<String, String>, String) {
    send(url, form, &[]).await
}

/// One request over HTTP/1.1, by hand: the body of an answer ends with the connection.
pub(crate) async fn send(
    url: &str,
    body: Option<&str>,
    headers: &[(&str, &str)],
) -> (u16, HashMap<String, String>, String) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let method = if body.is_some() { "POST" } else { "GET" };
    let body = body.unwrap_or_default();
    let mut head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        head.push_str("content-type: application/x-www-form-urlencoded\r\n");
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let fields = fields.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    (status, fields, body.to_owned())
}
