//! A small client of the API, and a door that webhooks come in by.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use stripe_double::StripeDouble;
use tokio::net::{TcpListener, TcpStream};

/// When every test begins: 26 Nov 2026, 09:00 UTC.
pub(crate) const NOW: i64 = 1_795_683_600;
pub(crate) const DAY: i64 = 86_400;

/// Whoever asks a server of the API.
pub(crate) struct Client {
    pub(crate) address: String,
    pub(crate) key: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }
}

impl Client {
    pub(crate) fn of(double: &StripeDouble) -> Self {
        Self { address: double.url().replace("http://", ""), key: double.secret_key().to_owned() }
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let reply = self.ask(Method::POST, path, form, None).await;
        assert_eq!(reply.status, 200, "POST {path}: {}", reply.text);
        reply.json()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        self.ask(Method::GET, path, &[], None).await.json()
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        form: &[(&str, &str)],
        idempotency_key: Option<&str>,
    ) -> Reply {
        let mut body = form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.address)
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(Bytes::from(body.finish()))).unwrap();
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let driver = tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        driver.abort();
        Reply { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    /// A product with a monthly price; its id.
    pub(crate) async fn price(&self) -> String {
        let product = self.post("/v1/products", &[("name", "BAA")]).await;
        let form = [
            ("product", product["id"].as_str().unwrap()),
            ("currency", "usd"),
            ("unit_amount", "39900"),
            ("recurring[interval]", "month"),
        ];
        self.post("/v1/prices", &form).await["id"].as_str().unwrap().to_owned()
    }

    /// Subscribes by Checkout with a card; the session afterwards.
    pub(crate) async fn subscribe(&self, price: &str, card: &str) -> Value {
        let form = [
            ("mode", "subscription"),
            ("line_items[0][price]", price),
            ("line_items[0][quantity]", "1"),
            ("success_url", "http://127.0.0.1/paid?page={CHECKOUT_SESSION_ID}"),
            ("client_reference_id", "account"),
            ("subscription_data[metadata][account]", "account"),
        ];
        let session = self.post("/v1/checkout/sessions", &form).await;
        let id = session["id"].as_str().unwrap();
        let person = [("email", "ada@clinic.example"), ("card", card), ("expiry", "12 / 30"), ("cvc", "123")];
        self.ask(Method::POST, &format!("/c/pay/{id}"), &person, None).await;
        self.get(&format!("/v1/checkout/sessions/{id}")).await
    }
}

/// What came in by webhook: the signature and the body of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inbox(Arc<Mutex<Vec<(String, String)>>>);

impl Inbox {
    /// Opens a door; answers its address.
    pub(crate) async fn open() -> (Self, String) {
        let inbox = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().route("/hook", post(take)).with_state(inbox.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (inbox, address)
    }

    pub(crate) fn all(&self) -> Vec<(String, String)> {
        self.0.lock().unwrap().clone()
    }

    /// The types of the events, in the order of their coming.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let kind = |(_, body): &(String, String)| {
            serde_json::from_str::<Value>(body).unwrap()["type"].as_str().unwrap().to_owned()
        };
        self.all().iter().map(kind).collect()
    }
}

async fn take(State(inbox): State<Inbox>, headers: HeaderMap, body: String) {
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    inbox.0.lock().unwrap().push((signature.to_owned(), body));
}
