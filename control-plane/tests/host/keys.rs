//! The key agent and the witness, as processes.

use std::os::unix::fs::MetadataExt;
use std::sync::atomic::Ordering;

use control_plane::host::DatabaseKind;
use control_plane::host::supervisor::SupervisorError;
use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{Lab, until};

fn kill_agent(lab: &Lab) {
    let process = lab.agent.process_id().and_then(|id| Pid::from_raw(i32::try_from(id).unwrap()));
    kill_process(process.unwrap(), Signal::KILL).unwrap();
}

/// If the agent dies, running apps serve and new ones do not start; once it is back, so are they.
#[tokio::test]
async fn running_apps_outlive_the_key_agent_and_new_ones_fail_closed() {
    let lab = Lab::new().await;
    lab.environment("running", DatabaseKind::Sqlite).await;
    let asleep = lab.environment("asleep", DatabaseKind::Sqlite).await;
    lab.supervisor.sleep(asleep).await.unwrap();
    lab.agent_starts.store(false, Ordering::Relaxed);
    kill_agent(&lab);
    until("the agent is gone", async || lab.agent.process_id().is_none()).await;
    assert_eq!(lab.get("running", "/insert").await, (200, "written".to_owned()));
    assert!(matches!(lab.supervisor.wake(asleep).await, Err(SupervisorError::Keys(_))));
    let (status, _) = lab.get("asleep", "/version").await;
    assert_eq!(status, 503);
    assert_eq!(lab.get("running", "/patients").await, (200, "1".to_owned()));

    lab.agent_starts.store(true, Ordering::Relaxed);
    until("the agent is back", async || lab.agent.process_id().is_some()).await;
    assert_eq!(lab.get("asleep", "/version").await.0, 200);
    assert_eq!(lab.get("running", "/insert").await.0, 200);
}

/// What an app's user owns is its data; keys and witness are the host's, and their signer runs outside the app.
#[tokio::test]
async fn heads_are_witnessed_outside_the_app() {
    let lab = Lab::new().await;
    let id = lab.environment("app", DatabaseKind::Sqlite).await;
    let witness = lab.folders.witness(id).join("witness.ndjson");
    lab.supervisor
        .work(id, control_plane::host::Work::CreateOwner, &["--email", "o@clinic.example"])
        .await
        .unwrap();
    until("the heads are signed", async || {
        std::fs::read_to_string(&witness).is_ok_and(|text| !text.is_empty())
    })
    .await;
    let status = lab.supervisor.status(id).await.unwrap();
    assert!(status.witnessed.is_some());
    let owner = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().uid();
    let ours = rustix::process::geteuid().as_raw();
    for path in
        [lab.folders.keys(id).join("root.key"), lab.folders.keys(id).join("audit-signing-key"), witness]
    {
        assert_eq!(owner(path), ours);
    }
    if control_plane::host::sandbox::is_root() {
        assert_ne!(owner(lab.folders.data(id).join("app.db")), ours);
    }
    for entry in std::fs::read_dir(lab.folders.data(id)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.contains("root") && !name.contains("signing"), "{name}");
    }
}
