//! One connection for one call: by TLS, or plainly to this machine. None is kept, and no proxy or redirect is followed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::entry::Address;
use crate::fault::Fault;
use crate::surroundings::{Surroundings, Wait};

/// Where a provider is, and whose word is taken for it.
pub(crate) struct Way {
    pub(crate) address: Address,
    /// A PEM file, where it is not those that browsers trust.
    pub(crate) authority: Option<PathBuf>,
}

/// A connection; it ends when it is dropped.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// By TLS through the door, where there is one: whoever holds it sees whom it is for, and no word of it.
    pub(crate) async fn open(way: &Way, door: Option<&Path>) -> Result<Self, Fault> {
        let address = &way.address;
        let unreachable = |error: std::io::Error| Fault::Unreachable(error.kind().to_string());
        if let Some(door) = door.filter(|_| !address.is_plain()) {
            let stream =
                crate::door::connect(door, address.host(), address.port()).await.map_err(unreachable)?;
            return Self::by_tls(way, stream).await;
        }
        let stream = TcpStream::connect((address.host(), address.port())).await.map_err(unreachable)?;
        let _ = stream.set_nodelay(true);
        if address.is_plain() {
            return Self::over(stream).await;
        }
        Self::by_tls(way, stream).await
    }

    async fn by_tls(
        way: &Way,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Self, Fault> {
        let name = ServerName::try_from(way.address.host().to_owned())
            .map_err(|_| Fault::Unreachable("its host name is none".into()))?;
        let stream = TlsConnector::from(tls(way.authority.as_deref())?)
            .connect(name, stream)
            .await
            .map_err(|error| Fault::Unreachable(format!("no TLS: {error}")))?;
        Self::over(stream).await
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Result<Self, Fault> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| Fault::Unreachable(error.to_string()))?;
        let driver = tokio::spawn(async move {
            // What goes wrong is told to whoever waits for the answer.
            let _ended = connection.await;
        });
        Ok(Self { sender, driver })
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Fault> {
        self.sender.send_request(request).await.map_err(|_| Fault::Cut)
    }
}

/// TLS 1.2 or later, by the roots that browsers trust, or by the authority of this file alone.
fn tls(authority: Option<&Path>) -> Result<Arc<ClientConfig>, Fault> {
    static USUAL: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let Some(file) = authority else {
        let usual = || by(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
        return Ok(Arc::clone(USUAL.get_or_init(usual)));
    };
    let unread = || Fault::Unreachable("the authority of its certificate cannot be read".into());
    let certificates = CertificateDer::pem_file_iter(file).map_err(|_| unread())?;
    let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(|_| unread())?;
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates);
    if taken == 0 { Err(unread()) } else { Ok(by(roots)) }
}

fn by(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let configuration = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the suites of TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(configuration)
}

/// What comes within a time, or [`Fault::Silent`].
pub(crate) async fn within<T>(
    around: &dyn Surroundings,
    time: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Fault> {
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = around.pass(Wait::Deadline, time) => Err(Fault::Silent(time)),
    }
}
