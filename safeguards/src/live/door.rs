//! Who may open a connection, decided before the protocol is switched (RFC 6455, section 10).

use axum::Json;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{FromRef, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Serialize;

use super::Live;
use super::socket::attend;
use crate::access::Entity;
use crate::identity::{Identity, LIVE_TOKEN_LIFETIME, Unattended, Visit};
use crate::pages::FormData;
use crate::web::{Code, Problem, from_elsewhere};

/// Most bytes of what a caller may say at once. Nothing is asked of them but to answer pings, and to say goodbye with a
/// reason of no more than 125 bytes (RFC 6455, section 5.5).
const MOST_SAID: usize = 256;
/// Bytes that are set aside for each connection, each way.
const BUFFER: usize = 1 << 10;

/// What live updates stand on.
#[derive(Clone, Debug)]
pub struct Door {
    /// Whose sessions open connections; what its database commits is told.
    pub identity: Identity,
    /// The connections.
    pub live: Live,
    /// Whether browsers speak TLS to the app, so that the origin of its pages is an `https` one.
    pub secure: bool,
    /// Of whose rows it is told.
    pub entities: &'static [&'static Entity],
}

impl FromRef<Door> for Identity {
    fn from_ref(door: &Door) -> Self {
        door.identity.clone()
    }
}

/// The routes of live updates.
pub fn routes(door: Door) -> Router {
    Router::new().route("/api/live/token", post(token)).route("/api/live", get(open)).with_state(door)
}

/// A token, and for how long it opens a connection.
#[derive(Serialize)]
struct Issued {
    token: String,
    expires_in: i64,
}

/// `POST /api/live/token`
async fn token(State(door): State<Door>, Unattended(session): Unattended) -> Result<Json<Issued>, Problem> {
    let token = door.identity.issue_live_token(&session).await?;
    Ok(Json(Issued { token, expires_in: LIVE_TOKEN_LIFETIME.whole_seconds() }))
}

/// `GET /api/live?token=…`
async fn open(
    State(door): State<Door>,
    visit: Visit,
    uri: Uri,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let Door { identity, live, secure, entities } = door;
    // Browsers ask no leave before they open a WebSocket to another place, so this asks where the page is from.
    if from_elsewhere(&headers, &uri, secure) {
        return Err(Problem::forbidden().cause("live: another origin"));
    }
    let refused = || {
        Problem::new(Code::Unauthenticated).detail(
            "The token of this connection is missing, used or expired. Ask for one at POST /api/live/token.",
        )
    };
    let query = FormData::parse(uri.query().unwrap_or_default().as_bytes());
    let token = query.first("token").ok_or_else(refused)?;
    // Heard from here on, so that nothing is missed between what the page shows and the first message.
    let changes = identity.store().changes().listen();
    let presented = identity.session_by_live_token(token, visit).await.map_err(|error| {
        let problem = Problem::from(error);
        if problem.code() == Code::Unauthenticated { refused() } else { problem }
    })?;
    let upgrade = upgrade.map_err(|_| {
        Problem::new(Code::UpgradeRequired).detail("This address answers a WebSocket of version 13 only.")
    })?;
    let place = live.take(presented.session.id())?;
    if !live.is_first_use(presented.token, identity.clock().now()) {
        return Err(refused());
    }
    let upgrade = upgrade
        .max_message_size(MOST_SAID)
        .max_frame_size(MOST_SAID)
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(BUFFER);
    let stopping = live.stopping();
    Ok(upgrade.on_upgrade(move |socket| async move {
        attend(socket, presented.session, entities, changes, stopping).await;
        drop(place);
    }))
}
