//! An app as a process of its own, in a folder of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use safeguards::testing::{self, TestDatabase};
use tempfile::TempDir;

use crate::client::{Client, Login};

/// Where an app keeps its records.
pub(crate) enum Database {
    /// A file in its folder.
    Sqlite,
    /// A database of its own on the test server.
    Postgres(TestDatabase),
}

impl Database {
    /// A new, empty one on PostgreSQL.
    pub(crate) async fn postgres() -> Self {
        Self::Postgres(testing::postgres().await)
    }
}

/// A built app, a folder and a database, with the made-up people in it.
pub(crate) struct Place {
    /// What is run.
    pub(crate) program: PathBuf,
    folder: TempDir,
    variables: Vec<(String, String)>,
    /// Where the records are.
    pub(crate) database: Database,
    /// The made-up people.
    pub(crate) logins: Vec<Login>,
}

impl Place {
    /// Migrates and seeds.
    pub(crate) fn new(program: &Path, database: Database) -> Self {
        Self::with(program, database, Vec::new())
    }

    /// The same, with variables of its own.
    pub(crate) fn with(program: &Path, database: Database, variables: Vec<(String, String)>) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::create_dir(folder.path().join("tmp")).expect("a folder can be made");
        let program = program.to_owned();
        let mut place = Self { program, folder, variables, database, logins: Vec::new() };
        place.run("migrate");
        place.logins = place.run("seed").lines().map(Login::read).collect();
        place
    }

    /// The app's folder: data, temporary files, what it said, and a core file, if there were one.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The n-th person of a role.
    pub(crate) fn login(&self, role: &str, n: usize) -> &Login {
        let mut of_role = self.logins.iter().filter(|login| login.role == role);
        of_role.nth(n).unwrap_or_else(|| panic!("{role} {n} is not among {:?}", self.logins))
    }

    /// Runs a subcommand to its end; what it printed.
    pub(crate) fn run(&self, subcommand: &str) -> String {
        let output = self.command(subcommand).stdin(Stdio::null()).output().expect("the app can be started");
        self.keep("seed.txt", &output.stdout);
        self.keep("output.txt", &output.stderr);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{subcommand}: {said}");
        String::from_utf8(output.stdout).expect("an app speaks UTF-8")
    }

    /// Runs a subcommand that is refused, told these variables; its exit code, and what it says.
    pub(crate) fn refuses(&self, subcommand: &str, variables: &[(&str, &str)]) -> (Option<i32>, String) {
        let mut command = self.command(subcommand);
        let output = command.envs(variables.iter().copied()).stdin(Stdio::null()).output();
        let output = output.expect("the app can be started");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }

    fn keep(&self, name: &str, bytes: &[u8]) {
        let file = File::options().create(true).append(true).open(self.folder().join(name));
        file.and_then(|mut file| file.write_all(bytes)).expect("the folder is writable");
    }

    /// The app, with core files wanted by whoever starts it: only the app itself can say no.
    fn command(&self, subcommand: &str) -> Command {
        let mut command = with_cores(&self.program);
        command
            .arg(subcommand)
            .current_dir(self.folder())
            .env("DATA_DIR", self.folder().join("data"))
            .env("TMPDIR", self.folder().join("tmp"))
            .env("LISTEN", "127.0.0.1:0")
            // One program may be everybody, and ask for all there is.
            .env("RATE_PER_ADDRESS", "1000000")
            .env("RATE_PER_SESSION", "1000000")
            .env_remove("DATABASE_URL")
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Database::Postgres(database) = &self.database {
            let addresses = database.addresses.as_ref().expect("a PostgreSQL database has addresses");
            command
                .env("DATABASE_URL", addresses.app.reveal())
                .env("DATABASE_OWNER_URL", addresses.owner.reveal());
        }
        command
    }

    /// Starts the app; returns when it says where it answers.
    pub(crate) fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    /// The same, told these variables.
    pub(crate) fn serve_with(&self, variables: &[(&str, &str)]) -> Serving {
        let output = File::create(self.folder().join("served.txt")).expect("the folder is writable");
        let mut child = self
            .command("serve")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the app can be started");
        let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        let mut log = File::create(self.folder().join("log.txt")).expect("the folder is writable");
        let mut said = String::new();
        let address = loop {
            let line =
                lines.next().unwrap_or_else(|| panic!("the app ended: {said}")).expect("an app speaks UTF-8");
            writeln!(log, "{line}").expect("the folder is writable");
            if line.contains("answers on") {
                break line
                    .rsplit(' ')
                    .next()
                    .and_then(|word| word.parse().ok())
                    .expect("it names its address");
            }
            said.push_str(&line);
            said.push('\n');
        };
        // What it says later is kept, too.
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                writeln!(log, "{line}").expect("the folder is writable");
            }
        });
        Serving { child, address, reader: Some(reader) }
    }
}

/// A program started by a shell that allows core files of any size.
pub(crate) fn with_cores(program: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$0\" \"$@\""]).arg(program);
    command
}

/// An app that answers; ended by its process id when this is dropped.
pub(crate) struct Serving {
    child: Child,
    address: SocketAddr,
    reader: Option<JoinHandle<()>>,
}

impl Serving {
    /// Somebody who is signed in.
    pub(crate) fn sign_in(&self, login: &Login) -> Client {
        Client::sign_in(self.address, login)
    }

    /// Tries to sign somebody in with another password; the status of the answer.
    pub(crate) fn knock(&self, login: &Login, password: &str) -> u16 {
        Client::knock(self.address, login, password)
    }

    /// Where it answers.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it answers, as `http://127.0.0.1:PORT`.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Signs somebody in, and hands the session to another program.
    pub(crate) fn refresh_token(&self, login: &Login) -> String {
        self.sign_in(login).refresh_token().to_owned()
    }

    /// Somebody who signed in when the app was started before: sessions outlive it.
    pub(crate) fn again(&self, client: &Client) -> Client {
        client.at(self.address)
    }

    /// Ends the app as a fault in memory would; returns when it and all that it said is at rest.
    pub(crate) fn crash(mut self) {
        let ended = crash(&mut self.child);
        assert_eq!(ended.signal(), Some(11), "{ended}");
        // Its signer ends with it; then nobody holds the pipe any more.
        self.reader.take().expect("there is one reader").join().expect("what it said can be kept");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends SIGSEGV until it is the end: Rust's runtime takes the first for a fault of its stack, finds none, and gives up
/// its own handler.
pub(crate) fn crash(child: &mut Child) -> ExitStatus {
    loop {
        let sent = Command::new("kill").args(["-s", "SEGV", &child.id().to_string()]).status();
        assert!(sent.expect("kill can be started").success());
        if let Some(ended) = child.try_wait().expect("a child can be waited for") {
            return ended;
        }
    }
}
