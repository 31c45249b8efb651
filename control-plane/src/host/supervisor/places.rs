//! What an app sees of its environment, and what is done to its database from outside.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use safeguards::store::gate::{Part, admit, close_records, dismiss, open_records};
use safeguards::store::{Environment as DatabaseName, provision};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{DatabaseKind, Environment, Gate, Inner, PostgresServer, Supervisor, SupervisorError};
use crate::host::environment::Register;
use crate::host::folders::{Folders, private_folder, write_private};
use crate::host::gate::Work;
use crate::host::outward::{Door, Doorkeeper};
use crate::host::provided;
use crate::host::sandbox::{Access, Account, Sandbox, is_root};

/// Where the program stands inside.
pub(super) const PROGRAM: &str = "/app";
/// The largest file of an environment that holds few records.
const PREVIEW_FILE: u64 = 256 << 20;
/// The file of an SQLite environment, below its data.
const FILE: &str = "app.db";
/// Where the server's socket is shown, by the name that every client looks for.
pub(super) const POSTGRES: &str = "/run/postgresql/.s.PGSQL.5432";

/// What `serve` sees.
pub(super) fn serving(
    inner: &Inner,
    environment: &Environment,
    program: &Path,
    way_out: Option<&Path>,
) -> Result<Sandbox, SupervisorError> {
    let mut sandbox = common(inner, environment, program)?
        .mount(Access::Read, run_folder(&inner.folders, environment.id)?.join("signer"), "/run/signer")
        .variable("SIGNER_SOCKET", "/run/signer/socket")
        .variable("LISTEN_FDS", "1");
    if environment.database == DatabaseKind::Postgres {
        let address = app_url(&inner.folders, environment.id)?;
        sandbox = sandbox.variable("DATABASE_URL", address);
    }
    if let Some(folder) = way_out {
        sandbox = sandbox
            .mount(Access::Read, folder, "/run/outward")
            .variable("OUTWARD_SOCKET", "/run/outward/socket");
        sandbox = providers(inner, environment, sandbox)?;
    }
    Ok(sandbox)
}

/// The door of one instance, at a socket in a folder that its sandbox alone is shown; none where its environment may reach
/// nobody.
pub(super) fn way_out(
    inner: &Inner,
    environment: &Environment,
    generation: u64,
) -> Result<Option<(Door, PathBuf)>, SupervisorError> {
    if environment.outward.is_empty() {
        return Ok(None);
    }
    let folder = run_folder(&inner.folders, environment.id)?.join(format!("outward-{generation}"));
    fs::DirBuilder::new().recursive(true).mode(0o755).create(&folder)?;
    let listener = crate::host::key_agent::listen(&folder.join("socket"), 0o666)?;
    let keeper = Doorkeeper {
        environment: environment.id,
        register: Arc::clone(&inner.register),
        outside: Arc::clone(&inner.manner.outside),
    };
    Ok(Some((Door::open(listener, keeper), folder)))
}

/// How the app calls whom it may reach, as its owner has set it and [`crate::host::provided`] has laid it. The app's user reads
/// the files, and no other.
fn providers(
    inner: &Inner,
    environment: &Environment,
    mut sandbox: Sandbox,
) -> Result<Sandbox, SupervisorError> {
    let Some((folder, files)) = provided::files(&inner.folders.keys(environment.id))? else {
        return Ok(sandbox);
    };
    for path in files.iter().chain([&folder]) {
        give(path, environment.account)?;
    }
    sandbox = sandbox.mount(Access::Read, &folder, provided::INSIDE);
    if folder.join(provided::AI).is_file() {
        sandbox = sandbox.variable("AI_PROVIDERS_FILE", format!("{}/{}", provided::INSIDE, provided::AI));
    }
    match fs::read_to_string(folder.join(provided::SIGN_IN)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => {
            let text = Zeroizing::new(read?);
            // No other setting is anybody's to give here: the rest is what holds the app in.
            let variables = text.lines().filter_map(|line| line.trim().split_once('='));
            for (name, value) in variables.filter(|(name, _)| name.starts_with("OIDC_")) {
                sandbox = sandbox.variable(name, value);
            }
        }
    }
    Ok(sandbox)
}

/// What every run of the app's binary sees: its program, its data, and its settings.
pub(super) fn common(
    inner: &Inner,
    environment: &Environment,
    program: &Path,
) -> Result<Sandbox, SupervisorError> {
    let data = data_folder(&inner.folders, environment)?;
    let read_only = !environment.gate.writes();
    let name = format!("app-{}", environment.id.simple());
    let mut limits = inner.manner.limits;
    if environment.rows.is_some() {
        limits.file = limits.file.min(PREVIEW_FILE);
    }
    let mut sandbox = Sandbox::new(name, Some(environment.account), limits)
        .mount(Access::Read, program, PROGRAM)
        .mount(Access::Write, &data, "/data")
        .variable("DATA_DIR", "/data")
        .variable("ENVIRONMENT_ID", environment.id.to_string())
        .variable("PUBLIC_URL", &environment.public_url)
        .variable("LISTEN", "unix:/run/app/socket")
        .variable("KEY_AGENT", "true")
        .variable("ROOT_KEY_FILE", "/run/keys/root.key")
        .variable("WITNESS_DIR", "/run/witness")
        .variable("READ_ONLY", read_only.to_string())
        .folder("/data");
    if let Some(rows) = environment.rows {
        sandbox = sandbox.variable("ROWS_AT_MOST", rows.to_string());
    }
    if let Some(because) = environment.gate.reads_because() {
        sandbox = sandbox.variable("READ_ONLY_BECAUSE", because);
    }
    match (environment.database, &inner.postgres) {
        (DatabaseKind::Sqlite, _) => {
            for file in [FILE, "app.db.key"].map(|file| (data.join(file), Path::new("/data").join(file))) {
                // The mount is what keeps the file as it is, whatever the app does (a mount point can be neither
                // replaced nor removed). The app may have left a link in the file's place, to have a file of the
                // host shown to it; and no app runs that could put one there after this look.
                let is_plain = fs::symlink_metadata(&file.0).is_ok_and(|of| of.is_file());
                if read_only && is_plain {
                    sandbox = sandbox.mount(Access::Read, file.0, file.1);
                } else if read_only && fs::symlink_metadata(&file.0).is_ok() {
                    return Err(SupervisorError::NotReady("its database is not a plain file".to_owned()));
                }
            }
        }
        (DatabaseKind::Postgres, Some(server)) => {
            sandbox = sandbox.mount(Access::Read, &server.socket, POSTGRES);
        }
        (DatabaseKind::Postgres, None) => return Err(SupervisorError::NoPostgres),
    }
    Ok(sandbox)
}

/// Makes what an environment stands on: folder, root key, database. It may be repeated.
pub(super) async fn make(inner: &Inner, environment: &Environment) -> Result<(), SupervisorError> {
    data_folder(&inner.folders, environment)?;
    private_folder(&inner.folders.keys(environment.id))?;
    private_folder(&inner.folders.witness(environment.id))?;
    inner.agent.create(environment.id).await?;
    if environment.database == DatabaseKind::Postgres
        && !address_file(&inner.folders, environment.id).exists()
    {
        let server = inner.postgres.as_ref().ok_or(SupervisorError::NoPostgres)?;
        let name = database_name(environment.id);
        let addresses = provision(&server.administrator, &name).await?;
        let inside = seen_inside(addresses.app.reveal());
        // The owner signs in for one piece of work at a time.
        dismiss(&server.administrator, &name, &[Part::Owner]).await?;
        write_private(&address_file(&inner.folders, environment.id), inside.as_bytes())?;
    }
    Ok(())
}

/// Makes the database do what the gate says, whatever the app does.
pub(super) async fn enforce_database(
    inner: &Inner,
    environment: &Environment,
) -> Result<(), SupervisorError> {
    if environment.database == DatabaseKind::Sqlite {
        // The way in which its file is mounted is all, and that is decided at each start.
        return Ok(());
    }
    let PostgresServer { administrator, .. } = inner.postgres.as_ref().ok_or(SupervisorError::NoPostgres)?;
    let name = database_name(environment.id);
    match environment.gate {
        Gate::ReadWrite => open_records(administrator, &name).await?,
        Gate::ReadOnly | Gate::ExportWindow => close_records(administrator, &name).await?,
        Gate::NotStarted | Gate::Nothing => {
            let parts = [Part::App, Part::Reader, Part::Owner];
            return Ok(dismiss(administrator, &name, &parts).await?);
        }
    }
    Ok(admit(administrator, &name).await?)
}

/// Before an SQLite file is only read, what a crash left in its log is brought into it: the last thing that its app's
/// binary does to it.
pub(super) async fn settle(
    supervisor: &Supervisor,
    environment: &Environment,
) -> Result<(), SupervisorError> {
    let data = supervisor.0.folders.data(environment.id);
    let log = data.join("app.db-wal");
    let unsettled = log.metadata().is_ok_and(|log| log.len() > 0);
    if environment.database != DatabaseKind::Sqlite || environment.gate.writes() || !unsettled {
        return Ok(());
    }
    let Some(program) = environment.program.clone() else { return Ok(()) };
    // As it was when the log was written.
    let before = Environment { gate: Gate::ReadWrite, ..environment.clone() };
    supervisor.run(&before, &program, Work::Migrate, &[], &[]).await.map(drop)
}

/// The environment's name in PostgreSQL.
pub(super) fn database_name(id: Uuid) -> DatabaseName {
    DatabaseName::new(format!("e{}", id.simple()))
        .expect("a letter and 32 hexadecimal digits are a lawful name")
}

/// An address as an app uses it: the socket is shown in one place, whatever the server's own.
pub(super) fn seen_inside(address: &str) -> String {
    let (base, query) = address.split_once('?').unwrap_or((address, ""));
    let credentials = base.rsplit_once('@').map_or(base, |(credentials, _)| credentials);
    let database = base.rsplit_once('/').map_or("", |(_, database)| database);
    let kept = query.split('&').filter(|part| {
        let name = part.split('=').next().unwrap_or_default();
        !part.is_empty() && !matches!(name, "host" | "hostaddr" | "port" | "sslmode")
    });
    let query: Vec<&str> = kept.chain(["host=/run/postgresql"]).collect();
    format!("{credentials}@localhost/{database}?{}", query.join("&"))
}

fn address_file(folders: &Folders, id: Uuid) -> PathBuf {
    folders.keys(id).join("app-database")
}

pub(super) fn app_url(folders: &Folders, id: Uuid) -> io::Result<String> {
    fs::read_to_string(address_file(folders, id))
}

/// The environment's data, which its account owns.
fn data_folder(folders: &Folders, environment: &Environment) -> io::Result<PathBuf> {
    let data = folders.data(environment.id);
    private_folder(&folders.environment(environment.id))?;
    private_folder(&data)?;
    give(&data, environment.account)?;
    Ok(data)
}

/// Gives a file or folder to the account, where we may.
pub(in crate::host) fn give(path: &Path, Account(number): Account) -> io::Result<()> {
    if is_root() { chown(path, Some(number), Some(number)) } else { Ok(()) }
}

/// The environment's sockets.
pub(super) fn run_folder(folders: &Folders, id: Uuid) -> io::Result<PathBuf> {
    let folder = folders.run(id);
    private_folder(&folder)?;
    let signer = folder.join("signer");
    fs::DirBuilder::new().recursive(true).mode(0o755).create(&signer)?;
    Ok(folder)
}

/// A socket of ours that an app is handed.
pub(super) fn listen(path: &Path) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(path)
}

/// Copies a built program to where no build reaches it: anybody may run it, nobody change it.
///
/// It is named by its content (SHA-256), so that the same program is kept once.
pub(super) fn keep_program(folders: &Folders, id: Uuid, program: &Path) -> io::Result<PathBuf> {
    let folder = folders.programs(id);
    private_folder(&folder)?;
    let mut digest = Context::new(&SHA256);
    let (mut file, mut part) = (fs::File::open(program)?, vec![0; 1 << 16]);
    loop {
        match file.read(&mut part)? {
            0 => break,
            read => digest.update(&part[..read]),
        }
    }
    let name: String = digest.finish().as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let kept = folder.join(name);
    if kept.exists() {
        return Ok(kept);
    }
    let draft = folder.join(".next");
    fs::copy(program, &draft)?;
    fs::set_permissions(&draft, fs::Permissions::from_mode(0o555))?;
    fs::File::open(&draft)?.sync_all()?;
    fs::rename(&draft, &kept)?;
    Ok(kept)
}

/// Removes programs that are not the environment's any more; the last few stay, for a way back.
pub(super) fn forget_programs(folders: &Folders, register: &Register, id: Uuid) {
    const KEPT: usize = 3;
    let current = register.environment(id).and_then(|environment| environment.program);
    let Ok(entries) = fs::read_dir(folders.programs(id)) else { return };
    let time = |entry: &fs::DirEntry| entry.metadata().and_then(|of| of.modified()).ok();
    let mut programs: Vec<_> = entries.flatten().map(|entry| (time(&entry), entry.path())).collect();
    programs.sort();
    programs.retain(|(_, program)| Some(program) != current.as_ref());
    let surplus = programs.len().saturating_sub(KEPT);
    for (_, old) in &programs[..surplus] {
        // One that stays is looked at again the next time.
        let _ = fs::remove_file(old);
    }
}

/// How many bytes a folder holds. What cannot be read counts nothing; links are not followed.
pub(crate) fn folder_size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(of) if of.is_dir() => folder_size(&entry.path()),
        Ok(of) => of.len(),
        Err(_) => 0,
    };
    entries.flatten().map(size).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_sees_the_server_s_socket_in_one_place() {
        let cases = [
            ("postgres://a:b@localhost/d?host=/tmp/x", "postgres://a:b@localhost/d?host=/run/postgresql"),
            (
                "postgres://a:b@localhost:5433/d?sslmode=prefer&application_name=x&host=%2Ftmp",
                "postgres://a:b@localhost/d?application_name=x&host=/run/postgresql",
            ),
            ("postgres://a:b@db.example/d", "postgres://a:b@localhost/d?host=/run/postgresql"),
        ];
        for (address, inside) in cases {
            assert_eq!(seen_inside(address), inside);
        }
    }
}
