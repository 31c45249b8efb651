//! HC-10 on real parts: support is shown records by the app's own binary in its sandbox, after the app's own log says so.

use std::io::Read;

use control_plane::accounts::{Owned, Owner};
use control_plane::environments::Environment;
use control_plane::error::Refusal;
use control_plane::host::LocalHost;
use control_plane::ids::{EnvironmentId, GrantId, ProjectId};
use control_plane::lifecycle::StepUp;
use control_plane::seams::{EnvironmentKind, Gate, Host};
use control_plane::support::{self, Asked, Grant, Reason, Support};
use control_plane::testing::{TestPlatform, platform_on};
use safeguards::{Clock as _, SystemClock, sql};
use serde_json::Value;

use crate::lab::{clinic, postgres};
use crate::orders::{Heard, host, order};

/// An owner whose clinic runs in production, with one visit that its seed made up.
struct Clinic {
    platform: TestPlatform,
    owner: Owner,
    project: ProjectId,
}

impl Clinic {
    async fn new() -> Self {
        let platform = platform_on("sqlite").await;
        // The app's process has the real time.
        platform.clock.set(SystemClock.now());
        let account = platform.account("A founder").await;
        let person = platform.person(account, "owner", "olga@founder.example").await;
        let member = platform.member(&platform.sign_in(&person).await).await;
        let [project, environment] = std::array::from_fn(|_| platform.ids.next());
        for statement in [
            "INSERT INTO projects (id, account_id, name, label, created_at, created_by_id)
                 VALUES ($1, $2, 'Clinic', 'clinic', $3, $4)",
            "INSERT INTO environments (id, account_id, project_id, kind, host_name, created_at)
                 VALUES ($4, $2, $1, 'production', 'clinic.localhost', $3)",
        ] {
            sql(statement)
                .bind(project)
                .bind(account)
                .bind(platform.clock.now())
                .bind(environment)
                .execute(&platform.store)
                .await
                .unwrap();
        }
        Self { owner: member.owner().unwrap(), project: ProjectId::new(project), platform }
    }

    async fn environment(&self) -> Owned<Environment> {
        self.owner.owned(&self.platform, (self.project, EnvironmentKind::Production)).await.unwrap()
    }

    async fn grant(&self) -> GrantId {
        let (reason, proof) = (Reason::parse("a visit is missing").unwrap(), StepUp::in_a_test());
        support::grant(&self.platform, &self.owner, &self.environment().await, &reason, 1, &proof)
            .await
            .unwrap()
    }

    async fn look(&self, host: &LocalHost, grant: GrantId, record: Option<&Value>) -> Result<Value, Refusal> {
        let record = record.map(|id| id.as_str().unwrap().parse().unwrap());
        let asked = Asked { entity: "visit".into(), record };
        let kim = Support::parse("Kim Doe").unwrap();
        let shown = support::look(&self.platform, host, &kim, grant, &asked).await?;
        Ok(serde_json::from_str(shown.reveal()).unwrap())
    }
}

/// The tenant's own audit log, as its own archive has it.
async fn log(host: &LocalHost, id: EnvironmentId, name: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let words = format!("export --open --without-project --to {{folder}}/{name}");
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    host.run(id, &words, folder.path()).await.unwrap();
    let file = std::fs::File::open(folder.path().join(name)).unwrap();
    let mut archive = exporter::Archive::open(file, None).unwrap();
    let mut text = String::new();
    archive.file("audit/events.ndjson").unwrap().read_to_string(&mut text).unwrap();
    text.lines().filter(|line| line.contains("system:platform-support")).map(str::to_owned).collect()
}

#[tokio::test]
async fn hc_10_support_sees_what_the_tenants_own_log_says_it_saw() {
    for server in [None, Some(postgres().await)] {
        let case = if server.is_some() { "postgres" } else { "sqlite" };
        let (folder, clinic_of) = (tempfile::tempdir().unwrap(), Clinic::new().await);
        let host = host(folder.path(), server).await;
        let environment = clinic_of.environment().await;
        let id = environment.id;
        host.provide(&environment.order()).await.unwrap();
        host.gate(id, Gate::ReadAndWrite).await.unwrap();
        host.deploy(&order(&environment.order(), &clinic(), 1, false), &Heard::default()).await.unwrap();
        host.seed(id).await.unwrap();

        // The host does it for a leave, and a leave is made of a grant alone.
        let words = ["support-look".to_owned()];
        let refused = host.run(id, &words, folder.path()).await.unwrap_err().to_string();
        assert!(refused.contains("no work of an app"), "{case}: {refused}");

        let grant = clinic_of.grant().await;
        let listed = clinic_of.look(&host, grant, None).await.unwrap();
        assert_eq!(listed["withheld"], serde_json::json!(["words"]), "{case}: {listed}");
        let visit = listed["records"][0]["id"].clone();
        // In the export window records are only read, and looks are logged all the same.
        host.gate(id, Gate::ExportWindow).await.unwrap();
        let shown = clinic_of.look(&host, grant, Some(&visit)).await.unwrap();
        assert_eq!(shown["records"][0]["words"], "made-up words of a visit", "{case}: {shown}");
        let events = log(&host, id, "first.zip").await;
        assert_eq!(events.len(), 2, "{case}: {events:#?}");
        let told = |event: &String| {
            ["Kim Doe", "a visit is missing", &grant.to_string()].iter().all(|word| event.contains(*word))
        };
        assert!(events.iter().all(told), "{case}: {events:#?}");

        let owned: Owned<Grant> =
            clinic_of.owner.owned(&clinic_of.platform, (clinic_of.project, grant)).await.unwrap();
        support::revoke(&clinic_of.platform, &clinic_of.owner, &owned).await.unwrap();
        let revoked = clinic_of.look(&host, grant, Some(&visit)).await;
        assert!(matches!(revoked, Err(Refusal::Forbidden(_))), "{case}: {revoked:?}");
        assert_eq!(log(&host, id, "second.zip").await.len(), 2, "{case}: the app was not asked");
        let words = ["verify-audit".to_owned()];
        let verified = host.run(id, &words, folder.path()).await.unwrap();
        assert!(verified.contains("0 findings"), "{case}: {verified}");

        host.gate(id, Gate::Nothing).await.unwrap();
        let again = clinic_of.grant().await;
        let closed = clinic_of.look(&host, again, None).await;
        assert!(
            matches!(&closed, Err(Refusal::Conflict(why)) if why.contains("does not run")),
            "{case}: {closed:?}"
        );
    }
}
