//! The gate outside the app, over the whole truth table, on both databases (HC-3, HC-4, HC-12, HG-3).

use control_plane::agreement::AgreementStanding;
use control_plane::billing::{SubscriptionStanding, production};
use control_plane::host::supervisor::SupervisorError;
use control_plane::host::{DatabaseKind, Gate, Work};

use crate::lab::Lab;

/// Every cell of the table leads to one of five gates, and each is what the app meets: a direct INSERT with its own
/// credential, and on SQLite every write to the file from inside the sandbox, are refused unless the cell says so.
#[tokio::test]
async fn hc_4_the_whole_truth_table_holds_against_the_app_s_own_credential() {
    let lab = Lab::new().await;
    for (name, database) in [("file", DatabaseKind::Sqlite), ("server", DatabaseKind::Postgres)] {
        let id = lab.environment(name, database).await;
        let mut patients = 0;
        for subscription in SubscriptionStanding::ALL {
            for agreement in AgreementStanding::ALL {
                let gate = Gate::from(production(subscription, agreement));
                lab.supervisor.set_gate(id, gate).await.unwrap();
                let cell = format!("{name}: {subscription:?} × {agreement:?} is {gate:?}");
                let insert = lab.get(name, "/insert").await;
                match gate {
                    Gate::NotStarted | Gate::Nothing => {
                        assert_eq!(insert.0, 503, "{cell}");
                        assert!(
                            matches!(lab.supervisor.wake(id).await, Err(SupervisorError::Closed(_))),
                            "{cell}"
                        );
                        let work = lab.supervisor.work(id, Work::Export, &[]).await;
                        assert!(matches!(work, Err(SupervisorError::Closed(_))), "{cell}");
                    }
                    Gate::ReadWrite => {
                        patients += 1;
                        assert_eq!(insert, (200, "written".to_owned()), "{cell}");
                    }
                    Gate::ReadOnly | Gate::ExportWindow => {
                        assert_eq!(insert.0, 403, "{cell}: {}", insert.1);
                        let (status, words) = lab.post(name, "/insert").await;
                        assert_eq!(status, 403, "{cell}: {words}");
                        let why = if gate == Gate::ReadOnly { "plan or agreement" } else { "about to end" };
                        assert!(
                            words.contains("This app is read-only") && words.contains(why),
                            "{cell}: {words}"
                        );
                        assert_eq!(lab.get(name, "/attempt").await.0, 200, "{cell}: signing in goes on");
                        let work = lab.supervisor.work(id, Work::Seed, &[]).await;
                        assert!(matches!(work, Err(SupervisorError::Closed(_))), "{cell}");
                        if database == DatabaseKind::Sqlite {
                            let attacks = lab.get(name, "/write-files").await.1;
                            assert!(!attacks.contains("done"), "{cell}: {attacks}");
                        }
                    }
                }
                if gate.runs() {
                    assert_eq!(lab.get(name, "/patients").await, (200, patients.to_string()), "{cell}");
                }
            }
        }
        assert!(patients > 0);
    }
}

/// With the gate closed the audit log goes on, and is one chain after it was opened again.
#[tokio::test]
async fn the_audit_log_goes_on_behind_a_closed_gate() {
    let lab = Lab::new().await;
    for (name, database) in [("file", DatabaseKind::Sqlite), ("server", DatabaseKind::Postgres)] {
        let id = lab.environment(name, database).await;
        let verified = async |when: &str| {
            let verified = lab.supervisor.work(id, Work::VerifyAudit, &[]).await;
            let remarks = verified.unwrap_or_else(|error| panic!("{name}, {when}: {error}")).remarks;
            assert!(remarks.contains("0 findings"), "{name}, {when}: {remarks}");
        };
        lab.supervisor.work(id, Work::CreateOwner, &["--email", "owner@clinic.example"]).await.unwrap();
        verified("open").await;
        lab.supervisor.set_gate(id, Gate::ReadOnly).await.unwrap();
        // A failed sign-in is an event.
        let wrong = "email=owner%40clinic.example&password=wrong";
        let request = hyper::Request::post("/sign-in")
            .header("host", format!("{name}.example"))
            .header("origin", format!("https://{name}.example"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(http_body_util::Full::new(hyper::body::Bytes::from_static(wrong.as_bytes())))
            .unwrap();
        let (status, _, body) = lab.send(&format!("{name}.example"), request).await;
        assert!((200..500).contains(&status), "{name}: {status} {body}");
        verified("closed").await;
        lab.supervisor.set_gate(id, Gate::ReadWrite).await.unwrap();
        verified("open again").await;
        assert_eq!(lab.get(name, "/insert").await.0, 200);
    }
}

/// An app that was killed half-way has left part of its records in SQLite's log; they are not lost to the reader.
#[tokio::test]
async fn what_a_crash_left_is_settled_before_the_file_is_only_read() {
    let lab = Lab::new().await;
    let id = lab.environment("app", DatabaseKind::Sqlite).await;
    assert_eq!(lab.get("app", "/insert").await.0, 200);
    lab.get("app", "/crash").await;
    let log = lab.folders.data(id).join("app.db-wal");
    assert!(log.metadata().is_ok_and(|log| log.len() > 0), "the crash left a log");
    lab.supervisor.set_gate(id, Gate::ReadOnly).await.unwrap();
    lab.clock.advance(time::Duration::minutes(2));
    assert_eq!(lab.get("app", "/patients").await, (200, "1".to_owned()));
}

/// An app that leaves a link in the place of its database does not have a file of the host mounted for it.
#[tokio::test]
async fn a_link_in_the_place_of_the_database_is_not_followed() {
    let lab = Lab::new().await;
    let id = lab.environment("app", DatabaseKind::Sqlite).await;
    lab.supervisor.sleep(id).await.unwrap();
    let file = lab.folders.data(id).join("app.db");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &file).unwrap();
    lab.supervisor.set_gate(id, Gate::ReadOnly).await.unwrap();
    let refused = lab.supervisor.wake(id).await.unwrap_err();
    assert!(refused.to_string().contains("not a plain file"), "{refused}");
}
