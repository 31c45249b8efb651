//! Proof that a form of our own sent a request: where its token stands, in a header, in a form, or in a form with files.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError};

use super::{Code, Csrf, Problem};
use crate::pages::FormData;

/// Lets a request pass whose header or form carries the session's token.
pub(super) async fn own_form(csrf: &Csrf, request: Request, session: &str) -> Result<Request, Problem> {
    if let Some(token) = request.headers().get("x-csrf-token") {
        let valid = token.to_str().is_ok_and(|token| csrf.is_valid(token, session));
        return if valid { Ok(request) } else { Err(Problem::forbidden().cause("csrf: header")) };
    }
    let (parts, body) = request.into_parts();
    if let Some(boundary) = multipart_boundary(&parts.headers) {
        let (start, body) = peeked(body).await?;
        let valid = first_part(&start, &boundary, "csrf").is_some_and(|token| csrf.is_valid(token, session));
        return if valid {
            Ok(Request::from_parts(parts, body))
        } else {
            Err(Problem::forbidden().cause("csrf: upload"))
        };
    }
    if !is_form(&parts.headers) {
        return Err(Problem::forbidden().cause("csrf: no token"));
    }
    let bytes: Bytes = body.collect().await.map_err(|error| unread(error.into_inner()))?.to_bytes();
    let valid = FormData::parse(&bytes).first("csrf").is_some_and(|token| csrf.is_valid(token, session));
    if !valid {
        return Err(Problem::forbidden().cause("csrf: form"));
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The boundary between the parts of a form that carries files (RFC 7578).
fn multipart_boundary(headers: &HeaderMap) -> Option<String> {
    multer::parse_boundary(headers.get(header::CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// How far into a form with files its token must stand: it is the first part, before any file.
const TOKEN_WITHIN: usize = 2 << 10;

/// The beginning of a body, and the body as it was: what follows is not waited for.
async fn peeked(mut body: Body) -> Result<(Vec<u8>, Body), Problem> {
    let mut start = Vec::new();
    while start.len() < TOKEN_WITHIN {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|error| unread(error.into_inner()))?;
        if let Ok(bytes) = frame.into_data() {
            start.extend_from_slice(&bytes);
        }
    }
    let read = futures_util::stream::iter([Ok::<_, axum::Error>(Bytes::from(start.clone()))]);
    let rest = body.into_data_stream();
    Ok((start, Body::from_stream(futures_util::StreamExt::chain(read, rest))))
}

/// The value of the first part of a form with files, if it is a plain field of this name.
fn first_part<'a>(start: &'a [u8], boundary: &str, name: &str) -> Option<&'a str> {
    let start = &start[..start.len().min(TOKEN_WITHIN)];
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?,
    };
    let part = text.strip_prefix("--")?.strip_prefix(boundary)?.strip_prefix("\r\n")?;
    let (head, rest) = part.split_once("\r\n\r\n")?;
    let wanted = format!("form-data; name=\"{name}\"");
    let named = head.lines().any(|line| {
        line.split_once(':').is_some_and(|(key, value)| {
            key.eq_ignore_ascii_case("content-disposition") && value.trim() == wanted
        })
    });
    let (value, _) = rest.split_once("\r\n--")?;
    named.then_some(value)
}

/// What a body that cannot be read to its end is answered with.
pub(super) fn unread(error: Box<dyn std::error::Error + Send + Sync>) -> Problem {
    Problem::new(if error.is::<LengthLimitError>() { Code::TooLarge } else { Code::Malformed })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;
    use crate::web::csrf::cookie;

    #[test]
    fn a_token_is_the_first_part_or_none() {
        let part = |name: &str, value: &str| {
            format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let first = part("csrf", "abc") + &part("file", "def") + "--x--\r\n";
        assert_eq!(first_part(first.as_bytes(), "x", "csrf"), Some("abc"));
        let second = part("file", "def") + &part("csrf", "abc") + "--x--\r\n";
        assert_eq!(first_part(second.as_bytes(), "x", "csrf"), None);
        assert_eq!(first_part(first.as_bytes(), "y", "csrf"), None);
    }

    proptest! {
        /// The short form of the fuzz target `multipart`.
        #[test]
        fn whatever_comes_as_a_form_is_read_without_panic(body: Vec<u8>, boundary in "[ -~]{0,70}", kind: Vec<u8>) {
            if let Some(value) = first_part(&body, &boundary, "csrf") {
                prop_assert!(body.windows(value.len().max(1)).any(|part| part == value.as_bytes()) || value.is_empty());
            }
            let mut headers = HeaderMap::new();
            if let Ok(kind) = HeaderValue::from_bytes(&kind) {
                headers.insert(header::CONTENT_TYPE, kind);
            }
            let _ = (multipart_boundary(&headers), is_form(&headers), FormData::parse(&body));
        }

        /// The short form of the fuzz target `cookies`.
        #[test]
        fn whatever_comes_as_a_cookie_is_read_without_panic(lines: Vec<Vec<u8>>, kept in "[a-z0-9]{1,20}") {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_str(&format!("a=b; __Host-session={kept}")).unwrap());
            for line in lines {
                if let Ok(value) = HeaderValue::from_bytes(&line) {
                    headers.append(header::COOKIE, value);
                }
            }
            prop_assert_eq!(cookie(&headers, "__Host-session"), Some(kept.as_str()));
        }
    }
}
