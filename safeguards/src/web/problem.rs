//! What went wrong, as the caller may know it (RFC 9457), and why, as only the log may.

use std::borrow::Cow;
use std::panic::Location;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use uuid::Uuid;

/// The kinds of problems; each has one status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// 400: it could not be read at all.
    Malformed,
    /// 401: nobody is signed in.
    Unauthenticated,
    /// 403: somebody is, but may not; or the request did not come from our own page.
    Forbidden,
    /// 403: somebody is, and may once they show anew who they are: `POST /identity/session/proof`.
    ProveAgain,
    /// 403: nobody may at the moment, since records are only read, or since somebody looks as a colleague; the detail says
    /// why.
    ReadOnly,
    /// 404: missing and hidden are the same.
    NotFound,
    /// 405: the resource has no such method.
    MethodNotAllowed,
    /// 406: no form that the caller accepts.
    NotAcceptable,
    /// 408: the body did not arrive in time.
    Slow,
    /// 409: somebody else changed it first, or it is in a state that forbids this.
    Conflict,
    /// 413: the body is too large.
    TooLarge,
    /// 415: the body's format is not understood.
    UnsupportedFormat,
    /// 422: fields are wrong.
    Invalid,
    /// 426: the address speaks another protocol only.
    UpgradeRequired,
    /// 429: too many requests.
    TooMany,
    /// 500: our own fault.
    Internal,
    /// 503: audit, keys or the database cannot be reached, or it took too long.
    Unavailable,
}

impl Code {
    const ALL: [Self; 17] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::ProveAgain,
        Self::ReadOnly,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::Slow,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedFormat,
        Self::Invalid,
        Self::UpgradeRequired,
        Self::TooMany,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Its status.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::ProveAgain | Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict => StatusCode::CONFLICT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedFormat => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The kind of a bare status; one that no kind has becomes the general kind of its class.
    #[must_use]
    pub fn of(status: StatusCode) -> Self {
        let known = Self::ALL.into_iter().find(|code| code.status() == status);
        known.unwrap_or(if status.is_server_error() { Self::Internal } else { Self::Malformed })
    }
}

/// One wrong field of a body.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What is wrong, without the value.
    pub detail: String,
}

/// A problem. As a response it is `application/problem+json`; the edge turns it into a page for
/// whoever prefers one.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: Option<Cow<'static, str>>,
    fields: Vec<FieldProblem>,
    retry_after: Option<u32>,
    cause: Option<&'static str>,
    at: &'static Location<'static>,
    on_record: bool,
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'a str,
    status: u16,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
}

impl Problem {
    /// A problem of a kind.
    #[must_use]
    #[track_caller]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            fields: Vec::new(),
            retry_after: None,
            cause: None,
            at: Location::caller(),
            on_record: false,
        }
    }

    /// 404, for what is missing and for what is hidden.
    #[must_use]
    #[track_caller]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// 403.
    #[must_use]
    #[track_caller]
    pub fn forbidden() -> Self {
        Self::new(Code::Forbidden)
    }

    /// 409.
    #[must_use]
    #[track_caller]
    pub fn conflict() -> Self {
        Self::new(Code::Conflict)
    }

    /// 422 with what is wrong, field by field.
    #[must_use]
    #[track_caller]
    pub fn invalid(fields: Vec<FieldProblem>) -> Self {
        Self { fields, ..Self::new(Code::Invalid) }
    }

    /// 500, with a code for the log.
    #[must_use]
    #[track_caller]
    pub fn internal(cause: &'static str) -> Self {
        Self::new(Code::Internal).cause(cause)
    }

    /// 503, with a code for the log.
    #[must_use]
    #[track_caller]
    pub fn unavailable(cause: &'static str) -> Self {
        Self::new(Code::Unavailable).cause(cause)
    }

    /// A sentence for the caller. It stands in the source, so that it cannot quote anything.
    #[must_use]
    pub fn detail(mut self, sentence: &'static str) -> Self {
        self.detail = Some(Cow::Borrowed(sentence));
        self
    }

    /// A sentence for the caller that names a rule of the app, never a value.
    #[must_use]
    pub fn rule(mut self, sentence: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(sentence.into());
        self
    }

    /// Which fields it is about.
    #[must_use]
    pub fn of(self, fields: Vec<FieldProblem>) -> Self {
        Self { fields, ..self }
    }

    /// Why, as a code for the log.
    #[must_use]
    pub fn cause(mut self, cause: &'static str) -> Self {
        self.cause = Some(cause);
        self
    }

    /// What was refused stands in the audit log already.
    #[must_use]
    pub fn on_record(mut self) -> Self {
        self.on_record = true;
        self
    }

    /// Whether it does.
    #[must_use]
    pub fn is_on_record(&self) -> bool {
        self.on_record
    }

    /// When to try again, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Its kind.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// Its status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.code.status()
    }

    /// The sentence for the caller, if there is one.
    #[must_use]
    pub fn sentence(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// What is wrong, field by field.
    #[must_use]
    pub fn fields(&self) -> &[FieldProblem] {
        &self.fields
    }

    pub(crate) fn logged(&self) -> (Option<&'static str>, &'static Location<'static>) {
        (self.cause, self.at)
    }

    pub(crate) fn seconds(&self) -> Option<u32> {
        self.retry_after
    }

    /// As JSON, under the id of the request.
    pub(crate) fn json(&self, request: Option<Uuid>) -> Vec<u8> {
        let status = self.status();
        let body = Body {
            // RFC 9457, section 4.2.1: no more than the status says; `code` is for programs.
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code: self.code,
            detail: self.detail.as_deref(),
            instance: request.map(|id| format!("urn:uuid:{id}")),
            errors: &self.fields,
        };
        serde_json::to_vec(&body).unwrap_or_default()
    }

    pub(crate) fn json_response(&self, request: Option<Uuid>) -> Response {
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status(), [(header::CONTENT_TYPE, kind)], self.json(request)).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.json_response(None);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StatusCode> for Problem {
    #[track_caller]
    fn from(status: StatusCode) -> Self {
        Self::new(Code::of(status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_rfc_9457_asks_for_and_never_its_cause() {
        let fields = vec![FieldProblem { pointer: "/weight".into(), detail: "must be a number".into() }];
        let problem = Problem::invalid(fields).cause("constraint weight");
        let json = String::from_utf8(problem.json(Some(Uuid::nil()))).expect("JSON is UTF-8");
        assert_eq!(
            json,
            r#"{"type":"about:blank","title":"Unprocessable Entity","status":422,"code":"invalid","instance":"urn:uuid:00000000-0000-0000-0000-000000000000","errors":[{"pointer":"/weight","detail":"must be a number"}]}"#
        );
    }

    #[test]
    fn each_status_has_one_kind() {
        // A 403 alone has several: whoever must prove again may, and where records are only read nobody may; both are
        // said by who knows.
        let told = [Code::ProveAgain, Code::ReadOnly];
        for code in Code::ALL.into_iter().filter(|code| !told.contains(code)) {
            assert_eq!(Code::of(code.status()), code);
        }
        assert_eq!(Code::of(StatusCode::BAD_GATEWAY), Code::Internal);
        assert_eq!(Code::of(StatusCode::IM_A_TEAPOT), Code::Malformed);
    }
}
