//! The signer's process.

use std::os::unix::fs::PermissionsExt;

use super::common::*;
use safeguards::audit::{Action, Event, Finding, KeeperError, PublicKey, Signer, SignerError};
use safeguards::testing;

/// Invariant 6: a signer that died is started again and goes on where it was; its key is its own.
#[tokio::test]
async fn a_signer_that_died_is_started_again() {
    let database = testing::sqlite().await;
    let witness = Witness::new(&database.store, &clock());
    append(&database.store, &context(&clock()), Event::new(Action::View)).await;
    assert_eq!(witness.keeper.witness().await.unwrap().number, 1);
    assert_eq!(witness.keeper.witness().await.unwrap().number, 1, "nothing new is nothing to sign");
    let mode = std::fs::metadata(witness.root().join("audit-signing-key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let first = witness.keeper.process_id().await.unwrap();
    let killed = std::process::Command::new("kill").args(["-9", &first.to_string()]).status().unwrap();
    assert!(killed.success());
    append(&database.store, &context(&clock()), Event::new(Action::View)).await;
    assert_eq!(witness.keeper.witness().await.unwrap().number, 2);
    assert_ne!(witness.keeper.process_id().await, Some(first));
    assert_eq!(witness.keeper.behind_since(), None);
    assert_eq!(witness.verify(&database.store).await.findings, []);
    append(&database.store, &context(&clock()), Event::new(Action::View)).await;
    assert_eq!(witness.verify(&database.store).await.unwitnessed, 1);
    witness.keeper.close().await.unwrap();
    assert_eq!(witness.lines().lines().count(), 3, "the last head is signed at the end");
    assert_eq!(witness.keeper.process_id().await, None);
}

/// Invariant 6: a forged, dropped or rolled back head, and a cut witness, are found, and the signer goes on
/// from none of them.
#[tokio::test]
async fn a_witness_that_was_edited_is_found_and_not_continued() {
    let database = testing::sqlite().await;
    let witness = Witness::new(&database.store, &clock());
    for _ in 0..3 {
        append(&database.store, &context(&clock()), Event::new(Action::View)).await;
        witness.keeper.witness().await.unwrap();
    }
    let key = witness.keeper.public_key().await.unwrap();
    witness.keeper.close().await.unwrap();
    let lines = witness.lines();
    let whole: Vec<&str> = lines.lines().collect();
    let forged = whole[1].replacen("\\\"sequence\\\":2", "\\\"sequence\\\":1", 1);
    assert_ne!(forged, whole[1]);
    let end = safeguards::audit::known_end(&witness.root()).unwrap();
    let cases: [(&[&str], Finding); 4] = [
        (&[whole[0], &forged, whole[2]], Finding::HeadForged { number: 2 }),
        (&[whole[0], whole[2]], Finding::WitnessBroken { number: 2 }),
        (&[whole[0], whole[1]], Finding::WitnessTruncated { known: 3, present: 2 }),
        (&[], Finding::WitnessTruncated { known: 3, present: 0 }),
    ];
    for (lines, finding) in cases {
        let report = safeguards::audit::verify(&database.store, lines, &key, end).await.unwrap();
        assert!(report.findings.contains(&finding), "{:?}", report.findings);
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(witness.file(), text).unwrap();
        let folder = witness.file().parent().unwrap().to_owned();
        let refused = Signer::open(&witness.root(), &folder, std::sync::Arc::new(clock()));
        assert!(matches!(refused, Err(SignerError::Witness)), "{finding}");
    }
    // Half a line, as a power cut leaves it, is taken off; it was never an answer.
    std::fs::write(witness.file(), format!("{lines}{}", &whole[2][..40])).unwrap();
    append(&database.store, &context(&clock()), Event::new(Action::View)).await;
    assert_eq!(witness.keeper.witness().await.unwrap().number, 4);
    assert_eq!(witness.verify(&database.store).await.findings, []);
    // Another key is not this witness's.
    let another = PublicKey::parse(&"0".repeat(64)).unwrap();
    let report =
        safeguards::audit::verify(&database.store, witness.lines().lines(), &another, None).await.unwrap();
    assert!(report.findings.contains(&Finding::HeadForged { number: 1 }));
    witness.keeper.close().await.unwrap();
}

/// Invariant 6: a database put back to an earlier state is not signed over, and is found.
#[tokio::test]
async fn a_log_that_was_put_back_is_not_signed() {
    let (old, new) = (testing::sqlite().await, testing::sqlite().await);
    let witness = Witness::new(&new.store, &clock());
    append(&new.store, &context(&clock()), Event::new(Action::View)).await;
    append(&new.store, &context(&clock()), Event::new(Action::View)).await;
    witness.keeper.witness().await.unwrap();
    append(&old.store, &context(&clock()), Event::new(Action::View)).await;
    let folder = witness.file().parent().unwrap().to_owned();
    witness.keeper.close().await.unwrap();
    let again = safeguards::audit::Keeper::new(&old.store, std::sync::Arc::new(clock()), {
        let folder = folder.parent().unwrap().to_owned();
        move || signer_command(&folder)
    });
    assert!(matches!(again.witness().await, Err(KeeperError::Refused(_))));
    assert_eq!(again.behind_since(), Some(NOW));
    again.close().await.unwrap_err();
    let found = witness.verify(&old.store).await.findings;
    assert_eq!(found, [Finding::Truncated { lane: 1, present: 1, witnessed: 2 }]);
}
