//! What every part of an app works with, opened from its settings.

use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::Notify;
use uuid::Uuid;

use super::AppError;
use super::settings::{DatabaseSetting, SettingError, Settings};
use crate::ai::Assistance;
use crate::audit::{Audit, Keeper};
use crate::clock::{Clock, Ids, SystemClock, SystemIds};
use crate::compliance;
use crate::crypto::{AgentKeyService, KeyError, KeyService, Keys};
use crate::folder::{self, database_key, make_folder, root_key};
use crate::identity::{self, Identity, PlaceKind, Role, Roles, SignUp};
use crate::live::Live;
use crate::sharing::Post;
use crate::store::{PostgresOptions, SqliteOptions, Store};
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
    /// Which providers AI actions could ask.
    pub assistance: Assistance,
    /// What takes messages that leave the app.
    pub post: Post,
    /// Told when a message waits that somebody waits for.
    pub post_waits: Arc<Notify>,
    /// The connections on which it is told what has changed.
    pub live: Live,
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
    pub(super) root: Arc<dyn KeyService>,
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
        let root: Arc<dyn KeyService> = match settings.key_agent {
            true => Arc::new(AgentKeyService::inherited(environment)?),
            false => Arc::new(root_key(&settings.root_key, first_start)?),
        };
        let store = open_store(&settings, role, &*root, environment).await?;
        Ok(Self { store, root, clock, ids, settings: Arc::new(settings), environment })
    }

    /// The key rings of this database.
    pub(super) fn keys(&self) -> Keys {
        Keys::new(self.environment, Arc::clone(&self.root), self.store.clone(), Arc::clone(&self.clock))
    }
}

/// What an app declares about the people who sign in to it.
#[derive(Clone, Copy)]
pub(super) struct People {
    pub(super) app: &'static str,
    pub(super) roles: &'static [Role],
    pub(super) places: &'static [PlaceKind],
    pub(super) sign_up: Option<SignUp>,
    pub(super) idle_minutes: Option<u16>,
    pub(super) impersonation: Option<&'static str>,
    pub(super) break_glass: &'static [&'static str],
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
        roles_exist(&settings, people.roles)?;
        let url = &settings.public_url;
        let assistance = match &settings.ai_providers {
            Some(path) => Assistance::read(path, settings.outward_socket.clone()).map_err(|why| {
                let advice = format!("{} is no file of providers: {why}", path.display());
                AppError::Settings(vec![super::SettingError { name: "AI_PROVIDERS_FILE", advice }])
            })?,
            None => Assistance::default(),
        };
        let post = settings.post();
        let usual = identity::Settings::new(people.app, url.origin(), Roles::new(people.roles));
        let idle = people.idle_minutes.map(|minutes| time::Duration::minutes(minutes.into()));
        let identity_settings = identity::Settings {
            places: people.places,
            sign_up: people.sign_up,
            impersonation: people.impersonation,
            break_glass: people.break_glass,
            account: &[("What is kept about you", "/account/data"), ("Compliance", "/account/compliance")],
            legal: compliance::LINKS,
            secure_cookies: url.is_https(),
            inactivity: idle.unwrap_or(usual.inactivity),
            provider: settings.provider.clone(),
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
            assistance,
            post,
            post_waits: Arc::new(Notify::new()),
            live: Live::new(),
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

/// What groups of the identity provider give is given in the whole organisation, by roles that there are.
fn roles_exist(settings: &Settings, roles: &[Role]) -> Result<(), AppError> {
    let given = settings.provider.iter().flat_map(|provider| &provider.roles);
    let wrong = |name: &String| {
        let advice = match roles.iter().find(|role| role.name == name) {
            None => {
                let known: Vec<&str> = roles.iter().map(|role| role.name).collect();
                format!("there is no role “{name}”; the roles are {}", known.join(", "))
            }
            Some(role) if role.place.is_some() => {
                format!("“{name}” is a role in one place, and is given there by whoever administers people")
            }
            Some(_) => return None,
        };
        Some(SettingError { name: "OIDC_ROLES", advice })
    };
    let errors: Vec<SettingError> = given.filter_map(|(_, role)| wrong(role)).collect();
    if errors.is_empty() { Ok(()) } else { Err(AppError::Settings(errors)) }
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
            let mut options = SqliteOptions::new(path, key);
            options.read_only = settings.read_only.is_some();
            Ok(Store::open_sqlite(options).await?)
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
    let Some(given) = settings.environment else { return Ok(folder::id_of(&path, ids)?) };
    let first =
        folder::read_id(&path)?.is_none() && folder::write_once(&path, format!("{given}\n").as_bytes())?;
    match folder::read_id(&path)? {
        Some(known) if known == given => Ok((given, first)),
        _ => {
            let advice = format!("it differs from {}, under which this data was written", path.display());
            Err(AppError::Settings(vec![super::SettingError { name: "ENVIRONMENT_ID", advice }]))
        }
    }
}
