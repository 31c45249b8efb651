//! A live connection, as somebody holds it open: a WebSocket (RFC 6455) over the verifier's own wire.

use serde_json::Value;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::HeaderValue;
use tungstenite::{HandshakeError, Message, WebSocket};

use crate::trouble::{Result, Trouble};
use crate::wire::{Stream, Wire};

/// How many pings are answered before what was not told counts as not told: an app may answer one before it tells what
/// was committed a moment ago.
const PINGS: u8 = 8;

/// An open connection.
pub(crate) struct Listener {
    socket: WebSocket<Box<dyn Stream>>,
}

impl Listener {
    /// Opens one at this query, as a page of this origin would; the status by which it was refused, if it was.
    pub(crate) fn open(
        wire: &Wire,
        query: &str,
        origin: Option<&str>,
    ) -> Result<std::result::Result<Self, u16>> {
        let unexpected = |error: &dyn std::fmt::Display| Trouble::unexpected(format!("/api/live: {error}"));
        let address = format!("ws://{}/api/live{query}", wire.host());
        let mut request = address.into_client_request().map_err(|error| unexpected(&error))?;
        if let Some(origin) = origin {
            let origin = HeaderValue::from_str(origin).map_err(|error| unexpected(&error))?;
            request.headers_mut().insert("origin", origin);
        }
        match tungstenite::client(request, wire.connect()?) {
            Ok((socket, _)) => Ok(Ok(Self { socket })),
            Err(HandshakeError::Failure(tungstenite::Error::Http(reply))) => Ok(Err(reply.status().as_u16())),
            Err(error) => Err(unexpected(&error)),
        }
    }

    /// What was told by now.
    pub(crate) fn told(&mut self) -> Result<Vec<Value>> {
        let lost = |error| Trouble::unexpected(format!("a live connection broke off: {error}"));
        let mut told = Vec::new();
        for number in 0..PINGS {
            self.socket.send(Message::Ping(vec![number].into())).map_err(lost)?;
            loop {
                match self.socket.read().map_err(lost)? {
                    Message::Text(text) => told.push(serde_json::from_str(&text).unwrap_or(Value::Null)),
                    Message::Pong(answer) if answer.as_ref() == [number] => break,
                    _ => {}
                }
            }
        }
        Ok(told)
    }

    /// Whether it ends, for as long as the wire is patient, or until the app has asked twice whether anybody is there.
    pub(crate) fn ends(mut self) -> bool {
        use std::io::ErrorKind::{TimedOut, WouldBlock};
        let mut asked = 0;
        loop {
            match self.socket.read() {
                Ok(Message::Close(_)) => return true,
                Ok(Message::Ping(_)) if asked == 1 => return false,
                Ok(Message::Ping(_)) => asked += 1,
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) => return !matches!(error.kind(), TimedOut | WouldBlock),
                Err(_) => return true,
            }
        }
    }
}
