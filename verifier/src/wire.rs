//! HTTP as an attacker speaks it: any byte can be sent, and what comes back is taken apart, never repaired.
//!
//! A client library refuses to send what is malformed, joins what is split and follows what leads elsewhere; here each of
//! these is a thing to try. Each request is a connection of its own. On loopback a request can come from any address
//! of 127.0.0.0/8, so that what counts by address does not count one check against another.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base64::Engine;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use serde_json::Value;
use socket2::{Domain, Protocol, Socket, Type};

use crate::trouble::{Result, Trouble};

/// How long an answer may take: an app gives up by itself after half a minute.
const PATIENCE: Duration = Duration::from_secs(40);
/// The most that is read of an answer.
const MOST: u64 = 64 << 20;

/// A stream that can be read and written.
pub(crate) trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// Where an app answers, and from where it is asked.
#[derive(Clone)]
pub(crate) struct Wire {
    address: SocketAddr,
    host: String,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    from: Option<IpAddr>,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A request under way.
#[derive(Clone)]
pub(crate) struct Request<'w> {
    wire: &'w Wire,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Wire {
    /// Plain HTTP at an address.
    pub(crate) fn plain(address: SocketAddr) -> Self {
        Self { address, host: address.to_string(), tls: None, from: None }
    }

    /// TLS at an address, to a host of this name.
    pub(crate) fn tls(
        address: SocketAddr,
        host: &str,
        name: ServerName<'static>,
        config: Arc<ClientConfig>,
    ) -> Self {
        Self { address, host: host.to_owned(), tls: Some((config, name)), from: None }
    }

    /// The host as the header names it.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The origin of its pages.
    pub(crate) fn origin(&self) -> String {
        format!("{}://{}", if self.tls.is_some() { "https" } else { "http" }, self.host)
    }

    /// The address.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it speaks TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// The same app, asked from an address that nobody used before, where the machine has such.
    pub(crate) fn elsewhere(&self) -> Self {
        static USED: AtomicU32 = AtomicU32::new(0);
        let mut wire = self.clone();
        if self.address.ip().is_loopback() && self.address.is_ipv4() {
            let number = USED.fetch_add(1, Ordering::Relaxed);
            let part = |shift: u32| u8::try_from((number >> shift) % 250).unwrap_or(0) + 1;
            wire.from = Some(Ipv4Addr::new(127, 77, part(8), part(0)).into());
        }
        wire
    }

    /// A connection.
    pub(crate) fn connect(&self) -> Result<Box<dyn Stream>> {
        let trouble = |source| Trouble::Unreachable { what: format!("connecting to {}", self.host), source };
        let stream = self.socket().map_err(trouble)?;
        let Some((config, name)) = &self.tls else { return Ok(Box::new(stream)) };
        let client = ClientConnection::new(Arc::clone(config), name.clone())
            .map_err(|error| trouble(std::io::Error::other(error)))?;
        Ok(Box::new(StreamOwned::new(client, stream)))
    }

    fn socket(&self) -> std::io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, Some(Protocol::TCP))?;
        if let Some(from) = self.from {
            socket.bind(&SocketAddr::new(from, 0).into())?;
        }
        socket.connect_timeout(&self.address.into(), PATIENCE)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        Ok(socket.into())
    }

    /// Sends bytes as they are, and reads until the other side closes.
    pub(crate) fn raw(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut stream = self.connect()?;
        // Whoever refuses early stops reading; what it says meanwhile counts.
        let _cut = stream.write_all(bytes);
        let _cut = stream.flush();
        Ok(read(&mut stream))
    }

    pub(crate) fn request(&self, method: &str, path: impl Into<String>) -> Request<'_> {
        let (method, path) = (method.to_owned(), path.into());
        Request { wire: self, method, path, headers: Vec::new(), body: None }
    }

    pub(crate) fn get(&self, path: impl Into<String>) -> Request<'_> {
        self.request("GET", path)
    }

    pub(crate) fn post(&self, path: impl Into<String>) -> Request<'_> {
        self.request("POST", path)
    }
}

/// All that comes, up to the end, a broken line or the end of patience.
fn read(stream: &mut dyn Stream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 16 << 10];
    while (bytes.len() as u64) < MOST {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    bytes
}

impl Request<'_> {
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// As a browser asks.
    pub(crate) fn page(self) -> Self {
        self.header("accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body("application/x-www-form-urlencoded", body)
    }

    pub(crate) fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", kind)
    }

    /// The bytes of the request.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        let has = |name: &str| self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        if !has("host") {
            head.push_str(&format!("host: {}\r\n", self.wire.host));
        }
        head.push_str("connection: close\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body
            && !has("content-length")
        {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    pub(crate) fn send(&self) -> Result<Reply> {
        let what = || format!("{} {}", self.method, self.path);
        let bytes = self.wire.raw(&self.bytes())?;
        Reply::parse(&bytes).ok_or_else(|| Trouble::NoHttp { what: what() })
    }
}

impl Reply {
    /// Takes an answer apart.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; 128];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(bytes).ok()? else { return None };
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let fields = head.headers.iter().map(|header| (header.name.to_ascii_lowercase(), text(header.value)));
        let mut reply = Self { status: head.code?, headers: fields.collect(), body: Vec::new() };
        let body = &bytes[length..];
        reply.body = if reply.header("transfer-encoding").is_some_and(|coding| coding.contains("chunked")) {
            unchunked(body)
        } else {
            let announced = reply.header("content-length").and_then(|length| length.parse().ok());
            body[..announced.unwrap_or(body.len()).min(body.len())].to_vec()
        };
        Some(reply)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A problem without what differs by request: its shape.
    pub(crate) fn shape(&self) -> (u16, String, Vec<String>) {
        let mut body = self.json();
        let text = if let Some(object) = body.as_object_mut() {
            object.remove("instance");
            body.to_string()
        } else {
            without_ids(&self.text())
        };
        let own = ["x-request-id", "date", "content-length", "set-cookie"];
        let mut names: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        names.sort();
        (self.status, text, names)
    }

    /// Every `Set-Cookie`, as it stands.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().filter(|(name, _)| name == "set-cookie").map(|(_, value)| value.as_str())
    }
}

/// A text in which each UUID is replaced by a word.
pub(crate) fn without_ids(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if rest.get(..36).is_some_and(|start| uuid::Uuid::try_parse(start).is_ok()) {
            clean.push_str("ID");
            rest = &rest[36..];
        } else {
            let letter = rest.chars().next().unwrap_or_default();
            clean.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    clean
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(bytes) {
        let end = usize::try_from(length).map_or(bytes.len(), |length| start.saturating_add(length));
        if length == 0 || end > bytes.len() {
            break;
        }
        body.extend_from_slice(&bytes[start..end]);
        bytes = bytes.get(end + 2..).unwrap_or_default();
    }
    body
}

/// Base64 without padding, as in a JWT.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of base64 without padding.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_taken_apart_as_it_stands() {
        let answer = b"HTTP/1.1 404 Not Found\r\nX-Request-Id: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
        let reply = Reply::parse(answer).expect("it is HTTP");
        assert_eq!((reply.status, reply.text().as_str()), (404, "hello"));
        assert_eq!(reply.header("x-request-id"), Some("a"));
        assert!(Reply::parse(b"hello").is_none());
    }

    #[test]
    fn what_differs_by_request_is_no_part_of_a_shape() {
        let id = "0e9c1a52-7c0b-4e6c-9f2a-0d1f7a1c2b3d";
        assert_eq!(without_ids(&format!("a {id} b")), "a ID b");
        assert_eq!(without_ids("ä0e9c1a52"), "ä0e9c1a52");
    }
}
