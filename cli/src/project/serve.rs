//! A built project as a child process: keys and witness in folders beside its data, plain HTTP on loopback.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::signal::unix::{SignalKind, signal};

use crate::progress::Progress;

/// How long a started app may take to answer before we call it broken.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// An app that answers.
pub(crate) struct Served {
    child: Child,
    /// Where it answers.
    pub(crate) url: String,
}

/// Runs a subcommand of the app's own binary, such as `migrate` or `seed`, and returns what it printed.
pub(crate) fn subcommand(binary: &Path, project: &Path, words: &[&str]) -> anyhow::Result<String> {
    ended(command(binary, project), binary, words)
}

/// As [`subcommand`], on the project's own file whatever the shell says of other databases.
pub(crate) fn subcommand_on_sqlite(binary: &Path, project: &Path, words: &[&str]) -> anyhow::Result<String> {
    let mut command = command(binary, project);
    for name in ["DATABASE_URL", "DATABASE_OWNER_URL", "DATA_DIR", "ROOT_KEY_FILE", "WITNESS_DIR"] {
        command.env_remove(name);
    }
    ended(command, binary, words)
}

fn ended(mut command: Command, binary: &Path, words: &[&str]) -> anyhow::Result<String> {
    let output = command.args(words).stderr(Stdio::inherit()).output();
    let output = output.with_context(|| format!("{} could not be started", binary.display()))?;
    if !output.status.success() {
        bail!("the app's `{}` failed ({})", words.join(" "), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Starts the app and returns when it says that it is ready.
pub(crate) fn serve(
    binary: &Path,
    project: &Path,
    listen: SocketAddr,
    progress: Progress,
) -> anyhow::Result<Served> {
    let listen = chosen(listen)?;
    let step = progress.step("starting the app");
    let child = command(binary, project)
        .arg("serve")
        .env("LISTEN", listen.to_string())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("{} could not be started", binary.display()))?;
    let mut served = Served { child, url: format!("http://{listen}") };
    if let Err(error) = served.wait_until_ready(listen) {
        step.failed();
        return Err(error);
    }
    step.done("the app is healthy");
    Ok(served)
}

impl Served {
    /// Waits until the app ends, by itself or because somebody ends this process: a signal that was meant for us alone
    /// is passed on, so that no app is left behind.
    pub(crate) fn wait(mut self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let status = runtime.block_on(self.ended())?;
        if !status.success() && status.code().is_some() {
            bail!("the app ended ({status})");
        }
        Ok(())
    }

    async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        let mut child = signal(SignalKind::child())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut hangup = signal(SignalKind::hangup())?;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            tokio::select! {
                _ = child.recv() => continue,
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
                _ = hangup.recv() => {}
            }
            // It may have ended in this moment, and then there is nobody to tell.
            let _gone = kill_process(Pid::from_child(&self.child), Signal::TERM);
        }
    }

    fn wait_until_ready(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            if ready(address) {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("the app ended before it answered ({status}); what it said stands above");
            }
            // There is nothing to wait on but the passing of time: the other side is a separate program.
            std::thread::park_timeout(PAUSE);
            waited += PAUSE;
        }
        bail!("the app did not answer within {} s at http://{address}", PATIENCE.as_secs())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // Nothing is lost by it: the store commits before it answers.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(binary: &Path, project: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(project).stdin(Stdio::null());
    command
}

/// A free port, where the address says 0.
fn chosen(listen: SocketAddr) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).with_context(|| format!("{listen} is not free to listen on"))?;
    Ok(listener.local_addr()?)
}

/// Whether `GET /readyz` answers 200.
fn ready(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(500))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        Ok(answer.ends_with(b" 200"))
    };
    ask().unwrap_or(false)
}
