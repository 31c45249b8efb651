//! One process of an app, from its start to its end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use safeguards::clock::Clock;
use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Notify;
use uuid::Uuid;

use super::lines::Lines;
use super::{Crash, Environment, Inner, SupervisorError, places};
use crate::host::outward::Door;
use crate::host::sandbox::{Handle, Inheritance};

/// The pause between two questions whether an app is ready.
const PAUSE: Duration = Duration::from_millis(50);

/// A process that serves, or did.
pub(super) struct Instance {
    environment: Uuid,
    socket: PathBuf,
    began: OffsetDateTime,
    agent_start: u64,
    process: Handle,
    /// Why we ended it, where it did not end by itself.
    because: Mutex<Option<&'static str>>,
    said: Arc<Mutex<Lines>>,
    use_of: Arc<Use>,
    /// The way out, where there is one.
    door: Mutex<Option<Door>>,
}

/// Who is using it.
struct Use {
    clock: Arc<dyn Clock>,
    requests: AtomicUsize,
    last: Mutex<OffsetDateTime>,
    changed: Notify,
}

/// A request's hold on an instance: while one is held, it is not idle, and has time to finish.
pub struct Lease {
    socket: PathBuf,
    use_of: Arc<Use>,
}

impl Lease {
    /// A connection to the app.
    ///
    /// # Errors
    /// It has died in the meantime.
    pub async fn connect(&self) -> std::io::Result<UnixStream> {
        UnixStream::connect(&self.socket).await
    }
}

impl std::fmt::Debug for Lease {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lease").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        *self.use_of.last.lock().unwrap_or_else(PoisonError::into_inner) = self.use_of.clock.now();
        self.use_of.requests.fetch_sub(1, Ordering::AcqRel);
        self.use_of.changed.notify_waiters();
    }
}

impl Instance {
    /// Starts the program and answers when it is ready.
    pub(super) async fn start(
        inner: &Inner,
        environment: &Environment,
        program: &Path,
        generation: u64,
    ) -> Result<Arc<Self>, SupervisorError> {
        let agent_start = *inner.agent.starts().borrow();
        inner.agent.signer(environment.id).await?;
        let keys = inner.agent.keys(environment.id).await?;
        let socket = places::run_folder(&inner.folders, environment.id)?.join(format!("app-{generation}"));
        let listener = places::listen(&socket)?;
        let way_out = places::way_out(inner, environment, generation)?;
        let (door, folder) = way_out.map_or((None, None), |(door, folder)| (Some(door), Some(folder)));
        let sandbox = places::serving(inner, environment, program, folder.as_deref())?;
        let inherited =
            Inheritance { input: Some(keys.into()), silent: true, listener: Some(listener.into()) };
        let mut running = sandbox.start(Path::new(places::PROGRAM), &["serve"], inherited).await?;

        let said = Arc::new(Mutex::new(Lines::of_a_beginning()));
        if let Some(errors) = running.child.stderr.take() {
            tokio::spawn(listen_to(errors, Arc::clone(&said)));
        }
        let began = inner.clock.now();
        let use_of = Use {
            clock: Arc::clone(&inner.clock),
            requests: AtomicUsize::new(0),
            last: Mutex::new(began),
            changed: Notify::new(),
        };
        let instance = Self {
            environment: environment.id,
            socket,
            began,
            agent_start,
            process: running.looked_after(),
            because: Mutex::new(None),
            said,
            use_of: Arc::new(use_of),
            door: Mutex::new(door),
        };
        instance.wait_until_ready(inner.manner.start).await?;
        instance.lines().ready();
        Ok(Arc::new(instance))
    }

    pub(super) fn environment(&self) -> Uuid {
        self.environment
    }

    /// The start of the key agent whose connection it has.
    pub(super) fn agent_start(&self) -> u64 {
        self.agent_start
    }

    pub(super) fn is_alive(&self) -> bool {
        self.process.end().is_none()
    }

    /// A hold on it for one request.
    pub(super) fn lease(&self, now: OffsetDateTime) -> Lease {
        self.use_of.requests.fetch_add(1, Ordering::AcqRel);
        *self.use_of.last.lock().unwrap_or_else(PoisonError::into_inner) = now;
        Lease { socket: self.socket.clone(), use_of: Arc::clone(&self.use_of) }
    }

    /// For how long nobody has used it.
    pub(super) fn idle(&self, now: OffsetDateTime) -> Duration {
        if self.use_of.requests.load(Ordering::Acquire) > 0 {
            return Duration::ZERO;
        }
        let last = *self.use_of.last.lock().unwrap_or_else(PoisonError::into_inner);
        (now - last).try_into().unwrap_or_default()
    }

    /// The last lines that it wrote: typed fields only.
    pub(super) fn said(&self) -> Vec<String> {
        self.lines().all()
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Lines> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why it died.
    pub(super) async fn autopsy(&self, now: OffsetDateTime) -> Crash {
        let ended = self.process.ended().await;
        let mut said = self.said();
        said.extend(self.because.lock().unwrap_or_else(PoisonError::into_inner).map(str::to_owned));
        Crash { at: now, ended, after: (now - self.began).try_into().unwrap_or_default(), said }
    }

    /// Lets it finish the requests that it has, asks it to end, and ends it when `patience` is over.
    pub(super) async fn finish(&self, patience: Duration) {
        let finished = async {
            loop {
                let changed = self.use_of.changed.notified();
                if self.use_of.requests.load(Ordering::Acquire) == 0 {
                    break;
                }
                changed.await;
            }
            self.process.terminate().await;
            self.process.ended().await;
        };
        if tokio::time::timeout(patience, finished).await.is_err() {
            self.process.kill().await;
        }
        // Whoever still connects is told at once that nobody is there.
        let _ = std::fs::remove_file(&self.socket);
    }

    /// Nothing goes out any more, and what is open is cut.
    pub(super) fn shut_the_door(&self) {
        self.door.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(super) async fn kill_because(&self, why: &'static str) {
        *self.because.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        self.process.kill().await;
    }

    async fn wait_until_ready(&self, patience: Duration) -> Result<(), SupervisorError> {
        let ready = async {
            loop {
                if is_ready(&self.socket).await.unwrap_or(false) {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let why = tokio::select! {
            () = ready => return Ok(()),
            ended = self.process.ended() => ended.to_string(),
            () = tokio::time::sleep(patience) => format!("it was not ready after {} s", patience.as_secs()),
        };
        self.process.kill().await;
        let _ = std::fs::remove_file(&self.socket);
        let last = self.lines().last_of_the_beginning(3).join("; ");
        Err(SupervisorError::NotReady(if last.is_empty() { why } else { format!("{why}: {last}") }))
    }
}

/// Whether `GET /readyz` answers 200.
async fn is_ready(socket: &Path) -> std::io::Result<bool> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await?;
    Ok(answer.ends_with(b" 200"))
}

/// Keeps the last lines of what a program writes, and lets it write as much as it likes.
async fn listen_to(errors: impl AsyncRead + Unpin, said: Arc<Mutex<Lines>>) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A line without an end is cut, not gathered.
        match (&mut errors).take(64 * 1024).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        said.lock().unwrap_or_else(PoisonError::into_inner).take(&String::from_utf8_lossy(&line));
    }
}
