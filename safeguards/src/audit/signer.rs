//! The signer: a process of its own that holds the signing key and writes the witness.
//!
//! It is the subcommand `signer` of the app's binary, started by the app, and speaks over a socket that
//! it inherits as standard input: one JSON request a line, one answer a line. The app never reads the
//! key. The signer trusts the app little: it signs no head that takes back an earlier one, and no sweep
//! of events that its own witness has not known for the floor of retention, by its own clock.
//!
//! | file | where | what |
//! |---|---|---|
//! | `audit-signing-key` | root folder, 0600 | Ed25519 private key, PKCS#8, hexadecimal |
//! | `audit-witness-end` | root folder, 0600 | where the witness ends, so that a cut witness is noticed |
//! | `witness.ndjson` | witness folder | signed lines, appended and flushed one by one |
//! | `public-key` | witness folder | the key to verify them with |

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use serde::{Deserialize, Serialize};

use super::archive::{PUBLIC_KEY, WITNESS};
use super::digest::{decode_hex, encode_hex};
use super::event::Checkpoint;
use super::succession::{BEFORE, Continuation};
use super::witness::{LaneHead, PublicKey, Statement, Witness, WitnessEnd};
use crate::clock::Clock;

/// The private key's file name in the root folder.
const KEY: &str = "audit-signing-key";
/// The file name of the witness's end in the root folder.
const END: &str = "audit-witness-end";

/// Why the signer does not sign.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// A file or the socket failed.
    #[error("the signer's file or socket failed: {0}")]
    Io(#[from] io::Error),
    /// The key file can be read by others, or does not hold a key.
    #[error("the signing key is readable by others or is not a key")]
    Key,
    /// Another signer writes this witness.
    #[error("another signer writes this witness")]
    Taken,
    /// The witness was edited, cut, or belongs to another key.
    #[error("the witness was edited, cut, or belongs to another key")]
    Witness,
}

/// What the app may ask.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Request {
    /// Sign the last link of each lane.
    Head(Vec<LaneHead>),
    /// Sign that lanes are about to be swept up to here.
    Sweep(Vec<Checkpoint>),
    /// Tell the public key.
    PublicKey,
    /// Sign an archive by the digest of its manifest, in hexadecimal digits.
    Archive(String),
}

/// What the signer answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// It is in the witness, which ends here.
    Witnessed(WitnessEnd),
    /// The public key.
    PublicKey(String),
    /// The signature of an archive.
    Archive(exporter::Signature),
    /// It will not sign, for this reason.
    Refused(String),
}

/// A signing key and the witness that it writes.
#[derive(Debug)]
pub struct Signer {
    pair: Ed25519KeyPair,
    clock: Arc<dyn Clock>,
    root: PathBuf,
    file: File,
    witness: Witness,
}

impl Signer {
    /// Opens the key in `root` and the witness in `folder`; the first time, makes both.
    ///
    /// # Errors
    /// [`SignerError`]; a witness that does not verify is never written to.
    pub fn open(root: &Path, folder: &Path, clock: Arc<dyn Clock>) -> Result<Self, SignerError> {
        for folder in [root, folder] {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let pair = open_key(&root.join(KEY))?;
        let key = PublicKey::of(&pair);
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(folder.join(WITNESS))?;
        file.try_lock().map_err(|_| SignerError::Taken)?;
        let witness = read_witness(&mut file, &key)?;
        let known = match fs::read_to_string(root.join(END)) {
            Ok(text) => serde_json::from_str(&text).map_err(|_| SignerError::Witness)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => WitnessEnd::default(),
            Err(error) => return Err(error.into()),
        };
        if !witness.reaches(known) {
            return Err(SignerError::Witness);
        }
        publish(&folder.join(PUBLIC_KEY), &key)?;
        let mut signer = Self { pair, clock, root: root.to_owned(), file, witness };
        if signer.witness.end() == WitnessEnd::default()
            && let Some(taken) = Continuation::of(&folder.join(BEFORE))?
        {
            signer.sign(Statement::Continued(taken))?;
        }
        Ok(signer)
    }

    /// Answers requests from `input` until it ends.
    ///
    /// # Errors
    /// [`SignerError::Io`] if a request cannot be read or an answer not written. A witness that cannot
    /// be written ends the signer too, since what it holds in memory would no longer be what lies there.
    pub fn serve(&mut self, input: impl BufRead, output: impl Write) -> Result<(), SignerError> {
        exchange(input, output, |request| self.answer(request))
    }

    /// The answer to one request, as the line that goes back, its end included.
    ///
    /// # Errors
    /// [`SignerError`] if the witness cannot be written; such a signer is opened anew before it is asked again.
    pub fn answer_line(&mut self, request: &str) -> Result<String, SignerError> {
        line(request, |request| self.answer(request))
    }

    fn answer(&mut self, request: Request) -> Result<Answer, SignerError> {
        let refused = |reason: &str| Ok(Answer::Refused(reason.to_owned()));
        match request {
            Request::PublicKey => Ok(Answer::PublicKey(PublicKey::of(&self.pair).to_string())),
            Request::Archive(digest) => Ok(signed_archive(&self.pair, &digest)),
            Request::Head(heads) => match self.witness.unseen(&heads) {
                None => refused("the heads take back what was witnessed"),
                Some(unseen) if unseen.is_empty() => Ok(Answer::Witnessed(self.witness.end())),
                Some(unseen) => self.sign(Statement::Head(unseen)),
            },
            Request::Sweep(checkpoints) => {
                let now = self.clock.now();
                if checkpoints.iter().all(|checkpoint| self.witness.is_old_enough(now, checkpoint)) {
                    self.sign(Statement::Swept(checkpoints))
                } else {
                    refused("the witness has not known these events for the floor of retention")
                }
            }
        }
    }

    /// Signs, appends, flushes, and notes the new end; only then is it an answer.
    fn sign(&mut self, statement: Statement) -> Result<Answer, SignerError> {
        let (line, _) = self.witness.end().sign(&self.pair, self.clock.now(), statement);
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.file.sync_data()?;
        if !self.witness.read(&line, &PublicKey::of(&self.pair)).is_empty() {
            return Err(SignerError::Witness);
        }
        let end = self.witness.end();
        let next = self.root.join(format!("{END}.next"));
        write_private(&next, &serde_json::to_string(&end).map_err(io::Error::from)?)?;
        fs::rename(next, self.root.join(END))?;
        Ok(Answer::Witnessed(end))
    }
}

/// The subcommand `signer`: serves the app at the other end of standard input until it hangs up.
///
/// An archive is signed by the key alone, since beside an app that runs, its signer has the witness.
///
/// # Errors
/// [`SignerError`].
pub fn run_signer(root: &Path, folder: &Path, clock: Arc<dyn Clock>) -> Result<(), SignerError> {
    let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut signer: Option<Signer> = None;
    exchange(BufReader::new(socket.try_clone()?), socket, |request| match (request, &mut signer) {
        (Request::Archive(digest), None) => {
            DirBuilder::new().recursive(true).mode(0o700).create(root)?;
            Ok(signed_archive(&open_key(&root.join(KEY))?, &digest))
        }
        (request, Some(signer)) => signer.answer(request),
        (request, none) => none.insert(Signer::open(root, folder, Arc::clone(&clock))?).answer(request),
    })
}

/// The answer to one request, as a line.
fn line(
    request: &str,
    mut answer: impl FnMut(Request) -> Result<Answer, SignerError>,
) -> Result<String, SignerError> {
    let answer = match serde_json::from_str(request) {
        Ok(request) => answer(request)?,
        Err(_) => Answer::Refused("not a request".to_owned()),
    };
    Ok(serde_json::to_string(&answer).map_err(io::Error::from)? + "\n")
}

/// Answers requests line by line until there are no more.
fn exchange(
    input: impl BufRead,
    mut output: impl Write,
    mut answer: impl FnMut(Request) -> Result<Answer, SignerError>,
) -> Result<(), SignerError> {
    for request in input.lines() {
        output.write_all(line(&request?, &mut answer)?.as_bytes())?;
        output.flush()?;
    }
    Ok(())
}

fn signed_archive(pair: &Ed25519KeyPair, digest: &str) -> Answer {
    if decode_hex(digest).is_none_or(|bytes| bytes.len() != 32) {
        return Answer::Refused("not the digest of a manifest".to_owned());
    }
    Answer::Archive(exporter::Signature::sign(pair, digest))
}

/// Where the signer in `root` says that its witness ends, for verification.
///
/// # Errors
/// [`io::Error`] if the file is there and cannot be read.
pub fn known_end(root: &Path) -> io::Result<Option<WitnessEnd>> {
    match fs::read_to_string(root.join(END)) {
        Ok(text) => Ok(Some(serde_json::from_str(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn open_key(path: &Path) -> Result<Ed25519KeyPair, SignerError> {
    if !path.exists() {
        let pair = Ed25519KeyPair::generate().map_err(|_| SignerError::Key)?;
        let document = pair.to_pkcs8().map_err(|_| SignerError::Key)?;
        write_private(path, &encode_hex(document.as_ref()))?;
    }
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        return Err(SignerError::Key);
    }
    let text = zeroize::Zeroizing::new(fs::read_to_string(path)?);
    let document = decode_hex(text.trim()).map(zeroize::Zeroizing::new).ok_or(SignerError::Key)?;
    Ed25519KeyPair::from_pkcs8(&document).map_err(|_| SignerError::Key)
}

/// Reads the whole witness. An unfinished last line was never an answer, and goes.
fn read_witness(file: &mut File, key: &PublicKey) -> Result<Witness, SignerError> {
    let mut witness = Witness::brief();
    let mut whole = 0;
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(&mut *file);
    let mut line = String::new();
    while reader.by_ref().read_line(&mut line)? > 0 {
        if !line.ends_with('\n') {
            break;
        }
        whole += line.len() as u64;
        if !witness.read(line.trim_end(), key).is_empty() {
            return Err(SignerError::Witness);
        }
        line.clear();
    }
    if !line.is_empty() {
        file.set_len(whole)?;
    }
    Ok(witness)
}

/// A witness belongs to one key for as long as it is kept.
fn publish(path: &Path, key: &PublicKey) -> Result<(), SignerError> {
    match fs::read_to_string(path) {
        Ok(text) if PublicKey::parse(&text).as_ref() == Some(key) => Ok(()),
        Ok(_) => Err(SignerError::Witness),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(fs::write(path, format!("{key}\n"))?),
        Err(error) => Err(error.into()),
    }
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
