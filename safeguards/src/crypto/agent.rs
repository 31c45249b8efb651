//! Keys from an agent: a process of its own that holds the root keys and answers over a socket that the app inherits
//! as its standard input.
//!
//! One JSON request a line, one answer a line. Whoever handed the socket over told the agent for which environment it
//! is; the app cannot ask for another. Nothing here keeps a root key: an app whose agent is gone still has the
//! organisation keys that it has unwrapped, and gets no new ones.

use std::os::fd::AsFd;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{DataKey, KeyContext, KeyDescription, KeyError, KeyService, Pending, WrappedKey};

/// How long an app waits for an answer: longer than an agent waits for a slow key service.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest line of the protocol; a wrapped key of a cloud's key service has some hundred bytes.
const LONGEST: u64 = 16 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Request {
    Generate { organisation: Uuid },
    Unwrap { organisation: Uuid, wrapped: String },
    Rewrap { organisation: Uuid, wrapped: String },
    Rotate,
    Describe,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Generated { key: Secret, wrapped: String },
    Key(Secret),
    Wrapped(String),
    Done,
    Description { service: String, root: String, roots: usize, destruction: Option<i64> },
    Refused(Refusal),
}

/// A key in hexadecimal, wiped when it is dropped.
struct Secret(Zeroizing<String>);

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

/// The errors of [`KeyError`] that an app can act on.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Refusal {
    Missing,
    Broken,
    UnknownRoot(u32),
    Destroying(i64),
    Refused(String),
    Unavailable(String),
}

/// The app's side: a key service at the other end of an inherited socket.
#[derive(Debug)]
pub struct AgentKeyService {
    environment: Uuid,
    socket: Mutex<BufReader<UnixStream>>,
}

impl AgentKeyService {
    /// The agent at the other end of standard input, for `environment`. Must be called within a Tokio runtime.
    pub fn inherited(environment: Uuid) -> Result<Self, KeyError> {
        let socket = std::io::stdin().as_fd().try_clone_to_owned().map_err(unreachable)?;
        Self::over(environment, socket.into())
    }

    /// The agent at the other end of `socket`. Must be called within a Tokio runtime.
    pub fn over(environment: Uuid, socket: std::os::unix::net::UnixStream) -> Result<Self, KeyError> {
        socket.set_nonblocking(true).map_err(unreachable)?;
        let socket = UnixStream::from_std(socket).map_err(unreachable)?;
        Ok(Self { environment, socket: Mutex::new(BufReader::new(socket)) })
    }

    async fn ask(&self, context: &KeyContext, request: &Request) -> Result<Answer, KeyError> {
        if context.environment != self.environment {
            return Err(KeyError::Broken);
        }
        self.exchange(request).await
    }

    async fn exchange(&self, request: &Request) -> Result<Answer, KeyError> {
        let mut socket = self.socket.lock().await;
        let exchange = async {
            write_line(socket.get_mut(), request).await?;
            read_line(&mut *socket).await
        };
        let answer = tokio::time::timeout(PATIENCE, exchange).await.map_err(unreachable)?;
        match answer.map_err(unreachable)? {
            Some(Answer::Refused(refusal)) => Err(refusal.into()),
            Some(answer) => Ok(answer),
            None => Err(KeyError::Unavailable("the key agent is gone".into())),
        }
    }
}

impl KeyService for AgentKeyService {
    fn generate<'a>(&'a self, context: &'a KeyContext) -> Pending<'a, (DataKey, WrappedKey)> {
        Box::pin(async move {
            match self.ask(context, &Request::Generate { organisation: context.organisation }).await? {
                Answer::Generated { key, wrapped } => {
                    Ok((data_key(&key.0)?, WrappedKey(bytes(&wrapped)?.to_vec())))
                }
                _ => Err(nonsense()),
            }
        })
    }

    fn unwrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, DataKey> {
        let request =
            Request::Unwrap { organisation: context.organisation, wrapped: text(&wrapped.0).to_string() };
        Box::pin(async move {
            match self.ask(context, &request).await? {
                Answer::Key(key) => data_key(&key.0),
                _ => Err(nonsense()),
            }
        })
    }

    fn rewrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, WrappedKey> {
        let request =
            Request::Rewrap { organisation: context.organisation, wrapped: text(&wrapped.0).to_string() };
        Box::pin(async move {
            match self.ask(context, &request).await? {
                Answer::Wrapped(wrapped) => Ok(WrappedKey(bytes(&wrapped)?.to_vec())),
                _ => Err(nonsense()),
            }
        })
    }

    fn rotate_root(&self) -> Pending<'_, ()> {
        Box::pin(async move { self.exchange(&Request::Rotate).await.map(drop) })
    }

    /// An app may not: the end of an environment is decided outside it.
    fn schedule_destruction<'a>(&'a self, _at: OffsetDateTime) -> Pending<'a, ()> {
        Box::pin(async { Err(KeyError::Unavailable("an app cannot have its own keys destroyed".into())) })
    }

    fn describe<'a>(&'a self) -> Pending<'a, KeyDescription> {
        Box::pin(async move {
            match self.exchange(&Request::Describe).await? {
                Answer::Description { root, roots, destruction, .. } => Ok(KeyDescription {
                    service: "key-agent",
                    root,
                    roots,
                    destruction: destruction.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
                }),
                _ => Err(nonsense()),
            }
        })
    }
}

/// The agent's side: answers one app until it hangs up or says what is no request.
///
/// # Errors
/// The socket failed, or a line was no request.
pub async fn answer_keys(
    service: &dyn KeyService,
    environment: Uuid,
    socket: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    while let Some(request) = read_line(&mut socket).await? {
        let answer = answer(service, environment, request).await;
        write_line(socket.get_mut(), &answer.unwrap_or_else(|error| Answer::Refused(error.into()))).await?;
    }
    Ok(())
}

async fn answer(service: &dyn KeyService, environment: Uuid, request: Request) -> Result<Answer, KeyError> {
    let context = |organisation| KeyContext { environment, organisation };
    Ok(match request {
        Request::Generate { organisation } => {
            let (key, wrapped) = service.generate(&context(organisation)).await?;
            Answer::Generated { key: Secret(text(key.expose())), wrapped: text(&wrapped.0).to_string() }
        }
        Request::Unwrap { organisation, wrapped } => {
            let wrapped = WrappedKey(bytes(&wrapped)?.to_vec());
            Answer::Key(Secret(text(service.unwrap(&context(organisation), &wrapped).await?.expose())))
        }
        Request::Rewrap { organisation, wrapped } => {
            let wrapped = WrappedKey(bytes(&wrapped)?.to_vec());
            Answer::Wrapped(text(&service.rewrap(&context(organisation), &wrapped).await?.0).to_string())
        }
        Request::Rotate => {
            service.rotate_root().await?;
            Answer::Done
        }
        Request::Describe => {
            let KeyDescription { service, root, roots, destruction } = service.describe().await?;
            let destruction = destruction.map(OffsetDateTime::unix_timestamp);
            Answer::Description { service: service.to_owned(), root, roots, destruction }
        }
    })
}

/// Lines hold keys: what they were made in is wiped.
async fn write_line(
    socket: &mut (impl tokio::io::AsyncWrite + Unpin),
    line: &impl Serialize,
) -> std::io::Result<()> {
    let mut text = Zeroizing::new(Vec::with_capacity(1024));
    serde_json::to_writer(&mut *text, line)?;
    text.push(b'\n');
    socket.write_all(&text).await
}

async fn read_line<T: for<'a> Deserialize<'a>>(
    socket: &mut BufReader<impl tokio::io::AsyncRead + Unpin>,
) -> std::io::Result<Option<T>> {
    let mut text = Zeroizing::new(Vec::with_capacity(1024));
    let read = (&mut *socket).take(LONGEST).read_until(b'\n', &mut text).await?;
    if read == 0 {
        return Ok(None);
    }
    if text.last() != Some(&b'\n') {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    // The reader's message would quote the line.
    serde_json::from_slice(&text).map(Some).map_err(|_| std::io::ErrorKind::InvalidData.into())
}

fn data_key(text: &str) -> Result<DataKey, KeyError> {
    DataKey::from_slice(&bytes(text)?)
}

fn text(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from_digit(digit.into(), 16).unwrap_or_default());
        }
    }
    text
}

fn bytes(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let digit = |letter: u8| char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    for pair in text.as_bytes().chunks(2) {
        let [high, low] = pair else { return Err(KeyError::Broken) };
        bytes.push(digit(*high).ok_or(KeyError::Broken)? * 16 + digit(*low).ok_or(KeyError::Broken)?);
    }
    Ok(bytes)
}

fn unreachable(error: impl std::fmt::Display) -> KeyError {
    KeyError::Unavailable(format!("the key agent does not answer: {error}"))
}

fn nonsense() -> KeyError {
    KeyError::Unavailable("the key agent answered another question".into())
}

impl From<Refusal> for KeyError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Missing => Self::Missing,
            Refusal::Broken => Self::Broken,
            Refusal::UnknownRoot(id) => Self::UnknownRoot(id),
            Refusal::Destroying(at) => Self::Destroying(
                OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            ),
            Refusal::Refused(reason) => Self::Refused(reason),
            Refusal::Unavailable(reason) => Self::Unavailable(reason),
        }
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Missing => Self::Missing,
            KeyError::Broken => Self::Broken,
            KeyError::UnknownRoot(id) => Self::UnknownRoot(id),
            KeyError::Destroying(at) => Self::Destroying(at.unix_timestamp()),
            KeyError::Refused(reason) => Self::Refused(reason),
            KeyError::Unavailable(reason) => Self::Unavailable(reason),
            // The rest speaks of the agent's own files, which are nothing to an app.
            _ => Self::Unavailable("the key agent cannot use its root key".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::FileKeyService;
    use super::*;

    fn context(environment: u128, organisation: u128) -> KeyContext {
        KeyContext { environment: Uuid::from_u128(environment), organisation: Uuid::from_u128(organisation) }
    }

    struct Agent {
        app: AgentKeyService,
        root: Arc<FileKeyService>,
        task: tokio::task::JoinHandle<std::io::Result<()>>,
        _folder: tempfile::TempDir,
    }

    fn agent() -> Agent {
        let folder = tempfile::tempdir().unwrap();
        let root = Arc::new(FileKeyService::create(&folder.path().join("root.key")).unwrap());
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        theirs.set_nonblocking(true).unwrap();
        let theirs = UnixStream::from_std(theirs).unwrap();
        let service = Arc::clone(&root);
        let task = tokio::spawn(async move { answer_keys(&*service, Uuid::from_u128(1), theirs).await });
        Agent { app: AgentKeyService::over(Uuid::from_u128(1), ours).unwrap(), root, task, _folder: folder }
    }

    /// CF-5: what the agent hands out is what the root key wraps, and rotation reaches the root.
    #[tokio::test]
    async fn an_app_gets_its_keys_through_the_agent() {
        let agent = agent();
        let (key, wrapped) = agent.app.generate(&context(1, 2)).await.unwrap();
        assert_eq!(agent.app.unwrap(&context(1, 2), &wrapped).await.unwrap().expose(), key.expose());
        assert_eq!(agent.root.unwrap(&context(1, 2), &wrapped).await.unwrap().expose(), key.expose());
        agent.app.rotate_root().await.unwrap();
        let anew = agent.app.rewrap(&context(1, 2), &wrapped).await.unwrap();
        assert_ne!(anew, wrapped);
        let described = agent.app.describe().await.unwrap();
        assert_eq!((described.service, described.roots), ("key-agent", 2));
    }

    /// The agent answers for the environment that it was told of, whatever the app says.
    #[tokio::test]
    async fn an_app_cannot_ask_for_another_environment_or_have_keys_destroyed() {
        let agent = agent();
        let (_, foreign) = agent.root.generate(&context(9, 2)).await.unwrap();
        let (ours, organisation) = (context(1, 2), Uuid::from_u128(2));
        let request = Request::Unwrap { organisation, wrapped: text(&foreign.0).to_string() };
        let asked = agent.app.ask(&ours, &request);
        assert!(matches!(asked.await, Err(KeyError::Broken)));
        assert!(matches!(agent.app.unwrap(&context(9, 2), &foreign).await, Err(KeyError::Broken)));
        let at = time::macros::datetime!(2026-12-01 0:00 UTC);
        assert!(agent.app.schedule_destruction(at).await.is_err());
        assert_eq!(agent.root.describe().await.unwrap().destruction, None);
    }

    #[tokio::test]
    async fn refusals_keep_their_meaning_and_a_dead_agent_is_unavailable() {
        let agent = agent();
        let (_, wrapped) = agent.app.generate(&context(1, 2)).await.unwrap();
        assert!(matches!(agent.app.unwrap(&context(1, 3), &wrapped).await, Err(KeyError::Broken)));
        let due = time::macros::datetime!(2026-12-01 0:00 UTC);
        agent.root.schedule_destruction(due).await.unwrap();
        assert!(
            matches!(agent.app.unwrap(&context(1, 2), &wrapped).await, Err(KeyError::Destroying(at)) if at == due)
        );
        agent.task.abort();
        let _ = agent.task.await;
        assert!(matches!(agent.app.generate(&context(1, 2)).await, Err(KeyError::Unavailable(_))));
    }

    /// Bad input ends the connection; it neither panics nor fills memory.
    #[tokio::test]
    async fn what_is_no_request_ends_the_connection() {
        let endless = "x".repeat(64 * 1024);
        for line in ["hello\n", "{\"unwrap\":{}}\n", "[]\n", endless.as_str()] {
            let folder = tempfile::tempdir().unwrap();
            let root = FileKeyService::create(&folder.path().join("root.key")).unwrap();
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            let (answered, written) = tokio::join!(answer_keys(&root, Uuid::nil(), theirs), async {
                let written = ours.write_all(line.as_bytes()).await;
                drop(ours);
                written
            });
            // The agent may have hung up before all of an endless line was written.
            drop(written);
            assert!(answered.is_err(), "{line:.20}");
        }
    }
}
