//! The keeper: the app's side of the signer. It starts the signer's process, or reaches the one of a supervisor, has the heads signed at
//! least every 60 seconds and at the end, and starts the process again when it died.
//!
//! The window: an event can be rewritten unseen until its head is witnessed, at most
//! [`WITNESS_EVERY`] later while the signer lives. While it does not, the log is still written and PHI
//! still served; the keeper says so in the log each time, tries again, and [`Keeper::behind_since`] tells
//! since when, for the page that shows the app's health.

use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::Child;
use tokio::task::JoinHandle;

use super::event::Checkpoint;
use super::signer::{Answer, Request};
use super::source::lane_heads;
use super::witness::{PublicKey, WitnessEnd};
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// Heads are signed at least this often.
pub const WITNESS_EVERY: Duration = Duration::from_secs(60);
/// How often they are signed in fact, so that a slow signer still keeps the promise.
const ROUND: Duration = Duration::from_secs(20);
/// A signer that does not answer for so long is ended and started again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why nothing was witnessed.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The signer cannot be started or reached.
    #[error("the signer cannot be reached: {0}")]
    Signer(#[from] io::Error),
    /// The signer will not sign: the log or the request is not in order.
    #[error("the signer refuses: {0}")]
    Refused(String),
    /// The log cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Has the log witnessed.
pub struct Keeper {
    store: Store,
    clock: Arc<dyn Clock>,
    signing: Signing,
    signer: tokio::sync::Mutex<Option<Process>>,
    behind_since: Mutex<Option<OffsetDateTime>>,
}

/// Where the signer is.
enum Signing {
    /// A child of ours, started by this command.
    Child(Box<dyn Fn() -> Command + Send + Sync>),
    /// A process of somebody else's, such as a supervisor, that answers on a unix socket.
    Socket(PathBuf),
}

struct Process {
    /// None where it is not ours.
    child: Option<Child>,
    socket: BufReader<UnixStream>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Keeper")
    }
}

impl Keeper {
    /// A keeper for the log of `store`. `launch` makes the command that starts the signer: this binary
    /// with the subcommand `signer`. Its standard input becomes the socket.
    #[must_use]
    pub fn new(
        store: &Store,
        clock: Arc<dyn Clock>,
        launch: impl Fn() -> Command + Send + Sync + 'static,
    ) -> Self {
        Self::signing(store, clock, Signing::Child(Box::new(launch)))
    }

    /// A keeper for the log of `store` whose signer answers on the unix socket at `path`.
    #[must_use]
    pub fn at(store: &Store, clock: Arc<dyn Clock>, path: PathBuf) -> Self {
        Self::signing(store, clock, Signing::Socket(path))
    }

    fn signing(store: &Store, clock: Arc<dyn Clock>, signing: Signing) -> Self {
        Self {
            store: store.clone(),
            clock,
            signing,
            signer: tokio::sync::Mutex::new(None),
            behind_since: Mutex::new(None),
        }
    }

    /// Has the heads signed now, then every 20 seconds, until the task is aborted. Call
    /// [`Keeper::close`] afterwards.
    #[must_use]
    pub fn run(self: &Arc<Self>) -> JoinHandle<()> {
        let keeper = Arc::clone(self);
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(ROUND);
            loop {
                interval.tick().await;
                if let Err(error) = keeper.witness().await {
                    tracing::error!(%error, "the audit log was not witnessed");
                }
            }
        })
    }

    /// Has the heads of all lanes signed, and answers where the witness ends then.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn witness(&self) -> Result<WitnessEnd, KeeperError> {
        let end = self.ask_witness().await;
        let mut behind = self.behind_since.lock().unwrap_or_else(PoisonError::into_inner);
        *behind = match &end {
            Ok(_) => None,
            Err(_) => Some(behind.unwrap_or_else(|| self.clock.now())),
        };
        end
    }

    async fn ask_witness(&self) -> Result<WitnessEnd, KeeperError> {
        // Only one reads heads and has them signed at a time: read and signed in another order, they
        // would seem to go back.
        let mut signer = self.signer.lock().await;
        let heads = lane_heads(&self.store).await?;
        self.ask(&mut signer, &Request::Head(heads)).await.and_then(witnessed)
    }

    /// Since when heads could not be witnessed; `None` while all is well.
    #[must_use]
    pub fn behind_since(&self) -> Option<OffsetDateTime> {
        *self.behind_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a sweep signed. The signer refuses what is too young.
    pub(super) async fn sign_sweep(&self, checkpoints: Vec<Checkpoint>) -> Result<WitnessEnd, KeeperError> {
        let mut signer = self.signer.lock().await;
        self.ask(&mut signer, &Request::Sweep(checkpoints)).await.and_then(witnessed)
    }

    /// The signer's public key.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn public_key(&self) -> Result<PublicKey, KeeperError> {
        let mut signer = self.signer.lock().await;
        match self.ask(&mut signer, &Request::PublicKey).await? {
            Answer::PublicKey(text) => PublicKey::parse(&text).ok_or_else(|| nonsense().into()),
            Answer::Refused(reason) => Err(KeeperError::Refused(reason)),
            Answer::Witnessed(_) | Answer::Archive(_) => Err(nonsense().into()),
        }
    }

    /// Has an archive signed, by the digest of its manifest in hexadecimal digits.
    ///
    /// # Errors
    /// [`KeeperError`].
    pub async fn sign_archive(&self, digest: String) -> Result<exporter::Signature, KeeperError> {
        let mut signer = self.signer.lock().await;
        match self.ask(&mut signer, &Request::Archive(digest)).await? {
            Answer::Archive(signature) => Ok(signature),
            Answer::Refused(reason) => Err(KeeperError::Refused(reason)),
            Answer::Witnessed(_) | Answer::PublicKey(_) => Err(nonsense().into()),
        }
    }

    /// The signer's process, while it runs.
    pub async fn process_id(&self) -> Option<u32> {
        self.signer.lock().await.as_ref().and_then(|signer| signer.child.as_ref()?.id())
    }

    /// Has the heads signed a last time, hangs up, and waits for the signer to end.
    ///
    /// # Errors
    /// [`KeeperError`] if the last heads were not signed.
    pub async fn close(&self) -> Result<(), KeeperError> {
        let end = self.witness().await;
        if let Some(Process { child, socket }) = self.signer.lock().await.take() {
            drop(socket);
            if let Some(mut child) = child
                && tokio::time::timeout(PATIENCE, child.wait()).await.is_err()
            {
                child.kill().await?;
            }
        }
        end.map(drop)
    }

    /// Asks the signer. One that is gone, or does not answer, is started again, once.
    async fn ask(&self, signer: &mut Option<Process>, request: &Request) -> Result<Answer, KeeperError> {
        if let Some(process) = signer {
            match process.ask(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => tracing::warn!(%error, "the audit signer is started again"),
            }
            if let Some(Process { child: Some(mut child), .. }) = signer.take() {
                child.kill().await?;
            }
        }
        let answer = self.start().await?.ask_first(request, signer).await?;
        Ok(answer)
    }

    async fn start(&self) -> io::Result<Process> {
        let launch = match &self.signing {
            Signing::Child(launch) => launch,
            Signing::Socket(path) => {
                let socket = BufReader::new(UnixStream::connect(path).await?);
                return Ok(Process { child: None, socket });
            }
        };
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let mut command = launch();
        command.stdin(Stdio::from(OwnedFd::from(theirs)));
        let child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
        Ok(Process { child: Some(child), socket: BufReader::new(UnixStream::from_std(ours)?) })
    }
}

impl Process {
    /// The first question; a process that answered it is kept.
    async fn ask_first(mut self, request: &Request, kept: &mut Option<Process>) -> io::Result<Answer> {
        let answer = self.ask(request).await?;
        *kept = Some(self);
        Ok(answer)
    }

    async fn ask(&mut self, request: &Request) -> io::Result<Answer> {
        let exchange = async {
            let request = serde_json::to_string(request)?;
            self.socket.get_mut().write_all(format!("{request}\n").as_bytes()).await?;
            let mut line = String::new();
            if self.socket.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            Ok(serde_json::from_str(&line)?)
        };
        tokio::time::timeout(PATIENCE, exchange).await?
    }
}

fn witnessed(answer: Answer) -> Result<WitnessEnd, KeeperError> {
    match answer {
        Answer::Witnessed(end) => Ok(end),
        Answer::Refused(reason) => Err(KeeperError::Refused(reason)),
        Answer::PublicKey(_) | Answer::Archive(_) => Err(nonsense().into()),
    }
}

fn nonsense() -> io::Error {
    io::Error::other("the signer answered another question")
}
