//! Where people of the platform come in: a unix socket in the platform's folder, which only who runs the platform may
//! open (mode 0600). It is no route of the dashboard, so no session of anybody's leads here.

use std::path::Path;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use safeguards::axum::extract::{Path as Segment, State};
use safeguards::axum::http::header;
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::axum::routing::{get, post};
use safeguards::axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::UnixStream;

use super::{Asked, Grant, Support, look, reason, standing};
use crate::error::Result;
use crate::ids::GrantId;
use crate::seams::Showing;
use crate::{Platform, projects};

#[derive(Clone)]
struct Desk {
    platform: Platform,
    host: Arc<dyn Showing>,
}

/// A grant that stands, as the people of the platform read it.
#[derive(Serialize)]
struct Standing {
    #[serde(flatten)]
    grant: Grant,
    /// The app's name.
    app: String,
    /// What the owner asks for.
    reason: String,
}

/// A look that is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Who looks.
    pub support: String,
    /// At what.
    pub asked: Asked,
}

/// The routes of the socket.
pub fn routes(platform: Platform, host: Arc<dyn Showing>) -> Router {
    Router::new()
        .route("/grants", get(grants))
        .route("/grants/{grant}/looks", post(show))
        .with_state(Desk { platform, host })
}

async fn grants(State(desk): State<Desk>) -> Result<Json<Vec<Standing>>> {
    let mut told = Vec::new();
    for grant in standing(&desk.platform).await? {
        let app = projects::name(&desk.platform, grant.account, grant.project).await?;
        let reason = reason(&desk.platform, &grant).await?;
        let reason = reason.map_or_else(String::new, |reason| reason.reveal().to_owned());
        told.push(Standing { grant, app, reason });
    }
    Ok(Json(told))
}

async fn show(
    State(desk): State<Desk>,
    Segment(grant): Segment<GrantId>,
    Json(wanted): Json<Wanted>,
) -> Result<Response> {
    let support = Support::parse(&wanted.support)?;
    let shown = look(&desk.platform, &*desk.host, &support, grant, &wanted.asked).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], shown.reveal().to_owned()).into_response())
}

/// Why the socket gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// Nobody listens.
    #[error("the platform in this folder does not run: start it by `healthcoder serve` ({0})")]
    Away(std::io::Error),
    /// The connection broke.
    #[error("the platform broke the connection off: {0}")]
    Broken(#[from] hyper::Error),
    /// It refused, in words.
    #[error("{0}")]
    Refused(String),
}

/// Asks the platform behind the socket, and answers what it showed.
///
/// # Errors
/// [`Unanswered`].
pub async fn ask(socket: &Path, path: &str, wanted: Option<&Wanted>) -> Result<Value, Unanswered> {
    let stream = UnixStream::connect(socket).await.map_err(Unanswered::Away)?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let body = wanted.map(|wanted| serde_json::to_vec(wanted).unwrap_or_default());
    let method = if body.is_some() { "POST" } else { "GET" };
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "support")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.unwrap_or_default())))
        .map_err(|_| Unanswered::Refused(format!("`{path}` is no path")))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status();
    let bytes = answer.into_body().collect().await?.to_bytes();
    let told: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    if status.is_success() {
        return Ok(told);
    }
    let words = [&told["detail"], &told["errors"][0]["detail"], &told["title"]];
    let words = words.into_iter().find_map(Value::as_str).unwrap_or("the platform refused");
    Err(Unanswered::Refused(words.to_owned()))
}
