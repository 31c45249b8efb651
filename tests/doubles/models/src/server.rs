//! The server: keys, faults, the bill, and the door for tests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::{events, published};

/// The key that it takes.
const KEY: &str = "sk-test-a-key-of-nobody-0123456789";

/// The wires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// `POST /v1/messages`.
    Messages,
    /// `POST /v1/responses`.
    Responses,
    /// `POST /v1/chat/completions`.
    Completions,
}

/// What a token costs, in billionths of a dollar.
#[derive(Clone, Copy, Debug)]
pub struct Price {
    /// One that is read.
    pub input: u64,
    /// One that is written.
    pub output: u64,
}

/// A request that passed the checks.
#[derive(Clone, Debug)]
pub struct Asked {
    /// On which wire.
    pub wire: Wire,
    /// Its number among all, from 0.
    pub number: usize,
    /// Its body.
    pub body: Value,
}

/// What the model says.
#[derive(Clone, Debug)]
pub enum Reply {
    /// The form, filled in so.
    Fill(Value),
    /// This, where the form is expected.
    Text(String),
    /// Words, and no form.
    Prose(String),
    /// That it will not.
    Decline,
}

/// What goes wrong on the way.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Refused by a status, with headers and a code.
    Status(u16, Vec<(&'static str, String)>, &'static str),
    /// The stream is cut after so many bytes: with an orderly end, or without.
    Cut(usize, bool),
    /// Nothing is said, not even a status.
    Hang,
    /// Nothing more is said after so many bytes of the stream.
    HangAfter(usize),
    /// An event is no JSON.
    Malformed,
    /// A line is no UTF-8.
    NotText,
    /// One document, as without streaming.
    NotStreamed,
    /// An error within the stream, of this type.
    Broken(&'static str),
    /// The numbers of tokens are left out.
    Uncounted,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub struct Told {
    /// What the model says.
    pub reply: Reply,
    /// What goes wrong, if anything.
    pub fault: Option<Fault>,
}

impl Told {
    /// The form, filled in so, and nothing goes wrong.
    pub fn fill(value: Value) -> Self {
        Self { reply: Reply::Fill(value), fault: None }
    }

    /// This goes wrong.
    #[must_use]
    pub fn but(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }
}

type Script = Box<dyn FnMut(&Asked) -> Told + Send>;

struct World {
    script: Script,
    price: Price,
    bill: u64,
    tokens: u64,
    requests: usize,
    outbound: Vec<Vec<u8>>,
    complaints: Vec<String>,
}

#[derive(Clone)]
struct Server {
    world: Arc<Mutex<World>>,
    hung: Arc<watch::Sender<u64>>,
}

impl Server {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The stand-in, served on a free port of loopback until it is dropped.
pub struct ModelsDouble {
    url: String,
    server: Server,
    task: JoinHandle<()>,
}

impl Drop for ModelsDouble {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ModelsDouble {
    /// Starts one that answers so.
    ///
    /// # Errors
    /// No port of loopback is free.
    pub async fn start(
        price: Price,
        script: impl FnMut(&Asked) -> Told + Send + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let world = World {
            script: Box::new(script),
            price,
            bill: 0,
            tokens: 0,
            requests: 0,
            outbound: Vec::new(),
            complaints: Vec::new(),
        };
        let server = Server { world: Arc::new(Mutex::new(world)), hung: Arc::new(watch::Sender::new(0)) };
        let router = Router::new().fallback(answer).with_state(server.clone());
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

    /// The key that it takes.
    pub fn key(&self) -> &'static str {
        KEY
    }

    /// What has been billed, in billionths of a dollar.
    pub fn bill(&self) -> u64 {
        self.server.world().bill
    }

    /// The tokens that have been billed.
    pub fn tokens(&self) -> u64 {
        self.server.world().tokens
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.server.world().requests
    }

    /// Every byte that came: heads without the key, and bodies.
    pub fn outbound(&self) -> Vec<Vec<u8>> {
        self.server.world().outbound.clone()
    }

    /// What was wrong with requests, by the published shapes.
    pub fn complaints(&self) -> Vec<String> {
        self.server.world().complaints.clone()
    }

    /// How many requests were left hanging: it grows at the moment from which nothing more is said.
    pub fn hung(&self) -> watch::Receiver<u64> {
        self.server.hung.subscribe()
    }
}

async fn answer(State(server): State<Server>, request: Request) -> Response {
    const LARGEST: usize = 8 * 1024 * 1024;
    let (head, body) = request.into_parts();
    let wire = match head.uri.path() {
        "/v1/messages" => Wire::Messages,
        "/v1/responses" => Wire::Responses,
        "/v1/chat/completions" => Wire::Completions,
        _ => return refusal(404, &[], "not_found_error", "no such path"),
    };
    let Ok(bytes) = to_bytes(body, LARGEST).await else {
        return refusal(413, &[], "request_too_large", "too large");
    };
    let asked = {
        let mut world = server.world();
        let number = world.requests;
        world.requests += 1;
        let shown = shown_head(head.uri.path(), &head.headers);
        world.outbound.push([shown.as_bytes(), &bytes[..]].concat());
        match checked(wire, number, &head.headers, &bytes) {
            Ok(asked) => asked,
            Err((status, complaint)) => {
                world.complaints.push(complaint.clone());
                return refusal(status, &[], "invalid_request_error", &complaint);
            }
        }
    };
    let told = (server.world().script)(&asked);
    tell(server, asked, told, bytes.len()).await
}

fn shown_head(path: &str, headers: &HeaderMap) -> String {
    let keys = ["x-api-key", "authorization"];
    let lines = headers.iter().filter(|(name, _)| !keys.contains(&name.as_str()));
    let lines: String = lines.map(|(name, value)| format!("{name}: {value:?}\n")).collect();
    format!("POST {path}\n{lines}\n")
}

fn checked(wire: Wire, number: usize, headers: &HeaderMap, body: &Bytes) -> Result<Asked, (u16, String)> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let shown = match wire {
        Wire::Messages => header("x-api-key").map(str::to_owned),
        _ => header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned),
    };
    if shown.as_deref() != Some(KEY) {
        return Err((401, "the key is not ours".into()));
    }
    if header("content-type") != Some("application/json") {
        return Err((400, "content-type is to be application/json".into()));
    }
    if wire == Wire::Messages && header("anthropic-version") != Some("2023-06-01") {
        return Err((400, "anthropic-version is missing or unknown".into()));
    }
    let body: Value = serde_json::from_slice(body).map_err(|error| (400, format!("no JSON: {error}")))?;
    published::check(wire, &body).map_err(|complaint| (400, complaint))?;
    Ok(Asked { wire, number, body })
}

fn refusal(status: u16, headers: &[(&'static str, String)], kind: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "type": "error", "error": { "type": kind, "code": kind, "message": message } });
    let mut response = (status, body.to_string()).into_response();
    for (name, value) in headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(*name, value);
        }
    }
    response
}

/// A token for four bytes, as English text has them; and what a provider adds of its own to a form.
fn read_tokens(bytes: usize) -> u64 {
    const OWN: u64 = 400;
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX) + OWN
}

async fn tell(server: Server, asked: Asked, told: Told, length: usize) -> Response {
    if let Some(Fault::Status(status, headers, kind)) = &told.fault {
        return refusal(*status, headers, kind, "an error that the test asked for");
    }
    let most = events::most_output(asked.wire, &asked.body);
    let answer = events::Answer::of(&told.reply, read_tokens(length), most);
    {
        let mut world = server.world();
        let price = world.price;
        world.bill += answer.input * price.input + answer.output * price.output;
        world.tokens += answer.input + answer.output;
    }
    match told.fault {
        Some(Fault::Hang) => {
            server.hung.send_modify(|count| *count += 1);
            std::future::pending().await
        }
        Some(Fault::NotStreamed) => {
            let body = json!({ "id": "x", "object": "response", "content": [] }).to_string();
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        fault => streamed(&server, events::stream(&asked, &answer, fault.as_ref()), fault),
    }
}

fn streamed(server: &Server, mut bytes: Vec<u8>, fault: Option<Fault>) -> Response {
    let (end, hung) = match fault {
        Some(Fault::Cut(at, is_orderly)) => {
            // Cut within it, wherever the test says: its last byte at the latest.
            bytes.truncate(at.min(bytes.len().saturating_sub(1)));
            (if is_orderly { End::Orderly } else { End::Abrupt }, None)
        }
        Some(Fault::HangAfter(at)) => {
            bytes.truncate(at.min(bytes.len().saturating_sub(1)));
            (End::Never, Some(Arc::clone(&server.hung)))
        }
        _ => (End::Orderly, None),
    };
    // Pieces of odd lengths, so that events and characters are cut in two.
    let pieces: Vec<Bytes> = bytes.chunks(251).map(Bytes::copy_from_slice).collect();
    let pieces = stream::iter(pieces.into_iter().map(Ok::<Bytes, std::io::Error>));
    let last = stream::once(async move {
        match end {
            End::Orderly => None,
            End::Abrupt => Some(Err(std::io::Error::other("cut"))),
            End::Never => {
                if let Some(hung) = hung {
                    hung.send_modify(|count| *count += 1);
                }
                std::future::pending::<Infallible>().await;
                None
            }
        }
    });
    let body = Body::from_stream(pieces.chain(last.filter_map(std::future::ready)));
    ([(header::CONTENT_TYPE, "text/event-stream; charset=utf-8")], body).into_response()
}

enum End {
    Orderly,
    Abrupt,
    Never,
}
