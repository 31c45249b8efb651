//! The dashboard on a host that only pretends, for looking at its pages: `cargo run -p control-plane --example
//! dashboard --features testing -- 127.0.0.1:8090`.

use std::net::SocketAddr;
use std::sync::Arc;

use control_plane::billing::Billing;
use control_plane::builds::BuildWork;
use control_plane::http::{self, Site, SiteParts};
use control_plane::operations::Engine;
use control_plane::seams::Host;
use control_plane::testing::{ScriptedHost, agreements, lifecycle};
use control_plane::{Configuration, Platform};
use safeguards::SystemClock;
use safeguards::web::{self, Connections, Trust};
use tokio::net::TcpListener;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let listen: SocketAddr = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8090".into()).parse()?;
    let folder = tempfile::tempdir()?;
    let mut configuration = Configuration::embedded(folder.path());
    configuration.tls = false;
    configuration.listen = listen;
    let platform = Platform::open(configuration, Arc::new(SystemClock)).await?;
    let host: Arc<dyn Host> = Arc::new(ScriptedHost::default());
    let payments = Billing::new(platform.clone(), None);
    let engine = Engine::new(platform.operations.clone(), platform.log.clone())
        .work(Arc::new(BuildWork::new(platform.clone(), Arc::clone(&host), payments.clone())));
    let _working = tokio::spawn(Arc::new(engine).run(1));
    let billing: Arc<dyn control_plane::seams::Billing> = Arc::new(payments.clone());
    let site = Site::new(SiteParts {
        lifecycle: lifecycle(&platform, Arc::clone(&host), Arc::clone(&billing)),
        agreements: agreements(&platform, folder.path()),
        platform,
        host,
        billing,
        payments,
        more: Vec::new(),
    });
    let router = http::dashboard(&site, Trust::Peer).await?;
    eprintln!("the dashboard answers on http://{listen}");
    web::serve(TcpListener::bind(listen).await?, router, Connections::default(), std::future::pending())
        .await;
    Ok(())
}
