//! The server: keys, idempotency, faults, and the door for tests.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::errors::ApiError;
use crate::idempotency::Idempotency;
use crate::webhooks::{self, Delivered};
use crate::world::{SECRET_KEY, World};
use crate::{api, clocks, form, pages};

/// What can go wrong on the way to Stripe and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Refused by a status before anything was done, such as 429 or 500.
    Status(u16),
    /// Done, and the connection is cut before the answer arrives.
    LostAnswer,
    /// Never answered.
    Silence,
    /// Answered by something that is not what was asked for.
    Nonsense,
}

/// What all handlers share.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    world: Arc<Mutex<World>>,
    idempotency: Arc<Mutex<Idempotency>>,
    faults: Arc<Mutex<VecDeque<(String, Fault)>>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault_for(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let at = faults.iter().position(|(beginning, _)| path.starts_with(beginning.as_str()))?;
        faults.remove(at).map(|(_, fault)| fault)
    }

    /// Sends what waits, in the order of its making, unless a test holds it back.
    pub(crate) async fn deliver_unless_held(&self) -> Vec<Delivered> {
        let events = {
            let mut world = self.world();
            if world.outbox.held { Vec::new() } else { std::mem::take(&mut world.outbox.waiting) }
        };
        self.deliver(&events).await
    }

    async fn deliver(&self, events: &[Value]) -> Vec<Delivered> {
        let mut delivered = Vec::new();
        for event in events {
            let parcels = webhooks::parcels(&self.world(), event);
            for parcel in parcels {
                delivered.push(webhooks::send(parcel).await);
            }
        }
        delivered
    }
}

/// The stand-in, served on a free port of loopback until it is dropped.
#[derive(Debug)]
pub struct StripeDouble {
    url: String,
    server: Server,
    task: JoinHandle<()>,
}

impl StripeDouble {
    /// Starts one whose wall clock stands at `now`, in seconds since 1970.
    ///
    /// # Errors
    /// No port of loopback is free.
    pub async fn start(now: i64) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let server = Server {
            world: Arc::new(Mutex::new(World::new(now, url.clone()))),
            idempotency: Arc::default(),
            faults: Arc::default(),
            requests: Arc::default(),
        };
        let router = Router::new()
            .route("/c/pay/{session}", get(pages::show_checkout).post(pages::pay))
            .route("/p/session/{session}", get(pages::show_portal).post(pages::use_portal))
            .route("/_double/clock", post(pages::move_clock))
            .fallback(answer)
            .with_state(server.clone());
        let task = tokio::spawn(async move {
            // It ends with the task.
            let _ended = axum::serve(listener, router).await;
        });
        Ok(Self { url, server, task })
    }

    /// Where it is reached: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The secret key that it takes.
    pub fn secret_key(&self) -> &'static str {
        SECRET_KEY
    }

    /// Makes the next request whose path begins so go wrong. Faults of one path happen in the order of their making.
    pub fn fail_next(&self, path: &str, fault: Fault) {
        let mut faults = self.server.faults.lock().unwrap_or_else(PoisonError::into_inner);
        faults.push_back((path.to_owned(), fault));
    }

    /// Every request of the API so far, as `POST /v1/…`.
    pub fn requests(&self) -> Vec<String> {
        self.server.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many objects of a kind there are: `subscription`, `checkout.session`.
    pub fn count(&self, kind: &str) -> usize {
        self.server.world().objects.values().filter(|object| object["object"] == kind).count()
    }

    /// Moves the wall clock; what becomes due happens, and its webhooks are sent.
    pub async fn pass_to(&self, now: i64) -> Vec<Delivered> {
        clocks::pass(&mut self.server.world(), None, now);
        self.server.deliver_unless_held().await
    }

    /// Holds webhooks back from now on, until they are released.
    pub fn hold(&self) {
        self.server.world().outbox.held = true;
    }

    /// What waits: the types of the events, in the order of their making.
    pub fn waiting(&self) -> Vec<String> {
        let world = self.server.world();
        world
            .outbox
            .waiting
            .iter()
            .map(|event| event["type"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Sends what waits in the order that `arrange` makes of it: it may reorder, repeat and drop. Webhooks are no
    /// longer held.
    pub async fn release(&self, arrange: impl FnOnce(&mut Vec<Value>)) -> Vec<Delivered> {
        let mut events = {
            let mut world = self.server.world();
            world.outbox.held = false;
            std::mem::take(&mut world.outbox.waiting)
        };
        arrange(&mut events);
        self.server.deliver(&events).await
    }

    /// Sends again every event there ever was, as Stripe may for three days.
    pub async fn deliver_all_again(&self) -> Vec<Delivered> {
        let events: Vec<Value> = self
            .server
            .world()
            .objects
            .values()
            .filter(|object| object["object"] == "event")
            .cloned()
            .collect();
        self.server.deliver(&events).await
    }

    /// The signature header over a body by an endpoint's secret, for a test that forges or ages one.
    pub fn sign(secret: &str, at: i64, body: &str) -> String {
        webhooks::signature(secret, at, body)
    }

    /// The secret of a webhook endpoint, by its id.
    pub fn webhook_secret(&self, id: &str) -> Option<String> {
        let world = self.server.world();
        world
            .outbox
            .endpoints
            .iter()
            .find(|endpoint| endpoint.id() == id)
            .map(|endpoint| endpoint.secret().to_owned())
    }
}

impl Drop for StripeDouble {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(server): State<Server>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let Ok(body) = to_bytes(body, 1 << 20).await else { return ApiError::of_status(413).into_response() };
    let line = format!("{} {path}", parts.method);
    server.requests.lock().unwrap_or_else(PoisonError::into_inner).push(line.clone());
    let Some(api_path) = path.strip_prefix("/v1/") else {
        return ApiError::unrecognized(parts.method.as_str(), &path).into_response();
    };
    if let Err(error) = authorize(&parts.headers) {
        return error.into_response();
    }
    let fault = server.fault_for(&path);
    match fault {
        Some(Fault::Status(status)) => return ApiError::of_status(status).into_response(),
        Some(Fault::Silence) => std::future::pending().await,
        Some(Fault::Nonsense) => return (StatusCode::OK, "<html>Bad gateway</html>").into_response(),
        Some(Fault::LostAnswer) | None => {}
    }
    let key = parts
        .headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .filter(|_| parts.method == "POST");
    let response = execute(
        &server,
        key,
        &line,
        || {
            let params = form::parse(if body.is_empty() {
                parts.uri.query().unwrap_or_default().as_bytes()
            } else {
                &body
            });
            api::answer(&mut server.world(), &parts.method, api_path, &params)
        },
        &body,
    );
    server.deliver_unless_held().await;
    if fault == Some(Fault::LostAnswer) { cut() } else { response }
}

/// Does it, or answers what was answered to the same key before.
fn execute(
    server: &Server,
    key: Option<&str>,
    line: &str,
    act: impl FnOnce() -> api::Answer,
    body: &Bytes,
) -> Response {
    let request = format!("{line} {}", String::from_utf8_lossy(body));
    let mut idempotency = server.idempotency.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = key {
        match idempotency.replay(key, &request) {
            Err(error) => return error.into_response(),
            Ok(Some((status, body))) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
                return (status, [("idempotent-replayed", "true")], Json(body)).into_response();
            }
            Ok(None) => {}
        }
    }
    let (status, body) = match act() {
        Ok(body) => (StatusCode::OK, body),
        Err(error) => (error.status, error.body()),
    };
    if let Some(key) = key {
        idempotency.remember(key, &request, status.as_u16(), &body);
    }
    (status, Json(body)).into_response()
}

fn authorize(headers: &HeaderMap) -> Result<(), ApiError> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match given.strip_prefix("Bearer ") {
        None => Err(ApiError::unauthorized("You did not provide an API key.")),
        Some(SECRET_KEY) => Ok(()),
        Some(_) => Err(ApiError::unauthorized("Invalid API Key provided: sk_test_****")),
    }
}

/// An answer that promises more than it sends: the connection breaks.
fn cut() -> Response {
    let broken =
        futures_util::stream::once(async { Err::<Bytes, _>(std::io::Error::other("cut by a test")) });
    let mut response = Response::new(Body::from_stream(broken));
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("1000"));
    response
}
