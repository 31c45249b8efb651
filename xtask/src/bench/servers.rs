//! Programs that answer, from their start to their end.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// After so long a program that does not answer is broken.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that answers on an address; it ends with this value.
pub(super) struct Server {
    child: Child,
    pub(super) address: SocketAddr,
    /// From the start of the process to its first healthy answer.
    pub(super) first_answer: Duration,
}

impl Server {
    /// Starts a program that reads `LISTEN`, and waits for status 200 at `health`. What it logs goes to `log`.
    pub(super) fn start(mut command: Command, health: &str, log: &Path) -> anyhow::Result<Self> {
        let address = free_address()?;
        command.env("LISTEN", address.to_string()).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(log)?);
        let began = Instant::now();
        let child =
            command.spawn().with_context(|| format!("{:?} could not be started", command.get_program()))?;
        let mut server = Self { child, address, first_answer: Duration::ZERO };
        while !healthy(address, health) {
            if let Some(status) = server.child.try_wait()? {
                bail!("{:?} ended ({status}); see {}", command.get_program(), log.display());
            }
            if began.elapsed() > PATIENCE {
                bail!(
                    "{:?} did not answer within {PATIENCE:?}; see {}",
                    command.get_program(),
                    log.display()
                );
            }
            // There is nothing to wait on but the passing of time: the other side is a separate program.
            std::thread::park_timeout(Duration::from_micros(500));
        }
        server.first_answer = began.elapsed();
        Ok(server)
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    /// By SIGTERM, so that what the program started ends, too.
    fn drop(&mut self) {
        if terminate(&self.child.id().to_string()).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Sends SIGTERM to a process, or to a group where its id is given with a minus.
pub(super) fn terminate(process: &str) -> anyhow::Result<()> {
    crate::process::run(Command::new("kill").args(["-TERM", "--", process]))
}

/// A free port of loopback.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// Whether `GET path` answers 200.
pub(super) fn healthy(address: SocketAddr, path: &str) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
