//! The one stylesheet, the one script and the icon, under names that hold the hash of their content, so that a
//! browser keeps them for a year and never shows an old one.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

static STYLESHEET: &str = include_str!("assets/style.css");
static SCRIPT: &str = include_str!("assets/enhance.js");
static ICON: &str = include_str!("assets/icon.svg");

static STYLESHEET_PATH: LazyLock<String> = LazyLock::new(|| hashed("style", STYLESHEET, "css"));
static SCRIPT_PATH: LazyLock<String> = LazyLock::new(|| hashed("enhance", SCRIPT, "js"));
static ICON_PATH: LazyLock<String> = LazyLock::new(|| hashed("icon", ICON, "svg"));

/// Where the stylesheet is served.
#[must_use]
pub fn stylesheet_path() -> &'static str {
    &STYLESHEET_PATH
}

/// Where the script is served.
#[must_use]
pub fn script_path() -> &'static str {
    &SCRIPT_PATH
}

/// Where the icon is served.
pub(crate) fn icon_path() -> &'static str {
    &ICON_PATH
}

fn hashed(name: &str, content: &str, kind: &str) -> String {
    let hash = digest::digest(&digest::SHA256, content.as_bytes());
    let short = crate::hexadecimal::written(hash.as_ref().iter().take(8));
    format!("/assets/{name}-{short}.{kind}")
}

/// The routes of these files.
pub fn assets<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(stylesheet_path(), get(|| async { kept("text/css; charset=utf-8", STYLESHEET) }))
        .route(script_path(), get(|| async { kept("text/javascript; charset=utf-8", SCRIPT) }))
        .route(icon_path(), get(|| async { kept("image/svg+xml", ICON) }))
}

fn kept(kind: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// STYLE, Pages: CSS under 30 KB and JavaScript under 10 KB an app.
    #[test]
    fn both_files_stay_small() {
        assert!(STYLESHEET.len() < 30_000, "{} bytes of CSS", STYLESHEET.len());
        assert!(SCRIPT.len() < 10_000, "{} bytes of JavaScript", SCRIPT.len());
    }

    /// CC-9: nothing is loaded from elsewhere.
    #[test]
    fn neither_file_names_another_host() {
        for content in [STYLESHEET, SCRIPT] {
            for word in ["http:", "https:", "@import", "url(", "eval(", "innerHTML"] {
                assert!(!content.contains(word), "{word}");
            }
        }
    }
}
