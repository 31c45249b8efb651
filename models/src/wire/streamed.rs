//! What the wires that stream server-sent events over HTTP have in common.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;

use super::connection::{Connection, Way, within};
use super::refusals::refused;
use super::{Exchange, Exchanging, Limits, Seen, Wire};
use crate::answer::Billed;
use crate::ask::Ask;
use crate::attestation::Permit;
use crate::fault::Fault;
use crate::key::ApiKey;
use crate::sse::{Event, Events, NotEvents};
use crate::surroundings::{Surroundings, Wait};

/// The words of one kind of provider.
pub(crate) trait Format: Send + Sync {
    /// Where it is asked.
    fn path(&self, base: &str) -> String;
    /// How a key is shown.
    fn key(&self, key: &ApiKey) -> (HeaderName, HeaderValue);
    /// What else it wants to be told in the head of a request.
    fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        Vec::new()
    }
    /// The body of a request.
    fn body(&self, model: &str, ask: &Ask) -> Value;
    /// Whoever reads the answer to it.
    fn reader(&self, ask: &Ask) -> Box<dyn Reader>;
}

/// Reads the events of one answer.
pub(crate) trait Reader: Send {
    /// Takes an event.
    fn take(&mut self, event: &Event) -> Result<Step, Fault>;
    /// What is known of the cost so far.
    fn billed(&self) -> Billed;
    /// How much of the form is there, in bytes.
    fn length(&self) -> usize;
}

/// What an event means.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// There is more to come.
    More,
    /// The form is whole.
    Whole(String),
}

/// The longest form, in bytes: over any spec that is read.
pub(crate) const LARGEST: usize = 4 * 1024 * 1024;

pub(crate) struct Streamed {
    format: Box<dyn Format>,
    way: Way,
    model: String,
    key: Option<ApiKey>,
    limits: Limits,
}

impl Streamed {
    pub(crate) fn new(
        format: Box<dyn Format>,
        way: Way,
        model: String,
        key: Option<ApiKey>,
        limits: Limits,
    ) -> Self {
        Self { format, way, model, key, limits }
    }

    fn http(&self, body: Vec<u8>) -> Result<Request<Full<Bytes>>, Fault> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.format.path(self.way.address.path()))
            .header(header::HOST, self.way.address.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "text/event-stream")
            .header(header::ACCEPT_ENCODING, "identity")
            .header(header::USER_AGENT, "healthcoder");
        for (name, value) in self.key.iter().map(|key| self.format.key(key)).chain(self.format.headers()) {
            request = request.header(name, value);
        }
        request
            .body(Full::new(Bytes::from(body)))
            .map_err(|_| Fault::Unreachable("its address cannot stand in a request".into()))
    }

    /// Sends the request and waits for the head of the answer. The cost is known to be nothing until it is sent.
    async fn head(
        &self,
        body: Vec<u8>,
        around: &dyn Surroundings,
        billed: &mut Billed,
    ) -> Result<(Connection, Response<Incoming>), Fault> {
        let request = self.http(body)?;
        let open = Connection::open(&self.way, around.door());
        let mut connection = within(around, self.limits.connect, open).await.unwrap_or_else(|_| {
            let waited = self.limits.connect.as_secs();
            Err(Fault::Unreachable(format!("no connection within {waited} seconds")))
        })?;
        *billed = Billed::Unknown;
        let answer = within(around, self.limits.first, connection.send(request)).await??;
        Ok((connection, answer))
    }

    async fn answer(
        &self,
        body: Vec<u8>,
        ask: &Ask,
        around: &dyn Surroundings,
        seen: &mut (dyn FnMut(Seen) + Send),
        billed: &mut Billed,
    ) -> Result<String, Fault> {
        let (_connection, answer) = self.head(body, around, billed).await?;
        if answer.status() != StatusCode::OK {
            // A status of an error is the whole answer, and nobody bills it.
            *billed = Billed::Nothing;
            return Err(self.refusal(answer, around).await);
        }
        seen(Seen::Asked);
        let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")) {
            return Err(Fault::NotUnderstood("it did not stream".into()));
        }
        let mut reader = self.format.reader(ask);
        let text = self.read(answer.into_body(), reader.as_mut(), around, seen).await;
        *billed = reader.billed();
        text
    }

    async fn read(
        &self,
        mut body: Incoming,
        reader: &mut dyn Reader,
        around: &dyn Surroundings,
        seen: &mut (dyn FnMut(Seen) + Send),
    ) -> Result<String, Fault> {
        let mut events = Events::default();
        loop {
            let frame = within(around, self.limits.idle, body.frame()).await?;
            let Some(frame) = frame else { return Err(Fault::Cut) };
            let Ok(piece) = frame.map_err(|_| Fault::Cut)?.into_data() else { continue };
            for event in events.take(&piece).map_err(not_events)? {
                if let Step::Whole(text) = reader.take(&event)? {
                    return Ok(text);
                }
            }
            if reader.length() > LARGEST {
                return Err(Fault::NotUnderstood("its answer is longer than 4 MiB".into()));
            }
            seen(Seen::Answering { bytes: reader.length() });
        }
    }

    async fn refusal(&self, answer: Response<Incoming>, around: &dyn Surroundings) -> Fault {
        const LONGEST: usize = 64 * 1024;
        let (head, body) = answer.into_parts();
        let body = http_body_util::Limited::new(body, LONGEST).collect();
        let text = match within(around, self.limits.connect, body).await {
            Ok(Ok(collected)) => collected.to_bytes(),
            _ => Bytes::new(),
        };
        refused(head.status, &head.headers, &text, around.now())
    }
}

impl Wire for Streamed {
    fn request(&self, ask: &Ask) -> Vec<u8> {
        self.format.body(&self.model, ask).to_string().into_bytes()
    }

    fn exchange<'a>(
        &'a self,
        _permit: Permit<'a>,
        request: Vec<u8>,
        ask: &'a Ask,
        around: &'a dyn Surroundings,
        seen: &'a mut (dyn FnMut(Seen) + Send),
    ) -> Exchanging<'a> {
        Box::pin(async move {
            let mut billed = Billed::Nothing;
            let text = {
                let answer = self.answer(request, ask, around, seen, &mut billed);
                tokio::select! {
                    text = answer => text,
                    () = around.pass(Wait::Deadline, self.limits.whole) => Err(Fault::TooSlow(self.limits.whole)),
                }
            };
            // A reader that was dropped by the clock has said nothing: then the call counts as the worst.
            Exchange { text, billed }
        })
    }
}

fn not_events(error: NotEvents) -> Fault {
    Fault::NotUnderstood(error.to_string())
}

/// An event's data as JSON.
pub(crate) fn parsed(event: &Event) -> Result<Value, Fault> {
    serde_json::from_str(&event.data)
        .map_err(|_| Fault::NotUnderstood("an event of its stream is no JSON".into()))
}

/// Adds a piece of a form, within bounds.
pub(crate) fn grow(text: &mut String, piece: Option<&str>) -> Result<(), Fault> {
    let piece = piece.ok_or_else(|| Fault::NotUnderstood("a piece of the answer is no text".into()))?;
    if text.len() + piece.len() > LARGEST {
        return Err(Fault::NotUnderstood("its answer is longer than 4 MiB".into()));
    }
    text.push_str(piece);
    Ok(())
}

/// A number of tokens.
pub(crate) fn tokens(value: &Value) -> Option<u64> {
    value.as_u64()
}
