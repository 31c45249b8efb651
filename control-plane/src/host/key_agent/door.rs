//! The host's side: the agent's process, kept alive, and what it is asked.

use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Answer, LONGEST, Request};
use crate::host::Folders;
use crate::seams::KeyDestruction;

/// How long the agent may take to answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long it may take to start, and the pause between two attempts to reach it meanwhile.
const START: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);
/// The pause before it is started again, which doubles up to the last.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

/// Why the agent did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It does not run, or does not answer. What needs a key fails closed.
    #[error("the key agent does not answer: {0}")]
    Unreachable(#[from] io::Error),
    /// It refuses.
    #[error("the key agent refuses: {0}")]
    Refused(String),
}

/// The agent, as the host sees it. Cheap to clone; the process ends with the last one.
#[derive(Clone, Debug)]
pub struct KeyAgent {
    folders: Folders,
    starts: watch::Receiver<u64>,
    process: watch::Receiver<Option<u32>>,
    _keeping: Arc<Keeping>,
}

#[derive(Debug)]
struct Keeping(tokio::task::JoinHandle<()>);

impl Drop for Keeping {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl KeyAgent {
    /// Starts the agent by `program` and starts it again whenever it ends.
    #[must_use]
    pub fn start(
        folders: Folders,
        program: impl Fn() -> io::Result<Command> + Send + Sync + 'static,
    ) -> Self {
        let (started, starts) = watch::channel(0);
        let (running, process) = watch::channel(None);
        let keeping = tokio::spawn(async move {
            let mut pause = PAUSES[0];
            loop {
                let begun = tokio::time::Instant::now();
                if let Err(error) = run(&program, &started, &running).await {
                    tracing::error!(event = "key-agent-start", kind = %error.kind());
                }
                let _ = running.send(None);
                if begun.elapsed() > PAUSES[1] {
                    pause = PAUSES[0];
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(PAUSES[1]);
            }
        });
        Self { folders, starts, process, _keeping: Arc::new(Keeping(keeping)) }
    }

    /// Counts its starts, so that whoever holds a connection of an earlier one can ask for a new one.
    #[must_use]
    pub fn starts(&self) -> watch::Receiver<u64> {
        self.starts.clone()
    }

    /// Its process, while it runs.
    #[must_use]
    pub fn process_id(&self) -> Option<u32> {
        *self.process.borrow()
    }

    /// Makes the environment's root key; one that is there stays.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn create(&self, environment: Uuid) -> Result<(), AgentError> {
        self.ask(Request::Create(environment)).await.map(drop)
    }

    /// A connection that answers for this environment's keys, and no other's, to hand to its app.
    ///
    /// # Errors
    /// [`AgentError`]; without it, the app does not start.
    pub async fn keys(&self, environment: Uuid) -> Result<std::os::unix::net::UnixStream, AgentError> {
        let stream = self.ask(Request::Keys(environment)).await?.into_std()?;
        stream.set_nonblocking(false)?;
        Ok(stream)
    }

    /// Has the environment's audit signer answer at its socket.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn signer(&self, environment: Uuid) -> Result<(), AgentError> {
        self.ask(Request::Signer(environment)).await.map(drop)
    }

    /// When the environment's audit log was last found to be witnessed; none since the agent was started.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn signed(&self, environment: Uuid) -> Result<Option<OffsetDateTime>, AgentError> {
        match self.ask_once(Request::Signed(environment)).await? {
            (Answer::Signed(at), _) => Ok(at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok())),
            _ => Err(AgentError::Refused("it answered another question".to_owned())),
        }
    }

    /// Has the agent forget what it holds for the environment.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn forget(&self, environment: Uuid) -> Result<(), AgentError> {
        self.ask(Request::Forget(environment)).await.map(drop)
    }

    /// Destroys the environment's root key, for good, and says what became of it.
    ///
    /// # Errors
    /// [`AgentError`].
    pub async fn destroy(&self, environment: Uuid) -> Result<KeyDestruction, AgentError> {
        match self.answered(Request::Destroy(environment)).await? {
            (Answer::Destroyed(destruction), _) => Ok(destruction),
            _ => Err(AgentError::Refused("it answered another question".to_owned())),
        }
    }

    async fn ask(&self, request: Request) -> Result<UnixStream, AgentError> {
        self.answered(request).await.map(|(_, stream)| stream)
    }

    async fn answered(&self, request: Request) -> Result<(Answer, UnixStream), AgentError> {
        let until = tokio::time::Instant::now() + START;
        loop {
            match self.ask_once(request).await {
                // It may be ending, or just be started; there is nothing to wait on but another process.
                Err(AgentError::Unreachable(_)) if tokio::time::Instant::now() < until => {
                    tokio::time::sleep(PAUSE).await;
                }
                answered => return answered,
            }
        }
    }

    async fn ask_once(&self, request: Request) -> Result<(Answer, UnixStream), AgentError> {
        let exchange = async {
            let mut stream = UnixStream::connect(self.folders.key_agent()).await?;
            let mut line = serde_json::to_vec(&request)?;
            line.push(b'\n');
            stream.write_all(&line).await?;
            let mut stream = BufReader::with_capacity(256, stream);
            let mut line = Vec::new();
            (&mut stream).take(LONGEST).read_until(b'\n', &mut line).await?;
            let answer =
                serde_json::from_slice(&line).map_err(|_| io::Error::from(io::ErrorKind::UnexpectedEof))?;
            Ok::<_, io::Error>((answer, stream.into_inner()))
        };
        match tokio::time::timeout(PATIENCE, exchange).await.map_err(io::Error::from)?? {
            (Answer::Refused(reason), _) => Err(AgentError::Refused(reason)),
            answered => Ok(answered),
        }
    }
}

async fn run(
    program: &(impl Fn() -> io::Result<Command> + Send + Sync),
    started: &watch::Sender<u64>,
    running: &watch::Sender<Option<u32>>,
) -> io::Result<()> {
    let mut command = program()?;
    // Its end of this pipe is how the agent learns that we are gone, whatever ended us.
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
    let _alive = child.stdin.take();
    let _ = running.send(child.id());
    started.send_modify(|starts| *starts += 1);
    let ended = child.wait().await?;
    tracing::error!(event = "key-agent-ended", code = ended.code());
    Ok(())
}
