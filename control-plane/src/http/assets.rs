//! The dashboard's own stylesheet and script, beside the library's, under names that hold their hash.

use std::sync::LazyLock;

use safeguards::axum::Router;
use safeguards::axum::http::{HeaderValue, header};
use safeguards::axum::response::{IntoResponse, Response};
use safeguards::axum::routing::get;
use sha2::{Digest, Sha256};

static STYLESHEET: &str = include_str!("assets/dashboard.css");
static SCRIPT: &str = include_str!("assets/dashboard.js");

static STYLESHEET_PATH: LazyLock<String> = LazyLock::new(|| hashed(STYLESHEET, "css"));
static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| hashed(SCRIPT, "js"));

pub(super) fn stylesheet_path() -> &'static str {
    &STYLESHEET_PATH
}

pub(super) fn script_path() -> &'static str {
    &SCRIPT_PATH
}

fn hashed(content: &str, kind: &str) -> String {
    let short: String =
        Sha256::digest(content.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("/assets/dashboard-{short}.{kind}")
}

pub(super) fn routes() -> Router {
    Router::new()
        .route(stylesheet_path(), get(|| async { kept("text/css; charset=utf-8", STYLESHEET) }))
        .route(script_path(), get(|| async { kept("text/javascript; charset=utf-8", SCRIPT) }))
}

fn kept(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, content).into_response()
}
