//! An app as a process of its own, in a throwaway folder: data, keys, witness, temporary files, and all that it said.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;

use tempfile::TempDir;

use crate::people::Login;
use crate::postgres::PostgresAddresses;
use crate::trouble::{Result, Trouble};
use crate::wire::Wire;

/// A built project.
#[derive(Clone, Debug)]
pub struct Program {
    /// What is run.
    pub binary: PathBuf,
    /// The project's folder, with its `app.yaml`.
    pub project: PathBuf,
}

/// Where an instance keeps its records.
#[derive(Clone, Debug)]
pub enum Storage {
    /// A file in its folder.
    Sqlite,
    /// A database that was made for it, empty.
    Postgres(PostgresAddresses),
}

/// What stands before the app in the command that starts it: a shell sets limits that the app inherits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Under {
    /// Core files of any size are wanted, so that only the app itself can say no.
    Cores,
    /// No file can grow beyond so many blocks of 512 bytes, as on a full disk.
    FullAfter(u32),
}

/// A folder with an app's records, and the app's program.
pub(crate) struct Place {
    pub(crate) program: Program,
    pub(crate) storage: Storage,
    folder: TempDir,
    port: u16,
}

impl Place {
    /// An empty one.
    pub(crate) fn new(program: &Program, storage: Storage) -> Result<Self> {
        let folder = tempfile::tempdir().map_err(Trouble::file("a temporary folder"))?;
        fs::create_dir(folder.path().join("tmp")).map_err(Trouble::file(folder.path()))?;
        Ok(Self { program: program.clone(), storage, folder, port: free_port()? })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Migrates and seeds; says the made-up people's logins.
    pub(crate) fn seeded(&self) -> Result<Vec<Login>> {
        self.finish(&["migrate"])?;
        let told = self.finish(&["seed"])?;
        told.lines().filter(|line| !line.trim().is_empty()).map(Login::read).collect()
    }

    /// Runs a command of the app to its end.
    pub(crate) fn run(&self, words: &[&str]) -> Result<Output> {
        let output = self.command(words, Under::Cores).stdin(Stdio::null()).output();
        let output = output.map_err(Trouble::file(&self.program.binary))?;
        self.keep("commands.txt", &output.stderr)?;
        Ok(output)
    }

    /// The same, which must succeed; says what it printed.
    pub(crate) fn finish(&self, words: &[&str]) -> Result<String> {
        let output = self.run(words)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Trouble::Command { command: words.join(" "), said });
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn keep(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name);
        let file = File::options().create(true).append(true).open(&path);
        file.and_then(|mut file| file.write_all(bytes)).map_err(Trouble::file(path))
    }

    /// The command, with nothing of the surroundings that an app listens to.
    pub(crate) fn command(&self, words: &[&str], under: Under) -> Command {
        let script = match under {
            // Where core files are forbidden for good, as in a sandbox, the shell's complaint is no line of the app's log.
            Under::Cores => "ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"".to_owned(),
            Under::FullAfter(blocks) => format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""),
        };
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(&self.program.binary).args(words).current_dir(self.folder());
        let own = ["DATA_DIR", "TMPDIR", "LISTEN", "RATE_PER_ADDRESS", "RATE_PER_SESSION"];
        let outer = [
            "DATABASE_URL",
            "DATABASE_OWNER_URL",
            "ROOT_KEY_FILE",
            "KEYS_DIR",
            "WITNESS_DIR",
            "KEY_AGENT",
            "SIGNER_SOCKET",
            "READ_ONLY",
            "PUBLIC_URL",
            "TLS_CERTIFICATE",
            "TLS_KEY",
            "ENVIRONMENT_ID",
        ];
        for name in own.into_iter().chain(outer) {
            command.env_remove(name);
        }
        command
            .env("DATA_DIR", self.path("data"))
            .env("TMPDIR", self.path("tmp"))
            .env("LISTEN", format!("127.0.0.1:{}", self.port))
            // One program is everybody here, and asks for all there is.
            .env("RATE_PER_ADDRESS", "1000000")
            .env("RATE_PER_SESSION", "1000000");
        if let Storage::Postgres(addresses) = &self.storage {
            command.env("DATABASE_URL", &addresses.app).env("DATABASE_OWNER_URL", &addresses.owner);
        }
        command
    }

    /// Starts the app; returns when it says where it answers.
    pub(crate) fn serve(&self) -> Result<Serving> {
        self.serve_as(self.command(&["serve"], Under::Cores))
    }

    /// The same by a command of one's own.
    pub(crate) fn serve_as(&self, mut command: Command) -> Result<Serving> {
        let said_path = self.path("said.txt");
        let said = File::options().create(true).append(true).open(&said_path);
        let said = said.map_err(Trouble::file(&said_path))?;
        let child = command.stdin(Stdio::null()).stdout(said).stderr(Stdio::piped()).spawn();
        let mut serving = Serving {
            child: child.map_err(Trouble::file(&self.program.binary))?,
            address: SocketAddr::from(([127, 0, 0, 1], self.port)),
            reader: None,
        };
        let errors = serving.child.stderr.take().ok_or_else(|| Trouble::unexpected("no pipe"))?;
        let mut lines = BufReader::new(errors).lines();
        let path = self.path("log.txt");
        let mut log = File::options().create(true).append(true).open(&path).map_err(Trouble::file(&path))?;
        let mut heard = String::new();
        loop {
            let Some(Ok(line)) = lines.next() else {
                return Err(Trouble::Command { command: "serve".into(), said: heard });
            };
            let _kept = writeln!(log, "{line}");
            heard.push_str(&line);
            heard.push('\n');
            if let Some((_, address)) = line.split_once("answers on ") {
                serving.address = address.trim().parse().unwrap_or(serving.address);
                break;
            }
        }
        // What it says later is kept, too.
        serving.reader = Some(std::thread::spawn(move || {
            for line in lines.map_while(std::result::Result::ok) {
                let _kept = writeln!(log, "{line}");
            }
        }));
        Ok(serving)
    }

    /// All that the app has said while it served.
    pub(crate) fn log(&self) -> Result<String> {
        let path = self.path("log.txt");
        fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).map_err(Trouble::file(path))
    }
}

/// A port that nothing listens on, below those that Linux and the IANA give to whoever calls out (from 32768 on): one of
/// those could be taken by a passing connection while an instance starts anew.
fn free_port() -> Result<u16> {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 22_000;
    static TRIED: AtomicU32 = AtomicU32::new(0);
    // Verifications beside each other begin elsewhere.
    let begin = std::process::id().wrapping_mul(7_919);
    for _ in 0..COUNT {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + begin.wrapping_add(tried) % COUNT).unwrap_or_default();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Trouble::unexpected("no port is free"))
}

/// An app that answers; ended by its process id when this is dropped.
pub(crate) struct Serving {
    child: Child,
    address: SocketAddr,
    reader: Option<JoinHandle<()>>,
}

impl Serving {
    /// Where it answers, by plain HTTP.
    pub(crate) fn wire(&self) -> Wire {
        Wire::plain(self.address)
    }

    /// Its process id.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, as an operator does, and waits until it has.
    pub(crate) fn stop(mut self) -> Result<()> {
        self.signal("TERM")?;
        let ended = self.child.wait();
        self.finish();
        ended.map(drop).map_err(|source| Trouble::Unreachable { what: "the app's end".into(), source })
    }

    /// Ends it as a fault in memory would; says the signal that it ended by.
    pub(crate) fn crash(mut self) -> Result<Option<i32>> {
        // Rust's runtime takes the first for a fault of its stack, finds none, and gives up its own handler.
        for _ in 0..200 {
            self.signal("SEGV")?;
            crate::clock::pass(std::time::Duration::from_millis(20));
            let ended = self.child.try_wait();
            if let Ok(Some(status)) = ended {
                self.finish();
                return Ok(std::os::unix::process::ExitStatusExt::signal(&status));
            }
        }
        Err(Trouble::unexpected("the app does not end by SIGSEGV"))
    }

    fn finish(&mut self) {
        if let Some(reader) = self.reader.take() {
            let _read = reader.join();
        }
    }

    fn signal(&self, name: &str) -> Result<()> {
        let process = self.process().to_string();
        let sent = Command::new("kill").args(["-s", name, &process]).stderr(Stdio::null()).status();
        sent.map(drop).map_err(Trouble::file("kill"))
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
