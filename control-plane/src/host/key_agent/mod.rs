//! The key agent: a process of its own that holds root keys and signs audit heads (invariants 6 and 12).
//!
//! It listens on one socket in a folder that only we can enter. We ask it by one JSON line; it answers one:
//!
//! | asked | then |
//! |---|---|
//! | `create` | the environment has a root key |
//! | `keys` | the connection itself becomes the environment's key service, and is handed to its app |
//! | `signer` | a socket in the environment's folder answers its app's audit keeper |
//! | `signed` | it says when the audit log was last found to be witnessed |
//! | `forget` | nothing of the environment is held or answered any more |
//! | `destroy` | its root key is erased, or disabled until it is, and so is everything that it wraps; it says which |
//!
//! An app reaches only what it was handed. If the agent dies, running apps serve with the keys that they hold, and new
//! ones do not start.

mod cache;
mod door;
mod root;
mod signers;

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use safeguards::clock::Clock;
use safeguards::crypto::answer_keys;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use uuid::Uuid;

use crate::seams::KeyDestruction;

pub use cache::{Bounds, CachedKeyService};
pub use door::{AgentError, KeyAgent};
pub use root::{FileRootKeys, KEPT_ELSEWHERE, Pending, RootKeys};
use signers::Signers;

/// The longest line of the protocol.
const LONGEST: u64 = 4096;

/// What the host may ask.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Request {
    Create(Uuid),
    Keys(Uuid),
    Signer(Uuid),
    Signed(Uuid),
    Forget(Uuid),
    Destroy(Uuid),
}

/// What the agent answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Answer {
    Done,
    Signed(Option<i64>),
    Destroyed(KeyDestruction),
    Refused(String),
}

/// What the agent works with.
pub struct Agent {
    /// The root keys.
    pub roots: Arc<dyn RootKeys>,
    /// Where environments have their sockets, keys and witnesses.
    pub folders: super::Folders,
    /// How long keys are held.
    pub bounds: Bounds,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Agent").field("folders", &self.folders).finish_non_exhaustive()
    }
}

/// Answers at the host's socket until whoever started it is gone, which is when standard input ends. The process gives
/// up core dumps and being looked into first.
///
/// # Errors
/// The socket cannot be opened.
pub async fn run_key_agent(agent: Agent) -> io::Result<()> {
    let (alone, left) = tokio::sync::oneshot::channel();
    // Reading standard input cannot be given up, so it has a thread that ends with the process.
    std::thread::spawn(move || {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = alone.send(());
    });
    tokio::select! {
        served = serve(agent) => served,
        _ = left => Ok(()),
    }
}

async fn serve(agent: Agent) -> io::Result<()> {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    let listener = listen(&agent.folders.key_agent(), 0o600)?;
    let caches = cache::Caches::new(Arc::clone(&agent.roots), agent.bounds, Arc::clone(&agent.clock));
    let signers = Signers::new(agent.folders.clone(), Arc::clone(&agent.clock));
    let shared = Arc::new(Shared { agent, caches, signers });
    loop {
        let (stream, _) = listener.accept().await?;
        // The folder keeps others out; this says it again for a host that is not root.
        let Ok(peer) = rustix::net::sockopt::socket_peercred(&stream) else { continue };
        if peer.uid != rustix::process::geteuid() {
            continue;
        }
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            if let Err(error) = shared.serve(stream).await {
                tracing::debug!(event = "key-agent-connection", kind = %error.kind());
            }
        });
    }
}

struct Shared {
    agent: Agent,
    caches: cache::Caches,
    signers: Signers,
}

impl Shared {
    async fn serve(&self, stream: UnixStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        (&mut stream).take(LONGEST).read_until(b'\n', &mut line).await?;
        let Ok(request) = serde_json::from_slice::<Request>(&line) else {
            return reply(&mut stream, &Answer::Refused("not a request".into())).await;
        };
        let done = match request {
            Request::Keys(environment) => match self.caches.of(environment).await {
                Ok(service) => {
                    reply(&mut stream, &Answer::Done).await?;
                    // Nothing was read ahead: whoever asked waits for the answer before it hands the socket over.
                    return answer_keys(&*service, environment, stream.into_inner()).await;
                }
                Err(error) => Err(error.to_string()),
            },
            Request::Create(environment) => {
                self.agent.roots.create(environment).await.map_err(|error| error.to_string())
            }
            Request::Signer(environment) => self.signers.open(environment).map_err(|error| error.to_string()),
            Request::Signed(environment) => {
                let at = self.signers.signed(environment).map(time::OffsetDateTime::unix_timestamp);
                return reply(&mut stream, &Answer::Signed(at)).await;
            }
            Request::Forget(environment) => {
                self.forget(environment).await;
                Ok(())
            }
            Request::Destroy(environment) => {
                self.forget(environment).await;
                match self.agent.roots.destroy(environment).await {
                    Ok(destruction) => return reply(&mut stream, &Answer::Destroyed(destruction)).await,
                    Err(error) => Err(error.to_string()),
                }
            }
        };
        reply(&mut stream, &done.map_or_else(Answer::Refused, |()| Answer::Done)).await
    }

    async fn forget(&self, environment: Uuid) {
        self.caches.forget(environment).await;
        self.signers.close(environment);
    }
}

async fn reply(stream: &mut BufReader<UnixStream>, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    stream.get_mut().write_all(&line).await
}

/// Listens at `path`, in the place of a socket that an earlier process left.
pub(crate) fn listen(path: &Path, mode: u32) -> io::Result<UnixListener> {
    let draft: PathBuf = path.with_extension("next");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = std::os::unix::net::UnixListener::bind(&draft)?;
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(mode))?;
    std::fs::rename(&draft, path)?;
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener)
}
