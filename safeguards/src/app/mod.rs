//! The boot of a generated app and its subcommands.
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     safeguards::App::new("Home BP", env!("CARGO_PKG_VERSION"))
//!         .migrations(migrations::APP)
//!         .roles(access::ROLES)
//!         .entities(access::ENTITIES)
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
pub(crate) mod cap;
mod denials;
mod destroy;
mod edge;
mod error;
mod export;
mod frame;
mod hardening;
mod health;
mod house;
mod listen;
mod look;
mod payloads;
mod restore;
mod restored_row;
mod rounds;
mod schedules;
mod services;
mod settings;
mod source_files;
mod tables;
mod upkeep;

use std::ffi::OsString;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::signal::unix::{SignalKind, signal};

use crate::access::Entity;
use crate::ai;
use crate::audit::{self, Keeper};
use crate::clock::SystemClock;
use crate::compliance::{self, Facts};
use crate::identity;
use crate::live;
use crate::open_pages::{self, OpenPage};
use crate::pages::Zone;
use crate::sharing::{self, Declared, Sharing};
use crate::store::{MigrationSet, Store};
use crate::web::{self, Connections, Entry, Log, log_panics};
pub use error::AppError;
pub use house::sweep_expired;
use listen::Socket;
pub(crate) use restore::Fences;
pub(crate) use rounds::acting;
pub use schedules::Scheduled;
pub use services::Services;
use services::{DatabaseRole, Foundation, People};
pub use settings::{
    DatabaseSetting, ListenSetting, PublicUrl, SettingError, Settings, TlsSetting, VARIABLES, Variable,
};
pub(crate) use tables::tables;

/// What an app's own code answers, later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, AppError>> + Send + 'a>>;

type Seed = for<'a> fn(&'a Services) -> Pending<'a, ()>;

/// A generated app: what it is made of, and what it does when it is run.
#[derive(Clone, Copy, Debug)]
#[must_use = "an app does nothing until it is run"]
pub struct App {
    pub(crate) name: &'static str,
    version: &'static str,
    migrations: Option<MigrationSet>,
    routes: Option<fn(Services) -> Router>,
    uploads: &'static [&'static str],
    front: Option<&'static crate::slice::Front>,
    seed: Option<Seed>,
    roles: &'static [identity::Role],
    places: &'static [identity::PlaceKind],
    sign_up: Option<identity::SignUp>,
    idle_minutes: Option<u16>,
    impersonation: Option<&'static str>,
    break_glass: &'static [&'static str],
    ai_actions: &'static [&'static ai::AiAction],
    sub_processors: &'static [&'static ai::SubProcessor],
    entities: &'static [&'static Entity],
    rounds: Option<rounds::Rounds>,
    sharing: Option<&'static Sharing>,
    open_pages: &'static [&'static OpenPage],
    schedules: Option<schedules::Schedules>,
    program: fn() -> std::io::Result<Command>,
}

impl App {
    /// An app by its name, as people read it, and its version.
    pub const fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            migrations: None,
            routes: None,
            uploads: &[],
            front: None,
            seed: None,
            roles: &[],
            places: &[],
            sign_up: None,
            idle_minutes: None,
            impersonation: None,
            break_glass: &[],
            ai_actions: &[],
            sub_processors: &[],
            entities: &[],
            rounds: None,
            sharing: None,
            open_pages: &[],
            schedules: None,
            program: || std::env::current_exe().map(Command::new),
        }
    }

    /// The app's own tables; the library's come before them.
    pub const fn migrations(mut self, set: MigrationSet) -> Self {
        self.migrations = Some(set);
        self
    }

    /// The roles that the spec declares.
    pub const fn roles(mut self, roles: &'static [identity::Role]) -> Self {
        self.roles = roles;
        self
    }

    /// The kinds of places below the organisation that the spec declares, each after the one that it lies in.
    pub const fn places(mut self, places: &'static [identity::PlaceKind]) -> Self {
        self.places = places;
        self
    }

    /// Lets strangers make themselves an account of this role, which must not be privileged.
    pub const fn sign_up(mut self, role: &'static str) -> Self {
        self.sign_up = Some(identity::SignUp::Joins(role));
        self
    }

    /// Ends a session that is idle for so long, 15 minutes unless said (CF-4).
    pub const fn idle_minutes(mut self, minutes: u16) -> Self {
        self.idle_minutes = Some(minutes);
        self
    }

    /// Lets whoever has this role look as a colleague in an emergency (CF-3). It must be privileged and administer people.
    pub const fn impersonation(mut self, role: &'static str) -> Self {
        self.impersonation = Some(role);
        self
    }

    /// Lets whoever has one of these roles open, in an emergency, the records of one patient whom they name exactly (CF-3).
    pub const fn break_glass(mut self, roles: &'static [&'static str]) -> Self {
        self.break_glass = roles;
        self
    }

    /// What AI proposes in the app.
    pub const fn ai_actions(mut self, actions: &'static [&'static ai::AiAction]) -> Self {
        self.ai_actions = actions;
        self
    }

    /// The companies that data can go to, for organisations that attest an agreement with them (CF-23).
    pub const fn sub_processors(mut self, companies: &'static [&'static ai::SubProcessor]) -> Self {
        self.sub_processors = companies;
        self
    }

    /// What `access.rs` declares: an export opens the sealed fields of these, and serving checks them first.
    pub const fn entities(mut self, entities: &'static [&'static Entity]) -> Self {
        self.entities = entities;
        self
    }

    /// What it tells outside and sends by a link.
    pub const fn sharing(mut self, sharing: &'static Sharing) -> Self {
        self.sharing = Some(sharing);
        self
    }

    /// Its pages that anybody may come to, once somebody has opened them.
    pub const fn open_pages(mut self, pages: &'static [&'static OpenPage]) -> Self {
        self.open_pages = pages;
        self
    }

    /// Every route of the app. `/healthz`, `/readyz` and those of identity (`/identity/…`, `/sign-in`,
    /// `/account`, `/welcome`) are added.
    pub const fn routes(mut self, routes: fn(Services) -> Router) -> Self {
        self.routes = Some(routes);
        self
    }

    /// The routes that take files, as they are written in [`App::routes`]: larger bodies, and more time for them.
    pub const fn uploads(mut self, routes: &'static [&'static str]) -> Self {
        self.uploads = routes;
        self
    }

    /// What all pages of the app have in common, those of the account and of problems too.
    pub const fn front(mut self, front: &'static crate::slice::Front) -> Self {
        self.front = Some(front);
        self
    }

    /// What `seed` writes: people and records that are obviously made up.
    pub const fn seed(mut self, seed: Seed) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How this program starts itself for the audit signer, to which it adds the argument `signer`: its own
    /// file, unless a test needs another way.
    pub const fn program(mut self, program: fn() -> std::io::Result<Command>) -> Self {
        self.program = program;
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
        if given.subcommand() == "signer" {
            let clock = Arc::new(SystemClock);
            return Ok(audit::run_signer(settings.root_folder(), &settings.witness_folder, clock)?);
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 8)))
            .enable_all()
            .build()
            .map_err(AppError::System)?;
        runtime.block_on(async {
            match given.subcommand() {
                "migrate" => self.migrate(settings).await,
                "seed" => self.run_seed(settings).await,
                "export" => {
                    let wanted = given.export()?;
                    self.as_owner(settings, async |foundation| {
                        export::export(&self, foundation, wanted).await
                    })
                    .await
                }
                "destroy-organisation" => {
                    let organisation = given.organisation()?;
                    self.as_owner(settings, async |foundation| {
                        destroy::destroy(&self, foundation, organisation).await
                    })
                    .await
                }
                "restore" => {
                    let wanted = given.restore()?;
                    self.restore(settings, wanted).await
                }
                "sweep" => self.as_owner(settings, async |foundation| self.sweep(foundation).await).await,
                "rotate-keys" => self.as_owner(settings, upkeep::rotate_keys).await,
                "verify-audit" => {
                    let summary = given.argument("summary").map(PathBuf::from);
                    self.as_owner(settings, async |foundation| {
                        upkeep::verify_audit(foundation, summary.as_deref()).await
                    })
                    .await
                }
                "create-owner" => self.create_owner(settings, &given).await,
                "support-look" => self.support_look(settings, &given.look()?).await,
                _ => self.serve(settings).await,
            }
        })
    }

    async fn serve(self, settings: Settings) -> Result<(), AppError> {
        hardening::widen(settings.connections_at_once).map_err(AppError::System)?;
        let tls = settings.tls.as_ref().map(listen::tls).transpose()?;
        let mut terminate = signal(SignalKind::terminate()).map_err(AppError::System)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(AppError::System)?;
        let mut problems: Vec<String> = self.entities.iter().flat_map(|entity| entity.problems()).collect();
        problems.extend(self.schedule_problems());
        if !problems.is_empty() {
            return Err(AppError::Declarations(problems.join("; ")));
        }
        let (services, router) = self.assembled(settings, None).await?;
        log_panics(Arc::clone(&services.log), Arc::clone(&services.clock));
        let socket = Socket::open(&services.settings.listen, tls)?;
        match socket.address() {
            Some(address) => eprintln!("{} {} answers on {address}", self.name, self.version),
            None => eprintln!("{} {} answers on its socket", self.name, self.version),
        }
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            services.live.stop();
        };
        let keeping = services.keeper.run();
        let upkeep = tokio::spawn(services.identity.clone().upkeep());
        let rounds = tokio::spawn(self.make_rounds(services.clone()));
        let house = tokio::spawn(self.keep_house(services.clone()));
        let connections =
            Connections { most: services.settings.connections_at_once, ..Connections::default() };
        web::serve(socket, router, connections, stop).await;
        services.live.ended().await;
        upkeep.abort();
        rounds.abort();
        house.abort();
        services.log.write(services.clock.now(), &Entry::Stopping);
        keeping.abort();
        services.end().await
    }

    /// The app as it serves, without a socket: what tests of its routes call. Lines go to `log`, or to standard error.
    ///
    /// # Errors
    /// As for the command `serve`.
    pub async fn assembled(
        &self,
        settings: Settings,
        log: Option<Arc<dyn Log>>,
    ) -> Result<(Services, Router), AppError> {
        let mut services = self.start(settings).await?;
        services.log = log.unwrap_or(services.log);
        let mut router = health::routes(services.store.clone())
            .merge(identity::routes(services.identity.clone()))
            .merge(compliance::routes(services.clone(), self.facts()))
            .merge(ai::routes(services.clone(), self.facts()))
            .merge(live::routes(self.live(&services)))
            .merge(crate::pages::assets());
        if let Some(declared) = self.declared() {
            router = router.merge(sharing::routes(services.clone(), declared));
        }
        if let (Some(front), false) = (self.front, self.open_pages.is_empty()) {
            let declared = open_pages::Declared { front, pages: self.open_pages };
            router = router.merge(open_pages::routes(services.clone(), declared));
        }
        if let Some(routes) = self.routes {
            router = router.merge(routes(services.clone()));
        }
        if let Some(front) = self.front {
            router = frame::framed(router, front, services.clone(), self.facts());
        }
        let denials = denials::Denials::new(services.clone());
        router = router.layer(from_fn_with_state(denials, denials::written));
        router = router.layer(from_fn_with_state(services.clone(), frame::over));
        if let Some(why) = services.settings.read_only {
            router = router.layer(from_fn_with_state(why, web::say_why));
        }
        let router = edge::guard(self.name, self.uploads, &services, router).await?;
        Ok((services, router))
    }

    /// What is told outside and sent by a link, with what it takes to say it.
    fn declared(&self) -> Option<Declared> {
        let zone = self.front.map_or(Zone::UTC, |front| front.zone);
        let sharing = self.sharing?;
        Some(Declared { app: self.name, zone, front: self.front, entities: self.entities, sharing })
    }

    fn live(&self, services: &Services) -> live::Door {
        live::Door {
            identity: services.identity.clone(),
            live: services.live.clone(),
            secure: services.settings.public_url.is_https(),
            entities: self.entities,
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            app: self.name,
            entities: self.entities,
            audit_years: audit::RETENTION_FLOOR_YEARS,
            sub_processors: self.sub_processors,
            assists: !self.ai_actions.is_empty(),
            opens_pages: !self.open_pages.is_empty(),
        }
    }

    /// Brings the schema up to date, as the command `migrate` does.
    ///
    /// # Errors
    /// The database cannot be used, or a migration fails.
    pub async fn migrated(&self, settings: Settings) -> Result<usize, AppError> {
        let foundation = Foundation::open(settings, DatabaseRole::Owner).await?;
        let applied = foundation.store.migrate(&self.sets()).await?;
        foundation.store.close().await;
        Ok(applied.len())
    }

    /// Writes the made-up people and records.
    ///
    /// # Errors
    /// The app has none, or they cannot be written.
    pub async fn seeded(&self, services: &Services) -> Result<(), AppError> {
        self.seed.ok_or(AppError::Absent("seed"))?(services).await
    }

    /// Opens the database as the app, brings it up to date or checks that it is, and starts the services.
    async fn start(&self, settings: Settings) -> Result<Services, AppError> {
        let foundation = Foundation::open(settings, DatabaseRole::App).await?;
        let store = &foundation.store;
        if store.is_postgres() || foundation.settings.read_only.is_some() {
            self.check_schema(store).await?;
        } else {
            store.migrate(&self.sets()).await?;
            cap::put(store, self.entities, foundation.settings.rows_at_most).await?;
        }
        let keeper = Arc::new(self.keeper(&foundation));
        let people = People {
            app: self.name,
            roles: self.roles,
            places: self.places,
            sign_up: self.sign_up,
            idle_minutes: self.idle_minutes,
            impersonation: self.impersonation,
            break_glass: self.break_glass,
        };
        Services::start(foundation, keeper, people).await
    }

    /// The app's side of the audit signer, a child process that is told no more than it needs.
    fn keeper(&self, foundation: &Foundation) -> Keeper {
        let settings = Arc::clone(&foundation.settings);
        let program = self.program;
        if let Some(socket) = &settings.signer_socket {
            return Keeper::at(&foundation.store, Arc::clone(&foundation.clock), socket.clone());
        }
        Keeper::new(&foundation.store, Arc::clone(&foundation.clock), move || {
            // A program that cannot tell its own file is started by the name it was called by.
            let mut command = program().unwrap_or_else(|_| Command::new("/proc/self/exe"));
            for variable in VARIABLES {
                command.env_remove(variable.name);
            }
            command
                .arg("signer")
                .env("ROOT_KEY_FILE", &settings.root_key)
                .env("WITNESS_DIR", &settings.witness_folder);
            command
        })
    }

    fn sets(&self) -> Vec<MigrationSet> {
        self.migrations.into_iter().collect()
    }

    async fn migrate(self, settings: Settings) -> Result<(), AppError> {
        let foundation = Foundation::open(settings, DatabaseRole::Owner).await?;
        let applied = foundation.store.migrate(&self.sets()).await?;
        cap::put(&foundation.store, self.entities, foundation.settings.rows_at_most).await?;
        for migration in &applied {
            eprintln!("applied {}/{}", migration.set, migration.name);
        }
        eprintln!("{} migrations applied; the schema is up to date", applied.len());
        foundation.store.close().await;
        Ok(())
    }

    /// Does the work of a subcommand as the owner of the database, on a schema that is up to date, and
    /// tells its result.
    async fn as_owner(
        self,
        settings: Settings,
        work: impl AsyncFnOnce(&Foundation) -> Result<String, AppError>,
    ) -> Result<(), AppError> {
        eprintln!("{}", self.done_as_owner(settings, work).await?);
        Ok(())
    }

    async fn done_as_owner(
        self,
        settings: Settings,
        work: impl AsyncFnOnce(&Foundation) -> Result<String, AppError>,
    ) -> Result<String, AppError> {
        let foundation = Foundation::open(settings, DatabaseRole::Owner).await?;
        self.check_schema(&foundation.store).await?;
        let done = work(&foundation).await;
        foundation.store.close().await;
        done
    }

    /// Prints records on standard output, which the host reads; the log says so already.
    #[expect(clippy::print_stdout, reason = "what is shown is the result of the command")]
    async fn support_look(self, settings: Settings, wanted: &look::Look) -> Result<(), AppError> {
        let look = async |foundation: &Foundation| look::look(&self, foundation, wanted).await;
        println!("{}", self.done_as_owner(settings, look).await?);
        Ok(())
    }

    /// Loads an archive into a database that is brought up to date first.
    async fn restore(self, settings: Settings, wanted: restore::Restore) -> Result<(), AppError> {
        let foundation = Foundation::open(settings, DatabaseRole::Owner).await?;
        foundation.store.migrate(&self.sets()).await?;
        let done = restore::restore(&self, &foundation, wanted).await;
        foundation.store.close().await;
        eprintln!("{}", done?);
        Ok(())
    }

    async fn check_schema(&self, store: &Store) -> Result<(), AppError> {
        let pending = store.pending_migrations(&self.sets()).await?;
        match pending.first() {
            None => Ok(()),
            Some(first) => Err(AppError::Migrations { count: pending.len(), first: first.name }),
        }
    }

    async fn run_seed(self, settings: Settings) -> Result<(), AppError> {
        let seed = self.seed.ok_or(AppError::Absent("seed"))?;
        let services = self.start(settings).await?;
        let seeded = seed(&services).await;
        seeded.and(services.end().await)
    }

    /// Prints a link on standard output, for the one who runs the command to hand over.
    #[expect(clippy::print_stdout, reason = "the link is the result of the command, and is shown once")]
    async fn create_owner(self, settings: Settings, given: &arguments::Given) -> Result<(), AppError> {
        let services = self.start(settings).await?;
        let made = self.first_link(&services, given).await;
        let ended = services.end().await;
        let link = made?;
        ended?;
        println!("{}/welcome/{}", services.settings.public_url.origin(), link.token.reveal());
        eprintln!("the link works once, until {}", link.expires_at);
        Ok(())
    }

    async fn first_link(
        &self,
        services: &Services,
        given: &arguments::Given,
    ) -> Result<identity::Link, AppError> {
        let identity = &services.identity;
        let role = given.argument("role").or_else(|| {
            let administers = self.roles.iter().find(|role| role.administers_people());
            administers.map(|role| role.name.to_owned())
        });
        let role = role.ok_or(AppError::Absent("role that administers people"))?;
        let organisation = match given.argument("organisation") {
            Some(name) => identity.create_organisation(&name).await?,
            None => match identity.first_organisation().await? {
                Some(organisation) => organisation,
                None => identity.create_organisation(self.name).await?,
            },
        };
        let email = given.argument("email").unwrap_or_default();
        let place = given.argument("place");
        Ok(identity.create_owner_at(organisation, &email, &role, place.as_deref()).await?)
    }
}
