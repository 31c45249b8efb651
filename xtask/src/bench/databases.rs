//! A PostgreSQL server for both sides, durable as an operator's: `fsync` on, settings as they come.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};

const BINARIES: &str = "/usr/lib/postgresql/15/bin";

/// A server in a folder of its own, with two databases; it ends with this value.
pub(super) struct Postgres {
    folder: PathBuf,
    server: Child,
}

impl Postgres {
    /// Makes the server. PostgreSQL refuses to run as root, so there it runs as the user that Debian's package made.
    pub(super) fn start() -> anyhow::Result<Self> {
        ensure!(
            PathBuf::from(BINARIES).join("initdb").exists(),
            "{BINARIES}/initdb is missing; install PostgreSQL 15 (Debian: apt-get install postgresql-15)"
        );
        let folder = std::env::temp_dir().join(format!("healthcoder-bench-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700))?;
        let account = account()?;
        if let Some((user, group)) = account {
            chown(&folder, Some(user), Some(group))?;
        }
        let program = |name: &str| {
            let mut command = Command::new(format!("{BINARIES}/{name}"));
            command.current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::null()).env_remove("PGDATA");
            if let Some((user, group)) = account {
                command.gid(group).uid(user);
            }
            command
        };
        let made = program("initdb")
            .args(["-D", "data", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"])
            .output()?;
        ensure!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
        let log = fs::File::create(folder.join("log"))?;
        let server = program("postgres")
            .args(["-D", "data", "-c", "listen_addresses=", "-c", "shared_buffers=256MB"])
            .arg("-c")
            .arg(format!("unix_socket_directories={}", folder.display()))
            .stderr(log)
            .spawn()?;
        let postgres = Self { folder, server };
        postgres.wait()?;
        postgres.make_databases()?;
        Ok(postgres)
    }

    /// How `role` reaches `database`.
    pub(super) fn address(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}@localhost/{database}?host={}", self.folder.display())
    }

    /// `bare` for the bare app; `safe`, with the roles and grants of a provisioned environment, for the generated one.
    fn make_databases(&self) -> anyhow::Result<()> {
        for statement in [
            "CREATE ROLE bare LOGIN",
            "CREATE DATABASE bare OWNER bare",
            "CREATE ROLE safe_owner LOGIN NOINHERIT",
            "CREATE ROLE safe_app LOGIN NOINHERIT",
            "CREATE ROLE safe_reader LOGIN NOINHERIT",
            "CREATE DATABASE safe OWNER safe_owner",
        ] {
            self.execute("postgres", statement)?;
        }
        for statement in [
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "ALTER SCHEMA public OWNER TO safe_owner",
            "GRANT USAGE ON SCHEMA public TO safe_app, safe_reader",
            "ALTER DEFAULT PRIVILEGES FOR ROLE safe_owner IN SCHEMA public \
             GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO safe_app",
            "ALTER DEFAULT PRIVILEGES FOR ROLE safe_owner IN SCHEMA public GRANT SELECT ON TABLES TO safe_reader",
            "ALTER DEFAULT PRIVILEGES FOR ROLE safe_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO safe_app",
        ] {
            self.execute("safe", statement)?;
        }
        Ok(())
    }

    /// Runs a statement as the superuser.
    pub(super) fn execute(&self, database: &str, statement: &str) -> anyhow::Result<()> {
        let output = Command::new(format!("{BINARIES}/psql"))
            .args([
                "-X",
                "-q",
                "-U",
                "postgres",
                "-v",
                "ON_ERROR_STOP=1",
                "-d",
                database,
                "-c",
                statement,
                "-h",
            ])
            .arg(&self.folder)
            .output()?;
        ensure!(output.status.success(), "`{statement}`: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    fn wait(&self) -> anyhow::Result<()> {
        for _ in 0..300 {
            if self.execute("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            std::thread::park_timeout(Duration::from_millis(100));
        }
        bail!("PostgreSQL did not answer: {}", fs::read_to_string(self.folder.join("log"))?)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGTERM waits for clients to go, and ours are gone before.
        let _ = super::servers::terminate(&self.server.id().to_string());
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// User and group of the account for the server, where this process is root's.
fn account() -> anyhow::Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd")?;
    let line = accounts.lines().find(|line| line.starts_with("postgres:"));
    let fields: Vec<_> =
        line.context("root needs the account `postgres`, of Debian's package")?.split(':').collect();
    Ok(Some((fields[2].parse()?, fields[3].parse()?)))
}
