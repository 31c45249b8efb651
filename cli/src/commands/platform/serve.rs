//! `serve`: the whole platform on this machine. The first start makes what it needs; a restart brings back what
//! was there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, bail};
use control_plane::agreement::{Agreements, CountersigningKey, Signatory};
use control_plane::billing::{Billing, PaymentProvider};
use control_plane::configuration::PlatformDatabase;
use control_plane::host::build::Bounds;
use control_plane::host::gateway::LocalAuthority;
use control_plane::host::key_agent::{self, Agent, run_key_agent};
use control_plane::host::supervisor::{Manner, PostgresServer};
use control_plane::host::{Folders, HostName, HostSettings, LocalHost};
use control_plane::http::{Site, SiteParts};
use control_plane::lifecycle::Lifecycle;
use control_plane::operations::Work;
use control_plane::seams::{Archives, Host};
use control_plane::server::{Server, works};
use control_plane::support;
use control_plane::{Configuration, Platform};
use safeguards::audit::{self, Keeper};
use safeguards::store::DatabaseAddress;
use safeguards::web::{self, Connections};
use safeguards::{SystemClock, folder};
use serde_json::json;
use tokio::net::{TcpListener, UnixListener};
use tokio::signal::unix::{SignalKind, signal};

use super::{outside, payments};
use crate::arguments::{AgentKeys, Outside, Place, Serve};
use crate::outcome::{Failure, Outcome};
use crate::platform::clock::clock;
use crate::progress::Progress;

/// Serves until it is told to end.
pub(crate) fn run(arguments: &Serve, progress: Progress) -> Result<Outcome, Failure> {
    let mut configuration = configuration(&arguments.place)?;
    configuration.listen = arguments.listen;
    configuration.dashboard_host.clone_from(&arguments.host);
    configuration.apps_domain.clone_from(&arguments.apps);
    configuration.tls = true;
    configuration.models = arguments.models.clone().filter(|file| !file.as_os_str().is_empty());
    configuration.residency = outside::residency(&arguments.outside);
    apart(&arguments.host, &arguments.apps)?;
    let tenants = arguments.tenants_database_url.as_deref().map(tenants_server).transpose()?;
    runtime()?.block_on(serve(configuration, tenants, &arguments.outside, progress))
}

/// The platform's configuration, from where it keeps its data.
pub(crate) fn configuration(place: &Place) -> Result<Configuration, Failure> {
    folder::make_folder(&place.data).map_err(anyhow::Error::from)?;
    let data = place.data.canonicalize().map_err(anyhow::Error::from)?;
    let mut configuration = Configuration::embedded(data);
    configuration.tls = true;
    if let Some(app) = &place.database_url {
        configuration.database = PlatformDatabase::Postgres {
            app: DatabaseAddress::new(app.clone()),
            owner: place.database_owner_url.clone().map(DatabaseAddress::new),
        };
    }
    Ok(configuration)
}

/// A runtime for what waits.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// No cookie of an app's may reach the dashboard, nor the other way round.
fn apart(dashboard: &str, apps: &str) -> Result<(), Failure> {
    let below = |one: &str, other: &str| one == other || one.ends_with(&format!(".{other}"));
    if below(dashboard, apps) || below(apps, dashboard) {
        return Err(Failure::input(format!(
            "apps at {apps} would share cookies with the dashboard at {dashboard}: give them a domain of their own"
        )));
    }
    Ok(())
}

/// The server on which environments get databases. Apps reach it by its socket, since they have no network.
fn tenants_server(address: &str) -> Result<PostgresServer, Failure> {
    let administrator = DatabaseAddress::new(address);
    let socket = administrator.socket().ok_or_else(|| {
        Failure::input(
            "HEALTHCODER_TENANTS_DATABASE_URL names no unix socket, which is all that apps reach: write it as \
             postgres://ADMINISTRATOR:PASSWORD@localhost/postgres?host=/run/postgresql",
        )
    })?;
    Ok(PostgresServer { administrator, socket })
}

async fn serve(
    mut configuration: Configuration,
    postgres: Option<PostgresServer>,
    outside: &Outside,
    progress: Progress,
) -> Result<Outcome, Failure> {
    let _only = alone(&configuration.data)?;
    let listener = TcpListener::bind(configuration.listen)
        .await
        .with_context(|| format!("{} cannot be listened on", configuration.listen))?;
    // Port 0 asks for any: what is told is the one that it became.
    configuration.listen = listener.local_addr()?;
    let platform = Platform::open(configuration.clone(), clock()).await.map_err(anyhow::Error::from)?;
    let keys = outside::keys(&platform, &outside.aws).await?;
    let host = LocalHost::open(HostSettings {
        folder: configuration.environments_folder(),
        key_agent: Box::new(move |folder: &Path| agent_command(folder, &keys)),
        verifier: std::env::current_exe()?,
        postgres,
        port: Some(configuration.listen.port()),
        manner: Manner::default(),
        bounds: Bounds::default(),
        clock: Arc::clone(&platform.clock),
    });
    let host = host.await.map_err(anyhow::Error::from)?;
    let services = Services {
        provider: payments::provider(&platform).await?,
        archives: outside::archives(&platform, outside).await?,
        mail: outside::mailing(&platform, &outside.mail).await?,
    };
    let (parts, works) = parts(&platform, &host, services)?;
    let (path, socket) = own_socket(&configuration.data, "dashboard.sock")?;
    let (_, desk) = own_socket(&configuration.data, SUPPORT_SOCKET)?;
    let desk = support_desk(desk, &platform, &host);
    let keeper = keeper(&platform, &configuration)?;
    let server = Server::start(Site::new(parts), works, Some(keeper), socket).await;
    let server = server.map_err(anyhow::Error::from)?;

    let authority = LocalAuthority::open(&configuration.data.join("tls"), Arc::new(SystemClock))
        .context("the certificate authority of this machine cannot be opened")?;
    let certificate = configuration.data.join("authority.pem");
    fs::write(&certificate, authority.pem()).context("the authority's certificate cannot be written")?;
    let dashboard = HostName::parse(&configuration.dashboard_host)
        .ok_or_else(|| Failure::input("--host wants a host name, such as dashboard.example"))?;
    let (gateway, own) = (host.clone(), BTreeMap::from([(dashboard, path)]));
    let gateway = tokio::spawn(async move { gateway.serve(listener, Arc::new(authority), own).await });
    progress.say(&format!(
        "Health Coder answers at {}\nIts certificate is its own: have your browser trust {}\n\
         Ctrl-C ends it; everything is kept in {}",
        configuration.dashboard_origin(),
        certificate.display(),
        configuration.data.display()
    ));
    told_to_end().await?;
    gateway.abort();
    desk.abort();
    server.stop().await;
    host.close().await;
    Ok(Outcome { text: String::new(), json: json!({ "ended": true }) })
}

/// What may stand outside this machine.
struct Services {
    provider: Option<Arc<dyn PaymentProvider>>,
    archives: Arc<dyn Archives>,
    mail: outside::Mailing,
}

/// What the dashboard speaks to, and the work that operations ask for.
fn parts(
    platform: &Platform,
    local: &LocalHost,
    services: Services,
) -> Result<(SiteParts, Vec<Arc<dyn Work>>), Failure> {
    let host: Arc<dyn Host> = Arc::new(local.clone());
    let payments = Billing::new(platform.clone(), services.provider);
    let key = CountersigningKey::open(&platform.configuration.keys_folder()).map_err(anyhow::Error::from)?;
    let operator = Signatory::new("The operator of this platform", "Operator", "Operator")
        .map_err(|_| anyhow::anyhow!("the operator's name is not lawful"))?;
    let agreements = Agreements::new(platform.clone(), Arc::new(key), operator);
    let billing: Arc<dyn control_plane::seams::Billing> = Arc::new(payments.clone());
    let outside::Mailing { told, server } = services.mail;
    let lifecycle =
        Lifecycle::new(platform.clone(), Arc::clone(&host), services.archives, told, Arc::clone(&billing));
    let works = works(platform, &host, &payments, &lifecycle, &server);
    let parts = SiteParts {
        platform: platform.clone(),
        host,
        billing,
        payments,
        agreements,
        lifecycle,
        more: Vec::new(),
    };
    Ok((parts, works))
}

/// Has the platform's own audit log witnessed, by this program as a process of its own.
fn keeper(platform: &Platform, configuration: &Configuration) -> Result<Keeper, Failure> {
    let (keys, witness) = (configuration.keys_folder(), configuration.data.join("witness"));
    folder::make_folder(&witness).map_err(anyhow::Error::from)?;
    Ok(Keeper::new(&platform.store, Arc::clone(&platform.clock), move || signer_command(&keys, &witness)))
}

/// One platform on one folder: a second one would take over the first one's work.
fn alone(data: &Path) -> anyhow::Result<File> {
    let lock = File::options().create(true).truncate(false).write(true).open(data.join("lock"))?;
    if lock.try_lock().is_err() {
        bail!("another `healthcoder serve` runs on {}", data.display());
    }
    Ok(lock)
}

/// The socket by which the people of the platform look at records, in the folder `run`.
pub(crate) const SUPPORT_SOCKET: &str = "support.sock";

/// Answers the people of the platform until the task is aborted.
fn support_desk(socket: UnixListener, platform: &Platform, host: &LocalHost) -> tokio::task::JoinHandle<()> {
    let routes = support::door::routes(platform.clone(), Arc::new(host.clone()));
    tokio::spawn(web::serve(socket, routes, Connections::default(), std::future::pending()))
}

/// A socket that only who runs the platform may open.
fn own_socket(data: &Path, name: &str) -> anyhow::Result<(PathBuf, UnixListener)> {
    let folder = data.join("run");
    folder::make_folder(&folder)?;
    let path = folder.join(name);
    // Left by a process that was killed: the lock says that it is gone.
    let _none = fs::remove_file(&path);
    let socket = UnixListener::bind(&path).with_context(|| format!("{} cannot be opened", path.display()))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok((path, socket))
}

async fn told_to_end() -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// This program, as the key agent of the host in this folder.
fn agent_command(folder: &Path, keys: &AgentKeys) -> std::io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("key-agent").arg("--folder").arg(folder).args(keys.words());
    Ok(command)
}

/// Holds root keys and signs audit heads, as a process of its own.
pub(crate) fn agent(folder: &Path, keys: &AgentKeys) -> Result<Outcome, Failure> {
    let folders = Folders::open(folder).map_err(anyhow::Error::from)?;
    runtime()?.block_on(async {
        let roots = outside::root_keys(&folders, keys).await?;
        let bounds = key_agent::Bounds::default();
        let agent = Agent { roots, folders, bounds, clock: Arc::new(SystemClock) };
        run_key_agent(agent).await.map_err(|error| Failure::from(anyhow::Error::from(error)))
    })?;
    Ok(Outcome { text: String::new(), json: json!({ "ended": true }) })
}

/// This program, as the signer of the platform's own audit log.
fn signer_command(keys: &Path, witness: &Path) -> Command {
    // A program that cannot tell its own file is started by the name it was called by.
    let program = std::env::current_exe().unwrap_or_else(|_| "/proc/self/exe".into());
    let mut command = Command::new(program);
    command.arg("signer").arg("--keys").arg(keys).arg("--witness").arg(witness);
    command
}

/// Signs the heads of the platform's audit log until its standard input, the socket, is closed.
pub(crate) fn signer(keys: &Path, witness: &Path) -> Result<Outcome, Failure> {
    audit::run_signer(keys, witness, Arc::new(SystemClock)).map_err(anyhow::Error::from)?;
    Ok(Outcome { text: String::new(), json: json!({ "ended": true }) })
}
