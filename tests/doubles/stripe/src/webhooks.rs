//! Webhooks: endpoints, signatures, and deliveries that a test may hold back, reorder and repeat.

use std::fmt::Write;

use aws_lc_rs::hmac;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::api::Answer;
use crate::errors::ApiError;
use crate::form;
use crate::world::World;

/// Where events go, and which of them wait.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) waiting: Vec<Value>,
    /// Whether events wait until they are released.
    pub(crate) held: bool,
}

/// A webhook endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    id: String,
    url: String,
    secret: String,
    events: Vec<String>,
}

impl Outbox {
    pub(crate) fn push(&mut self, event: Value) {
        self.waiting.push(event);
    }
}

/// What became of one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// The event's id.
    pub event: String,
    /// Its type.
    pub kind: String,
    /// The status that the endpoint answered; none if it could not be reached.
    pub status: Option<u16>,
}

pub(crate) fn create_endpoint(world: &mut World, params: &Value) -> Answer {
    let url = form::text(params, &["url"]).ok_or_else(|| ApiError::missing_parameter("url"))?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(ApiError::invalid(
            "url",
            "Invalid URL: An explicit scheme (such as https) must be provided.",
        ));
    }
    let events: Vec<String> = params["enabled_events"]
        .as_array()
        .map(|events| events.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    if events.is_empty() {
        return Err(ApiError::missing_parameter("enabled_events"));
    }
    let id = world.id("we");
    let secret = format!("whsec_{id}");
    world.outbox.endpoints.push(Endpoint {
        id: id.clone(),
        url: url.to_owned(),
        secret: secret.clone(),
        events: events.clone(),
    });
    let endpoint = json!({
        "id": id, "object": "webhook_endpoint", "api_version": null, "application": null, "created": world.wall,
        "description": null, "enabled_events": events, "livemode": false, "metadata": {}, "secret": secret,
        "status": "enabled", "url": url,
    });
    Ok(world.put(endpoint))
}

/// One delivery, ready to be sent.
pub(crate) struct Parcel {
    pub(crate) event: String,
    pub(crate) kind: String,
    url: String,
    signature: String,
    body: String,
}

/// The parcels for the endpoints that want the event, signed now.
pub(crate) fn parcels(world: &World, event: &Value) -> Vec<Parcel> {
    let kind = event["type"].as_str().unwrap_or_default();
    let body = event.to_string();
    let wants = |endpoint: &&Endpoint| endpoint.events.iter().any(|wanted| wanted == "*" || wanted == kind);
    let parcel = |endpoint: &Endpoint| Parcel {
        event: event["id"].as_str().unwrap_or_default().to_owned(),
        kind: kind.to_owned(),
        url: endpoint.url.clone(),
        signature: signature(&endpoint.secret, world.wall, &body),
        body: body.clone(),
    };
    world.outbox.endpoints.iter().filter(wants).map(parcel).collect()
}

/// The header `Stripe-Signature`: HMAC-SHA-256 over the time and the body.
pub(crate) fn signature(secret: &str, at: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{at}.{body}").as_bytes());
    let mut header = format!("t={at},v1=");
    for byte in tag.as_ref() {
        write!(header, "{byte:02x}").expect("a string takes what is written to it");
    }
    header
}

/// Sends a parcel; the answer's body does not matter, as at Stripe.
pub(crate) async fn send(parcel: Parcel) -> Delivered {
    let status = post(&parcel).await;
    Delivered { event: parcel.event, kind: parcel.kind, status }
}

async fn post(parcel: &Parcel) -> Option<u16> {
    let uri: hyper::Uri = parcel.url.parse().ok()?;
    let authority = uri.authority()?.as_str();
    let stream = TcpStream::connect(authority).await.ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
    let driver = tokio::spawn(connection);
    let request = Request::post(uri.path())
        .header("host", authority)
        .header("content-type", "application/json; charset=utf-8")
        .header("stripe-signature", &parcel.signature)
        .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
        .body(Full::new(Bytes::from(parcel.body.clone())))
        .ok()?;
    let response = sender.send_request(request).await.ok()?;
    let status = response.status().as_u16();
    let _body = response.into_body().collect().await;
    driver.abort();
    Some(status)
}

impl Endpoint {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }
}
