//! Serving: connections within bounds, and an end that drops no answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::listen::{Connection, Listener, Peer};

/// How many connections are open at once; the others wait in the kernel's queue.
const CONNECTIONS: usize = 1024;
/// How long a handshake, and then the head of a request, may take: a slow sender holds no place.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long answers under way may take when the app is asked to end.
const DRAIN: Duration = Duration::from_secs(25);

/// Serves until SIGTERM or SIGINT, then takes no more connections and waits for the answers under way.
pub(super) async fn serve(
    listener: Listener,
    tls: Option<Arc<ServerConfig>>,
    router: Router,
) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let open = GracefulShutdown::new();
    let acceptor = tls.map(TlsAcceptor::from);
    loop {
        let place = Arc::clone(&places).acquire_owned();
        let accepted = tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            accepted = async { (place.await, listener.accept().await) } => accepted,
        };
        let (place, (connection, peer)) = match accepted {
            (Ok(place), Ok(connection)) => (place, connection),
            // Out of file descriptors, above all: those in use must end first.
            (_, Err(_)) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
            (Err(_), _) => break,
        };
        let router = router.clone();
        let watcher = open.watcher();
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let _place = place;
            match (connection, acceptor) {
                (Connection::Tcp(stream), Some(acceptor)) => {
                    let handshake = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        converse(stream, peer, router, watcher).await;
                    }
                }
                (Connection::Tcp(stream), None) => converse(stream, peer, router, watcher).await,
                (Connection::Unix(stream), _) => converse(stream, peer, router, watcher).await,
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, open.shutdown()).await.is_err() {
        tracing::warn!(event = "shutdown", "some answers took too long and were cut off");
    }
    Ok(())
}

/// Answers the requests of one connection. What goes wrong here is the peer's going away.
async fn converse<S>(stream: S, peer: Peer, router: Router, watcher: hyper_util::server::graceful::Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = router.map_request(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request.map(Body::new)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let _ = watcher.watch(connection).await;
}
