//! Throw-away databases for tests, on the real things: an SQLCipher file in a temporary folder, and
//! PostgreSQL 15 as Debian packages it.
//!
//! ```ignore
//! for database in testing::both().await {
//!     sql("INSERT …").execute(&database.store).await?;
//! }
//! ```
//!
//! One PostgreSQL server serves every test process of a machine's user. The first that needs it makes
//! and starts it, on a unix socket in a private folder; each process holds a shared lock on a file
//! there while it lives; a watchdog, started beside the server, ends the server by its process id and
//! removes the folder once nobody holds that lock. Each call makes a database of its own from a
//! template with the library's tables in it, and databases of processes that have ended are dropped.
//!
//! Where PostgreSQL is missing, tests fail and say what to install; they never pass by skipping.
//! This module is for tests: it panics.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use crate::store::{
    DatabaseAddress, DatabaseKey, Environment, PostgresOptions, ProvisionedAddresses, SqliteOptions, Store,
    provision,
};

const BINARIES: &str = "/usr/lib/postgresql/15/bin";
const ENVIRONMENT: &str = "test";

/// A database that lives as long as this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// As the app opens it.
    pub store: Store,
    /// As the owner opens it: on PostgreSQL a store of the owner's role, on SQLite the same one.
    pub owner: Store,
    /// The three addresses, on PostgreSQL.
    pub addresses: Option<ProvisionedAddresses>,
    folder: Option<TempDir>,
}

impl TestDatabase {
    /// The database file, on SQLite.
    pub fn path(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.path().join("app.db"))
    }
}

impl std::ops::Deref for TestDatabase {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// The key of every SQLite test database.
pub fn database_key() -> DatabaseKey {
    DatabaseKey::new([7; 32])
}

/// An SQLCipher database in a temporary folder, with the library's own tables.
pub async fn sqlite() -> TestDatabase {
    let database = blank_sqlite().await;
    database.store.migrate(&[]).await.expect("the library's migrations apply to SQLite");
    database
}

/// An SQLCipher database in a temporary folder, with no tables.
pub async fn blank_sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let options = SqliteOptions::new(folder.path().join("app.db"), database_key());
    let store = Store::open_sqlite(options).await.expect("an SQLCipher file can be made");
    TestDatabase { owner: store.clone(), store, addresses: None, folder: Some(folder) }
}

/// A PostgreSQL database with the library's own tables.
pub async fn postgres() -> TestDatabase {
    database_of("template_system").await
}

/// A PostgreSQL database with no tables.
pub async fn blank_postgres() -> TestDatabase {
    database_of("template_blank").await
}

/// One of each, to run the same case on.
pub async fn both() -> [TestDatabase; 2] {
    [sqlite().await, postgres().await]
}

/// The address of the test server as its superuser, for tests of provisioning itself.
pub fn postgres_administrator() -> DatabaseAddress {
    server().address("postgres", "postgres")
}

/// The server's log, to look for what must not be in it.
pub fn postgres_log() -> String {
    fs::read_to_string(server().folder.join("log")).expect("the server writes a log")
}

async fn database_of(template: &str) -> TestDatabase {
    static MADE: AtomicU32 = AtomicU32::new(0);
    let server = tokio::task::spawn_blocking(server).await.expect("the server starts");
    let name = format!("t_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    server.administer(&format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {ENVIRONMENT}_owner")).await;
    let address = |part: &str| server.address(&format!("{ENVIRONMENT}_{part}"), &name);
    let addresses =
        ProvisionedAddresses { owner: address("owner"), app: address("app"), reader: address("reader") };
    TestDatabase {
        store: open(&addresses.app).await,
        owner: open(&addresses.owner).await,
        addresses: Some(addresses),
        folder: None,
    }
}

async fn open(address: &DatabaseAddress) -> Store {
    let options = PostgresOptions::new(address.clone());
    Store::open_postgres(options).await.expect("the test server takes connections")
}

/// The PostgreSQL server of this user's test processes.
struct Server {
    folder: PathBuf,
    /// The shared lock that keeps the server alive, held until this process ends.
    _alive: File,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _turn = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    SERVER.get_or_init(|| {
        assert!(
            Path::new(BINARIES).join("initdb").exists(),
            "these tests run on a real PostgreSQL 15, and {BINARIES}/initdb is missing: \
             install it (Debian: apt-get install postgresql-15)"
        );
        Server::join()
    })
}

impl Server {
    /// Takes the shared lock, then starts the server if it does not run, one process at a time.
    fn join() -> Self {
        let user = fs::metadata("/proc/self").map(|of| std::os::unix::fs::MetadataExt::uid(&of));
        let user = user.expect("/proc tells who this process runs as");
        let fingerprint = fingerprint();
        let locks = std::env::temp_dir().join(format!("safeguards-test-{user}"));
        fs::create_dir_all(&locks).expect("the folder of locks can be made");
        let alive = open_lock(&locks.join(format!("{fingerprint}.alive")));
        alive.lock_shared().expect("the lock of the living can be shared");
        let start = open_lock(&locks.join(format!("{fingerprint}.start")));
        start.lock().expect("the lock of the starter can be taken");
        let server = Self { folder: locks.join(&fingerprint), _alive: alive };
        if !server.runs() {
            server.make(&locks.join(format!("{fingerprint}.alive")), user == 0);
        }
        server.drop_orphans();
        server
    }

    fn runs(&self) -> bool {
        self.folder.join("ready").exists()
            && std::os::unix::net::UnixStream::connect(self.folder.join(".s.PGSQL.5432")).is_ok()
    }

    fn make(&self, alive: &Path, root: bool) {
        let folder = self.folder.display().to_string();
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).expect("what an earlier server left can be removed");
        }
        fs::create_dir(&self.folder).expect("the folder of the server can be made");
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700)).expect("it can be made private");
        // PostgreSQL refuses to run as root, so it runs as the user that Debian's package made.
        let account = root.then(postgres_account);
        if let Some((user, group)) = account {
            std::os::unix::fs::chown(&self.folder, Some(user), Some(group))
                .expect("root may give a folder away");
        }
        let postgres = |program: &str| {
            let mut command = Command::new(format!("{BINARIES}/{program}"));
            command.current_dir(&self.folder).stdin(Stdio::null()).env_remove("PGDATA");
            if let Some((user, group)) = account {
                command.gid(group).uid(user);
            }
            command
        };
        finish(
            postgres("initdb")
                .args(["-D", &format!("{folder}/data"), "-A", "trust", "-U", "postgres"])
                .args(["--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]),
        );
        let settings = format!(
            "-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c full_page_writes=off \
             -c max_connections=300 -c shared_buffers=32MB -c autovacuum=off"
        );
        finish(
            postgres("pg_ctl")
                .args(["-D", &format!("{folder}/data"), "-l", &format!("{folder}/log"), "-w", "start"])
                .args(["-o", &settings])
                .stdout(Stdio::null())
                .stderr(Stdio::null()),
        );
        let process =
            fs::read_to_string(self.folder.join("data/postmaster.pid")).expect("the server tells its id");
        let process = process.lines().next().expect("its first line is the process id").to_owned();
        watch(alive, &process, &folder);
        let this = self;
        std::thread::scope(|scope| scope.spawn(|| block_on(this.make_templates())).join())
            .expect("the templates can be made");
        fs::write(self.folder.join("ready"), process).expect("the folder is writable");
    }

    async fn make_templates(&self) {
        let environment = Environment::new(ENVIRONMENT).expect("a lawful name");
        let administrator = self.address("postgres", "postgres");
        provision(&administrator, &environment).await.expect("the roles can be made");
        // The database that was provisioned has the grants and no tables: the blank template.
        self.administer(&format!("ALTER DATABASE {ENVIRONMENT} RENAME TO template_blank")).await;
        self.administer(&format!(
            "CREATE DATABASE template_system TEMPLATE template_blank OWNER {ENVIRONMENT}_owner"
        ))
        .await;
        let owner = self.address(&format!("{ENVIRONMENT}_owner"), "template_system");
        let store = open(&owner).await;
        store.migrate(&[]).await.expect("the library's migrations apply to PostgreSQL");
        store.close().await;
    }

    fn address(&self, role: &str, database: &str) -> DatabaseAddress {
        DatabaseAddress::new(format!("postgres://{role}@localhost/{database}?host={}", self.folder.display()))
    }

    async fn administer(&self, statement: &str) {
        let options = self.address("postgres", "postgres").options().expect("a lawful address");
        let mut connection = options.connect().await.expect("the test server takes connections");
        let text = crate::store::Text::composed(statement).into_sql();
        connection.execute(sqlx::raw_sql(text)).await.expect("the superuser may do this");
        connection.close().await.expect("the connection can be closed");
    }

    /// Drops the databases of test processes that have ended.
    fn drop_orphans(&self) {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                block_on(async {
                    let options = self.address("postgres", "postgres").options().expect("a lawful address");
                    let mut connection = options.connect().await.expect("the test server takes connections");
                    let names: Vec<String> = sqlx::query_scalar(
                        r"SELECT datname::text FROM pg_database WHERE datname LIKE 't\_%'",
                    )
                    .fetch_all(&mut connection)
                    .await
                    .expect("the databases can be listed");
                    connection.close().await.expect("the connection can be closed");
                    for name in names {
                        let process = name.split('_').nth(1).unwrap_or_default();
                        if !Path::new("/proc").join(process).exists() {
                            self.administer(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
                        }
                    }
                });
            });
        });
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(future)
}

fn open_lock(path: &Path) -> File {
    let file = File::options().create(true).truncate(false).read(true).write(true).open(path);
    file.expect("a lock file can be opened")
}

/// Two versions of the library have two servers: their templates differ.
fn fingerprint() -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for migration in crate::store::SYSTEM_MIGRATIONS.postgres {
        migration.sql.hash(&mut hasher);
    }
    include_str!("store/provision.rs").hash(&mut hasher);
    include_str!("testing.rs").hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Ends the server and removes its folder when the last test process has let go of the lock. It looks
/// every two seconds, so that the server outlives the gap between two processes of one run.
#[expect(clippy::zombie_processes, reason = "the watchdog outlives this process, by design")]
fn watch(alive: &Path, process: &str, folder: &str) {
    const SCRIPT: &str = r#"
        while ! flock --exclusive --nonblock "$1" sh -c '
            kill -INT "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf "$2"
        ' sh "$2" "$3"; do sleep 2; done
    "#;
    Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .arg(alive)
        .args([process, folder])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("a shell can be started");
}

/// User and group of the account that Debian's package made.
fn postgres_account() -> (u32, u32) {
    let accounts = fs::read_to_string("/etc/passwd").expect("accounts can be read");
    let account = accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some("postgres") {
            return None;
        }
        let mut numbers = fields.skip(1).map(|field| field.parse::<u32>().ok());
        Some((numbers.next()??, numbers.next()??))
    });
    account.expect("root needs the account `postgres`, which Debian's package makes")
}

fn finish(command: &mut Command) {
    let output = command.output().expect("PostgreSQL's programs can be started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
