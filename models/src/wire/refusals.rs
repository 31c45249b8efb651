//! What a status other than 200 means, on all HTTP wires.

use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use hyper::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;
use time::OffsetDateTime;

use crate::clean::{shown, word};
use crate::fault::Fault;

/// The fault that an answer with this status is. Its body has the error's type and message; the message may repeat
/// what we sent, so it is shown to who asked and kept nowhere.
pub(crate) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8], now: OffsetDateTime) -> Fault {
    let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let error = &body["error"];
    let kind = [&error["code"], &error["type"]].iter().find_map(|value| value.as_str().and_then(word));
    let status = status.as_u16();
    if nothing_left(kind.as_deref()) || status == 402 {
        return Fault::NothingLeft;
    }
    match status {
        401 | 403 => Fault::NotLetIn(status),
        408 | 409 | 429 | 503 | 529 => Fault::Busy { status, after: after(headers, now) },
        500..=599 => Fault::Failed(status),
        _ => {
            let message = error["message"].as_str().or_else(|| error.as_str()).map(|text| shown(text, 300));
            let said = message.or(kind).unwrap_or_else(|| "it did not say why".into());
            Fault::NotTaken { status, said }
        }
    }
}

/// The fault that an error within a stream is: its status was 200 already.
pub(crate) fn broke_off(error: &Value) -> Fault {
    let kind = [&error["type"], &error["code"]].iter().find_map(|value| value.as_str().and_then(word));
    let second = error["code"].as_str().and_then(word);
    if nothing_left(kind.as_deref()) || nothing_left(second.as_deref()) {
        return Fault::NothingLeft;
    }
    let is =
        |names: &[&str]| [&kind, &second].into_iter().flatten().any(|word| names.contains(&word.as_str()));
    if is(&["overloaded_error", "server_is_overloaded"]) {
        Fault::Busy { status: 529, after: None }
    } else if is(&["rate_limit_error", "rate_limit_exceeded"]) {
        Fault::Busy { status: 429, after: None }
    } else if is(&["invalid_request_error", "invalid_prompt"]) {
        let said =
            error["message"].as_str().map_or_else(|| "it did not say why".into(), |text| shown(text, 300));
        Fault::NotTaken { status: 400, said }
    } else {
        Fault::Failed(500)
    }
}

/// Another try would be refused until somebody has paid.
fn nothing_left(kind: Option<&str>) -> bool {
    matches!(
        kind,
        Some("insufficient_quota" | "billing_error" | "billing_hard_limit_reached" | "billing_not_active")
    )
}

/// `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3), and OpenAI's own in milliseconds.
fn after(headers: &HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(milliseconds) = text("retry-after-ms").and_then(|text| text.parse().ok()) {
        return Some(Duration::from_millis(milliseconds));
    }
    let said = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = said.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(said).ok()?;
    Some(at.duration_since(SystemTime::from(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-02 12:00 UTC);

    fn of(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Fault {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        refused(StatusCode::from_u16(status).unwrap(), &map, body.to_string().as_bytes(), NOW)
    }

    #[test]
    fn what_a_status_means() {
        let busy =
            |status, seconds: Option<u64>| Fault::Busy { status, after: seconds.map(Duration::from_secs) };
        let typed = |kind: &str| json!({ "error": { "type": kind, "message": "no" } });
        let cases = [
            (429, vec![("retry-after", "7")], typed("rate_limit_error"), busy(429, Some(7))),
            (429, vec![("retry-after-ms", "2000"), ("retry-after", "7")], Value::Null, busy(429, Some(2))),
            (429, vec![("retry-after", "Mon, 02 Nov 2026 12:00:30 GMT")], Value::Null, busy(429, Some(30))),
            (429, vec![("retry-after", "Mon, 02 Nov 2026 11:00:00 GMT")], Value::Null, busy(429, Some(0))),
            (429, vec![("retry-after", "soon")], Value::Null, busy(429, None)),
            (429, vec![], json!({ "error": { "code": "insufficient_quota" } }), Fault::NothingLeft),
            (529, vec![], typed("overloaded_error"), busy(529, None)),
            (503, vec![], Value::Null, busy(503, None)),
            (500, vec![], typed("api_error"), Fault::Failed(500)),
            (502, vec![], Value::Null, Fault::Failed(502)),
            (401, vec![], typed("authentication_error"), Fault::NotLetIn(401)),
            (403, vec![], typed("permission_error"), Fault::NotLetIn(403)),
            (400, vec![], typed("invalid_request_error"), Fault::NotTaken { status: 400, said: "no".into() }),
            (
                404,
                vec![],
                json!({ "error": "no such model" }),
                Fault::NotTaken { status: 404, said: "no such model".into() },
            ),
            (307, vec![], Value::Null, Fault::NotTaken { status: 307, said: "it did not say why".into() }),
        ];
        for (status, headers, body, fault) in cases {
            assert_eq!(of(status, &headers, &body), fault, "{status} {headers:?} {body}");
        }
    }

    /// What a provider says goes to a terminal.
    #[test]
    fn a_message_cannot_move_the_cursor() {
        let fault = of(400, &[], &json!({ "error": { "message": "\u{1b}[2J\nno\u{202e}" } }));
        assert!(!fault.to_string().chars().any(|c| c.is_control() || c == '\u{202e}'), "{fault:?}");
    }
}
