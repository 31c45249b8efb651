//! The boot of a generated app and its subcommands.
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     safeguards::App::new("Home BP", env!("CARGO_PKG_VERSION"))
//!         .migrations(migrations::APP)
//!         .routes(http::routes)
//!         .seed(seed::seed)
//!         .run()
//! }
//! ```
//!
//! `serve` is what happens without a subcommand. On SQLite it migrates first, since the file is its own;
//! on PostgreSQL the app's role cannot, and it says what is missing. Every subcommand is the tenant's own
//! binary at work: nobody else opens a tenant's database.

mod arguments;
mod error;
mod hardening;
mod health;
mod listen;
mod serve;
mod services;
mod settings;

use std::ffi::OsString;
use std::pin::Pin;
use std::process::ExitCode;

use axum::Router;

use crate::store::MigrationSet;
pub use error::AppError;
use listen::Listener;
pub use listen::Peer;
use services::Role;
pub use services::Services;
pub use settings::{
    DatabaseSetting, ListenSetting, PublicUrl, SettingError, Settings, TlsSetting, VARIABLES, Variable,
};

/// What an app's own code answers, later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, AppError>> + Send + 'a>>;

type Seed = for<'a> fn(&'a Services) -> Pending<'a, ()>;

/// A generated app: what it is made of, and what it does when it is run.
#[derive(Clone, Copy, Debug)]
#[must_use = "an app does nothing until it is run"]
pub struct App {
    name: &'static str,
    version: &'static str,
    migrations: Option<MigrationSet>,
    routes: Option<fn(Services) -> Router>,
    seed: Option<Seed>,
}

impl App {
    /// An app by its name, as people read it, and its version.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self { name, version, migrations: None, routes: None, seed: None }
    }

    /// The app's own tables; the library's come before them.
    pub const fn migrations(mut self, set: MigrationSet) -> Self {
        self.migrations = Some(set);
        self
    }

    /// Every route of the app. `/healthz` and `/readyz` are added.
    pub const fn routes(mut self, routes: fn(Services) -> Router) -> Self {
        self.routes = Some(routes);
        self
    }

    /// What `seed` writes: people and records that are obviously made up.
    pub const fn seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Runs the command that the process was started with, and says in a sentence what went wrong.
    pub fn run(self) -> ExitCode {
        let Err(error) = self.run_with(std::env::args_os().collect()) else { return ExitCode::SUCCESS };
        // Whoever started the process reads standard error; a log may not be there yet.
        eprintln!("{}: {error}", self.name);
        ExitCode::FAILURE
    }

    /// Runs the command in `arguments`, of which the first is the program's name, as [`App::run`] does.
    ///
    /// # Errors
    /// Why the command ended without success.
    pub fn run_with(self, arguments: Vec<OsString>) -> Result<(), AppError> {
        let given = arguments::parse(self.name, self.version, arguments);
        let settings = Settings::read(&|name| given.setting(name)).map_err(AppError::Settings)?;
        hardening::harden().map_err(AppError::System)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8)))
            .enable_all()
            .build()
            .map_err(AppError::System)?;
        runtime.block_on(async {
            match given.subcommand() {
                "migrate" => self.migrate(settings).await,
                "seed" => self.run_seed(settings).await,
                _ => self.serve(settings).await,
            }
        })
    }

    async fn serve(self, settings: Settings) -> Result<(), AppError> {
        let tls = settings.tls.as_ref().map(listen::tls).transpose()?;
        let services = Services::open(settings, Role::App).await?;
        self.bring_up_to_date(&services).await?;
        let listener = Listener::open(&services.settings.listen)?;
        let mut router = health::routes(services.store.clone());
        if let Some(routes) = self.routes {
            router = router.merge(routes(services.clone()));
        }
        match listener.local_address() {
            Some(address) => eprintln!("{} {} answers on {address}", self.name, self.version),
            None => eprintln!("{} {} answers on its socket", self.name, self.version),
        }
        let served = serve::serve(listener, tls, router).await;
        services.store.close().await;
        served.map_err(AppError::System)
    }

    async fn bring_up_to_date(&self, services: &Services) -> Result<(), AppError> {
        let sets: Vec<MigrationSet> = self.migrations.into_iter().collect();
        if !services.store.is_postgres() {
            services.store.migrate(&sets).await?;
            return Ok(());
        }
        let pending = services.store.pending_migrations(&sets).await?;
        match pending.first() {
            None => Ok(()),
            Some(first) => Err(AppError::Migrations { count: pending.len(), first: first.name }),
        }
    }

    async fn migrate(self, settings: Settings) -> Result<(), AppError> {
        let services = Services::open(settings, Role::Owner).await?;
        let sets: Vec<MigrationSet> = self.migrations.into_iter().collect();
        let applied = services.store.migrate(&sets).await?;
        for migration in &applied {
            eprintln!("applied {}/{}", migration.set, migration.name);
        }
        eprintln!("{} migrations applied; the schema is up to date", applied.len());
        services.store.close().await;
        Ok(())
    }

    async fn run_seed(self, settings: Settings) -> Result<(), AppError> {
        let seed = self.seed.ok_or(AppError::Absent("seed"))?;
        let services = Services::open(settings, Role::App).await?;
        self.bring_up_to_date(&services).await?;
        let seeded = seed(&services).await;
        services.store.close().await;
        seeded
    }
}
