//! Erasure, sweep, and the questions that the log answers.

use super::common::*;
use safeguards::audit::{self, Action, AuditContext, Event, KeeperError, Outcome, Purpose, SweepError};
use safeguards::clock::{Clock, ManualClock};
use safeguards::store::{Store, StoreError, sql};
use safeguards::testing::{self, TestDatabase};
use std::sync::Arc;
use time::Duration;
use time::macros::datetime;
use uuid::{Uuid, uuid};

const OTHER: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000005");
const OTHER_CLINIC: Uuid = uuid!("0193574c-5d7e-7000-8000-000000000006");
const PSEUDONYM: Uuid = uuid!("0193574c-5d7e-7000-8000-00000000000e");

/// CF-8: every reference to an erased person becomes `erased:<uuid>`, in this organisation and in no
/// other, by a chained event; the rest of each event stays, and the log verifies.
#[tokio::test]
async fn erasure_rewrites_references_and_the_log_still_verifies() {
    for database in testing::both().await {
        let clock = clock();
        let provider = context(&clock);
        let witness = Witness::new(&database.store, &clock);
        let store = &database.store;
        let view = || Event::new(Action::View).entity("patient");
        append(store, &provider, view().record(PATIENT).subject(PATIENT).payload(vec![1, 2, 3])).await;
        append(store, &provider, view().record(OTHER).subject(OTHER)).await;
        append(store, &provider, Event::new(Action::List).records([OTHER, PATIENT])).await;
        let email = Event::new(Action::Email).subject(PATIENT).recipient("pat@example.org").basis("asked");
        append(store, &provider, email).await;
        let herself = AuditContext { actor: audit::Actor::Person(PATIENT), ..provider.clone() };
        append(store, &herself, Event::new(Action::Login)).await;
        let elsewhere = AuditContext { organisation: OTHER_CLINIC, ..provider.clone() };
        append(store, &elsewhere, view().record(PATIENT).subject(PATIENT)).await;
        witness.keeper.witness().await.unwrap();

        let officer = AuditContext::system(provider.clock.clone(), CLINIC, "erasure");
        let erased = audit::erase(&database.owner, &officer, PATIENT, PSEUDONYM).await.unwrap();
        assert_eq!(erased, audit::Erased { events: 4, parts: 7 });
        let again = audit::erase(&database.owner, &officer, PATIENT, PSEUDONYM).await.unwrap();
        assert_eq!(again, audit::Erased::default());

        let report = witness.verify(store).await;
        assert_eq!((report.findings, report.erased), (vec![], 7));
        let log = entries(store).await;
        let ours: Vec<_> = log.iter().filter(|entry| entry.organisation == CLINIC).collect();
        let text = serde_json::to_string(&ours).unwrap();
        for trace in [PATIENT.to_string().as_str(), "pat@example.org", "010203"] {
            assert!(!text.contains(trace), "{trace} is still there");
        }
        assert_eq!(text.matches(&format!("\"erased:{PSEUDONYM}\"")).count(), 6);
        let seen = audit::who_looked(store, CLINIC, OTHER, None, 10).await.unwrap();
        assert_eq!(seen.len(), 2, "the other patient's events are whole");
        let list = [OTHER.to_string(), format!("erased:{PSEUDONYM}")];
        assert!(seen.iter().any(|seen| seen.records == list));
        assert_eq!(audit::who_looked(store, OTHER_CLINIC, PATIENT, None, 10).await.unwrap().len(), 1);
        witness.keeper.close().await.unwrap();
    }
}

/// CF-8: to rewrite an identity without an event is refused by the database, and found where the database
/// was overruled.
#[tokio::test]
async fn an_erasure_that_nobody_recorded_is_found() {
    for database in testing::both().await {
        let clock = clock();
        let witness = Witness::new(&database.store, &clock);
        let view = || Event::new(Action::View).record(PATIENT).subject(PATIENT);
        for _ in 0..2 {
            append(&database.store, &context(&clock), view()).await;
        }
        witness.keeper.witness().await.unwrap();
        let officer = AuditContext::system(Arc::new(clock.clone()), CLINIC, "erasure");
        audit::erase(&database.owner, &officer, PATIENT, PSEUDONYM).await.unwrap();
        // The erasure's event goes, before it was witnessed, and its traces with it.
        let removed = if database.store.is_postgres() {
            [
                "ALTER TABLE audit_events DISABLE TRIGGER USER",
                "DELETE FROM audit_events WHERE action = 'erase'",
            ]
        } else {
            ["DROP TRIGGER audit_events_go_by_checkpoint", "DELETE FROM audit_events WHERE action = 'erase'"]
        };
        for statement in removed {
            sql(statement).execute(&database.owner).await.unwrap();
        }
        let found = witness.verify(&database.store).await.findings;
        assert_eq!(found.len(), 4);
        let unrecorded =
            |finding: &audit::Finding| matches!(finding, audit::Finding::ErasedWithoutRecord { .. });
        assert!(found.iter().all(unrecorded), "{found:?}");
    }
}

async fn organisation(database: &TestDatabase, id: Uuid) {
    sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, 'Clinic', $2)")
        .bind(id)
        .bind(NOW)
        .execute(&database.owner)
        .await
        .unwrap();
}

async fn sequences(store: &Store) -> Vec<i64> {
    entries(store).await.iter().map(|entry| entry.sequence).collect()
}

/// CF-24: events go when their retention is over and not a second earlier; a signed checkpoint stays; the
/// log verifies before, between and after.
#[tokio::test]
async fn a_sweep_is_never_early() {
    for database in both_with_one_lane().await {
        let clock = clock();
        let witness = Witness::new(&database.store, &clock);
        let environment = AuditContext::environment(Arc::new(clock.clone()), "sweeper");
        let sweep = async |years| {
            witness.tell_time();
            audit::sweep(&database.owner, &witness.keeper, &environment, years).await
        };
        for _ in 0..3 {
            append(&database.owner, &context(&clock), Event::new(Action::View).record(PATIENT)).await;
        }
        witness.keeper.witness().await.unwrap();
        clock.set(datetime!(2032-11-23 11:18:03.123455 UTC));
        append(&database.owner, &context(&clock), Event::new(Action::View).record(OTHER)).await;
        // Less than the floor counts as the floor.
        assert_eq!(sweep(Some(1)).await.unwrap(), 0);
        clock.advance(Duration::microseconds(1));
        assert_eq!(sweep(None).await.unwrap(), 0, "seven years, unless said otherwise");
        clock.advance(Duration::microseconds(1));
        assert_eq!(sweep(Some(6)).await.unwrap(), 3);
        assert_eq!(witness.verify(&database.store).await.findings, []);
        assert_eq!(sequences(&database.store).await, [4, 5]);
        // A second sweep, years later, takes the first one's event along.
        witness.keeper.witness().await.unwrap();
        for _ in 0..2 {
            append(&database.owner, &context(&clock), Event::new(Action::View).record(OTHER)).await;
        }
        clock.advance(Duration::days(366 * 7));
        assert_eq!(witness.verify(&database.store).await.findings, []);
        let refused = sweep(None).await;
        assert!(
            matches!(refused, Err(SweepError::Keeper(KeeperError::Refused(_)))),
            "what the witness has not known for six years stays"
        );
        witness.keeper.witness().await.unwrap();
        clock.advance(Duration::days(366 * 6));
        witness.tell_time();
        assert_eq!(sweep(None).await.unwrap(), 3);
        let report = witness.verify(&database.store).await;
        assert_eq!((report.findings, report.swept), (vec![], 1));
        witness.keeper.close().await.unwrap();
    }
}

/// CF-24: a program that lies about the time sweeps nothing, because the signer has a clock of its own.
#[tokio::test]
async fn the_signer_does_not_believe_the_programs_clock() {
    let database = testing::sqlite().await;
    let clock = clock();
    let witness = Witness::new(&database.store, &clock);
    for _ in 0..3 {
        append(&database.store, &context(&clock), Event::new(Action::View)).await;
    }
    witness.keeper.witness().await.unwrap();
    let liar = ManualClock::at(clock.now() + Duration::days(366 * 8));
    let environment = AuditContext::environment(Arc::new(liar), "sweeper");
    let swept = audit::sweep(&database.owner, &witness.keeper, &environment, None).await;
    assert!(matches!(swept, Err(SweepError::Keeper(KeeperError::Refused(_)))));
    assert_eq!(sequences(&database.store).await, [1, 2, 3]);
    // By its own clock it would be time.
    witness.tell_another_time(clock.now() + Duration::days(366 * 8));
    assert_eq!(audit::sweep(&database.owner, &witness.keeper, &environment, None).await.unwrap(), 2);
}

/// CF-24: an organisation keeps its events longer, or holds them whatever their age; six years is the least.
#[tokio::test]
async fn an_organisation_keeps_its_events_longer() {
    for database in both_with_one_lane().await {
        organisation(&database, CLINIC).await;
        let clock = clock();
        let ours = context(&clock);
        let witness = Witness::new(&database.store, &clock);
        let environment = AuditContext::environment(Arc::new(clock.clone()), "sweeper");
        let sweep = async || {
            witness.tell_time();
            audit::sweep(&database.owner, &witness.keeper, &environment, None).await.unwrap()
        };
        let theirs = AuditContext { organisation: OTHER_CLINIC, ..ours.clone() };
        append(&database.owner, &theirs, Event::new(Action::View)).await;
        append(&database.owner, &ours, Event::new(Action::View)).await;
        append(&database.owner, &theirs, Event::new(Action::View)).await;
        audit::set_retention(&database.owner, &ours, 5, None).await.unwrap_err();
        audit::set_retention(&database.owner, &ours, 10, None).await.unwrap();
        witness.keeper.witness().await.unwrap();
        clock.advance(Duration::days(366 * 8));
        assert_eq!(sweep().await, 1, "the lane is swept up to the first event that must stay");
        clock.advance(Duration::days(366 * 3));
        audit::set_retention(&database.owner, &ours, 10, Some(clock.now())).await.unwrap();
        assert_eq!(sweep().await, 0, "held");
        audit::set_retention(&database.owner, &ours, 10, None).await.unwrap();
        assert_eq!(sweep().await, 3);
        assert_eq!(witness.verify(&database.store).await.findings, []);
    }
}

/// CF-24: an erasure's event outlives the rows that it explains.
#[tokio::test]
async fn an_erasures_event_stays_with_its_rows() {
    let database = testing::sqlite().await;
    organisation(&database, OTHER_CLINIC).await;
    let clock = clock();
    let ours = context(&clock);
    let theirs = AuditContext { organisation: OTHER_CLINIC, ..ours.clone() };
    let witness = Witness::new(&database.store, &clock);
    append(&database.owner, &ours, Event::new(Action::View).subject(PATIENT)).await;
    let officer = AuditContext::system(ours.clock.clone(), CLINIC, "erasure");
    audit::erase(&database.owner, &officer, PATIENT, PSEUDONYM).await.unwrap();
    append(&database.owner, &theirs, Event::new(Action::View)).await;
    append(&database.owner, &ours, Event::new(Action::View)).await;
    witness.keeper.witness().await.unwrap();
    clock.advance(Duration::days(366 * 8));
    witness.tell_time();
    let environment = AuditContext::environment(Arc::new(clock.clone()), "sweeper");
    assert_eq!(audit::sweep(&database.owner, &witness.keeper, &environment, None).await.unwrap(), 3);
    assert_eq!(witness.verify(&database.store).await.findings, []);
}

/// CL-3, 45 CFR 164.528: the accounting tells date, recipient, what, why, for six years back; treatment,
/// payment, operations, the patient's own requests and authorised disclosures are not in it.
#[tokio::test]
async fn an_accounting_of_disclosures() {
    for database in testing::both().await {
        let clock = clock();
        let context = context(&clock);
        let store = &database.store;
        let disclosure = |purpose| {
            Event::new(Action::Download)
                .entity("patient")
                .subject(PATIENT)
                .record(PATIENT)
                .fields([1, 4])
                .purpose(purpose)
                .recipient("County Health, 1 Main Street")
                .basis("45 CFR 164.512(b)(1)(i)")
        };
        append(store, &context, disclosure(Purpose::PublicHealth)).await;
        clock.advance(Duration::days(366 * 6));
        for purpose in Purpose::ALL {
            append(store, &context, disclosure(*purpose)).await;
        }
        append(store, &context, disclosure(Purpose::Research).outcome(Outcome::Denied)).await;
        append(store, &context, Event::new(Action::View).subject(PATIENT).purpose(Purpose::Emergency)).await;
        let several = Event::new(Action::Export)
            .records([OTHER, PATIENT])
            .purpose(Purpose::Research)
            .recipient("Registry");
        append(store, &context, several).await;
        append(
            store,
            &context,
            Event::new(Action::Email).subject(OTHER).purpose(Purpose::Research).recipient("X"),
        )
        .await;
        let told = audit::accounting(store, CLINIC, PATIENT, clock.now()).await.unwrap();
        let mut purposes: Vec<&str> = told.iter().map(|told| told.purpose.as_str()).collect();
        purposes.sort_unstable();
        assert_eq!(
            purposes,
            [
                "emergency",
                "law-enforcement",
                "oversight",
                "public-health",
                "required-by-law",
                "research",
                "research",
                "support"
            ]
        );
        let health = told.iter().find(|told| told.purpose == Purpose::PublicHealth).unwrap();
        assert_eq!(health.recipient, "County Health, 1 Main Street");
        assert_eq!(
            (health.basis.as_deref(), health.entity.as_deref()),
            (Some("45 CFR 164.512(b)(1)(i)"), Some("patient"))
        );
        assert_eq!((health.at, health.fields.as_slice()), (clock.now(), [1, 4].as_slice()));
        assert_eq!(audit::accounting(store, OTHER_CLINIC, PATIENT, clock.now()).await.unwrap(), []);
    }
}

/// CL-10: who looked at a record, newest first, lists included, in this organisation only.
#[tokio::test]
async fn who_looked_at_this_record() {
    for database in testing::both().await {
        let clock = clock();
        let ours = context(&clock);
        let store = &database.store;
        for (seconds, event) in [
            (0, Event::new(Action::View).record(PATIENT)),
            (1, Event::new(Action::List).records([OTHER, PATIENT])),
            (2, Event::new(Action::View).entity("reading").record(fresh()).subject(PATIENT)),
            (3, Event::new(Action::View).record(OTHER)),
        ] {
            clock.set(NOW + Duration::seconds(seconds));
            append(store, &ours, event).await;
        }
        let theirs = AuditContext { organisation: OTHER_CLINIC, ..ours.clone() };
        append(store, &theirs, Event::new(Action::View).record(PATIENT)).await;
        let seen = audit::who_looked(store, CLINIC, PATIENT, None, 10).await.unwrap();
        let told: Vec<_> = seen.iter().map(|seen| (seen.at - NOW).whole_seconds()).collect();
        assert_eq!(told, [2, 1, 0]);
        assert!(
            seen.iter().all(
                |seen| seen.actor == PROVIDER.to_string() && seen.address.as_deref() == Some("192.0.2.7")
            )
        );
        let older = audit::who_looked(store, CLINIC, PATIENT, Some(seen[0].at), 1).await.unwrap();
        assert_eq!(older, [seen[1].clone()]);
        assert_eq!(audit::activity(store, CLINIC, Some(PROVIDER), None, 10).await.unwrap().len(), 4);
        assert_eq!(audit::activity(store, CLINIC, Some(OTHER), None, 10).await.unwrap(), []);
    }
}

/// The floor stands in the database too.
#[tokio::test]
async fn the_floor_of_retention_is_a_constraint() {
    for database in testing::both().await {
        organisation(&database, CLINIC).await;
        let shorter = sql("INSERT INTO audit_retention (organisation_id, years) VALUES ($1, 5)").bind(CLINIC);
        let refused = shorter.execute(&database.owner).await.unwrap_err();
        assert!(matches!(refused, StoreError::Check { .. }));
    }
}

/// Copies the log of `from` into `to`, as a restore does.
async fn carry(from: &Store, to: &Store, context: &AuditContext, say: bool) -> audit::Carried {
    let mut carried = audit::Carried::default();
    let mut transaction = to.begin().await.unwrap();
    for entry in entries(from).await {
        audit::carry_forward(&mut transaction, &entry, &mut carried).await.unwrap();
    }
    if say {
        audit::record_restore(&mut transaction, context, carried, 0).await.unwrap();
    }
    transaction.commit().await.unwrap();
    carried
}

/// Invariant 6: a restore carries the newer log's tail over, repeats its erasures, says so, and the log
/// still agrees with the witness; a log that contradicts the backup is not carried over.
#[tokio::test]
async fn a_restore_carries_the_tail_forward() {
    let (news, backups) = (both_with_one_lane().await, both_with_one_lane().await);
    for (new, backup) in news.into_iter().zip(backups) {
        let clock = clock();
        let witness = Witness::new(&new.store, &clock);
        let view = || Event::new(Action::View).record(PATIENT).subject(PATIENT);
        append(&new.store, &context(&clock), view()).await;
        append(&new.store, &context(&clock), Event::new(Action::List).records([OTHER, PATIENT])).await;
        let officer = AuditContext::system(Arc::new(clock.clone()), CLINIC, "officer");
        let copied = carry(&new.store, &backup.owner, &officer, false).await;
        assert_eq!(copied, audit::Carried { events: 2, erasures: 0 });
        append(&new.store, &context(&clock), view()).await;
        audit::erase(&new.owner, &officer, PATIENT, PSEUDONYM).await.unwrap();
        witness.keeper.witness().await.unwrap();
        let found = witness.verify(&backup.store).await.findings;
        assert!(
            matches!(found[..], [audit::Finding::Truncated { present: 2, witnessed: 4, .. }]),
            "{found:?}"
        );

        let carried = carry(&new.store, &backup.owner, &officer, true).await;
        assert_eq!(carried, audit::Carried { events: 2, erasures: 2 });
        let report = witness.verify(&backup.store).await;
        assert_eq!((report.findings, report.events, report.unwitnessed), (vec![], 5, 1));
        let text = serde_json::to_string(&entries(&backup.store).await).unwrap();
        assert!(!text.contains(&PATIENT.to_string()), "what was erased has come back");

        let mut another = entries(&new.store).await.remove(2);
        another.hash = audit::Digest::ZERO;
        let mut transaction = backup.owner.begin().await.unwrap();
        let refused = audit::carry_forward(&mut transaction, &another, &mut audit::Carried::default()).await;
        assert!(refused.unwrap_err().to_string().contains("contradict"));
    }
}
