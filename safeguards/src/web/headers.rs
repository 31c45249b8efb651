//! Security headers (CF-18, CF-17), on every response.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// How far HTTP Strict Transport Security goes (RFC 6797).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hsts {
    /// Plain HTTP: on loopback, or on a socket behind a gateway that sets it.
    Off,
    /// This host only: a customer's own domain without their consent to more.
    Host,
    /// All hosts below, and the browsers' preload lists: our own registrable domains.
    Preload,
}

/// The headers, made once.
#[derive(Clone, Debug)]
pub struct SecurityHeaders {
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// Nothing but our own files; no inline script or style, no frame, no other host, no string as code.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; \
    require-trusted-types-for 'script'";

/// Of a file: should a browser show it after all, it runs nothing, asks for nothing and has no origin.
const FILE_POLICY: &str = "sandbox; default-src 'none'; frame-ancestors 'none'";

/// No page needs any of these.
const PERMISSIONS: &str = "accelerometer=(), ambient-light-sensor=(), attribution-reporting=(), autoplay=(), \
    bluetooth=(), browsing-topics=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), \
    gamepad=(), geolocation=(), gyroscope=(), hid=(), identity-credentials-get=(), idle-detection=(), \
    interest-cohort=(), keyboard-map=(), local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), \
    picture-in-picture=(), publickey-credentials-create=(), publickey-credentials-get=(), \
    screen-wake-lock=(), serial=(), storage-access=(), sync-xhr=(), usb=(), web-share=(), \
    window-management=(), xr-spatial-tracking=()";

impl SecurityHeaders {
    /// The headers for a host.
    #[must_use]
    pub fn new(hsts: Hsts) -> Self {
        let fixed = [
            ("content-security-policy", POLICY),
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("permissions-policy", PERMISSIONS),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-permitted-cross-domain-policies", "none"),
        ];
        let transport = match hsts {
            Hsts::Off => None,
            Hsts::Host => Some("max-age=63072000"),
            Hsts::Preload => Some("max-age=63072000; includeSubDomains; preload"),
        };
        let transport = transport.map(|value| ("strict-transport-security", value));
        let headers = fixed.into_iter().chain(transport);
        let made = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
        Self { headers: headers.map(made).collect() }
    }

    /// Sets them. What says nothing of caching is kept nowhere: it may be health data. What somebody uploaded is nothing
    /// that runs or shows here: a stricter policy.
    pub fn apply(&self, headers: &mut HeaderMap) {
        let is_file = headers.contains_key(header::CONTENT_DISPOSITION);
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        if is_file {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(FILE_POLICY));
        }
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
}
