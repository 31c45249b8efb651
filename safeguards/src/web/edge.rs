//! The one middleware around an app's router.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{DefaultBodyLimit, FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use time::OffsetDateTime;
use uuid::Uuid;

use super::accept::prefers_page;
use super::csrf::{cookie, from_elsewhere, is_unsafe};
use super::log::place;
use super::own_form::{own_form, unread};
use super::turns::{Kind, Turn, Turns};
use super::{Code, Csrf, Entry, Log, Peer, Problem, RateLimit, SecurityHeaders, Standing, Working};
use crate::clock::{Clock, Ids};
use crate::pages::{View, Words, problem_page};

/// What a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most bytes of a body.
    pub body: usize,
    /// Most bytes of a body on [`Limits::large_routes`].
    pub large_body: usize,
    /// Templates of routes that take large bodies, like imports.
    pub large_routes: &'static [&'static str],
    /// How long a handler may take, the reading of the body included.
    pub time: Duration,
    /// The same on [`Limits::large_routes`], for who sends a large body over a slow line.
    pub large_time: Duration,
    /// How many requests are worked on at once; more hear 503. No less than what the database does at once by far, since
    /// most of a request's time is waiting for it.
    pub at_once: usize,
    /// The same for [`Limits::large_routes`], whose bodies are read meanwhile.
    pub large_at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            large_body: 32 << 20,
            large_routes: &[],
            time: Duration::from_secs(30),
            large_time: Duration::from_secs(300),
            at_once: 256,
            large_at_once: 32,
        }
    }
}

/// Whose word on the caller's address is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The peer of the connection.
    Peer,
    /// The last entry of `x-forwarded-for`, which our own gateway appends.
    Gateway,
}

/// What the edge needs. Made once, shared by all requests.
pub struct Web {
    /// The app's name, for the pages of problems.
    pub application: Cow<'static, str>,
    /// The language of those pages.
    pub words: &'static Words,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids of requests.
    pub ids: Arc<dyn Ids>,
    /// Where lines go.
    pub log: Arc<dyn Log>,
    /// Tokens of forms.
    pub csrf: Csrf,
    /// Buckets of callers.
    pub rate: RateLimit,
    /// What a request may take.
    pub limits: Limits,
    /// Headers of every response.
    pub headers: SecurityHeaders,
    /// Whose word on the caller's address is taken.
    pub trust: Trust,
    /// Whether the browser speaks TLS to us or to our gateway.
    pub secure: bool,
    /// The session's cookie: `__Host-session`, or `session` on loopback without TLS.
    pub cookie: &'static str,
    /// A cookie that says beside the session's as whom somebody acts, where there is one. A form is bound to both: what
    /// was written as one person is never sent as another.
    pub beside: Option<&'static str>,
    /// Where a browser that is not signed in is sent; `None` shows the problem instead.
    pub sign_in: Option<&'static str>,
}

impl std::fmt::Debug for Web {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Web").field("application", &self.application).finish_non_exhaustive()
    }
}

/// What the edge knows of a request: an extractor for handlers, and what audit events begin with.
#[derive(Clone)]
pub struct Arrival {
    /// The request's id, which the response carries as `x-request-id`.
    pub id: Uuid,
    /// When it arrived.
    pub at: OffsetDateTime,
    /// The caller's address, if it is known.
    pub address: Option<IpAddr>,
    /// The token for forms on the page that answers; only where there is a session's cookie.
    pub csrf: Option<String>,
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Arrival").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<S: Sync> FromRequestParts<S> for Arrival {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::internal("router without edge"))
    }
}

impl Web {
    /// Puts the edge around a router. It belongs outermost, after all routes; what has none is a problem like any other.
    pub fn guard(self: Arc<Self>, router: Router) -> Router {
        let turns = Turns::new(&self.limits);
        router
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(Arc::new(Edge { web: self, turns }), edge))
    }

    fn address(&self, request: &Request) -> Option<IpAddr> {
        match self.trust {
            Trust::Peer => request.extensions().get::<Peer>().and_then(|Peer(address)| *address),
            Trust::Gateway => {
                let last = request.headers().get_all("x-forwarded-for").iter().next_back()?;
                last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
            }
        }
    }

    /// Everything that can refuse a request before its handler.
    async fn admit(
        &self,
        mut request: Request,
        arrival: &mut Arrival,
        most: usize,
    ) -> Result<Request, Problem> {
        let session = cookie(request.headers(), self.cookie).map(str::to_owned);
        let beside = self.beside.and_then(|name| cookie(request.headers(), name));
        let acting = session.as_ref().map(|session| match beside {
            Some(beside) => format!("{session}|{beside}"),
            None => session.clone(),
        });
        self.rate
            .take(arrival.address, session.as_deref(), arrival.at)
            .map_err(|seconds| Problem::new(Code::TooMany).retry_after(seconds))?;
        let announced = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|announced: u64| announced > most as u64) {
            return Err(Problem::new(Code::TooLarge));
        }
        request = request.map(|body| Body::new(Limited::new(body, most)));
        if is_unsafe(request.method()) {
            if from_elsewhere(request.headers(), request.uri(), self.secure) {
                return Err(Problem::forbidden().cause("csrf: another origin"));
            }
            if let Some(acting) = &acting {
                request = own_form(&self.csrf, request, acting).await?;
            }
        }
        if let Some(acting) = &acting {
            let token = self.csrf.token(acting).map_err(|_| Problem::unavailable("randomness"))?;
            arrival.csrf = Some(token);
        }
        request.extensions_mut().insert(arrival.clone());
        Ok(request)
    }

    /// Waits until a request has arrived whole, and takes its turn. A large body is left to its handler, which asks who
    /// sends it before it reads it.
    async fn turn(
        &self,
        request: Request,
        turns: &Turns,
        kind: Kind,
    ) -> Result<(Request, (Turn, Option<Working>)), Problem> {
        let (parts, body) = request.into_parts();
        let body = if kind == Kind::Large || body.is_end_stream() {
            body
        } else {
            Body::from(body.collect().await.map_err(|error| unread(error.into_inner()))?.to_bytes())
        };
        let turn = turns.take(kind)?;
        let working = parts.extensions.get::<Standing>().map(Standing::working);
        Ok((Request::from_parts(parts, body), (turn, working)))
    }

    /// A problem as its reader wants it.
    fn told(&self, problem: &Problem, asked: &Asked, id: Uuid, view: Option<View>) -> Response {
        let mut response = match self.sign_in {
            Some(path) if asked.page && asked.reads && problem.code() == Code::Unauthenticated => {
                let back =
                    form_urlencoded::Serializer::new(String::new()).append_pair("to", &asked.path).finish();
                let to = HeaderValue::from_str(&format!("{path}?{back}"));
                (StatusCode::SEE_OTHER, [(header::LOCATION, to.unwrap_or(HeaderValue::from_static("/")))])
                    .into_response()
            }
            _ if asked.page => {
                let plain = || View::new(self.application.clone(), self.clock.now()).language(self.words);
                let view = view.unwrap_or_else(plain);
                problem_page(&view, problem, Some(id)).into_response()
            }
            _ => problem.json_response(Some(id)),
        };
        if problem.code() == Code::UpgradeRequired {
            // RFC 9110, section 15.5.22: to which protocol; RFC 6455, section 4.4: of which version.
            let (upgrade, version) = (HeaderValue::from_static("websocket"), HeaderValue::from_static("13"));
            response.headers_mut().insert(header::UPGRADE, upgrade);
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
        }
        if let Some(seconds) = problem.seconds() {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// What of the request the answer depends on.
struct Asked {
    page: bool,
    reads: bool,
    path: String,
    method: &'static str,
    route: Option<MatchedPath>,
}

impl Asked {
    fn of(request: &Request) -> Self {
        Self {
            page: prefers_page(request.headers()),
            reads: matches!(*request.method(), Method::GET | Method::HEAD),
            path: request.uri().path().to_owned(),
            method: known_method(request.method()),
            route: request.extensions().get::<MatchedPath>().cloned(),
        }
    }
}

fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// What the middleware holds.
struct Edge {
    web: Arc<Web>,
    turns: Turns,
}

async fn edge(State(edge): State<Arc<Edge>>, request: Request, next: Next) -> Response {
    let web = &edge.web;
    let mut arrival =
        Arrival { id: web.ids.next(), at: web.clock.now(), address: web.address(&request), csrf: None };
    let asked = Asked::of(&request);
    let id = arrival.id;
    let began = arrival.at;
    let limits = &web.limits;
    let kind = Kind::of(asked.route.as_ref().map(MatchedPath::as_str), limits);
    let (most, time) = match kind {
        Kind::Large => (limits.large_body, limits.large_time),
        Kind::Small | Kind::Health => (limits.body, limits.time),
    };
    let inside = Arc::clone(&edge);
    // A task of its own: a caller that hangs up does not tear a write in two, and a panic ends here.
    let answer = tokio::spawn(tokio::time::timeout(time, async move {
        let Edge { web, turns } = &*inside;
        let admitted = async {
            turns.look(kind)?;
            let request = web.admit(request, &mut arrival, most).await?;
            web.turn(request, turns, kind).await
        };
        match admitted.await {
            Ok((request, _until_answered)) => next.run(request).await,
            Err(problem) => problem.into_response(),
        }
    }));
    let mut response = match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(_elapsed)) => Problem::unavailable("time limit").retry_after(5).into_response(),
        Err(_panic) => Problem::internal("panic").into_response(),
    };
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| bare(&response));
    if let Some(problem) = &problem {
        let cookies: Vec<HeaderValue> =
            response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        let view = response.extensions_mut().remove::<View>();
        response = web.told(problem, &asked, id, view);
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    web.headers.apply(response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert("x-request-id", value);
    }
    let now = web.clock.now();
    let micros = u64::try_from((now - began).whole_microseconds()).unwrap_or(0);
    let (cause, at) = problem.as_ref().map_or((None, None), |problem| {
        let (cause, at) = problem.logged();
        (cause, Some(place(at)))
    });
    let route = asked.route.as_ref().map_or("none", MatchedPath::as_str);
    let entry = Entry::Request {
        request: id,
        method: asked.method,
        route,
        status: response.status().as_u16(),
        micros,
        problem: problem.as_ref().map(Problem::code),
        cause,
        at,
    };
    web.log.write(now, &entry);
    response
}

/// A refusal that no handler of ours worded: the framework's own, in plain text or empty.
fn bare(response: &Response) -> Option<Problem> {
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    let worded = kind.is_some_and(|kind| !kind.starts_with(b"text/plain"));
    let refused = status.is_client_error() || status.is_server_error();
    (refused && !worded).then(|| Problem::from(status))
}

#[cfg(test)]
#[path = "edge_tests.rs"]
mod tests;
