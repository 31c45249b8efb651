//! Where code that is not ours runs: a founder's build scripts and a founder's app (invariant 12).
//!
//! The boundary is Linux's, put together by bubblewrap, and every part of it stands alone:
//!
//! | what | by |
//! |---|---|
//! | no network, no processes but its own, no shared memory, no host name | namespaces |
//! | no file but those that are named here; nothing setuid, no device | a mount namespace over an empty root |
//! | no capability, and none to be had | `no_new_privs`, an empty bounding set |
//! | no calls to trace, mount, make namespaces, load programs or reach other address families | [`seccomp`] |
//! | its own user, where the host is root; otherwise a user namespace | setpriv |
//! | memory, processes, open files, file size, no core dump | resource limits, and a `Group` where the machine lends one |
//! | it ends with the host | the first process of its process namespace dies with us |
//!
//! Variables go to the program by its environment, never by the command line, which other users can read.

mod ended;
mod group;
pub mod seccomp;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use command_fds::{CommandFdExt, FdMapping};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use tokio::process::Child;
use tokio::sync::{mpsc, watch};

pub use ended::Ended;
use group::Group;

const BUBBLEWRAP: &str = "/usr/bin/bwrap";
const SETPRIV: &str = "/usr/bin/setpriv";
const ENV: &str = "/usr/bin/env";
const PRLIMIT: &str = "/usr/bin/prlimit";
/// glibc sets address space aside for many threads, all of which would count.
const ARENAS: (&str, &str) = ("MALLOC_ARENA_MAX", "2");
/// The first descriptor that a program inherits beside its standard ones (sd_listen_fds(3)).
const FIRST_INHERITED: i32 = 3;

/// The user and group, of one number, that a sandboxed program runs as where the host is root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account(pub u32);

/// How much a sandboxed program may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory, for all its processes together where the machine lends a group, and of address space
    /// for each process in any case.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of its temporary folder, which is memory.
    pub temporary: u64,
    /// Open files.
    pub open_files: u64,
}

/// A way in which a file or folder of the host is seen inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It can be read.
    Read,
    /// It can be written.
    Write,
}

/// What a program sees, and how much it may take.
#[derive(Clone, Debug)]
pub struct Sandbox {
    name: String,
    account: Option<Account>,
    limits: Limits,
    mounts: Vec<(Access, PathBuf, PathBuf)>,
    variables: BTreeMap<OsString, OsString>,
    folder: PathBuf,
}

/// What goes over the program's standard streams, and what more it inherits.
#[derive(Debug, Default)]
pub struct Inheritance {
    /// Its standard input; nothing unless given.
    pub input: Option<OwnedFd>,
    /// Whether its standard output is kept from us.
    pub silent: bool,
    /// A socket on which it answers, as the first descriptor after the standard ones.
    pub listener: Option<OwnedFd>,
}

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A program that the sandbox is made of is missing.
    #[error(
        "{0} is missing: founders' code runs in a sandbox or not at all (Debian: apt-get install bubblewrap util-linux)"
    )]
    Missing(&'static str),
    /// The operating system refused.
    #[error("a sandboxed program could not be started: {0}")]
    System(#[from] io::Error),
    /// The sandbox could not be made, for instance because the machine forbids user namespaces.
    #[error("the sandbox could not be made: {0}")]
    Refused(String),
}

/// A sandboxed program that runs.
#[derive(Debug)]
pub struct Running {
    /// The process that watches the sandbox; when it is killed, everything inside ends with it.
    pub child: Child,
    name: String,
    inside: Option<Pid>,
    _group: Option<Group>,
}

/// A hold on a program that a task looks after; when the last one is dropped, the program is killed.
#[derive(Clone, Debug)]
pub struct Handle {
    orders: mpsc::Sender<Order>,
    ended: watch::Receiver<Option<Ended>>,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Terminate,
    Kill,
}

impl Sandbox {
    /// An empty one: the system's programs and libraries can be read, and there is a temporary folder.
    /// Where the host is root, `account` is who the program runs as; otherwise it is ourselves.
    #[must_use]
    pub fn new(name: impl Into<String>, account: Option<Account>, limits: Limits) -> Self {
        let variables =
            [("PATH", "/usr/bin"), ("HOME", "/tmp"), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8"), ARENAS];
        Self {
            name: name.into(),
            account: account.filter(|_| is_root()),
            limits,
            mounts: Vec::new(),
            variables: variables.map(|(name, value)| (name.into(), value.into())).into(),
            folder: "/tmp".into(),
        }
    }

    /// Shows a file or folder of the host at `inside`.
    #[must_use]
    pub fn mount(mut self, access: Access, host: impl Into<PathBuf>, inside: impl Into<PathBuf>) -> Self {
        self.mounts.push((access, host.into(), inside.into()));
        self
    }

    /// Sets a variable. No other of the host's is seen inside.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Where the program starts.
    #[must_use]
    pub fn folder(mut self, inside: impl Into<PathBuf>) -> Self {
        self.folder = inside.into();
        self
    }

    /// Starts `program`, a path inside, with its standard output and errors piped to us.
    ///
    /// # Errors
    /// [`SandboxError`]. What happens once the sandbox stands is told by the program's end.
    pub async fn start(
        &self,
        program: &Path,
        arguments: &[impl AsRef<OsStr>],
        inherited: Inheritance,
    ) -> Result<Running, SandboxError> {
        for needed in [BUBBLEWRAP, PRLIMIT, SETPRIV] {
            if !Path::new(needed).exists() {
                return Err(SandboxError::Missing(needed));
            }
        }
        let group = Group::make(&self.name, &self.limits);
        let (info, told) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(io::Error::from)?;
        let mut command = self.command(group.as_ref(), program, arguments, inherited, told)?;
        command.stderr(Stdio::piped()).env_clear().envs(&self.variables);
        let child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
        // The command held our copy of the descriptor that it tells by; it is gone now, so this ends.
        let first = tokio::task::spawn_blocking(move || first_process(File::from(info))).await;
        let first = first.map_err(io::Error::other)??;
        let running = Running { child, name: self.name.clone(), inside: first, _group: group };
        if running.inside.is_none() {
            return Err(SandboxError::Refused(running.complaint().await));
        }
        Ok(running)
    }

    fn command(
        &self,
        group: Option<&Group>,
        program: &Path,
        arguments: &[impl AsRef<OsStr>],
        inherited: Inheritance,
        told: OwnedFd,
    ) -> Result<Command, SandboxError> {
        let mut fds = Vec::new();
        let mut next = FIRST_INHERITED;
        let mut pass = |fd: OwnedFd| {
            fds.push(FdMapping { parent_fd: fd, child_fd: next });
            next += 1;
            next - 1
        };
        if let Some(listener) = inherited.listener {
            pass(listener);
        }
        let told = pass(told);
        let filters = seccomp::programs().into_iter().map(|program| Ok(pass(memory_file(&program)?)));
        let filters = filters.collect::<io::Result<Vec<_>>>()?;

        let mut command = match group {
            Some(group) => group.entering(),
            None => Command::new(ENV),
        };
        command.arg(BUBBLEWRAP).args(self.namespaces());
        command.arg("--info-fd").arg(told.to_string());
        for filter in filters {
            command.arg("--add-seccomp-fd").arg(filter.to_string());
        }
        command.args(self.files()).args(["--chdir", "/", "--"]).args(self.step_down());
        // Only the account may enter its folder.
        command.args([ENV, "--chdir"]).arg(&self.folder);
        command.arg(program).args(arguments);
        command.stdin(inherited.input.map_or_else(Stdio::null, Stdio::from));
        command.stdout(if inherited.silent { Stdio::null() } else { Stdio::piped() });
        command.fd_mappings(fds).map_err(|_| io::Error::other("two descriptors of one number"))?;
        Ok(command)
    }

    fn namespaces(&self) -> Vec<&'static str> {
        let mut words = vec![
            "--unshare-pid",
            "--unshare-net",
            "--unshare-ipc",
            "--unshare-uts",
            "--unshare-cgroup-try",
            "--hostname",
            "sandbox",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
        ];
        if self.account.is_some() {
            // Enough to become another user, which gives all of it up.
            for capability in ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"] {
                words.extend(["--cap-add", capability]);
            }
        } else {
            words.extend(["--unshare-user", "--disable-userns"]);
        }
        words
    }

    fn files(&self) -> Vec<OsString> {
        let size = self.limits.temporary.to_string();
        let mut words: Vec<OsString> = Vec::new();
        let mut say =
            |parts: &[&dyn AsRef<OsStr>]| words.extend(parts.iter().map(|part| part.as_ref().into()));
        say(&[&"--ro-bind", &"/usr", &"/usr"]);
        for (target, name) in [("usr/bin", "/bin"), ("usr/lib", "/lib"), ("usr/lib64", "/lib64")] {
            say(&[&"--symlink", &target, &name]);
        }
        say(&[&"--perms", &"0755", &"--dir", &"/etc"]);
        // Debian's compiler is a link through this folder.
        say(&[&"--ro-bind-try", &"/etc/alternatives", &"/etc/alternatives"]);
        say(&[&"--ro-bind-try", &"/etc/ld.so.cache", &"/etc/ld.so.cache"]);
        say(&[&"--proc", &"/proc", &"--dev", &"/dev", &"--remount-ro", &"/dev"]);
        say(&[&"--perms", &"1777", &"--size", &size, &"--tmpfs", &"/tmp"]);
        let seen: BTreeSet<&Path> = self.mounts.iter().map(|(_, _, inside)| &**inside).collect();
        let above: BTreeSet<&Path> = seen.iter().flat_map(|inside| inside.ancestors().skip(1)).collect();
        for folder in above.difference(&seen).filter(|folder| folder.parent().is_some()) {
            // Made by root, for the account to pass through.
            say(&[&"--perms", &"0755", &"--dir", folder]);
        }
        for (access, host, inside) in &self.mounts {
            let word = if *access == Access::Read { "--ro-bind" } else { "--bind" };
            say(&[&word, host, inside]);
        }
        say(&[&"--remount-ro", &"/"]);
        words
    }

    /// Becoming the account, for good, and the limits of each process.
    fn step_down(&self) -> Vec<String> {
        let mut words = vec![SETPRIV.to_owned(), "--no-new-privs".to_owned()];
        if let Some(Account(number)) = self.account {
            words.extend([format!("--reuid={number}"), format!("--regid={number}"), "--clear-groups".into()]);
            words
                .extend(["--bounding-set=-all", "--inh-caps=-all", "--ambient-caps=-all"].map(str::to_owned));
        }
        words.push(PRLIMIT.to_owned());
        let Limits { memory, processes, file, open_files, .. } = self.limits;
        words.push("--core=0".into());
        words.push(format!("--as={memory}"));
        words.push(format!("--nproc={processes}"));
        words.push(format!("--fsize={file}"));
        words.push(format!("--nofile={open_files}"));
        words.push("--".into());
        words
    }
}

impl Running {
    /// Asks the program to end. It does so in its own time.
    pub fn terminate(&self) {
        // The sandbox's first process takes no signals for others; its one child is the program.
        let Some(first) = self.inside.map(Pid::as_raw_nonzero) else { return };
        let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children"));
        for program in children.unwrap_or_default().split_whitespace() {
            if let Some(program) = program.parse().ok().and_then(Pid::from_raw) {
                // It may have ended a moment ago, which is what was wanted.
                let _ = kill_process(program, Signal::TERM);
            }
        }
    }

    /// Waits for the end. One by a system call that only an escape begins with is written down.
    ///
    /// # Errors
    /// The operating system did not tell.
    pub async fn ended(&mut self) -> io::Result<Ended> {
        let ended = Ended::of(self.child.wait().await?);
        if ended.is_escape() {
            tracing::error!(event = "sandbox-escape", sandbox = %self.name, "a forbidden system call");
        }
        Ok(ended)
    }

    /// Ends everything inside now.
    pub async fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill().await;
    }

    /// Has a task look after it.
    #[must_use]
    pub fn looked_after(mut self) -> Handle {
        let (orders, mut ordered) = mpsc::channel(4);
        let (tell, ended) = watch::channel(None);
        tokio::spawn(async move {
            let end = loop {
                tokio::select! {
                    end = self.ended() => break end,
                    order = ordered.recv() => match order {
                        Some(Order::Terminate) => self.terminate(),
                        Some(Order::Kill) | None => self.kill().await,
                    },
                }
            };
            let _ = tell.send(Some(end.unwrap_or(Ended::Code(-1))));
        });
        Handle { orders, ended }
    }

    async fn complaint(mut self) -> String {
        use tokio::io::AsyncReadExt;
        let mut said = String::new();
        if let Some(errors) = self.child.stderr.take() {
            let _ = errors.take(4096).read_to_string(&mut said).await;
        }
        self.kill().await;
        said.trim().to_owned()
    }
}

impl Handle {
    /// Asks the program to end.
    pub async fn terminate(&self) {
        // Nobody takes the order of one that has ended.
        let _ = self.orders.send(Order::Terminate).await;
    }

    /// Ends the program now, and waits for that.
    pub async fn kill(&self) {
        let _ = self.orders.send(Order::Kill).await;
        self.ended().await;
    }

    /// How it ended, if it has.
    #[must_use]
    pub fn end(&self) -> Option<Ended> {
        *self.ended.borrow()
    }

    /// Waits for the end.
    pub async fn ended(&self) -> Ended {
        let mut ended = self.ended.clone();
        let end = ended.wait_for(Option::is_some).await.map(|end| *end);
        end.ok().flatten().unwrap_or(Ended::Code(-1))
    }
}

/// Whether we may make other users' processes.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What bubblewrap tells of the sandbox: the first process inside, or nothing if there was none.
fn first_process(mut info: File) -> io::Result<Option<Pid>> {
    #[derive(Deserialize)]
    struct Info {
        #[serde(rename = "child-pid")]
        child: i32,
    }
    let mut text = String::new();
    info.read_to_string(&mut text)?;
    Ok(serde_json::from_str::<Info>(&text).ok().and_then(|info| Pid::from_raw(info.child)))
}

fn memory_file(bytes: &[u8]) -> io::Result<OwnedFd> {
    let fd = rustix::fs::memfd_create("seccomp", rustix::fs::MemfdFlags::CLOEXEC)?;
    let mut file = File::from(fd);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}
