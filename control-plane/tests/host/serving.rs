//! Waking, sleeping, dying and handing over.

use std::time::Duration;

use control_plane::host::supervisor::{Phase, SupervisorError};
use control_plane::host::{DatabaseKind, Gate, Work};

use crate::lab::{Lab, clinic_version, until};

async fn phase(lab: &Lab, id: uuid::Uuid) -> Phase {
    lab.supervisor.status(id).await.unwrap().phase
}

/// Scale to zero and wake: the request that wakes an app waits for it and is answered; many at once wake it once.
#[tokio::test]
async fn a_request_wakes_a_sleeping_app_and_idleness_puts_it_to_sleep() {
    let lab = Lab::new().await;
    for (name, database) in [("file", DatabaseKind::Sqlite), ("server", DatabaseKind::Postgres)] {
        let id = lab.environment(name, database).await;
        lab.supervisor.sleep(id).await.unwrap();
        assert_eq!(phase(&lab, id).await, Phase::Asleep);
        let (one, other, third) =
            tokio::join!(lab.get(name, "/version"), lab.get(name, "/patients"), lab.get(name, "/version"));
        assert_eq!((one.clone(), third), ((200, "first".to_owned()), one));
        assert_eq!(other, (200, "0".to_owned()));
        assert_eq!(lab.get(name, "/insert").await, (200, "written".to_owned()));

        lab.clock.advance(time::Duration::minutes(14));
        lab.supervisor.tick().await;
        assert_eq!(phase(&lab, id).await, Phase::Serving);
        lab.clock.advance(time::Duration::minutes(2));
        lab.supervisor.tick().await;
        assert_eq!(phase(&lab, id).await, Phase::Asleep);
        assert_eq!(lab.get(name, "/patients").await, (200, "1".to_owned()));
    }
}

/// An app that looks for what is missing and late is woken to do so, though nobody asks for it; the next one sleeps on.
#[tokio::test]
async fn an_app_with_rules_is_woken_for_its_rounds() {
    let lab = Lab::new().await;
    let watchful = lab.environment("watchful", DatabaseKind::Sqlite).await;
    let idle = lab.environment("idle", DatabaseKind::Sqlite).await;
    for name in ["watchful", "idle"] {
        assert_eq!(lab.get(name, "/version").await, (200, "first".to_owned()));
    }
    std::fs::write(lab.folders.data(watchful).join("makes-rounds"), b"").unwrap();
    lab.clock.advance(time::Duration::minutes(16));
    lab.supervisor.tick().await;
    lab.clock.advance(time::Duration::minutes(9));
    lab.supervisor.tick().await;
    assert_eq!((phase(&lab, watchful).await, phase(&lab, idle).await), (Phase::Asleep, Phase::Asleep));
    lab.clock.advance(time::Duration::minutes(2));
    lab.supervisor.tick().await;
    assert_eq!((phase(&lab, watchful).await, phase(&lab, idle).await), (Phase::Serving, Phase::Asleep));
}

/// Its own binary does what must be done to its database.
#[tokio::test]
async fn work_is_done_by_the_app_s_own_binary() {
    let lab = Lab::new().await;
    for (name, database) in [("file", DatabaseKind::Sqlite), ("server", DatabaseKind::Postgres)] {
        let id = lab.environment(name, database).await;
        lab.supervisor.work(id, Work::Seed, &[]).await.unwrap();
        assert_eq!(lab.get(name, "/patients").await, (200, "1".to_owned()));
        let link =
            lab.supervisor.work(id, Work::CreateOwner, &["--email", "owner@clinic.example"]).await.unwrap();
        assert!(link.result.starts_with(&format!("https://{name}.example/welcome/")), "{name}");
        let rotated = lab.supervisor.work(id, Work::RotateKeys, &[]).await.unwrap();
        assert!(rotated.remarks.contains("a new root key wraps"), "{}", rotated.remarks);
        let verified = lab.supervisor.work(id, Work::VerifyAudit, &[]).await.unwrap();
        assert!(verified.remarks.contains("0 findings"), "{}", verified.remarks);
        let failed = lab.supervisor.work(id, Work::Export, &["--to", "/data/x"]).await.unwrap_err();
        assert!(failed.to_string().contains("passphrase"), "{failed}");
        lab.supervisor.sleep(id).await.unwrap();
        assert_eq!(lab.get(name, "/patients").await, (200, "1".to_owned()), "the rotated keys open it");
    }
}

/// CF-8, CF-24: where no app is the owner of its database, the host has it sweep once a day, asleep or not; where an app is, and
/// where records are only read, it does not.
#[tokio::test]
async fn the_owner_of_a_database_sweeps_once_a_day() {
    let lab = Lab::new().await;
    lab.environment("file", DatabaseKind::Sqlite).await;
    let server = lab.environment("server", DatabaseKind::Postgres).await;
    const NOBODY: [uuid::Uuid; 0] = [];
    let swept = async |after: time::Duration| {
        lab.clock.advance(after);
        let swept = lab.supervisor.keep_houses().await;
        let told = swept.into_iter().map(|(id, done)| (id, done.expect("it sweeps").remarks));
        told.map(|(id, remarks)| {
            assert!(remarks.contains("0 erasures carried out"), "{remarks}");
            id
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(
        swept(time::Duration::ZERO).await,
        NOBODY,
        "a host that was just started has other things to do"
    );
    assert_eq!(swept(time::Duration::minutes(61)).await, [server]);
    assert_eq!(swept(time::Duration::hours(23)).await, NOBODY);
    assert_eq!(lab.get("server", "/patients").await, (200, "0".to_owned()));
    assert_eq!(swept(time::Duration::hours(1)).await, [server], "beside an app that serves");
    lab.supervisor.set_gate(server, Gate::ReadOnly).await.unwrap();
    assert_eq!(swept(time::Duration::days(2)).await, NOBODY);
    lab.supervisor.set_gate(server, Gate::ReadWrite).await.unwrap();
    assert_eq!(swept(time::Duration::ZERO).await, [server]);
}

/// A new version takes over once it is ready, and the old one finishes what it has begun. One that does not start
/// changes nothing.
#[tokio::test]
async fn a_new_version_takes_over_and_a_broken_one_does_not() {
    let lab = Lab::new().await;
    let id = lab.environment("app", DatabaseKind::Sqlite).await;
    let second = clinic_version(lab.scratch(), "second");
    let slow = lab.get("app", "/slow/1500");
    let deployed = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        lab.supervisor.deploy(id, &second).await
    };
    let asked = async {
        let mut seen = Vec::new();
        until("the second version answers", async || {
            let (status, body) = lab.get("app", "/version").await;
            assert_eq!(status, 200, "{body}");
            seen.push(body);
            seen.last().unwrap() == "second"
        })
        .await;
    };
    let (slow, deployed, ()) = tokio::join!(slow, deployed, asked);
    deployed.unwrap();
    assert_eq!(slow, (200, "after 1500 by first".to_owned()));

    let broken = clinic_version(lab.scratch(), "broken");
    let refused = lab.supervisor.deploy(id, &broken).await.unwrap_err();
    assert!(refused.to_string().contains("this version does not start"), "{refused}");
    assert_eq!(lab.get("app", "/version").await, (200, "second".to_owned()));
    lab.supervisor.sleep(id).await.unwrap();
    assert_eq!(lab.get("app", "/version").await, (200, "second".to_owned()));
}

/// A dead app is started again, each time a little later, and its owner is told why in words.
#[tokio::test]
async fn an_app_that_dies_is_started_again_with_growing_pauses() {
    let lab = Lab::new().await;
    let id = lab.environment("app", DatabaseKind::Sqlite).await;
    for pause in [1, 2, 4] {
        let (status, _) = lab.get("app", "/crash").await;
        assert_eq!(status, 502);
        until("the death is noticed", async || matches!(phase(&lab, id).await, Phase::Resting(_))).await;
        let (status, body) = lab.get("app", "/version").await;
        assert_eq!(status, 503, "{body}");
        lab.clock.advance(time::Duration::seconds(pause - 1));
        lab.supervisor.tick().await;
        assert!(matches!(phase(&lab, id).await, Phase::Resting(_)), "not before {pause} s");
        lab.clock.advance(time::Duration::seconds(1));
        lab.supervisor.tick().await;
        assert_eq!(phase(&lab, id).await, Phase::Serving);
        assert_eq!(lab.get("app", "/version").await.0, 200);
    }
    let status = lab.supervisor.status(id).await.unwrap();
    assert_eq!(status.crashes.len(), 3);
    let last = status.crashes.last().unwrap();
    assert!(last.to_string().contains("it gave up by itself"), "{last}");
    // Invariant 10: a line of the founder's own could be about a patient. It is counted, and not shown.
    assert!(!last.said.iter().any(|line| line.contains("about to fall over")), "{:?}", last.said);
    assert!(last.said.iter().any(|line| line.contains("of the app's own are not shown")), "{:?}", last.said);
    // It ran well for a while: the next death is the first in a row.
    lab.clock.advance(time::Duration::minutes(3));
    lab.get("app", "/crash").await;
    until("it is up again", async || {
        lab.supervisor.tick().await;
        phase(&lab, id).await == Phase::Serving && lab.get("app", "/version").await.0 == 200
    })
    .await;
}

/// A restart of the supervisor brings everything back: what was, and how it should be.
#[tokio::test]
async fn a_restart_brings_everything_back() {
    let lab = Lab::new().await;
    let file = lab.environment("file", DatabaseKind::Sqlite).await;
    let server = lab.environment("server", DatabaseKind::Postgres).await;
    let closed = lab.environment("closed", DatabaseKind::Postgres).await;
    for name in ["file", "server", "closed"] {
        assert_eq!(lab.get(name, "/insert").await.0, 200);
    }
    lab.supervisor.set_gate(closed, Gate::ReadOnly).await.unwrap();
    let lab = lab.restarted().await;
    for (name, id) in [("file", file), ("server", server), ("closed", closed)] {
        assert_eq!(phase(&lab, id).await, Phase::Asleep);
        assert_eq!(lab.get(name, "/patients").await, (200, "1".to_owned()), "{name}");
    }
    assert_eq!(lab.get("closed", "/insert").await.0, 403);
    assert_eq!(lab.get("file", "/insert").await.0, 200);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let lab = Lab::new().await;
    let id = lab.empty("app", DatabaseKind::Sqlite, Gate::ReadWrite).await;
    assert!(matches!(lab.supervisor.wake(id).await, Err(SupervisorError::Empty)));
    assert!(matches!(lab.supervisor.wake(uuid::Uuid::nil()).await, Err(SupervisorError::Unknown)));
    assert_eq!(lab.get("app", "/version").await.0, 503);
    // A second environment cannot take the first's address.
    let taken = control_plane::host::HostName::parse("app.example").unwrap();
    let new = control_plane::host::supervisor::NewEnvironment {
        id: uuid::Uuid::now_v7(),
        host: taken,
        public_url: "https://app.example".to_owned(),
        database: DatabaseKind::Sqlite,
        rows: None,
        gate: Gate::ReadWrite,
    };
    assert!(matches!(lab.supervisor.create(new).await, Err(SupervisorError::Register(_))));
}

/// HC-12: keys first, then the rest; afterwards nothing of it is left but witness and heads. It may be repeated.
#[tokio::test]
async fn a_destroyed_environment_leaves_no_key_and_no_record() {
    let lab = Lab::new().await;
    for (name, database) in [("file", DatabaseKind::Sqlite), ("server", DatabaseKind::Postgres)] {
        let id = lab.environment(name, database).await;
        lab.get(name, "/insert").await;
        for _ in 0..2 {
            lab.supervisor.destroy(id).await.unwrap();
        }
        for gone in [lab.folders.keys(id), lab.folders.environment(id), lab.folders.programs(id)] {
            assert!(!gone.exists(), "{}", gone.display());
        }
        assert!(lab.folders.witness(id).exists());
        assert!(lab.agent.keys(id).await.is_err());
        assert!(lab.connect(&format!("{name}.example"), "http/1.1").await.is_err(), "nobody answers there");
    }
}
