//! The way out of a sandbox without a network: a socket of whoever runs the app, which lets through to named hosts and to nobody
//! else. What is spoken through it is TLS from end to end, so that whoever holds the door sees whom it is for and nothing more.

use std::io;
use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// The longest answer of a door, in bytes.
const LONGEST: usize = 256;

/// A connection through a door, asked for as of a proxy (RFC 9110, section 9.3.6).
///
/// # Errors
/// The door is not there, or does not let through to this host.
pub async fn connect(door: &Path, host: &str, port: u16) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(door).await?;
    let asked = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
    stream.write_all(asked.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() >= LONGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        answer.push(stream.read_u8().await?);
    }
    if answer.starts_with(b"HTTP/1.1 200 ") {
        Ok(stream)
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}
