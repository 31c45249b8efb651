//! Errors as Stripe answers them: a status and an object that says what kind, which code and which parameter.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// An error answer.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    kind: &'static str,
    code: Option<&'static str>,
    parameter: Option<String>,
    message: String,
    decline_code: Option<&'static str>,
}

impl ApiError {
    fn new(status: StatusCode, kind: &'static str, message: impl Into<String>) -> Self {
        Self { status, kind, code: None, parameter: None, message: message.into(), decline_code: None }
    }

    pub(crate) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "invalid_request_error", message)
    }

    pub(crate) fn missing_parameter(parameter: &str) -> Self {
        Self {
            code: Some("parameter_missing"),
            parameter: Some(parameter.to_owned()),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                format!("Missing required param: {parameter}."),
            )
        }
    }

    pub(crate) fn unknown_parameter(parameter: &str) -> Self {
        Self {
            code: Some("parameter_unknown"),
            parameter: Some(parameter.to_owned()),
            ..Self::new(
                StatusCode::BAD_REQUEST,
                "invalid_request_error",
                format!("Received unknown parameter: {parameter}"),
            )
        }
    }

    pub(crate) fn invalid(parameter: &str, message: impl Into<String>) -> Self {
        Self {
            parameter: Some(parameter.to_owned()),
            ..Self::new(StatusCode::BAD_REQUEST, "invalid_request_error", message)
        }
    }

    pub(crate) fn missing(what: &str, id: &str, parameter: &str) -> Self {
        Self {
            code: Some("resource_missing"),
            parameter: Some(parameter.to_owned()),
            ..Self::new(StatusCode::NOT_FOUND, "invalid_request_error", format!("No such {what}: '{id}'"))
        }
    }

    pub(crate) fn unrecognized(method: &str, path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "invalid_request_error",
            format!("Unrecognized request URL ({method}: {path})."),
        )
    }

    pub(crate) fn card(decline_code: &'static str, message: &str) -> Self {
        Self {
            code: Some("card_declined"),
            decline_code: Some(decline_code),
            ..Self::new(StatusCode::PAYMENT_REQUIRED, "card_error", message)
        }
    }

    pub(crate) fn idempotency(key: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "idempotency_error",
            format!(
                "Keys for idempotent requests can only be used with the same parameters they were first used \
                 with. Try using a key other than '{key}' if you meant to execute a different request."
            ),
        )
    }

    pub(crate) fn of_status(status: u16) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status == StatusCode::TOO_MANY_REQUESTS {
            let message = "Request rate limit exceeded.";
            Self { code: Some("rate_limit"), ..Self::new(status, "invalid_request_error", message) }
        } else {
            Self::new(status, "api_error", "Sorry! There was an error while processing your request.")
        }
    }

    /// What a person at a hosted page is told.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn body(&self) -> serde_json::Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = code.into();
        }
        if let Some(parameter) = &self.parameter {
            error["param"] = parameter.as_str().into();
        }
        if let Some(decline_code) = self.decline_code {
            error["decline_code"] = decline_code.into();
        }
        json!({ "error": error })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}
