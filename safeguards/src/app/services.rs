//! What every part of an app works with, opened from its settings.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use axum::extract::FromRef;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::AppError;
use super::settings::{DatabaseSetting, Settings};
use crate::audit::{Audit, Keeper};
use crate::clock::{Clock, Ids, SystemClock, SystemIds};
use crate::crypto::{FileKeyService, KeyContext, KeyError, KeyService, Keys, WrappedKey};
use crate::identity::{self, Identity, Role, Roles, SignUp};
use crate::store::{DatabaseKey, PostgresOptions, SqliteOptions, Store};
use crate::web::{Entry, JsonLines, Log};

/// What a running app works with. Cheap to clone; the state of its router.
#[derive(Clone)]
pub struct Services {
    /// The database.
    pub store: Store,
    /// The key rings of the environment and of its organisations.
    pub keys: Keys,
    /// The audit log.
    pub audit: Audit,
    /// Has the audit log witnessed, and knows since when that has failed.
    pub keeper: Arc<Keeper>,
    /// Where lines for the operator go.
    pub log: Arc<dyn Log>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// What the app was told from outside.
    pub settings: Arc<Settings>,
    /// Accounts, sign-ins and sessions; the extractor `Session` finds it here.
    pub identity: Identity,
    /// The environment (tenant), to which every sealed value is bound.
    pub environment: Uuid,
}

/// As whom a command opens the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DatabaseRole {
    /// Serving: the app's own role.
    App,
    /// Subcommands: the owner.
    Owner,
}

/// The database and what opens it, before anything is known of its schema.
#[derive(Clone)]
pub(super) struct Foundation {
    pub(super) store: Store,
    pub(super) root: Arc<FileKeyService>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn Ids>,
    pub(super) settings: Arc<Settings>,
    pub(super) environment: Uuid,
}

impl Foundation {
    /// Opens root key and database; at the first start, makes them.
    pub(super) async fn open(settings: Settings, role: DatabaseRole) -> Result<Self, AppError> {
        make_folder(&settings.data_folder)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(SystemIds::new(Arc::clone(&clock)));
        let (environment, first_start) = environment(&settings, &*ids)?;
        let root = Arc::new(root_key(&settings.root_key, first_start)?);
        let store = open_store(&settings, role, &*root, environment).await?;
        Ok(Self { store, root, clock, ids, settings: Arc::new(settings), environment })
    }

    /// The key rings of this database.
    pub(super) fn keys(&self) -> Keys {
        let service: Arc<dyn KeyService> = Arc::<FileKeyService>::clone(&self.root);
        Keys::new(self.environment, service, self.store.clone(), Arc::clone(&self.clock))
    }
}

/// What an app declares about the people who sign in to it.
#[derive(Clone, Copy)]
pub(super) struct People {
    pub(super) app: &'static str,
    pub(super) roles: &'static [Role],
    pub(super) sign_up: Option<SignUp>,
    pub(super) idle_minutes: Option<u16>,
}

impl FromRef<Services> for Identity {
    fn from_ref(services: &Services) -> Self {
        services.identity.clone()
    }
}

impl Services {
    /// Starts what stands on a migrated database.
    pub(super) async fn start(
        foundation: Foundation,
        keeper: Arc<Keeper>,
        people: People,
    ) -> Result<Self, AppError> {
        let keys = foundation.keys();
        // The environment's own ring, for what belongs to no single organisation: people, sessions.
        match keys.ring(Uuid::nil()).await {
            Err(KeyError::Missing) => drop(keys.create(Uuid::nil()).await?),
            ring => drop(ring?),
        }
        let Foundation { store, clock, ids, settings, environment, .. } = foundation;
        let audit = Audit::start(&store, Arc::clone(&clock));
        let parts = identity::Parts {
            store: store.clone(),
            keys: keys.clone(),
            audit: audit.clone(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
        };
        let url = &settings.public_url;
        let usual = identity::Settings::new(people.app, url.origin(), Roles::new(people.roles));
        let idle = people.idle_minutes.map(|minutes| time::Duration::minutes(minutes.into()));
        let identity_settings = identity::Settings {
            sign_up: people.sign_up,
            secure_cookies: url.is_https(),
            inactivity: idle.unwrap_or(usual.inactivity),
            ..usual
        };
        Ok(Self {
            identity: Identity::start(parts, identity_settings).await?,
            audit,
            keeper,
            log: Arc::new(JsonLines::stderr()),
            store,
            keys,
            clock,
            ids,
            settings,
            environment,
        })
    }

    /// Ends in order: what is counted in the audit log is written, its heads are signed, the database is
    /// closed.
    pub(super) async fn end(&self) -> Result<(), AppError> {
        let finished = self.audit.finish().await;
        if self.keeper.close().await.is_err() {
            // Beside an app that runs, it is that app's signer that has the witness, and signs soon.
            let late = Entry::Happened { what: "audit-not-witnessed-at-end", count: None };
            self.log.write(self.clock.now(), &late);
        }
        self.store.close().await;
        Ok(finished?)
    }
}

impl std::fmt::Debug for Services {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Services").field("environment", &self.environment).finish_non_exhaustive()
    }
}

async fn open_store(
    settings: &Settings,
    role: DatabaseRole,
    keys: &dyn KeyService,
    environment: Uuid,
) -> Result<Store, AppError> {
    match &settings.database {
        DatabaseSetting::Sqlite(path) => {
            let key = database_key(path, keys, environment).await?;
            Ok(Store::open_sqlite(SqliteOptions::new(path, key)).await?)
        }
        DatabaseSetting::Postgres { app, owner, connections, pooler } => {
            let address = match role {
                DatabaseRole::App => app,
                DatabaseRole::Owner => owner.as_ref().ok_or(AppError::OwnerWanted)?,
            };
            let mut options = PostgresOptions::new(address.clone());
            options.connections = if role == DatabaseRole::App { *connections } else { 2 };
            options.statement_cache = !pooler;
            Ok(Store::open_postgres(options).await?)
        }
    }
}

/// The environment's id, and whether this is the very first start here.
fn environment(settings: &Settings, ids: &dyn Ids) -> Result<(Uuid, bool), AppError> {
    let path = settings.data_folder.join("environment-id");
    let read = || match fs::read_to_string(&path) {
        Ok(text) => match Uuid::try_parse(text.trim()) {
            Ok(id) => Ok(Some(id)),
            Err(_) => {
                Err(AppError::file(&path)(io::Error::new(io::ErrorKind::InvalidData, "it holds no UUID")))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(AppError::file(&path)(error)),
    };
    let known = read()?;
    if let Some(known) = known
        && settings.environment.is_none_or(|given| given == known)
    {
        return Ok((known, false));
    }
    if known.is_some() {
        let advice = format!("it differs from {}, under which this data was written", path.display());
        return Err(AppError::Settings(vec![super::SettingError { name: "ENVIRONMENT_ID", advice }]));
    }
    let id = settings.environment.unwrap_or_else(|| ids.next());
    if write_once(&path, format!("{id}\n").as_bytes())? {
        return Ok((id, true));
    }
    // Another process was faster; its id holds.
    match read()? {
        Some(id) => Ok((id, false)),
        None => Err(AppError::file(&path)(io::ErrorKind::NotFound.into())),
    }
}

/// A root key is made at the first start only: later, a missing one is a loss to be told, not replaced.
fn root_key(path: &Path, first_start: bool) -> Result<FileKeyService, AppError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    if first_start {
        return Ok(FileKeyService::open_or_create(path)?);
    }
    if !path.exists() {
        return Err(AppError::RootKeyMissing { path: path.to_owned() });
    }
    Ok(FileKeyService::open(path)?)
}

/// The key of the database file, which lies beside it, wrapped by the root key.
async fn database_key(
    path: &Path,
    keys: &dyn KeyService,
    environment: Uuid,
) -> Result<DatabaseKey, AppError> {
    let context = KeyContext { environment, organisation: Uuid::nil() };
    let file = wrapped_key_path(path);
    if !file.exists() {
        let (_, wrapped) = keys.generate(&context).await?;
        write_once(&file, &wrapped.0)?;
    }
    let wrapped = Zeroizing::new(fs::read(&file).map_err(AppError::file(&file))?);
    let key = keys.unwrap(&context, &WrappedKey(wrapped.to_vec())).await?;
    Ok(DatabaseKey::new(*key.expose()))
}

/// `app.db` has its key in `app.db.key`.
pub(super) fn wrapped_key_path(database: &Path) -> std::path::PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    name.into()
}

/// Makes a folder that only its owner can enter; one that exists is left as it is.
pub(super) fn make_folder(path: &Path) -> Result<(), AppError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(AppError::file(path))
}

/// Writes a file that appears whole or not at all. False means that there was one already, which stays.
pub(super) fn write_once(path: &Path, bytes: &[u8]) -> Result<bool, AppError> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let written = (|| {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        // A link, unlike a rename, fails when the name is taken.
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(true)
    })();
    written.map_err(AppError::file(path))
}
