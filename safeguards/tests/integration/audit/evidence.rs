//! Tampering by SQL, as somebody who holds the database would.

use super::common::*;
use safeguards::audit::{Action, Event, Finding};
use safeguards::store::{Store, sql};
use safeguards::testing::TestDatabase;

/// Takes the triggers away, as the holder of the database can.
async fn disarm(database: &TestDatabase) {
    let statements: &[&str] = if database.store.is_postgres() {
        &[
            "ALTER TABLE audit_events DISABLE TRIGGER USER",
            "ALTER TABLE audit_identities DISABLE TRIGGER USER",
            "ALTER TABLE audit_events DROP CONSTRAINT audit_events_pkey",
        ]
    } else {
        &[
            "DROP TRIGGER audit_events_never_change",
            "DROP TRIGGER audit_events_go_by_checkpoint",
            "DROP TRIGGER audit_identities_change_by_erasure",
            "DROP TRIGGER audit_identities_go_by_checkpoint",
        ]
    };
    for statement in statements {
        sql(statement).execute(&database.owner).await.unwrap();
    }
}

async fn run(store: &Store, statements: &[&'static str]) {
    for statement in statements {
        sql(statement).execute(store).await.unwrap();
    }
}

/// Invariant 6: each tampering with a real database is found, and named for what it is.
#[tokio::test]
async fn tampering_by_sql_is_found() {
    // All six events lie in one lane, since one connection writes them one after the other.
    type Check = fn(i64) -> Vec<Finding>;
    let cases: &[(&str, &[&'static str], Check)] = &[
        (
            "edit",
            &["UPDATE audit_events SET body = replace(body, 'succeeded', 'denied') WHERE sequence = 3"],
            |lane| vec![Finding::Edited { lane, sequence: 3 }],
        ),
        ("edit of a column", &["UPDATE audit_events SET action = 'list' WHERE sequence = 3"], |lane| {
            vec![Finding::Edited { lane, sequence: 3 }]
        }),
        (
            "edit of an identity",
            &["UPDATE audit_identities SET subject = 'another' WHERE sequence = 2"],
            |lane| vec![Finding::IdentityEdited { lane, sequence: 2 }],
        ),
        (
            "identity made to look erased",
            &["UPDATE audit_identities SET actor = 'erased:0193574c-5d7e-7000-8000-000000000009', \
               session = NULL, address = NULL WHERE sequence = 2"],
            |lane| vec![Finding::IdentityEdited { lane, sequence: 2 }],
        ),
        ("delete of an identity", &["DELETE FROM audit_identities WHERE sequence = 4"], |lane| {
            vec![Finding::IdentityMissing { lane, sequence: 4 }]
        }),
        ("delete", &["DELETE FROM audit_events WHERE sequence = 4"], |lane| {
            vec![Finding::Missing { lane, from: 4, to: 4 }]
        }),
        ("cut of the front", &["DELETE FROM audit_events WHERE sequence <= 2"], |lane| {
            vec![Finding::Missing { lane, from: 1, to: 2 }]
        }),
        ("cut of the tail", &["DELETE FROM audit_events WHERE sequence >= 5"], |lane| {
            vec![Finding::Truncated { lane, present: 4, witnessed: 6 }]
        }),
        ("emptying", &["DELETE FROM audit_events"], |lane| {
            vec![Finding::Truncated { lane, present: 0, witnessed: 6 }]
        }),
    ];
    for (name, statements, expected) in cases {
        for database in both_with_one_lane().await {
            let witness = Witness::new(&database.store, &clock());
            for _ in 0..6 {
                let event = Event::new(Action::View).entity("patient").record(PATIENT).subject(PATIENT);
                append(&database.store, &context(&clock()), event).await;
            }
            witness.keeper.witness().await.unwrap();
            assert_eq!(witness.verify(&database.store).await.findings, [], "{name}: before");
            let lane = entries(&database.store).await[0].lane;
            disarm(&database).await;
            run(&database.owner, statements).await;
            assert_eq!(witness.verify(&database.store).await.findings, expected(lane), "{name}");
            // Some of these logs the signer would still sign; the verdict does not depend on it.
            drop(witness.keeper.close().await);
        }
    }
}

/// Invariant 6: reordering, recomputation and a fork, by somebody who computes hashes as we do.
#[tokio::test]
async fn recomputation_by_sql_is_found() {
    for database in both_with_one_lane().await {
        let witness = Witness::new(&database.store, &clock());
        for _ in 0..6 {
            append(&database.store, &context(&clock()), Event::new(Action::View).record(fresh())).await;
        }
        witness.keeper.witness().await.unwrap();
        disarm(&database).await;
        let log = entries(&database.store).await;
        let lane = log[0].lane;
        // Two events change places.
        for (from, to) in [(2, -1), (3, 2), (-1, 3)] {
            move_event(&database.owner, from, to).await;
        }
        let found = witness.verify(&database.store).await.findings;
        assert!(found.contains(&Finding::Edited { lane, sequence: 2 }), "{found:?}");
        for (from, to) in [(2, -1), (3, 2), (-1, 3)] {
            move_event(&database.owner, from, to).await;
        }
        assert_eq!(witness.verify(&database.store).await.findings, []);
        // The third event is edited and everything from there computed anew.
        let mut previous = log[1].hash;
        for entry in &log[2..] {
            let body = entry.body.replace("succeeded", "denied");
            let hash = safeguards::audit::link_hash(lane, entry.sequence, &previous, &body);
            sql("UPDATE audit_events SET body = $3, previous = $4, hash = $5 WHERE lane = $1 AND sequence = $2")
                .bind(lane)
                .bind(entry.sequence)
                .bind(body)
                .bind(previous.as_bytes().as_slice())
                .bind(hash.as_bytes().as_slice())
                .execute(&database.owner)
                .await
                .unwrap();
            previous = hash;
        }
        let diverged = [Finding::Diverged { lane, sequence: 6 }];
        assert_eq!(witness.verify(&database.store).await.findings, diverged);
        // The signer does not sign the fork either, and going on does not heal it.
        witness.keeper.witness().await.unwrap_err();
        append(&database.store, &context(&clock()), Event::new(Action::View)).await;
        assert_eq!(witness.verify(&database.store).await.findings, diverged);
    }
}

/// Moves an event to another place of its lane; -1 is a place beyond its end.
async fn move_event(store: &Store, from: i64, to: i64) {
    let place = |place: i64| if place < 0 { 1_000 } else { place };
    sql("UPDATE audit_events SET sequence = $2 WHERE sequence = $1")
        .bind(place(from))
        .bind(place(to))
        .execute(store)
        .await
        .unwrap();
}
