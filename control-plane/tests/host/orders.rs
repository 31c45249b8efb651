//! The host as the rest of the platform orders from it.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest::{SHA256, digest};
use control_plane::host::build::Bounds;
use control_plane::host::local::{HostSettings, LocalHost};
use control_plane::host::supervisor::{Manner, PostgresServer};
use control_plane::ids::{AccountId, EnvironmentId, ProjectId, VersionId};
use control_plane::seams::{
    Artifact, BuildEvent, DeployOrder, EnvironmentKind, EnvironmentOrder, Gate, Host, HostError, Progress,
};
use safeguards::SystemClock;
use safeguards::identity::EmailAddress;
use uuid::Uuid;

use crate::lab::{clinic, clinic_version, manner};

#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<BuildEvent>>);

impl Progress for Heard {
    fn tell(&self, event: BuildEvent) {
        self.0.lock().unwrap().push(event);
    }
}

impl Heard {
    pub(crate) fn all(&self) -> Vec<BuildEvent> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) async fn host(folder: &Path, postgres: Option<PostgresServer>) -> LocalHost {
    host_with(folder, postgres, Path::new("/usr/bin/true")).await
}

/// The same, with what verifies new versions.
pub(crate) async fn host_with(folder: &Path, postgres: Option<PostgresServer>, verifier: &Path) -> LocalHost {
    host_in(folder, postgres, verifier, manner()).await
}

/// The same, that goes about it in another manner.
pub(crate) async fn host_in(
    folder: &Path,
    postgres: Option<PostgresServer>,
    verifier: &Path,
    manner: Manner,
) -> LocalHost {
    let settings = HostSettings {
        folder: folder.to_owned(),
        key_agent: Box::new(|folder| {
            let mut command = Command::new(clinic());
            command.arg("key-agent").arg(folder);
            Ok(command)
        }),
        verifier: verifier.to_owned(),
        postgres,
        port: Some(8443),
        manner,
        bounds: Bounds::default(),
        clock: Arc::new(SystemClock),
    };
    LocalHost::open(settings).await.unwrap()
}

pub(crate) fn artifact(program: &Path) -> Artifact {
    let bytes = std::fs::read(program).unwrap();
    let sha256 = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Artifact { binary: program.to_owned(), sha256 }
}

pub(crate) fn order(environment: &EnvironmentOrder, program: &Path, fence: i64, fresh: bool) -> DeployOrder {
    DeployOrder {
        environment: environment.clone(),
        version: VersionId::new(Uuid::from_u128(9)),
        artifact: artifact(program),
        fence,
        fresh,
    }
}

/// Operations repeat their steps, so every order given twice has the effect of one; an order that comes too late has
/// none, and a program that is not the one that was built is not run.
#[tokio::test]
async fn orders_may_be_repeated_and_late_ones_are_refused() {
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let host = host(folder.path(), None).await;
    let heard = Heard::default();
    let environment = EnvironmentOrder {
        environment: EnvironmentId::new(Uuid::from_u128(1)),
        project: ProjectId::new(Uuid::from_u128(2)),
        account: AccountId::new(Uuid::from_u128(3)),
        kind: EnvironmentKind::Preview,
        host_name: "clinic.localhost".to_owned(),
    };
    let id = environment.environment;
    for _ in 0..2 {
        host.provide(&environment).await.unwrap();
    }
    for _ in 0..2 {
        host.deploy(&order(&environment, &clinic(), 4, false), &heard).await.unwrap();
    }
    let serving = BuildEvent::Serving { address: "https://clinic.localhost:8443".to_owned() };
    assert_eq!(heard.0.lock().unwrap().last(), Some(&serving));
    host.seed(id).await.unwrap();
    host.provide(&environment).await.unwrap();

    let late = host.deploy(&order(&environment, &clinic(), 3, false), &heard).await;
    assert!(matches!(late, Err(HostError::Unavailable(_))), "{late:?}");
    let mut other = order(&environment, &clinic(), 5, false);
    other.artifact.sha256 = "0".repeat(64);
    assert!(matches!(host.deploy(&other, &heard).await, Err(HostError::Unavailable(_))));
    let broken = clinic_version(scratch.path(), "broken");
    let refused = host.deploy(&order(&environment, &broken, 5, false), &heard).await;
    assert!(
        matches!(&refused, Err(HostError::Version(why)) if why.contains("does not start")),
        "{refused:?}"
    );

    let email = EmailAddress::parse("owner@clinic.example").unwrap();
    let link = host.invite_owner(id, &email).await.unwrap();
    assert!(link.starts_with("/welcome/"), "{link}");
    let shared = scratch.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let verified = host.run(id, &words("verify-audit"), &shared).await.unwrap();
    assert!(verified.contains("0 findings"), "{verified}");
    assert!(host.run(id, &words("serve"), &shared).await.is_err(), "that is no work");
    host.gate(id, Gate::ReadOnly).await.unwrap();
    assert!(host.seed(id).await.is_err());
    host.gate(id, Gate::ReadAndWrite).await.unwrap();

    // Begun anew, nothing of before is there: neither record nor key.
    let key = || std::fs::read(folder.path().join(format!("keys/{}/root.key", id.uuid().simple()))).unwrap();
    let before = key();
    host.deploy(&order(&environment, &clinic(), 6, true), &heard).await.unwrap();
    assert_ne!(key(), before);
    host.invite_owner(id, &email).await.unwrap();
    let verified = host.run(id, &words("verify-audit"), &shared).await;
    assert!(verified.is_ok_and(|told| told.contains("0 findings")));
    let production = EnvironmentOrder { kind: EnvironmentKind::Production, ..environment.clone() };
    assert!(
        host.deploy(&order(&production, &clinic(), 7, true), &heard).await.is_err(),
        "never of production"
    );

    for _ in 0..2 {
        host.destroy_keys(id).await.unwrap();
        assert!(host.seed(id).await.is_err());
    }
    for _ in 0..2 {
        host.destroy_data(id).await.unwrap();
    }
    assert!(host.logs(id, 10).await.is_err());

    // HC-12: nor is what builds left of the project's source.
    let built = folder.path().join("build/projects").join(environment.project.uuid().simple().to_string());
    std::fs::create_dir_all(built.join("project/src")).unwrap();
    for _ in 0..2 {
        host.forget(environment.project).await.unwrap();
        assert!(!built.exists());
    }
}
