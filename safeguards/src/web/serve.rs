//! Serving a guarded router, with the limits that stand before HTTP: headers in time, answers that are read, and so many
//! connections.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tower::Service;

use super::places::Places;
use super::unstalled::Unstalled;

/// The address at the other end of the connection, where the network knows one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub Option<IpAddr>);

/// An address of a listener.
pub trait PeerAddress {
    /// The caller's address; none on a socket of the file system.
    fn ip(&self) -> Option<IpAddr>;
}

impl PeerAddress for SocketAddr {
    fn ip(&self) -> Option<IpAddr> {
        Some(Self::ip(self).to_canonical())
    }
}

impl PeerAddress for tokio::net::unix::SocketAddr {
    fn ip(&self) -> Option<IpAddr> {
        None
    }
}

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// At once; when one more comes, whoever has stood longest without being worked for goes.
    pub most: usize,
    /// How long the head of a request may take, so that nobody holds a connection by dribbling.
    pub head: Duration,
    /// Most bytes of a head.
    pub head_bytes: usize,
    /// How long a caller may read nothing of an answer that waits to be sent.
    pub reading: Duration,
    /// How long requests that run may take to end once `stop` has come.
    pub ending: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            most: 1024,
            head: Duration::from_secs(10),
            head_bytes: 64 << 10,
            reading: Duration::from_secs(20),
            ending: Duration::from_secs(20),
        }
    }
}

/// Serves until `stop` comes, then lets running requests end.
pub async fn serve<L>(
    mut listener: L,
    router: Router,
    connections: Connections,
    stop: impl Future<Output = ()> + Send,
) where
    L: Listener,
    L::Addr: PeerAddress,
{
    let places = Places::new(connections.most);
    let (stopping, _) = watch::channel(());
    tokio::pin!(stop);
    loop {
        // First the caller and then the place: it takes a caller to make somebody leave.
        let accepted = async {
            let (stream, address) = listener.accept().await;
            (stream, address, places.take().await)
        };
        let (stream, address, place) = tokio::select! {
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        let (router, peer, standing) = (router.clone(), Peer(address.ip()), place.standing());
        let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(standing.clone());
            // A router is always ready; its own `poll_ready` says so.
            router.clone().call(request.map(Body::new))
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(connections.head)
            .max_buf_size(connections.head_bytes)
            .serve_connection(TokioIo::new(Unstalled::new(stream, connections.reading)), service)
            .with_upgrades();
        let mut stopped = stopping.subscribe();
        tokio::spawn(async move {
            tokio::pin!(connection);
            // A connection that breaks is the caller's affair.
            let _broken = tokio::select! {
                broken = &mut connection => broken,
                () = place.must_leave() => Ok(()),
                _stopping = stopped.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
        });
    }
    drop(listener);
    drop(stopping);
    let _late = tokio::time::timeout(connections.ending, places.empty(connections.most)).await;
}
