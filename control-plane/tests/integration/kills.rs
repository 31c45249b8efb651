//! Invariant 8: `serve` is killed at every boundary of every step of everything that it does, and the whole road ends in
//! the same state, with each thing told once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use control_plane::BuildId;
use control_plane::agreement::{AgreementText, Signatory, Signing};
use control_plane::billing::Billing;
use control_plane::builds::{self, events};
use control_plane::lifecycle::{ArchiveFolder, KEPT, Lifecycle, StepUp, certificate};
use control_plane::notices::Outbox;
use control_plane::operations::{Boundary, Engine, StopOnce, Work};
use control_plane::seams::{self, BuildEvent, EnvironmentKind, Gate, Host};
use control_plane::server::works;
use control_plane::testing::{ScriptedBilling, ScriptedHost, TestPlatform, mailbox, platform_on};
use safeguards::{Clock as _, audit, sql};
use time::Duration;

use crate::builds::{Begun, begun};

/// The platform, with all the work that `serve` does.
struct Road {
    platform: TestPlatform,
    begun: Begun,
    host: Arc<ScriptedHost>,
    payments: Billing,
    lifecycle: Lifecycle,
    /// Where it is killed, if it is.
    kill: Option<Arc<StopOnce>>,
}

impl Road {
    async fn on(database: &'static str, kill: Option<Arc<StopOnce>>) -> Self {
        let platform = platform_on(database).await;
        let begun = begun(&platform, "olga@example.org").await;
        let host = Arc::new(ScriptedHost::default());
        let payments = Billing::new(platform.platform.clone(), None);
        let billing: Arc<dyn seams::Billing> = Arc::new(ScriptedBilling(Mutex::new(Gate::ReadAndWrite)));
        let archives = ArchiveFolder::new(&platform.configuration.archives_folder());
        // As `serve` with a mail server: each notice is an operation of its own.
        let outbox = Outbox(platform.platform.clone());
        let lifecycle = Lifecycle::new(
            platform.platform.clone(),
            host.clone(),
            Arc::new(archives),
            Arc::new(outbox),
            billing,
        );
        Self { platform, begun, host, payments, lifecycle, kill }
    }

    fn works(&self) -> Vec<Arc<dyn Work>> {
        let host: Arc<dyn Host> = self.host.clone();
        works(&self.platform, &host, &self.payments, &self.lifecycle, &mailbox(&self.platform))
    }

    fn engine(&self) -> Engine {
        let engine = Engine::new(self.platform.operations.clone(), self.platform.log.clone());
        self.works().into_iter().fold(engine, Engine::work)
    }

    /// Works until nothing is due. A process that was killed is followed by one that knows itself to be alone.
    async fn work(&self) {
        let killed = match &self.kill {
            Some(kill) => !self.engine().faults(kill.clone()).drain().await.unwrap(),
            None => !self.engine().drain().await.unwrap(),
        };
        if killed {
            self.platform.operations.end_leases().await.unwrap();
            assert!(self.engine().drain().await.unwrap());
        }
    }

    /// Built, deployed, paid, signed, in production, cancelled, called off, cancelled again, exported, destroyed.
    async fn whole(&self) -> End {
        let (platform, begun) = (&self.platform, &self.begun);
        let (account, person) = (begun.member.account(), begun.member.person());
        let preview = begun.approve(platform).await;
        self.work().await;
        self.payments.grant(account, None).await.unwrap();
        self.sign().await;
        self.work().await;
        let production = self.reach_production().await;
        self.work().await;
        let production_of_it =
            begun.member.owned(platform, (begun.project, EnvironmentKind::Production)).await.unwrap();
        self.lifecycle
            .copy(&begun.member.owner().unwrap(), &production_of_it, &StepUp::in_a_test())
            .await
            .unwrap();
        self.work().await;
        platform.clock.advance(KEPT);
        self.work().await;
        let served = [self.served(preview).await, self.served(production).await];
        let departure = self.lifecycle.cancel(account, begun.project, person).await.unwrap();
        self.work().await;
        self.lifecycle.come_back(account, departure, person).await.unwrap();
        self.work().await;
        let departure = self.lifecycle.cancel(account, begun.project, person).await.unwrap();
        let cancelled = platform.clock.now();
        for day in [0, 16, 23, 27, 29, 30] {
            platform.clock.set(cancelled + Duration::days(day));
            self.work().await;
        }
        let signed = self.lifecycle.certificate(account, departure).await.unwrap();
        let (told, _) = certificate::verify(&signed.json(), None).unwrap();
        let items = [told.disabled, told.deleted, told.remains].concat();
        End {
            certified: items.iter().map(|item| without_ids(&item.what)).collect(),
            served,
            mail: self.mail(),
            logged: self.logged().await,
            left: left(&platform.configuration.data),
            states: self.states().await,
        }
    }

    async fn sign(&self) {
        let (site, _) = self.platform.site();
        let signing = Signing {
            account: self.begun.member.account(),
            person: self.begun.member.person().uuid(),
            from: "203.0.113.7".parse().unwrap(),
            version: AgreementText::newest(self.platform.clock.now()).version.to_owned(),
            signatory: Signatory::new("Clinic LLC", "Olga Owner", "Owner").unwrap(),
        };
        site.agreements.sign(signing).await.unwrap();
    }

    async fn reach_production(&self) -> BuildId {
        let (platform, begun) = (&self.platform, &self.begun);
        let project = begun.project(platform).await;
        let version = begun.version(platform).await;
        builds::again(platform, &self.payments, &project, &version, EnvironmentKind::Production, None)
            .await
            .unwrap()
    }

    /// How often the end of a build was told.
    async fn served(&self, build: BuildId) -> usize {
        let said = events::after(&self.platform, build, 0).await.unwrap();
        said.iter().filter(|said| matches!(said.event, BuildEvent::Serving { .. })).count()
    }

    /// The subjects of all mail, in the order of their names.
    fn mail(&self) -> Vec<String> {
        let folder =
            fs::read_dir(self.platform.configuration.mailbox_folder()).into_iter().flatten().flatten();
        let subject = |file: fs::DirEntry| {
            let text = fs::read_to_string(file.path()).unwrap();
            text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned()
        };
        let mut subjects: Vec<String> = folder.map(subject).collect();
        subjects.sort();
        subjects
    }

    /// How often each thing stands in the account's log.
    async fn logged(&self) -> BTreeMap<String, usize> {
        let account = self.begun.member.account().uuid();
        let seen = audit::activity(&self.platform.store, account, None, None, 1_000).await.unwrap();
        let mut counted = BTreeMap::new();
        for seen in seen {
            *counted.entry(format!("{} {:?} {:?}", seen.action, seen.entity, seen.detail)).or_default() += 1;
        }
        counted
    }

    /// Where every record of the platform about the project stands.
    async fn states(&self) -> Vec<String> {
        let mut states = Vec::new();
        for (statement, column) in [
            ("SELECT state FROM builds ORDER BY id", "state"),
            ("SELECT state FROM versions ORDER BY id", "state"),
            ("SELECT state FROM departures ORDER BY id", "state"),
            ("SELECT kind AS state FROM environments WHERE destroyed_at IS NULL ORDER BY id", "state"),
            ("SELECT state FROM copies ORDER BY id", "state"),
            ("SELECT provider AS state FROM billing_subscriptions ORDER BY id", "state"),
            ("SELECT state FROM operations WHERE kind <> 'gate' ORDER BY id", "state"),
        ] {
            let rows = sql(statement).fetch_all(&self.platform.store).await.unwrap();
            let found: Vec<String> = rows.iter().map(|row| row.text(column).unwrap()).collect();
            states.push(format!("{statement}: {}", found.join(", ")));
        }
        states
    }
}

/// Everything that a person, a court or a machine could look at afterwards, without what differs by chance.
#[derive(Debug, PartialEq, Eq)]
struct End {
    certified: Vec<String>,
    served: [usize; 2],
    mail: Vec<String>,
    logged: BTreeMap<String, usize>,
    left: Vec<String>,
    states: Vec<String>,
}

fn without_ids(text: &str) -> String {
    text.replace(|letter: char| letter.is_ascii_hexdigit() || letter == '-', "")
}

/// Relative paths of all files but mail, which is counted elsewhere.
fn left(folder: &Path) -> Vec<String> {
    let (mut found, mut waiting) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.extend((!path.ends_with("mailbox")).then_some(path));
            } else {
                found.push(without_ids(&path.strip_prefix(folder).unwrap().to_string_lossy()));
            }
        }
    }
    found.sort();
    found
}

async fn killed_everywhere(database: &'static str) {
    let undisturbed = Road::on(database, None).await;
    let expected = undisturbed.whole().await;
    assert_eq!(
        expected.mail.iter().filter(|subject| subject.contains("certificate")).count(),
        1,
        "{expected:#?}"
    );
    assert!(expected.states.iter().any(|states| states.ends_with("returned, destroyed")), "{expected:#?}");
    assert_eq!(expected.served, [1, 1]);
    let ends_in = |end: &str| expected.states.iter().any(|states| states.ends_with(end));
    assert!(ends_in("copies ORDER BY id: gone"), "{expected:#?}");
    assert!(ends_in("billing_subscriptions ORDER BY id: operator"), "one plan was given: {expected:#?}");
    let mut killed = 0;
    for work in undisturbed.works() {
        for step in work.steps() {
            for boundary in Boundary::ALL {
                let kill = Arc::new(StopOnce::at(work.kind(), step, boundary));
                let road = Road::on(database, Some(kill.clone())).await;
                let end = road.whole().await;
                let at = format!("{database}: {} {step} {boundary:?}", work.kind());
                assert!(kill.stopped(), "{at}: the road does not pass it");
                assert_eq!(end, expected, "{at}");
                killed += 1;
            }
        }
    }
    let declared: usize = undisturbed.works().iter().map(|work| work.steps().len()).sum();
    assert_eq!(killed, declared * Boundary::ALL.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_boundary_of_every_step_the_road_ends_the_same_way_on_sqlite() {
    killed_everywhere("sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_boundary_of_every_step_the_road_ends_the_same_way_on_postgres() {
    killed_everywhere("postgres").await;
}
