//! A client that costs little: HTTP/1.1 kept alive, requests made before the clock starts, a closed loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// How many requests are under way at once.
const CONNECTIONS: usize = 16;

/// The bytes of a request.
pub(super) fn request(method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Vec<u8> {
    let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let body = body.map(Value::to_string);
    let content = match &body {
        Some(body) => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
        None => String::new(),
    };
    let body = body.unwrap_or_default();
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}{content}\r\n{body}").into_bytes()
}

/// A connection that is kept alive.
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, until the next request.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    pub(super) async fn send(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = std::str::from_utf8(&self.buffer[..head]).context("the head of an answer is no text")?;
        let (status, length) = read_head(text)?;
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        Ok(Answer { status, body: &self.buffer[head..head + length] })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the connection was closed in an answer");
        Ok(())
    }
}

/// The status, and the length of the body.
fn read_head(head: &str) -> anyhow::Result<(u16, usize)> {
    let status = head.get(9..12).and_then(|text| text.parse().ok()).context("an answer without a status")?;
    let mut length = None;
    for line in head.lines().skip(1) {
        match line.split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()
            }
            _ => {}
        }
    }
    match length {
        Some(length) => Ok((status, length)),
        None if status == 204 => Ok((status, 0)),
        None => bail!("an answer of status {status} without a length"),
    }
}

/// What a load came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    pub(super) per_second: f64,
    /// Milliseconds.
    pub(super) p50: f64,
    /// Milliseconds.
    pub(super) p99: f64,
}

/// Sends all requests, 16 at a time, each on the heels of the one before. `take` is given the number and the body of
/// each answer. Any status but 200 and 201 ends the run: what was refused is no figure.
pub(super) async fn drive(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    take: impl Fn(usize, &[u8]) + Clone + Send + 'static,
) -> anyhow::Result<Measured> {
    let requests = Arc::new(requests);
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(address).await?);
    }
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for mut connection in connections {
        let (requests, next, take) = (Arc::clone(&requests), Arc::clone(&next), take.clone());
        tasks.spawn(async move {
            let mut times = Vec::with_capacity(requests.len() / CONNECTIONS + 1);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Some(request) = requests.get(number) else { return anyhow::Ok(times) };
                let sent = Instant::now();
                let answer = connection.send(request).await?;
                times.push(sent.elapsed());
                if !matches!(answer.status, 200 | 201) {
                    bail!("status {}: {}", answer.status, String::from_utf8_lossy(answer.body));
                }
                take(number, answer.body);
            }
        });
    }
    let mut times = Vec::with_capacity(requests.len());
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let elapsed = began.elapsed();
    times.sort_unstable();
    Ok(Measured {
        per_second: times.len() as f64 / elapsed.as_secs_f64(),
        p50: milliseconds(&times, 0.50),
        p99: milliseconds(&times, 0.99),
    })
}

fn milliseconds(sorted: &[Duration], share: f64) -> f64 {
    let place = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_tells_status_and_length() {
        let head = "HTTP/1.1 201 Created\r\ncontent-type: application/json\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(read_head(head).unwrap(), (201, 17));
        assert_eq!(read_head("HTTP/1.1 204 No Content\r\n\r\n").unwrap(), (204, 0));
        assert!(read_head("HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(read_head("nonsense").is_err());
    }

    #[test]
    fn percentiles_are_places_in_the_sorted_times() {
        let times: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert!((milliseconds(&times, 0.50) - 51.0).abs() < 1e-9);
        assert!((milliseconds(&times, 0.99) - 100.0).abs() < 1e-9);
        assert!(milliseconds(&[], 0.5).is_nan());
    }
}
