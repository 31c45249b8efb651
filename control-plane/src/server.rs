//! A platform that runs: its operations are worked on, its dashboard answers on a unix socket behind the
//! gateway, and the heads of its audit log are witnessed.

use std::sync::Arc;

use safeguards::audit::Keeper;
use safeguards::web::{self, Connections, Entry, Trust};
use tokio::net::UnixListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::Platform;
use crate::billing::{Billing, Gatekeeper};
use crate::builds::BuildWork;
use crate::error::Result;
use crate::http::{self, Site};
use crate::lifecycle::{CopyWork, DepartureWork, Lifecycle, ReturnWork};
use crate::notices::NoticeWork;
use crate::operations::{Engine, Work};
use crate::outward;
use crate::seams::{Host, Notices};

/// How many operations are worked on at a time: most of them wait for a compiler.
const WORKERS: usize = 4;

/// All work that operations ask for. What waits in the outbox is handed to `mail`.
#[must_use]
pub fn works(
    platform: &Platform,
    host: &Arc<dyn Host>,
    payments: &Billing,
    lifecycle: &Lifecycle,
    mail: &Arc<dyn Notices>,
) -> Vec<Arc<dyn Work>> {
    vec![
        Arc::new(NoticeWork::new(platform.clone(), Arc::clone(mail))),
        Arc::new(BuildWork::new(platform.clone(), Arc::clone(host), payments.clone())),
        Arc::new(Gatekeeper::new(platform.clone(), payments.clone(), Arc::clone(host))),
        Arc::new(DepartureWork(lifecycle.clone())),
        Arc::new(ReturnWork(lifecycle.clone())),
        Arc::new(CopyWork(lifecycle.clone())),
    ]
}

/// What runs.
#[derive(Debug)]
pub struct Server {
    site: Site,
    engine: JoinHandle<()>,
    dashboard: JoinHandle<()>,
    upkeep: JoinHandle<()>,
    keeping: Option<(Arc<Keeper>, JoinHandle<()>)>,
    stop: oneshot::Sender<()>,
}

impl Server {
    /// Starts everything. The platform must be the only one on its database: leases of a process that was
    /// killed end here.
    ///
    /// # Errors
    /// The database or the keys cannot be used.
    pub async fn start(
        site: Site,
        works: Vec<Arc<dyn Work>>,
        keeper: Option<Keeper>,
        socket: UnixListener,
    ) -> Result<Self> {
        let platform = &site.platform;
        platform.operations.end_leases().await?;
        outward::tell_all(platform, &*site.host).await?;
        let router = http::dashboard(&site, Trust::Gateway).await?;
        let engine = Engine::new(platform.operations.clone(), Arc::clone(&platform.log));
        let engine = Arc::new(works.into_iter().fold(engine, Engine::work));
        let (stop, stopped) = oneshot::channel();
        let dashboard = tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            web::serve(socket, router, Connections::default(), stopped).await;
        });
        let keeping = keeper.map(|keeper| {
            let keeper = Arc::new(keeper);
            let running = keeper.run();
            (keeper, running)
        });
        Ok(Self {
            engine: tokio::spawn(engine.run(WORKERS)),
            upkeep: tokio::spawn(platform.identity.clone().upkeep()),
            dashboard,
            keeping,
            stop,
            site,
        })
    }

    /// Ends in order: no new requests, then no new work, then the last heads are witnessed and the database is
    /// closed. What was being worked on is taken up at the next start.
    pub async fn stop(self) {
        let platform = self.site.platform.clone();
        platform.log.write(platform.clock.now(), &Entry::Stopping);
        // Nobody listens only if the dashboard has ended by itself.
        let _ended = self.stop.send(());
        let _panicked = self.dashboard.await;
        self.engine.abort();
        self.upkeep.abort();
        let _aborted = self.engine.await;
        // What is counted is written before the last heads are signed.
        let _unwritten = platform.audit.finish().await;
        if let Some((keeper, running)) = self.keeping {
            running.abort();
            if keeper.close().await.is_err() {
                let late = Entry::Happened { what: "audit-not-witnessed-at-end", count: None };
                platform.log.write(platform.clock.now(), &late);
            }
        }
        platform.close().await;
    }
}
