//! Whether the app lives, and whether it can serve.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::store::Store;

/// `GET /healthz` answers while the process lives; `GET /readyz` answers 200 while the database does,
/// and 503 otherwise. Neither says more, since both are open to everybody.
pub(super) fn routes(store: Store) -> Router {
    Router::new()
        .route("/healthz", get(async || answer(StatusCode::OK, "alive\n")))
        .route("/readyz", get(ready))
        .with_state(store)
}

async fn ready(State(store): State<Store>) -> Response {
    match store.ping().await {
        Ok(()) => answer(StatusCode::OK, "ready\n"),
        Err(_) => answer(StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
    }
}

fn answer(status: StatusCode, text: &'static str) -> Response {
    let unstored = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, unstored, text).into_response()
}
