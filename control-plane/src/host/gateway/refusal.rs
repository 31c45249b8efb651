//! What the gateway answers when no app does.

use http_body_util::{BodyExt, Empty, Full};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};

use super::Answer;

/// Why a request does not reach an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It names no host, or two.
    BadHost,
    /// It is for another host than the connection, or for one that we do not know.
    Misdirected,
    /// A method that is for proxies.
    Method,
    /// Its body is too large.
    TooLarge,
    /// The app does not run.
    Closed(&'static str),
    /// The app cannot be reached now; so many seconds later, perhaps.
    Unavailable(u64),
    /// The app broke the connection off.
    Broken,
    /// The app does not answer.
    TooSlow,
}

impl Refusal {
    pub(super) fn unavailable(seconds: u64) -> Self {
        Self::Unavailable(seconds)
    }

    fn status(self) -> StatusCode {
        match self {
            Self::BadHost => StatusCode::BAD_REQUEST,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Closed(_) | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::BAD_GATEWAY,
            Self::TooSlow => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// A title, and what to do.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::BadHost => ("This request names no host", "Check the address."),
            Self::Misdirected => ("There is nothing at this address", "Check the address."),
            Self::Method => ("This method is not used here", "Use another method."),
            Self::TooLarge => ("This is too large", "Send less at once."),
            Self::Closed(_) => {
                ("This app does not run at the moment", "If you are its owner, your dashboard says why.")
            }
            Self::Unavailable(_) => ("This app is just starting", "Try again in a moment."),
            Self::Broken | Self::TooSlow => {
                ("This app does not answer", "Try again in a moment. What you sent may have been done.")
            }
        }
    }

    fn retry_after(self) -> Option<u64> {
        match self {
            Self::Unavailable(seconds) => Some(seconds),
            // Whoever reopens it is a person.
            Self::Closed(_) => Some(3600),
            _ => None,
        }
    }

    /// As a page, or as a problem (RFC 9457).
    pub(super) fn response(self, page: bool) -> Response<Answer> {
        let (title, advice) = self.words();
        let status = self.status();
        let (kind, text) = if page {
            let text = format!(
                "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>{title}</title>\n\
                 <meta name=\"viewport\" content=\"width=device-width\"></head>\n\
                 <body><main><h1>{title}</h1><p>{advice}</p></main></body>\n</html>\n"
            );
            ("text/html; charset=utf-8", text)
        } else {
            let problem = serde_json::json!({ "title": title, "status": status.as_u16(), "detail": advice });
            ("application/problem+json", problem.to_string())
        };
        let body = Full::new(text.into()).map_err(|never| match never {}).boxed();
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(seconds) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A body of nothing.
pub(super) fn empty() -> Answer {
    Empty::new().map_err(|never| match never {}).boxed()
}

/// Whether the caller is a browser that shows pages.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}
