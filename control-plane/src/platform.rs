//! What every part of the platform works with.

use std::sync::Arc;

use safeguards::audit::Audit;
use safeguards::crypto::{KeyError, KeyService, Keys};
use safeguards::folder::{self, FolderError};
use safeguards::identity::{self, Identity, IdentityError, Role, Roles};
use safeguards::store::{MigrationSet, PostgresOptions, SqliteOptions};
use safeguards::web::{JsonLines, Log};
use safeguards::{Clock, Ids, Store, StoreError, SystemIds};
use uuid::Uuid;

use crate::builds::events::News;
use crate::configuration::{Configuration, PlatformDatabase};
use crate::database::MIGRATIONS;
use crate::http::DESTINATIONS;
use crate::operations::Operations;
use crate::planning::Planners;

/// Who works on an account. Both read prompts, which may hold PHI, so both sign in with a second factor.
pub static ROLES: [Role; 2] = [
    // Invites people, pays, signs, approves, cancels.
    Role::named("owner").privileged().administers(&["people", "agreements"]),
    // Writes prompts, builds, looks at previews.
    Role::named("builder").privileged(),
];

/// The platform's database, keys, log, clock and operations. Cheap to clone.
#[derive(Clone)]
pub struct Platform(Arc<Parts>);

/// What a platform is made of.
pub struct Parts {
    /// What it was told from outside.
    pub configuration: Configuration,
    /// Its own database (HC-2): accounts and projects, never a tenant's records.
    pub store: Store,
    /// The key rings of its accounts, by the account's id.
    pub keys: Keys,
    /// Its own audit log.
    pub audit: Audit,
    /// People, sign-ins, sessions.
    pub identity: Identity,
    /// Where lines for the operator go.
    pub log: Arc<dyn Log>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn Ids>,
    /// Durable operations.
    pub operations: Operations,
    /// What every sealed value of the platform is bound to.
    pub environment: Uuid,
    /// Wakes whoever shows what happens in a build.
    pub(crate) build_news: News,
    /// Plans through models, where providers are named.
    pub planners: Option<Planners>,
}

/// Why the platform does not start, in words for its operator. Holds no key and no password.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// The folder of data cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Accounts cannot be started.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The file of providers is not believed.
    #[error("models cannot plan here: {0}")]
    Models(String),
    /// The schema is older than the program, on a database whose owner migrates it.
    #[error("{0} migrations of the platform's database are not applied yet; give its owner's address, too")]
    Migrations(usize),
}

impl std::ops::Deref for Platform {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for Platform {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Platform").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Platform {
    /// Opens the platform's folder and database; at the first start, makes them. No master key is asked for: the root
    /// key is made in the folder of keys, mode 0600.
    ///
    /// # Errors
    /// Why it does not start.
    pub async fn open(configuration: Configuration, clock: Arc<dyn Clock>) -> Result<Self, PlatformError> {
        let ids: Arc<dyn Ids> = Arc::new(SystemIds::new(Arc::clone(&clock)));
        folder::make_folder(&configuration.data)?;
        let (environment, first_start) = folder::id_of(&configuration.data.join("platform-id"), &*ids)?;
        let root = folder::root_key(&configuration.keys_folder().join("platform.key"), first_start)?;
        let root: Arc<dyn KeyService> = Arc::new(root);
        let store = open_store(&configuration, &*root, environment).await?;
        let log: Arc<dyn Log> = Arc::new(JsonLines::stderr());
        Self::assemble(configuration, store, root, environment, clock, ids, log).await
    }

    /// A platform on a migrated database.
    ///
    /// # Errors
    /// Keys or accounts cannot be started.
    #[expect(clippy::too_many_arguments, reason = "each is another kind of thing, and there are two callers")]
    pub async fn assemble(
        configuration: Configuration,
        store: Store,
        root: Arc<dyn KeyService>,
        environment: Uuid,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        log: Arc<dyn Log>,
    ) -> Result<Self, PlatformError> {
        let keys = Keys::new(environment, root, store.clone(), Arc::clone(&clock));
        match keys.ring(Uuid::nil()).await {
            Err(KeyError::Missing) => drop(keys.create(Uuid::nil()).await?),
            ring => drop(ring?),
        }
        let audit = Audit::start(&store, Arc::clone(&clock));
        let parts = identity::Parts {
            store: store.clone(),
            keys: keys.clone(),
            audit: audit.clone(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
        };
        let origin = configuration.dashboard_origin();
        let settings = identity::Settings {
            secure_cookies: configuration.tls,
            sign_up: Some(identity::SignUp::Founds("owner")),
            navigation: DESTINATIONS,
            legal: crate::agreement::LINKS,
            ..identity::Settings::new("Health Coder", &origin, Roles::new(&ROLES))
        };
        let identity = Identity::start(parts, settings).await?;
        let planners = match &configuration.models {
            Some(file) => {
                let folder = configuration.data.join("models");
                Some(Planners::open(file, &folder, Arc::clone(&clock)).map_err(PlatformError::Models)?)
            }
            None => None,
        };
        let operations = Operations::new(store.clone(), Arc::clone(&clock), Arc::clone(&ids));
        Ok(Self(Arc::new(Parts {
            configuration,
            store,
            keys,
            audit,
            identity,
            log,
            clock,
            ids,
            operations,
            environment,
            build_news: News::default(),
            planners,
        })))
    }

    /// Ends in order: what is counted in the audit log is written, and the database is closed.
    pub async fn close(&self) {
        // Who cannot write the audit log at the end has said so to whoever waited for it.
        let _counted = self.audit.finish().await;
        self.store.close().await;
    }
}

/// The sets of migrations of the platform's database.
pub const SETS: &[MigrationSet] = &[MIGRATIONS];

async fn open_store(
    configuration: &Configuration,
    root: &dyn KeyService,
    environment: Uuid,
) -> Result<Store, PlatformError> {
    match &configuration.database {
        PlatformDatabase::File => {
            let path = configuration.data.join("platform.db");
            let key = folder::database_key(&path, root, environment).await?;
            let store = Store::open_sqlite(SqliteOptions::new(path, key)).await?;
            store.migrate(SETS).await?;
            Ok(store)
        }
        PlatformDatabase::Postgres { app, owner } => {
            if let Some(owner) = owner {
                let store = Store::open_postgres(PostgresOptions::new(owner.clone())).await?;
                store.migrate(SETS).await?;
                store.close().await;
            }
            let store = Store::open_postgres(PostgresOptions::new(app.clone())).await?;
            match store.pending_migrations(SETS).await?.len() {
                0 => Ok(store),
                waiting => Err(PlatformError::Migrations(waiting)),
            }
        }
    }
}
