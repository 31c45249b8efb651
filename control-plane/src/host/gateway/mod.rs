//! The gateway: the one door from outside to every app, and to the dashboard (HC-9, CF-17).
//!
//! TLS ends here. The name in the handshake and the name in the request must be one and the same, and it alone decides
//! which environment a request belongs to; nothing else in a request can lead to another's socket. What an app is told
//! of its caller is what we saw, not what the caller says of itself; what an app answers cannot reach beyond its own
//! host name. A request for a sleeping app waits while the app wakes.

mod certificates;
mod headers;
mod refusal;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri, Version, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use safeguards::web::{Places, Standing, Unstalled};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

pub use certificates::{Certificates, LocalAuthority};
use refusal::Refusal;

use super::environment::HostName;
use super::supervisor::{Lease, Supervisor, SupervisorError};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Answer = BoxBody<Bytes, Failure>;

/// What a caller may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once, from everywhere; for one more, whoever has stood longest without an answer gives up theirs.
    pub connections: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// How long a handshake may take.
    pub handshake: Duration,
    /// How long the head of a request may take to arrive.
    pub head: Duration,
    /// How long a caller may read nothing of an answer that waits to be sent.
    pub reading: Duration,
    /// How long an app may take until it begins to answer, its waking included.
    pub answer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            body: 64 << 20,
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            reading: Duration::from_secs(20),
            answer: Duration::from_secs(100),
        }
    }
}

/// The gateway. Cheap to clone.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

struct Inner {
    supervisor: Supervisor,
    certificates: Arc<dyn Certificates>,
    /// Our own pages, behind unix sockets.
    own: BTreeMap<HostName, PathBuf>,
    limits: Limits,
    /// The port that people type, where it is not 443: a part of the origin that their browsers name (RFC 6454).
    port: Option<u16>,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Gateway").field("own", &self.0.own).finish_non_exhaustive()
    }
}

/// What answers at a host name.
enum Behind {
    Environment(Uuid),
    Own(PathBuf),
}

impl Gateway {
    /// A gateway to the supervisor's environments, and to our own pages at the unix sockets of `own`; people reach it at
    /// `port`, where that is not 443.
    #[must_use]
    pub fn new(
        supervisor: Supervisor,
        certificates: Arc<dyn Certificates>,
        own: BTreeMap<HostName, PathBuf>,
        limits: Limits,
        port: Option<u16>,
    ) -> Self {
        let port = port.filter(|port| *port != 443);
        Self(Arc::new(Inner { supervisor, certificates, own, limits, port }))
    }

    /// Answers on `listener` until the task is aborted. One caller's failure is nobody else's.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub async fn serve(&self, listener: TcpListener) -> io::Result<()> {
        let acceptor = TlsAcceptor::from(self.tls().map_err(io::Error::other)?);
        let places = Places::new(self.0.limits.connections);
        loop {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(_) => {
                    // Out of descriptors, most likely; the next one may be luckier.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let place = places.take().await;
            let (gateway, acceptor) = (self.clone(), acceptor.clone());
            tokio::spawn(async move {
                tokio::select! {
                    () = gateway.connection(stream, peer, acceptor, place.standing()) => {}
                    () = place.must_leave() => {}
                }
            });
        }
    }

    /// TLS 1.2 and 1.3 by aws-lc-rs; HTTP/2 or HTTP/1.1.
    fn tls(&self) -> Result<Arc<ServerConfig>, rustls::Error> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Resolver(self.clone())));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    async fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        acceptor: TlsAcceptor,
        standing: Standing,
    ) {
        // An answer is one write; waiting for more would only delay it.
        let _ = stream.set_nodelay(true);
        let Ok(Ok(stream)) = tokio::time::timeout(self.0.limits.handshake, acceptor.accept(stream)).await
        else {
            return;
        };
        let Some(name) = stream.get_ref().1.server_name().and_then(HostName::parse) else { return };
        let address = peer.ip().to_canonical();
        let service = service_fn(|request| {
            let (gateway, name, standing) = (self.clone(), name.clone(), standing.clone());
            async move {
                let answer = gateway.answer(request, &name, address).await;
                standing.renew();
                Ok::<_, Infallible>(answer)
            }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.0.limits.head).max_headers(100);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(100)
            .max_header_list_size(32 * 1024)
            .keep_alive_interval(Duration::from_secs(30))
            .keep_alive_timeout(Duration::from_secs(20));
        // A caller that hangs up or speaks nonsense ends its own connection.
        let stream = Unstalled::new(stream, self.0.limits.reading);
        let _ = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).await;
    }

    async fn answer(&self, request: Request<Incoming>, name: &HostName, peer: IpAddr) -> Response<Answer> {
        let page = refusal::wants_page(request.headers());
        let mut response = match self.pass(request, name, peer).await {
            Ok(response) => response,
            Err(refusal) => refusal.response(page),
        };
        headers::secure(response.headers_mut());
        response
    }

    async fn pass(
        &self,
        mut request: Request<Incoming>,
        name: &HostName,
        peer: IpAddr,
    ) -> Result<Response<Answer>, Refusal> {
        let asked = asked_host(&request).ok_or(Refusal::BadHost)?;
        if asked != *name {
            return Err(Refusal::Misdirected);
        }
        if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
            return Err(Refusal::Method);
        }
        if headers::announced_length(request.headers())
            .is_some_and(|length| length > self.0.limits.body as u64)
        {
            return Err(Refusal::TooLarge);
        }
        let behind = self.behind(name).ok_or(Refusal::Misdirected)?;
        let upgrade = wants_websocket(&request);
        let caller = upgrade.then(|| hyper::upgrade::on(&mut request));
        let host = self.0.port.map_or_else(|| name.to_string(), |port| format!("{name}:{port}"));
        let request = outgoing(request, &host, peer, upgrade, self.0.limits.body)?;
        let asked = async {
            let (stream, lease) = self.reach(behind).await?;
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
                .await
                .map_err(|_| Refusal::Broken)?;
            tokio::spawn(async move { drop(connection.with_upgrades().await) });
            let response = sender.send_request(request).await.map_err(|_| Refusal::Broken)?;
            Ok::<_, Refusal>((response, lease))
        };
        let (response, lease) =
            tokio::time::timeout(self.0.limits.answer, asked).await.map_err(|_| Refusal::TooSlow)??;
        Ok(match (response.status(), caller) {
            (StatusCode::SWITCHING_PROTOCOLS, Some(caller)) => switched(response, caller, lease),
            (StatusCode::SWITCHING_PROTOCOLS, None) => return Err(Refusal::Broken),
            _ => incoming(response, lease),
        })
    }

    fn behind(&self, name: &HostName) -> Option<Behind> {
        match self.0.own.get(name) {
            Some(socket) => Some(Behind::Own(socket.clone())),
            None => self.0.supervisor.register().at(name).map(Behind::Environment),
        }
    }

    async fn reach(&self, behind: Behind) -> Result<(UnixStream, Option<Lease>), Refusal> {
        match behind {
            Behind::Own(socket) => {
                let stream = UnixStream::connect(socket).await.map_err(|_| Refusal::unavailable(5))?;
                Ok((stream, None))
            }
            Behind::Environment(id) => {
                let lease = self.0.supervisor.wake(id).await.map_err(refused)?;
                let stream = lease.connect().await.map_err(|_| Refusal::unavailable(1))?;
                Ok((stream, Some(lease)))
            }
        }
    }
}

/// Gives a certificate for the names that we answer at, and for no other.
#[derive(Debug)]
struct Resolver(Gateway);

impl rustls::server::ResolvesServerCert for Resolver {
    fn resolve(&self, hello: rustls::server::ClientHello<'_>) -> Option<Arc<rustls::sign::CertifiedKey>> {
        let name = HostName::parse(hello.server_name()?)?;
        self.0.behind(&name)?;
        self.0.0.certificates.certificate(&name)
    }
}

/// The host that a request names: in its target or its one `Host` field, and the same in both (RFC 9112, 3.2).
fn asked_host(request: &Request<Incoming>) -> Option<HostName> {
    let mut fields = request.headers().get_all(header::HOST).iter();
    let field = match (fields.next(), fields.next()) {
        (Some(field), None) => Some(HostName::parse(field.to_str().ok()?)?),
        (None, _) => None,
        (Some(_), Some(_)) => return None,
    };
    let target = match request.uri().authority() {
        Some(authority) => Some(HostName::parse(authority.as_str())?),
        None => None,
    };
    match (field, target) {
        (Some(field), Some(target)) => (field == target).then_some(field),
        (one, other) => one.or(other),
    }
}

fn wants_websocket(request: &Request<Incoming>) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    request.version() == Version::HTTP_11
        && request.method() == Method::GET
        && upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// The request as the app gets it.
fn outgoing(
    request: Request<Incoming>,
    host: &str,
    peer: IpAddr,
    upgrade: bool,
    most: usize,
) -> Result<Request<Answer>, Refusal> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = Uri::builder().path_and_query(path).build().map_err(|_| Refusal::BadHost)?;
    parts.version = Version::HTTP_11;
    headers::towards_app(&mut parts.headers, host, peer, upgrade);
    Ok(Request::from_parts(parts, Limited::new(body, most).boxed()))
}

/// The answer as the caller gets it; the app is in use until its last byte.
fn incoming(response: Response<Incoming>, lease: Option<Lease>) -> Response<Answer> {
    let (mut parts, body) = response.into_parts();
    headers::towards_caller(&mut parts.headers, false);
    Response::from_parts(parts, Held { body, _lease: lease }.map_err(Failure::from).boxed())
}

/// A connection that has become a WebSocket: bytes go both ways until either side ends.
fn switched(
    mut response: Response<Incoming>,
    caller: hyper::upgrade::OnUpgrade,
    lease: Option<Lease>,
) -> Response<Answer> {
    let app = hyper::upgrade::on(&mut response);
    tokio::spawn(async move {
        let _lease = lease;
        if let (Ok(caller), Ok(app)) = tokio::join!(caller, app) {
            let (mut caller, mut app) = (TokioIo::new(caller), TokioIo::new(app));
            let _ = tokio::io::copy_bidirectional(&mut caller, &mut app).await;
        }
    });
    let (mut parts, _) = response.into_parts();
    headers::towards_caller(&mut parts.headers, true);
    Response::from_parts(parts, refusal::empty())
}

fn refused(error: SupervisorError) -> Refusal {
    match error {
        SupervisorError::Resting(until) => Refusal::unavailable(until.as_secs().max(1)),
        SupervisorError::Closed(why) => Refusal::Closed(why),
        SupervisorError::Unknown => Refusal::Misdirected,
        SupervisorError::Empty => Refusal::Closed("nothing has been deployed here yet"),
        error => {
            tracing::warn!(event = "gateway-wake", %error);
            Refusal::unavailable(5)
        }
    }
}

/// A body that keeps the app in use.
struct Held {
    body: Incoming,
    _lease: Option<Lease>,
}

impl Body for Held {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
