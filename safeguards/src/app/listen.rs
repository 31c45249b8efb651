//! Taking connections: TCP or a unix socket, of our own or handed over, with TLS or without.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;

use super::AppError;
use super::settings::{ListenSetting, TlsSetting};
use crate::web::{PeerAddress, Places};

/// How long a TLS handshake may take: a slow peer holds no place.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many handshakes are under way at once; the oldest is given up for one more.
const HANDSHAKES: usize = 256;
/// How long to wait when the system gives no connection, for want of file descriptors above all.
const BREATH: Duration = Duration::from_millis(50);

/// The bytes of a connection, whatever carries them.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// At the other end of a connection; no address behind a unix socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller(Option<SocketAddr>);

impl PeerAddress for Caller {
    fn ip(&self) -> Option<IpAddr> {
        self.0.map(|address| address.ip().to_canonical())
    }
}

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
    /// Connections whose handshake is done, so that a slow one holds up nobody else.
    Tls {
        address: Option<SocketAddr>,
        ready: mpsc::Receiver<(Box<dyn Stream>, Caller)>,
    },
}

impl Socket {
    /// A socket that was handed over (`LISTEN_FDS` of sd_listen_fds(3)) goes before one of our own, so
    /// that a supervisor can keep it while the app sleeps or restarts. Must be called within a Tokio
    /// runtime.
    pub(super) fn open(setting: &ListenSetting, tls: Option<Arc<ServerConfig>>) -> Result<Self, AppError> {
        let mut handed_over = listenfd::ListenFd::from_env();
        let failed = |source| AppError::Listen { at: describe(setting), source };
        match setting {
            ListenSetting::Tcp(address) => {
                let listener = match handed_over.take_tcp_listener(0).map_err(failed)? {
                    Some(listener) => listener,
                    None => std::net::TcpListener::bind(address).map_err(failed)?,
                };
                listener.set_nonblocking(true).map_err(failed)?;
                let listener = TcpListener::from_std(listener).map_err(failed)?;
                Ok(match tls {
                    None => Self::Tcp(listener),
                    Some(config) => Self::Tls {
                        address: listener.local_addr().ok(),
                        ready: shake_hands(listener, TlsAcceptor::from(config)),
                    },
                })
            }
            ListenSetting::Unix(path) => {
                let listener = match handed_over.take_unix_listener(0).map_err(failed)? {
                    Some(listener) => listener,
                    None => {
                        remove_stale(path).map_err(failed)?;
                        std::os::unix::net::UnixListener::bind(path).map_err(failed)?
                    }
                };
                listener.set_nonblocking(true).map_err(failed)?;
                UnixListener::from_std(listener).map(Self::Unix).map_err(failed)
            }
        }
    }

    /// Where it listens in truth: the port is the kernel's choice when 0 was asked for.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
            Self::Tls { address, .. } => *address,
        }
    }
}

impl axum::serve::Listener for Socket {
    type Io = Box<dyn Stream>;
    type Addr = Caller;

    async fn accept(&mut self) -> (Box<dyn Stream>, Caller) {
        match self {
            Self::Tcp(listener) => {
                let (stream, caller) = accept(listener).await;
                (Box::new(stream), caller)
            }
            Self::Unix(listener) => loop {
                match UnixListener::accept(listener).await {
                    Ok((stream, _)) => return (Box::new(stream), Caller(None)),
                    Err(_) => tokio::time::sleep(BREATH).await,
                }
            },
            Self::Tls { ready, .. } => match ready.recv().await {
                Some(connection) => connection,
                // The task that shakes hands ends with the process only.
                None => std::future::pending().await,
            },
        }
    }

    fn local_addr(&self) -> io::Result<Caller> {
        Ok(Caller(self.address()))
    }
}

async fn accept(listener: &TcpListener) -> (TcpStream, Caller) {
    loop {
        match TcpListener::accept(listener).await {
            Ok((stream, address)) => {
                // An answer is one write; waiting for more would only delay it.
                let _ = stream.set_nodelay(true);
                return (stream, Caller(Some(address)));
            }
            Err(_) => tokio::time::sleep(BREATH).await,
        }
    }
}

/// Takes connections and shakes hands with many at once; stops when nobody asks for connections any more.
fn shake_hands(listener: TcpListener, acceptor: TlsAcceptor) -> mpsc::Receiver<(Box<dyn Stream>, Caller)> {
    let (done, ready) = mpsc::channel(1);
    let places = Places::new(HANDSHAKES);
    tokio::spawn(async move {
        loop {
            let accepted = async {
                let (stream, caller) = accept(&listener).await;
                (stream, caller, places.take().await)
            };
            let (stream, caller, place) = tokio::select! {
                () = done.closed() => return,
                accepted = accepted => accepted,
            };
            let (acceptor, done) = (acceptor.clone(), done.clone());
            tokio::spawn(async move {
                let shaken = tokio::select! {
                    shaken = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)) => shaken,
                    () = place.must_leave() => return,
                };
                if let Ok(Ok(stream)) = shaken {
                    let stream: Box<dyn Stream> = Box::new(stream);
                    drop(done.send((stream, caller)).await);
                }
            });
        }
    });
    ready
}

fn describe(setting: &ListenSetting) -> String {
    match setting {
        ListenSetting::Tcp(address) => address.to_string(),
        ListenSetting::Unix(path) => path.display().to_string(),
    }
}

/// A socket that nobody answers on was left by a process that died.
fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.file_type().is_socket() => {
            if std::os::unix::net::UnixStream::connect(path).is_ok() {
                return Err(io::ErrorKind::AddrInUse.into());
            }
            fs::remove_file(path)
        }
        _ => Ok(()),
    }
}

/// TLS 1.2 and 1.3 by aws-lc-rs, HTTP/1.1 (CF-17).
pub(super) fn tls(setting: &TlsSetting) -> Result<Arc<ServerConfig>, AppError> {
    let wrong = |file: &Path, why: String| AppError::Tls { file: file.to_owned(), why };
    let chain = CertificateDer::pem_file_iter(&setting.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&setting.certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(&setting.certificate, "it holds no certificate".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&setting.key)
        // The reader's message could quote the file, which is a secret.
        .map_err(|_| wrong(&setting.key, "it cannot be read, or holds no private key in PEM".into()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| wrong(&setting.certificate, error.to_string()))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
