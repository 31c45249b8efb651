//! The gateway: what passes, and that two tenants cannot reach each other through it (HC-9, CF-17).

use control_plane::host::{DatabaseKind, Gate};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::lab::Lab;

fn request(host: &str, path: &str) -> Request<Full<Bytes>> {
    Request::get(path).header("host", host).body(Full::new(Bytes::new())).unwrap()
}

async fn two() -> Lab {
    let lab = Lab::new().await;
    for name in ["one", "two"] {
        lab.environment(name, DatabaseKind::Sqlite).await;
    }
    assert_eq!(lab.get("one", "/insert").await.0, 200);
    lab
}

/// The handshake's name and the request's are one, or nothing is answered.
#[tokio::test]
async fn tenants_do_not_reach_each_other_by_host_header() {
    let lab = two().await;
    assert_eq!(lab.get("one", "/patients").await, (200, "1".to_owned()));
    assert_eq!(lab.get("two", "/patients").await, (200, "0".to_owned()));
    for host in ["two.example", "one.example.two.example", "other.example", "127.0.0.1", "ONE.example.."] {
        let (status, _, body) = lab.send("one.example", request(host, "/patients")).await;
        assert!(status == 421 || status == 400, "{host}: {status} {body}");
    }
    // Two hosts, or a target that differs from the field, are no host.
    let raw = [
        "GET /patients HTTP/1.1\r\nHost: one.example\r\nHost: two.example\r\nConnection: close\r\n\r\n",
        "GET https://two.example/patients HTTP/1.1\r\nHost: one.example\r\nConnection: close\r\n\r\n",
        "GET /patients HTTP/1.1\r\nConnection: close\r\n\r\n",
    ];
    for text in raw {
        let answer = raw_answer(&lab, text).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{text}: {answer}");
    }
    let by_two = Request::get("https://two.example/patients").body(Full::new(Bytes::new())).unwrap();
    assert_eq!(lab.send_2("one.example", by_two).await.0, 421);
    let by_one = Request::get("https://one.example/patients").body(Full::new(Bytes::new())).unwrap();
    let (status, headers, body) = lab.send_2("one.example", by_one).await;
    assert_eq!((status, body.as_str()), (200, "1"));
    assert_eq!(headers["strict-transport-security"], "max-age=63072000; includeSubDomains; preload");
    assert!(lab.connect("nobody.example", "http/1.1").await.is_err(), "there is no certificate for nobody");
}

async fn raw_answer(lab: &Lab, text: &str) -> String {
    let mut stream = lab.connect("one.example", "http/1.1").await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// By smuggling: what one reader could take for the end of a request and another not is refused or made plain.
#[tokio::test]
async fn a_request_cannot_hide_another() {
    let lab = two().await;
    let texts = [
        "POST /headers HTTP/1.1\r\nHost: one.example\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n\
         0\r\n\r\nGET /crash HTTP/1.1\r\nHost: one.example\r\n\r\n",
        "POST /headers HTTP/1.1\r\nHost: one.example\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /headers HTTP/1.1\r\nHost: one.example\r\nTransfer-Encoding: chunked, identity\r\n\r\nabc",
        "GET /headers HTTP/1.1\r\nHost: one.example\r\nX-A: b\r\n c\r\n\r\n",
        "GET /headers HTTP/1.1\r\nHost : one.example\r\n\r\n",
    ];
    for text in texts {
        let answer = tokio::time::timeout(std::time::Duration::from_secs(15), raw_answer(&lab, text)).await;
        let answer = answer.unwrap_or_default();
        assert!(!answer.starts_with("HTTP/1.1 2") || !answer.contains("GET /crash"), "{text}: {answer}");
    }
    assert_eq!(lab.get("one", "/version").await.0, 200, "it did not crash");
}

/// By header: an app hears of its caller what the gateway saw.
#[tokio::test]
async fn forwarded_headers_cannot_be_spoofed() {
    let lab = two().await;
    let spoofed = Request::get("/headers")
        .header("host", "one.example")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-host", "two.example")
        .header("x-forwarded-proto", "http")
        .header("forwarded", "for=203.0.113.9;host=two.example")
        .header("x-real-ip", "203.0.113.9")
        .header("connection", "x-forwarded-for")
        .body(Full::new(Bytes::new()))
        .unwrap();
    let (status, _, seen) = lab.send("one.example", spoofed).await;
    assert_eq!(status, 200);
    let forwarded: Vec<&str> =
        seen.lines().filter(|line| line.contains("forwarded") || line.starts_with("x-real")).collect();
    assert_eq!(
        forwarded,
        ["x-forwarded-for: 127.0.0.1", "x-forwarded-host: one.example", "x-forwarded-proto: https"]
    );
    assert!(!seen.contains("203.0.113.9") && !seen.contains("two.example"), "{seen}");
}

/// What one app sets stays at its own host name.
#[tokio::test]
async fn cookies_end_at_their_host() {
    let lab = two().await;
    let (_, headers, _) = lab.send("one.example", request("one.example", "/cookies")).await;
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert_eq!(cookies, ["stolen=1; Path=/; Secure"]);
    assert!(headers.get("alt-svc").is_none());
    assert!(headers["strict-transport-security"].to_str().unwrap().contains("preload"));
}

/// Streams and WebSockets pass as they come, and an app that is used so is not idle.
#[tokio::test]
async fn events_and_upgraded_connections_pass() {
    let lab = two().await;
    let (status, headers, body) = lab.send("one.example", request("one.example", "/events")).await;
    assert_eq!((status, headers["content-type"].to_str().unwrap()), (200, "text/event-stream"));
    assert!(body.contains("event 1") && body.contains("event 2"));

    let mut stream = lab.connect("one.example", "http/1.1").await.unwrap();
    let ask = "GET /echo HTTP/1.1\r\nHost: one.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
               Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    assert!(head.starts_with("HTTP/1.1 101"), "{head}");
    lab.clock.advance(time::Duration::hours(1));
    lab.supervisor.tick().await;
    stream.write_all(b"ping").await.unwrap();
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"ping");
    // Another protocol than WebSocket is not switched to.
    let plain = raw_answer(
        &lab,
        "GET /version HTTP/1.1\r\nHost: one.example\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
    );
    let plain = tokio::time::timeout(std::time::Duration::from_secs(12), plain).await.unwrap_or_default();
    assert!(!plain.starts_with("HTTP/1.1 101"), "{plain}");
}

/// Limits, and what is said when an app does not answer.
#[tokio::test]
async fn too_much_is_refused_and_a_closed_app_says_when_to_come_again() {
    let lab = two().await;
    let large = Request::post("/headers")
        .header("host", "one.example")
        .body(Full::new(Bytes::from(vec![0; 65 * 1024])))
        .unwrap();
    assert_eq!(lab.send("one.example", large).await.0, 413);
    let connect = Request::builder()
        .method("TRACE")
        .uri("/")
        .header("host", "one.example")
        .body(Full::new(Bytes::new()))
        .unwrap();
    assert_eq!(lab.send("one.example", connect).await.0, 405);
    lab.empty("closed", DatabaseKind::Sqlite, Gate::NotStarted).await;
    let page = Request::get("/")
        .header("host", "closed.example")
        .header("accept", "text/html")
        .body(Full::new(Bytes::new()))
        .unwrap();
    let (status, headers, body) = lab.send("closed.example", page).await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (503, "3600"));
    assert!(body.contains("does not run at the moment"), "{body}");
    let (_, headers, body) = lab.send("closed.example", request("closed.example", "/")).await;
    assert_eq!(headers["content-type"], "application/problem+json");
    assert!(body.contains("\"status\":503"), "{body}");
}
