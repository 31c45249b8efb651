//! A host in a temporary folder, with everything that it consists of.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use control_plane::host::gateway::{Gateway, Limits, LocalAuthority};
use control_plane::host::key_agent::KeyAgent;
use control_plane::host::supervisor::{Manner, NewEnvironment, PostgresServer};
use control_plane::host::{DatabaseKind, Folders, Gate, HostName, Register, Supervisor};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use safeguards::clock::{Clock, ManualClock};
use safeguards::testing;
use tempfile::TempDir;
use time::macros::datetime;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use uuid::Uuid;

pub(crate) struct Lab {
    pub(crate) supervisor: Supervisor,
    pub(crate) agent: KeyAgent,
    pub(crate) clock: ManualClock,
    pub(crate) folders: Folders,
    pub(crate) caller: Caller,
    /// Whether the key agent may be started.
    pub(crate) agent_starts: Arc<AtomicBool>,
    gateway: tokio::task::JoinHandle<()>,
    folder: Option<TempDir>,
}

/// Somebody who comes by the gateway.
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    /// Whose certificates are believed.
    pub(crate) authority: String,
}

impl std::ops::Deref for Lab {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// The program of `examples/clinic.rs`, which cargo builds beside the tests.
pub(crate) fn clinic() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let program = tests.parent().unwrap().parent().unwrap().join("examples/clinic");
    assert!(program.exists(), "{} is missing: cargo build -p control-plane --examples", program.display());
    program
}

/// Another version of it.
pub(crate) fn clinic_version(folder: &Path, version: &str) -> PathBuf {
    let program = folder.join(format!("clinic-{version}"));
    let mut bytes = std::fs::read(clinic()).unwrap();
    bytes.extend_from_slice(format!("VERSION={version}").as_bytes());
    std::fs::write(&program, bytes).unwrap();
    program
}

/// The test server, as a host uses it.
pub(crate) async fn postgres() -> PostgresServer {
    let administrator = tokio::task::spawn_blocking(testing::postgres_administrator).await.unwrap();
    let socket = administrator.socket().unwrap();
    PostgresServer { administrator, socket }
}

pub(crate) fn manner() -> Manner {
    Manner { start: Duration::from_secs(40), finish: Duration::from_secs(10), ..Manner::default() }
}

impl Lab {
    pub(crate) async fn new() -> Self {
        Self::with(manner()).await
    }

    /// The same, that goes about it in another manner.
    pub(crate) async fn with(manner: Manner) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::over(folder, ManualClock::at(datetime!(2026-11-26 9:00 UTC)), manner).await
    }

    async fn over(folder: TempDir, clock: ManualClock, manner: Manner) -> Self {
        let folders = Folders::open(folder.path()).unwrap();
        let agent_starts = Arc::new(AtomicBool::new(true));
        let (root, may_start) = (folders.root().to_owned(), Arc::clone(&agent_starts));
        let agent = KeyAgent::start(folders.clone(), move || {
            if !may_start.load(Ordering::Relaxed) {
                return Err(std::io::ErrorKind::NotFound.into());
            }
            let mut command = Command::new(clinic());
            command.arg("key-agent").arg(&root);
            Ok(command)
        });
        let postgres = postgres().await;
        let register = Arc::new(Register::open(folders.clone()).unwrap());
        let time: Arc<dyn Clock> = Arc::new(clock.clone());
        let supervisor = Supervisor::start(
            folders.clone(),
            register,
            agent.clone(),
            Some(postgres),
            manner,
            Arc::clone(&time),
        );
        let supervisor = supervisor.await.unwrap();
        // Certificates are judged by the client's real clock.
        let authority =
            LocalAuthority::open(&folders.root().join("tls"), Arc::new(safeguards::SystemClock)).unwrap();
        let pem = authority.pem().to_owned();
        let limits = Limits { body: 64 * 1024, ..Limits::default() };
        let gateway = Gateway::new(supervisor.clone(), Arc::new(authority), BTreeMap::new(), limits, None);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = tokio::spawn(async move { gateway.serve(listener).await.unwrap() });
        let folder = Some(folder);
        let caller = Caller { address, authority: pem };
        Self { supervisor, agent, clock, folders, caller, agent_starts, gateway, folder }
    }

    /// The same host, after its processes have been killed and started again.
    pub(crate) async fn restarted(mut self) -> Self {
        let (folder, clock) = (self.folder.take().unwrap(), self.clock.clone());
        drop(self);
        Self::over(folder, clock, manner()).await
    }

    /// An environment with the clinic in it, at `NAME.example`.
    pub(crate) async fn environment(&self, name: &str, database: DatabaseKind) -> Uuid {
        let id = self.empty(name, database, Gate::ReadWrite).await;
        self.supervisor.deploy(id, &clinic()).await.unwrap();
        id
    }

    /// One without a program.
    pub(crate) async fn empty(&self, name: &str, database: DatabaseKind, gate: Gate) -> Uuid {
        let id = Uuid::now_v7();
        let host = HostName::parse(&format!("{name}.example")).unwrap();
        let public_url = format!("https://{host}");
        self.supervisor
            .create(NewEnvironment { id, host, public_url, database, rows: None, gate })
            .await
            .unwrap();
        id
    }

    pub(crate) fn scratch(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }
}

impl Caller {
    /// A TLS connection that says in its handshake that it wants `name`.
    pub(crate) async fn connect(&self, name: &str, protocol: &str) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }

    /// `GET` by HTTP/1.1 from `name.example`: the status and the body.
    pub(crate) async fn get(&self, name: &str, path: &str) -> (u16, String) {
        let host = format!("{name}.example");
        let request = Request::get(path).header("host", &host).body(Full::new(Bytes::new())).unwrap();
        let (status, _, body) = self.send(&host, request).await;
        (status, body)
    }

    /// `POST` of nothing, as a program does.
    pub(crate) async fn post(&self, name: &str, path: &str) -> (u16, String) {
        let host = format!("{name}.example");
        let request = Request::post(path).header("host", &host).header("accept", "application/json");
        let (status, _, body) = self.send(&host, request.body(Full::new(Bytes::new())).unwrap()).await;
        (status, body)
    }

    /// Sends a request over a connection whose handshake names `name`.
    pub(crate) async fn send(
        &self,
        name: &str,
        request: Request<Full<Bytes>>,
    ) -> (u16, hyper::HeaderMap, String) {
        let stream = self.connect(name, "http/1.1").await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(async move { drop(connection.await) });
        whole(sender.send_request(request).await.unwrap()).await
    }

    /// The same by HTTP/2.
    pub(crate) async fn send_2(
        &self,
        name: &str,
        request: Request<Full<Bytes>>,
    ) -> (u16, hyper::HeaderMap, String) {
        let stream = self.connect(name, "h2").await.unwrap();
        let made = hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (mut sender, connection) = made.unwrap();
        tokio::spawn(async move { drop(connection.await) });
        whole(sender.send_request(request).await.unwrap()).await
    }
}

async fn whole(response: Response<hyper::body::Incoming>) -> (u16, hyper::HeaderMap, String) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status.as_u16(), parts.headers, String::from_utf8_lossy(&body).into_owned())
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.gateway.abort();
    }
}

/// Waits until something is so, and fails when it takes too long.
pub(crate) async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited in vain: {what}");
}
