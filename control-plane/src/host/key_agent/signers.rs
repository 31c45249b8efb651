//! The signer of each environment's audit log, outside its app: it holds the key, and writes the witness to a folder
//! that no app sees.

use std::collections::HashMap;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::sync::{Arc, Mutex, PoisonError};

use safeguards::audit::{Signer, SignerError};
use safeguards::clock::Clock;
use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::listen;
use crate::host::Folders;

/// A request names the last link of each of at most some hundred lanes.
const LONGEST: u64 = 64 * 1024;

struct Open {
    task: JoinHandle<()>,
    signing: Arc<Signing>,
}

/// The sockets on which apps have their heads signed.
pub(super) struct Signers {
    folders: Folders,
    clock: Arc<dyn Clock>,
    open: Mutex<HashMap<Uuid, Open>>,
}

impl Signers {
    pub(super) fn new(folders: Folders, clock: Arc<dyn Clock>) -> Self {
        Self { folders, clock, open: Mutex::default() }
    }

    /// Answers at `run/ID/signer/socket`. The folder around it is ours alone; the socket is shown to the app.
    pub(super) fn open(&self, environment: Uuid) -> io::Result<()> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(&environment).is_some_and(|open| !open.task.is_finished()) {
            return Ok(());
        }
        let folder = self.folders.run(environment).join("signer");
        std::fs::DirBuilder::new().recursive(true).mode(0o755).create(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))?;
        let listener = listen(&folder.join("socket"), 0o666)?;
        let signing = Arc::new(Signing {
            environment,
            folders: self.folders.clone(),
            clock: Arc::clone(&self.clock),
            signer: Mutex::new(None),
            signed: Mutex::new(None),
        });
        let shared = Arc::clone(&signing);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let signing = Arc::clone(&shared);
                tokio::spawn(async move {
                    if let Err(error) = signing.serve(stream).await {
                        tracing::warn!(event = "audit-signer", kind = %error.kind());
                    }
                });
            }
        });
        open.insert(environment, Open { task, signing });
        Ok(())
    }

    /// Stops answering.
    pub(super) fn close(&self, environment: Uuid) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&environment);
        if let Some(open) = open {
            open.task.abort();
        }
    }

    /// When the environment's app last asked, and all that it showed was in the witness then.
    pub(super) fn signed(&self, environment: Uuid) -> Option<OffsetDateTime> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let signing = &open.get(&environment)?.signing;
        *signing.signed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One environment's signer, shared by its app's connections: while one version hands over to the next, there are two.
struct Signing {
    environment: Uuid,
    folders: Folders,
    clock: Arc<dyn Clock>,
    signer: Mutex<Option<Signer>>,
    signed: Mutex<Option<OffsetDateTime>>,
}

impl Signing {
    async fn serve(self: Arc<Self>, stream: UnixStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = String::new();
            if (&mut stream).take(LONGEST).read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if !line.ends_with('\n') {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let signing = Arc::clone(&self);
            let answer = tokio::task::spawn_blocking(move || signing.answer(&line)).await;
            let answer = answer.map_err(io::Error::other)?.map_err(io::Error::other)?;
            stream.get_mut().write_all(answer.as_bytes()).await?;
        }
    }

    fn answer(&self, line: &str) -> Result<String, SignerError> {
        let mut signer = self.signer.lock().unwrap_or_else(PoisonError::into_inner);
        // Opened anew after a failure: what it holds in memory may not be what lies on disk.
        let mut open = match signer.take() {
            Some(open) => open,
            None => {
                let (keys, witness) =
                    (self.folders.keys(self.environment), self.folders.witness(self.environment));
                Signer::open(&keys, &witness, Arc::clone(&self.clock))?
            }
        };
        let answer = open.answer_line(line.trim_end())?;
        *signer = Some(open);
        if answer.starts_with("{\"witnessed\"") {
            *self.signed.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.clock.now());
        }
        Ok(answer)
    }
}
