//! Proof that a request came from a page of ours.
//!
//! A signed token is bound to the session's cookie: `nonce | HMAC-SHA-256(key, nonce | cookie)`, in
//! hexadecimal. A new nonce at each page keeps it from being guessed out of compressed responses. A
//! form carries it in the field `csrf`, a script in the header `x-csrf-token`. Besides, a browser
//! says where a request comes from (`Sec-Fetch-Site`, `Origin`), and any other place is refused.

use aws_lc_rs::{hmac, rand};
use axum::http::{HeaderMap, Method, Uri, header};

use crate::hexadecimal;

const NONCE: usize = 16;
const TAG: usize = 32;

/// Makes and checks tokens. The key lives as long as the process and is shared by its replicas.
pub struct Csrf {
    key: hmac::Key,
}

impl std::fmt::Debug for Csrf {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Csrf([secret])")
    }
}

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("no randomness from the operating system")]
pub struct CsrfError;

impl Csrf {
    /// Tokens under a key of 256 bits.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A token for a session's cookie.
    pub fn token(&self, session: &str) -> Result<String, CsrfError> {
        let mut nonce = [0; NONCE];
        rand::fill(&mut nonce).map_err(|_| CsrfError)?;
        let tag = hmac::sign(&self.key, &message(&nonce, session));
        Ok(hexadecimal::written(nonce.iter().chain(tag.as_ref())))
    }

    /// Whether a token was made for this session's cookie; compared in constant time.
    #[must_use]
    pub fn is_valid(&self, token: &str, session: &str) -> bool {
        let Some(bytes) = hexadecimal::read(token).filter(|bytes| bytes.len() == NONCE + TAG) else {
            return false;
        };
        let (nonce, tag) = bytes.split_at(NONCE);
        hmac::verify(&self.key, &message(nonce, session), tag).is_ok()
    }
}

fn message(nonce: &[u8], session: &str) -> Vec<u8> {
    [b"csrf\0", nonce, session.as_bytes()].concat()
}

/// Whether a method changes something (RFC 9110, section 9.2.1).
pub(crate) fn is_unsafe(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// Whether a browser says that the request comes from another place. A client that says nothing is
/// no browser, or one so old that the token must do.
pub(crate) fn from_elsewhere(headers: &HeaderMap, uri: &Uri, secure: bool) -> bool {
    let text = |name| headers.get(name).map(|value: &axum::http::HeaderValue| value.to_str().unwrap_or("?"));
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return true;
    }
    let Some(origin) = text(header::ORIGIN) else { return false };
    let host = text(header::HOST).or_else(|| uri.authority().map(|authority| authority.as_str()));
    let expected = if secure { "https://" } else { "http://" };
    // A proxy may have ended TLS before a process that speaks plain HTTP on loopback or a socket.
    let place = origin.strip_prefix(expected).or_else(|| origin.strip_prefix("https://"));
    place.is_none() || !host.is_some_and(|host| place.is_some_and(|place| place.eq_ignore_ascii_case(host)))
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, value)| *known == name && !value.is_empty()).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_token_serves_one_session_only() {
        let csrf = Csrf::new(&[7; 32]);
        let token = csrf.token("session-a").expect("randomness");
        assert!(csrf.is_valid(&token, "session-a"));
        assert!(!csrf.is_valid(&token, "session-b"));
        assert!(!Csrf::new(&[8; 32]).is_valid(&token, "session-a"));
        assert_ne!(token, csrf.token("session-a").expect("randomness"));
    }

    #[test]
    fn a_token_with_any_digit_changed_or_cut_is_refused() {
        let csrf = Csrf::new(&[7; 32]);
        let token = csrf.token("s").expect("randomness");
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).expect("digits");
            assert!(!csrf.is_valid(&changed, "s"), "{place}");
            assert!(!csrf.is_valid(&token[..place], "s"), "{place}");
        }
        assert!(!csrf.is_valid("é", "s") && !csrf.is_valid("", "s"));
    }

    #[test]
    fn a_browser_that_names_another_place_is_refused() {
        let cases = [
            (&[("sec-fetch-site", "cross-site")][..], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "same-origin"), ("origin", "https://app.example")], false),
            (&[("origin", "https://app.example")], false),
            (&[("origin", "http://app.example")], true),
            (&[("origin", "https://app.example.evil.example")], true),
            (&[("origin", "https://app.example:8443")], true),
            (&[("origin", "null")], true),
            (&[("sec-fetch-site", "none"), ("origin", "https://evil.example")], true),
            (&[], false),
        ];
        for (named, elsewhere) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("app.example"));
            for (name, value) in named {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(from_elsewhere(&headers, &Uri::from_static("/x"), true), elsewhere, "{named:?}");
        }
    }
}
