//! Whatever comes as a form with files, or as a form: its token is found where it may stand, or nothing of it is let through.

use super::edge::{CSRF, ask};
use safeguards::axum::body::Body;
use safeguards::axum::http::{HeaderValue, Request};

/// What a run is given.
pub type Input = (Vec<u8>, Vec<u8>, bool, bool);

/// One run; what must not be, panics.
pub fn run(input: Input) {
    let (kind, body, usual, large) = input;
    let kind = if usual { b"multipart/form-data; boundary=x".to_vec() } else { kind };
    let Ok(kind) = HeaderValue::from_bytes(&kind) else { return };
    let path = if large { "/upload" } else { "/" };
    let request = Request::builder().method("POST").uri(path).header("host", "app.example");
    let request = request.header("cookie", "__Host-session=ours").header("content-type", kind);
    let (answer, reached) = ask(request.body(Body::from(body.clone())).expect("a request"));
    assert!(!answer.status().is_server_error(), "{}", answer.status());
    // Nobody guesses a token: one that is let through stands in the body, word for word.
    let text = String::from_utf8_lossy(&body);
    let holds_one =
        text.split(|letter: char| !letter.is_ascii_hexdigit()).any(|word| CSRF.is_valid(word, "ours"));
    assert!(!reached || holds_one, "a change without a token");
}
