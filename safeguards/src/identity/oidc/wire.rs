//! Requests to the provider: one connection each, over TLS, and an answer of bounded size in bounded time.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::ProviderError;
use super::settings::is_safe;

/// How long the provider may take for one answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than any document of a provider.
const LONGEST: usize = 1 << 20;

/// The way to the provider.
pub(super) struct Wire {
    tls: TlsConnector,
    /// The socket through which it is reached, where there is no network.
    door: Option<PathBuf>,
}

/// The authorities of a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("no certificate authority can be read there")]
pub(crate) struct NoAuthority;

impl Wire {
    /// Trusts what browsers trust, and the authorities in this file.
    pub(super) fn new(authority: Option<&Path>, door: Option<PathBuf>) -> Result<Self, NoAuthority> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = authority {
            let certificates =
                rustls::pki_types::CertificateDer::pem_file_iter(file).map_err(|_| NoAuthority)?;
            let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(|_| NoAuthority)?;
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(NoAuthority);
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| NoAuthority)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), door })
    }

    /// `GET` of a JSON document.
    pub(super) async fn get<T: DeserializeOwned>(&self, address: &str) -> Result<T, ProviderError> {
        self.asked(address, Request::get(address).body(Full::default())).await
    }

    /// `POST` of a form, answered by a JSON document.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        address: &str,
        form: String,
        authorization: Option<&str>,
    ) -> Result<T, ProviderError> {
        let mut request =
            Request::post(address).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        self.asked(address, request.body(Full::from(form))).await
    }

    async fn asked<T: DeserializeOwned>(
        &self,
        address: &str,
        request: axum::http::Result<Request<Full<Bytes>>>,
    ) -> Result<T, ProviderError> {
        if !is_safe(address) {
            return Err(ProviderError::NotBelieved("sso-address"));
        }
        let request = request.map_err(|_| ProviderError::NotBelieved("sso-address"))?;
        let answered = tokio::time::timeout(PATIENCE, self.send(request)).await;
        let body = answered.map_err(|_| ProviderError::Unreachable("sso-slow"))??;
        serde_json::from_slice(&body).map_err(|_| ProviderError::NotBelieved("sso-answer"))
    }

    async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Bytes, ProviderError> {
        let unreachable = |_| ProviderError::Unreachable("sso-unreachable");
        let uri = request.uri().clone();
        let authority = uri.authority().ok_or(ProviderError::NotBelieved("sso-address"))?;
        let https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let host = host.as_str();
        let value = authority.as_str().parse().map_err(|_| ProviderError::NotBelieved("sso-address"))?;
        request.headers_mut().insert(header::HOST, value);
        let accepted = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, accepted);
        // To an origin server, the path alone (RFC 9112, section 3.2.1).
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| ProviderError::NotBelieved("sso-address"))?;
        if let (Some(door), true) = (&self.door, https) {
            let stream = models::door::connect(door, host, port).await.map_err(unreachable)?;
            return self.by_tls(host, stream, request).await;
        }
        let stream = TcpStream::connect((host, port)).await.map_err(unreachable)?;
        if https { self.by_tls(host, stream, request).await } else { over(stream, request).await }
    }

    async fn by_tls(
        &self,
        host: &str,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        request: Request<Full<Bytes>>,
    ) -> Result<Bytes, ProviderError> {
        let name =
            ServerName::try_from(host.to_owned()).map_err(|_| ProviderError::NotBelieved("sso-address"))?;
        let stream = self.tls.connect(name, stream).await;
        over(stream.map_err(|_| ProviderError::Unreachable("sso-tls"))?, request).await
    }
}

async fn over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Bytes, ProviderError> {
    let broken = |_| ProviderError::Unreachable("sso-unreachable");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    let going = async {
        // Ends by itself when the answer is read; why it ended is told by the answer.
        let _ended = connection.await;
        std::future::pending::<()>().await;
    };
    let asking = async {
        let answer = sender.send_request(request).await.map_err(broken)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST).collect().await;
        let body = body.map_err(|_| ProviderError::NotBelieved("sso-answer"))?.to_bytes();
        match status.as_u16() {
            200 => Ok(body),
            400..=499 => Err(ProviderError::Refused),
            500.. => Err(ProviderError::Unreachable("sso-failing")),
            // No redirect is followed: a provider's doors are those that it published.
            _ => Err(ProviderError::NotBelieved("sso-answer")),
        }
    };
    tokio::select! {
        answered = asking => answered,
        () = going => Err(ProviderError::Unreachable("sso-unreachable")),
    }
}
