//! Whatever comes in the headers that decide whose request it is, is read without a panic; and whoever has a session's cookie
//! changes nothing without that session's token.

use super::edge::{CSRF, ask};
use safeguards::axum::body::Body;
use safeguards::axum::http::{HeaderValue, Request};

/// What a run is given.
pub type Input = ([Vec<u8>; 2], Vec<u8>, Vec<u8>, Vec<u8>, bool);

/// One run; what must not be, panics.
pub fn run(input: Input) {
    let ([cookies, more], forwarded, origin, token, own) = input;
    let mut request = Request::builder().method("POST").uri("/").header("host", "app.example");
    if own {
        // The first cookie of a name is the one that counts.
        request = request.header("cookie", "__Host-session=ours");
    }
    for (name, bytes) in
        [("cookie", cookies), ("cookie", more), ("x-forwarded-for", forwarded), ("origin", origin)]
    {
        if let Ok(value) = HeaderValue::from_bytes(&bytes) {
            request = request.header(name, value);
        }
    }
    let token = HeaderValue::from_bytes(&token);
    if let Ok(token) = &token {
        request = request.header("x-csrf-token", token);
    }
    let (answer, reached) = ask(request.body(Body::empty()).expect("a request"));
    assert!(!answer.status().is_server_error(), "{}", answer.status());
    let valid = |token: &HeaderValue| token.to_str().is_ok_and(|token| CSRF.is_valid(token, "ours"));
    assert!(!own || !reached || token.is_ok_and(|token| valid(&token)), "a change without a token");
}
