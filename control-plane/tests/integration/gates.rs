//! HC-4, HG-3, HC-14: what is paid and signed reaches the gate of every production environment, whatever is killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use control_plane::agreement::{AgreementText, Agreements, CountersigningKey, Signatory, Signing};
use control_plane::billing::{Billing, Gatekeeper};
use control_plane::host::provided::Reach;
use control_plane::lifecycle::{DepartureWork, ReturnWork};
use control_plane::operations::{Engine, NoFaults, StopAt};
use control_plane::seams::{
    Artifact, BuildOrder, DeployOrder, EnvironmentOrder, Gate, Host, HostError, KeyDestruction, Pending,
    Progress, Trial, Verified, VerifyOrder,
};
use control_plane::testing::{TestPlatform, lifecycle, platforms};
use control_plane::{AccountId, EnvironmentId, ProjectId};
use safeguards::{Clock as _, sql};
use time::Duration;
use uuid::Uuid;

/// A host that only has gates, and may be out of order.
#[derive(Default)]
struct Gates {
    put: Mutex<BTreeMap<EnvironmentId, Gate>>,
    broken: Mutex<bool>,
}

impl Gates {
    fn of(&self, environment: EnvironmentId) -> Option<Gate> {
        self.put.lock().unwrap().get(&environment).copied()
    }
}

fn absent<T>() -> Result<T, HostError> {
    Err(HostError::Unavailable("this host only has gates".into()))
}

impl Host for Gates {
    fn build<'a>(&'a self, _: &'a BuildOrder, _: &'a dyn Progress) -> Pending<'a, Artifact, HostError> {
        Box::pin(async { absent() })
    }

    fn trial(&self) -> Pending<'_, Trial, HostError> {
        Box::pin(async { absent() })
    }

    fn verify<'a>(&'a self, _: &'a VerifyOrder, _: &'a dyn Progress) -> Pending<'a, Verified, HostError> {
        Box::pin(async { absent() })
    }

    fn provide<'a>(&'a self, _: &'a EnvironmentOrder) -> Pending<'a, (), HostError> {
        Box::pin(async { absent() })
    }

    fn deploy<'a>(&'a self, _: &'a DeployOrder, _: &'a dyn Progress) -> Pending<'a, (), HostError> {
        Box::pin(async { absent() })
    }

    fn seed<'a>(&'a self, _: EnvironmentId) -> Pending<'a, (), HostError> {
        Box::pin(async { absent() })
    }

    fn invite_owner<'a>(
        &'a self,
        _: EnvironmentId,
        _: &'a safeguards::identity::EmailAddress,
    ) -> Pending<'a, String, HostError> {
        Box::pin(async { absent() })
    }

    fn outward<'a>(&'a self, _: EnvironmentId, _: &'a Reach) -> Pending<'a, (), HostError> {
        Box::pin(async { absent() })
    }

    fn gate<'a>(&'a self, environment: EnvironmentId, gate: Gate) -> Pending<'a, (), HostError> {
        Box::pin(async move {
            if *self.broken.lock().unwrap() {
                return absent();
            }
            self.put.lock().unwrap().insert(environment, gate);
            Ok(())
        })
    }

    fn run<'a>(&'a self, _: EnvironmentId, _: &'a [String], _: &'a Path) -> Pending<'a, String, HostError> {
        Box::pin(async { absent() })
    }

    fn logs<'a>(&'a self, _: EnvironmentId, _: usize) -> Pending<'a, Vec<String>, HostError> {
        Box::pin(async { absent() })
    }

    fn destroy_keys<'a>(&'a self, environment: EnvironmentId) -> Pending<'a, KeyDestruction, HostError> {
        Box::pin(async move { self.gate(environment, Gate::Nothing).await.map(|()| KeyDestruction::Erased) })
    }

    fn destroy_data<'a>(&'a self, _: EnvironmentId) -> Pending<'a, (), HostError> {
        Box::pin(async { Ok(()) })
    }

    fn forget<'a>(&'a self, _: ProjectId) -> Pending<'a, (), HostError> {
        Box::pin(async { Ok(()) })
    }
}

struct House<'a> {
    platform: &'a TestPlatform,
    billing: Billing,
    agreements: Agreements,
    host: Arc<Gates>,
    account: AccountId,
    production: EnvironmentId,
    preview: EnvironmentId,
}

impl<'a> House<'a> {
    async fn on(platform: &'a TestPlatform) -> Self {
        let key = Arc::new(CountersigningKey::open(platform.folder()).unwrap());
        let operator = Signatory::new("Health Coder", "Operations", "Operator").unwrap();
        let account = platform.account("Main St Clinic").await;
        Self {
            billing: Billing::new(platform.platform.clone(), None),
            agreements: Agreements::new(platform.platform.clone(), key, operator),
            host: Arc::default(),
            production: environment(platform, account, "production").await,
            preview: environment(platform, account, "preview").await,
            account,
            platform,
        }
    }

    fn engine(&self) -> Engine {
        let gatekeeper =
            Gatekeeper::new(self.platform.platform.clone(), self.billing.clone(), self.host.clone());
        let billing = Arc::new(self.billing.clone());
        let lifecycle = lifecycle(&self.platform.platform, self.host.clone(), billing);
        Engine::new(self.platform.operations.clone(), self.platform.log.clone())
            .work(Arc::new(gatekeeper))
            .work(Arc::new(DepartureWork(lifecycle.clone())))
            .work(Arc::new(ReturnWork(lifecycle)))
    }

    async fn sign(&self) {
        let version = AgreementText::newest(self.platform.clock.now()).version.to_owned();
        let signatory = Signatory::new("Main St Clinic LLC", "Ada Ruiz", "Owner").unwrap();
        let signing = Signing {
            account: self.account,
            person: Uuid::from_u128(9),
            from: "203.0.113.7".parse().unwrap(),
            version,
            signatory,
        };
        self.agreements.sign(signing).await.unwrap();
    }

    async fn gate(&self) -> Option<Gate> {
        assert!(self.engine().drain().await.unwrap());
        assert_eq!(self.host.of(self.preview), None, "a preview has no gate of this kind");
        self.host.of(self.production)
    }

    async fn departures(&self) -> Vec<String> {
        let rows = sql("SELECT state FROM departures WHERE account_id = $1 ORDER BY id")
            .bind(self.account)
            .fetch_all(&self.platform.store)
            .await
            .unwrap();
        rows.iter().map(|row| row.text("state").unwrap()).collect()
    }

    fn days(&self, days: i64) {
        self.platform.clock.advance(Duration::days(days));
    }
}

async fn environment(platform: &TestPlatform, account: AccountId, kind: &str) -> EnvironmentId {
    let (project, environment) = (platform.ids.next(), EnvironmentId::new(platform.ids.next()));
    let now = platform.clock.now();
    sql("INSERT INTO projects (id, account_id, name, label, created_at, created_by_id) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(project)
        .bind(account)
        .bind("Clinic")
        .bind(project.to_string())
        .bind(now)
        .bind(platform.ids.next())
        .execute(&platform.store)
        .await
        .unwrap();
    sql("INSERT INTO environments (id, account_id, project_id, kind, host_name, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(environment)
        .bind(account)
        .bind(project)
        .bind(kind)
        .bind(environment.to_string())
        .bind(now)
        .execute(&platform.store)
        .await
        .unwrap();
    environment
}

/// The road through the table, on the platform's clock.
#[tokio::test]
async fn what_is_paid_and_signed_reaches_the_gate() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        assert_eq!(house.gate().await, None, "nothing was told yet");
        house.billing.grant(house.account, None).await.unwrap();
        assert_eq!(house.gate().await, Some(Gate::NotStarted), "paid, not signed");
        house.sign().await;
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite));
        house.platform.clock.advance(Duration::seconds(1));
        house.agreements.terminate(house.account, None, "asked for").await.unwrap();
        assert_eq!(house.gate().await, Some(Gate::ExportWindow));
        house.days(29);
        assert_eq!(house.gate().await, Some(Gate::ExportWindow));
        assert_eq!(house.departures().await, ["window"]);
        house.sign().await;
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite), "signed again, it is a new agreement");
        assert_eq!(house.departures().await, ["returned"]);
        house.platform.clock.advance(Duration::seconds(1));
        house.billing.withdraw_grant(house.account).await.unwrap();
        assert_eq!(house.gate().await, Some(Gate::ExportWindow));
        house.days(30);
        assert_eq!(house.gate().await, Some(Gate::Nothing), "nobody told; the clock did");
    }
}

/// HC-12: the end of the plan begins the end of production, with its window and its certificate; plans, source and
/// preview stay, and whoever pays again may begin a new production.
#[tokio::test]
async fn the_end_of_the_plan_is_the_end_of_production_and_of_nothing_else() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        house.billing.grant(house.account, None).await.unwrap();
        house.sign().await;
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite));
        assert!(house.departures().await.is_empty());
        platform.clock.advance(Duration::seconds(1));
        house.billing.withdraw_grant(house.account).await.unwrap();
        for day in 0..30 {
            assert_eq!(house.gate().await, Some(Gate::ExportWindow), "day {day}");
            assert_eq!(house.departures().await, ["window"], "day {day}: it is one departure");
            house.days(1);
        }
        assert_eq!(house.gate().await, Some(Gate::Nothing), "{}", platform.database);
        assert_eq!(house.departures().await, ["destroyed"]);
        let living =
            sql("SELECT e.kind, p.closed_at FROM environments e JOIN projects p ON p.id = e.project_id
             WHERE e.account_id = $1 AND e.destroyed_at IS NULL")
            .bind(house.account)
            .fetch_all(&platform.store)
            .await
            .unwrap();
        assert_eq!(living.len(), 1, "production is gone");
        assert_eq!(living[0].text("kind").unwrap(), "preview");
        assert!(living[0].is_null("closed_at").unwrap(), "the project is not");
    }
}

/// A grant that runs out closes the gate by itself, on its hour.
#[tokio::test]
async fn a_gate_closes_on_its_hour() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        let until = platform.clock.now() + Duration::hours(30);
        house.billing.grant(house.account, Some(until)).await.unwrap();
        house.sign().await;
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite));
        platform.clock.set(until - Duration::seconds(1));
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite));
        platform.clock.set(until);
        assert_eq!(house.gate().await, Some(Gate::ExportWindow), "{}", platform.database);
    }
}

/// Invariant 8: killed at any boundary, the gate is put all the same.
#[tokio::test]
async fn killed_at_any_boundary_the_gate_is_put() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        house.billing.grant(house.account, None).await.unwrap();
        for boundary in 0..5 {
            let wanted = if boundary % 2 == 0 {
                house.sign().await;
                Gate::ReadAndWrite
            } else {
                house.agreements.terminate(house.account, None, "asked for").await.unwrap();
                Gate::ExportWindow
            };
            let faults = Arc::new(StopAt::boundary(boundary));
            house.engine().faults(faults.clone()).drain().await.unwrap();
            platform.clock.advance(Duration::minutes(2));
            assert!(house.engine().faults(Arc::new(NoFaults)).drain().await.unwrap());
            let put = house.host.of(house.production);
            assert_eq!(put, Some(wanted), "{}: stopped at {:?}", platform.database, faults.stopped());
        }
    }
}

/// A project that departs is no wider than its window, whatever is paid and signed; and what is being destroyed is the
/// lifecycle's alone.
#[tokio::test]
async fn a_departing_project_is_not_opened_again() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        let stays = environment(&platform, house.account, "production").await;
        house.billing.grant(house.account, None).await.unwrap();
        house.sign().await;
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite));
        let departure = platform.ids.next();
        sql("INSERT INTO departures (id, account_id, project_id, state, cancelled_at, cancelled_by_id, window_ends_at)
             SELECT $1, account_id, project_id, 'window', $3, id, $4 FROM environments WHERE id = $2")
        .bind(departure)
        .bind(house.production)
        .bind(platform.clock.now())
        .bind(platform.clock.now() + Duration::days(30))
        .execute(&platform.store)
        .await
        .unwrap();
        house.days(1);
        assert_eq!(house.gate().await, Some(Gate::ExportWindow), "{}", platform.database);
        assert_eq!(house.host.of(stays), Some(Gate::ReadAndWrite));
        sql("UPDATE departures SET state = 'destroying' WHERE id = $1")
            .bind(departure)
            .execute(&platform.store)
            .await
            .unwrap();
        house.host.put.lock().unwrap().clear();
        house.days(1);
        assert_eq!(house.gate().await, None, "nobody touches what is being destroyed");
        assert_eq!(house.host.of(stays), Some(Gate::ReadAndWrite));
        sql("UPDATE departures SET state = 'returned' WHERE id = $1")
            .bind(departure)
            .execute(&platform.store)
            .await
            .unwrap();
        house.days(1);
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite), "came back");
    }
}

/// A host that is out of order is asked until it is mended: the work is never given up.
#[tokio::test]
async fn a_gate_that_could_not_be_put_is_put_later() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        house.billing.grant(house.account, None).await.unwrap();
        house.sign().await;
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite));
        *house.host.broken.lock().unwrap() = true;
        platform.clock.advance(Duration::seconds(1));
        house.billing.withdraw_grant(house.account).await.unwrap();
        for _ in 0..50 {
            assert!(house.engine().drain().await.unwrap());
            platform.clock.advance(Duration::minutes(5));
        }
        *house.host.broken.lock().unwrap() = false;
        assert_eq!(house.gate().await, Some(Gate::ExportWindow), "{}", platform.database);
    }
}

/// What is told while the gate is being put is not lost: the step looks again before it ends.
#[tokio::test]
async fn what_is_told_meanwhile_is_not_lost() {
    for platform in platforms().await {
        let house = House::on(&platform).await;
        let other = environment(&platform, house.account, "production").await;
        house.billing.grant(house.account, None).await.unwrap();
        let engine = house.engine();
        let (drained, ()) = tokio::join!(engine.drain(), house.sign());
        drained.unwrap();
        assert_eq!(house.gate().await, Some(Gate::ReadAndWrite));
        assert_eq!(house.host.of(other), Some(Gate::ReadAndWrite), "{}: every production", platform.database);
    }
}
