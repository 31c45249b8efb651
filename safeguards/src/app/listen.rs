//! Taking connections: TCP or a unix socket, of our own or handed over, with TLS or without.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use super::AppError;
use super::settings::{ListenSetting, TlsSetting};

/// From where a connection came: the peer's own address, before any header is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address; that of loopback behind a unix socket.
    pub address: IpAddr,
    /// Whether it came by a unix socket, so from a gateway on this machine, whose headers may be believed.
    pub gateway: bool,
}

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A connection that was taken.
pub(super) enum Connection {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// A socket that was handed over (`LISTEN_FDS` of sd_listen_fds(3)) goes before one of our own, so
    /// that a supervisor can keep it while the app sleeps or restarts.
    pub(super) fn open(setting: &ListenSetting) -> Result<Self, AppError> {
        let mut handed_over = listenfd::ListenFd::from_env();
        let failed = |source| AppError::Listen { at: describe(setting), source };
        match setting {
            ListenSetting::Tcp(address) => {
                let listener = match handed_over.take_tcp_listener(0).map_err(failed)? {
                    Some(listener) => listener,
                    None => std::net::TcpListener::bind(address).map_err(failed)?,
                };
                listener.set_nonblocking(true).map_err(failed)?;
                TcpListener::from_std(listener).map(Self::Tcp).map_err(failed)
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
    pub(super) fn local_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    pub(super) async fn accept(&self) -> io::Result<(Connection, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, address) = listener.accept().await?;
                // An answer is one write; waiting for more would only delay it.
                let _ = stream.set_nodelay(true);
                Ok((Connection::Tcp(stream), Peer { address: address.ip(), gateway: false }))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
                Ok((Connection::Unix(stream), Peer { address, gateway: true }))
            }
        }
    }
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
