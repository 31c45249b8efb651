//! Which header fields pass the gateway, in each direction.

use std::net::IpAddr;

use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};

/// Fields of one connection only (RFC 9110, 7.6.1), and those of old that belong to them.
const OF_CONNECTION: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What only a gateway may say of a caller.
const OF_GATEWAY: [&str; 5] = ["forwarded", "via", "x-real-ip", "client-ip", "true-client-ip"];

/// What would let an app speak for more than its own host name, or for us.
const BEYOND_ITS_HOST: [&str; 6] =
    ["alt-svc", "strict-transport-security", "public-key-pins", "expect-ct", "server", "via"];

/// Two years, and every host below: our own registrable domains are in the browsers' list (CF-17).
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains; preload");

/// The length that a body is said to have.
pub(super) fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The fields of a request, as its app may see them; `host` is the environment's name, with the port that people type.
pub(super) fn towards_app(headers: &mut HeaderMap, host: &str, peer: IpAddr, upgrade: bool) {
    of_connection(headers);
    let spoken_for: Vec<HeaderName> = headers
        .keys()
        .filter(|field| {
            let field = field.as_str();
            OF_GATEWAY.contains(&field) || field.starts_with("x-forwarded")
                // A field that differs in `_` alone is the same to servers that map fields to variables.
                || field.contains('_')
        })
        .cloned()
        .collect();
    for field in spoken_for {
        headers.remove(field);
    }
    one_cookie(headers);
    let value = |text: String| HeaderValue::from_str(&text).expect("an address or a host name is plain");
    headers.insert(header::HOST, value(host.to_owned()));
    headers.insert("x-forwarded-for", value(peer.to_string()));
    headers.insert("x-forwarded-host", value(host.to_owned()));
    headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
    if upgrade {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
}

/// The fields of an answer, as far as they concern the app's own host name.
pub(super) fn towards_caller(headers: &mut HeaderMap, upgraded: bool) {
    of_connection(headers);
    for field in BEYOND_ITS_HOST {
        headers.remove(field);
    }
    let cookies: Vec<HeaderValue> =
        headers.get_all(header::SET_COOKIE).iter().filter_map(own_cookie).collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    if upgraded {
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
}

/// What every answer carries.
pub(super) fn secure(headers: &mut HeaderMap) {
    headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
}

/// Removes the fields of the connection, and those that the connection's field names.
fn of_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        // What else a request may depend on cannot be taken away by naming it here.
        .filter(|name: &HeaderName| {
            !matches!(*name, header::HOST | header::COOKIE | header::AUTHORIZATION | header::CONTENT_LENGTH)
        })
        .collect();
    for field in named {
        headers.remove(field);
    }
    for field in OF_CONNECTION {
        headers.remove(field);
    }
}

/// HTTP/2 may split cookies over several fields; HTTP/1.1 wants one (RFC 9113, 8.2.3).
fn one_cookie(headers: &mut HeaderMap) {
    let parts: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    if parts.len() > 1
        && let Ok(joined) = HeaderValue::from_bytes(&parts.join(&b"; "[..]))
    {
        headers.insert(header::COOKIE, joined);
    }
}

/// A cookie without its `Domain`, which would hand it to every other host of our domain. One that cannot be read is
/// dropped.
fn own_cookie(cookie: &HeaderValue) -> Option<HeaderValue> {
    let text = cookie.to_str().ok()?;
    let kept: Vec<&str> = text
        .split(';')
        .enumerate()
        .filter(|(place, part)| {
            let name = part.split('=').next().unwrap_or_default().trim();
            *place == 0 || !name.eq_ignore_ascii_case("domain")
        })
        .map(|(_, part)| part)
        .collect();
    HeaderValue::from_str(&kept.join(";")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn passed(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        towards_app(&mut map, "a.example:8443", "192.0.2.7".parse().unwrap(), false);
        map
    }

    /// Whatever a caller says of its address, its host or its connection, the app hears what we saw.
    #[test]
    fn a_caller_cannot_speak_for_the_gateway() {
        let passed = passed(&[
            ("host", "b.example"),
            ("x-forwarded-for", "10.0.0.1"),
            ("x-forwarded-for", "10.0.0.2"),
            ("x-forwarded-host", "b.example"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-user", "root"),
            ("x_forwarded_for", "10.0.0.3"),
            ("forwarded", "for=10.0.0.4"),
            ("x-real-ip", "10.0.0.5"),
            ("connection", "close, x-secret, cookie"),
            ("x-secret", "1"),
            ("upgrade", "h2c"),
            ("te", "trailers"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("accept", "text/html"),
        ]);
        let mut told: Vec<String> =
            passed.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
        told.sort();
        assert_eq!(
            told,
            [
                "accept: text/html",
                "cookie: a=1; b=2",
                "host: a.example:8443",
                "x-forwarded-for: 192.0.2.7",
                "x-forwarded-host: a.example:8443",
                "x-forwarded-proto: https",
            ]
        );
    }

    /// A cookie of one app is no cookie of another, whatever the app asks for.
    #[test]
    fn an_app_cannot_speak_beyond_its_host() {
        let mut map = headers(&[
            ("alt-svc", "h3=\":443\"; ma=1"),
            ("strict-transport-security", "max-age=0"),
            ("content-type", "text/html"),
        ]);
        for cookie in ["s=1; Domain=example; Path=/", "t=2;domain = .example ;Secure", "domain=3; Path=/"] {
            map.append("set-cookie", HeaderValue::from_static(cookie));
        }
        towards_caller(&mut map, false);
        secure(&mut map);
        let cookies: Vec<&str> =
            map.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
        assert_eq!(cookies, ["s=1; Path=/", "t=2;Secure", "domain=3; Path=/"]);
        assert!(map.get("alt-svc").is_none());
        assert_eq!(map["strict-transport-security"], HSTS);
    }
}
