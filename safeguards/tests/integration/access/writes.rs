//! What may be changed, by whom, and what is left behind.

use super::world::{
    CLINIC, ELSEWHERE, PATIENT, Patient, READING, REMARK, Remark, is_not_found, list, people, show, worlds,
};
use rust_decimal::Decimal;
use safeguards::access::{Action, Context, Error, Fill, Result, Shown, Statement};
use safeguards::crypto::{Binding, Purpose, Sealed};
use safeguards::{Clock, sql, tenant};
use time::Duration;
use uuid::Uuid;

async fn rename(context: &Context, id: Uuid, version: i64, name: &str) -> Result<i64> {
    tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
        .field("name", name)
        .update(context, &PATIENT, Action::Update, id, version)
        .await
}

async fn note(context: &Context, id: Uuid, version: i64, text: &str) -> Result<i64> {
    tenant!("UPDATE readings SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
        .field("note", text)
        .update(context, &READING, Action::Update, id, version)
        .await
}

async fn step(
    context: &Context,
    name: &'static str,
    from: &str,
    to: &str,
    id: Uuid,
    version: i64,
) -> Result<i64> {
    tenant!(
        "UPDATE readings SET {fields} WHERE id = {id} AND version = {version} AND status = $1 AND {visible}"
    )
    .bind(from)
    .field("status", to)
    .update(context, &READING, Action::Move(name), id, version)
    .await
}

async fn keep(context: &Context, id: Uuid, version: i64, keeper: Option<Uuid>) -> Result<i64> {
    tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
        .field("keeper_id", keeper)
        .update(context, &PATIENT, Action::Update, id, version)
        .await
}

/// CL-1: a record names nobody of another organisation, neither from its beginning nor by a change; who has left stays where
/// they are named, and is named nowhere anew.
#[tokio::test]
async fn no_record_names_somebody_of_another_organisation() {
    for world in worlds().await {
        let owner = &world.database.owner;
        for organisation in [CLINIC, ELSEWHERE] {
            sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)")
                .bind(organisation)
                .bind(organisation.to_string())
                .bind(world.clock.now())
                .execute(owner)
                .await
                .unwrap();
        }
        for (person, organisation) in [(people::PROVIDER, CLINIC), (people::OTHER_PROVIDER, ELSEWHERE)] {
            sql("INSERT INTO people (id, email, email_index, created_at, updated_at) VALUES ($1, $2, $2, $3, $3)")
                .bind(person)
                .bind(person.as_bytes().as_slice())
                .bind(world.clock.now())
                .execute(owner)
                .await
                .unwrap();
            sql("INSERT INTO memberships (id, person_id, organisation_id, role, created_at) VALUES ($1, $1, $2, 'provider', $3)")
                .bind(person)
                .bind(organisation)
                .bind(world.clock.now())
                .execute(owner)
                .await
                .unwrap();
        }
        let stranger = Some(people::OTHER_PROVIDER);
        let made = tenant!("INSERT INTO patients ({fields}) VALUES ({values})").field("keeper_id", stranger);
        let made = made.insert(&world.owner(), &PATIENT).await;
        assert!(matches!(made, Err(Error::Forbidden)), "{made:?}");
        let ana = world.ana().await;
        for nobody in [stranger, Some(Uuid::from_u128(7))] {
            let refused = keep(&world.owner(), ana, 1, nobody).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{refused:?}");
        }
        assert_eq!(keep(&world.owner(), ana, 1, Some(people::PROVIDER)).await.unwrap(), 2);
        sql("DELETE FROM memberships WHERE person_id = $1")
            .bind(people::PROVIDER)
            .execute(owner)
            .await
            .unwrap();
        assert_eq!(keep(&world.owner(), ana, 2, Some(people::PROVIDER)).await.unwrap(), 3, "as it stood");
        assert_eq!(keep(&world.owner(), ana, 3, None).await.unwrap(), 4);
        let anew = keep(&world.owner(), ana, 4, Some(people::PROVIDER)).await;
        assert!(matches!(anew, Err(Error::Forbidden)), "{anew:?}");
        assert_eq!(world.events("denied").await.len(), 4, "each refusal is on record");
    }
}

/// CF-9: who made a row, who changed it last, and when.
#[tokio::test]
async fn every_change_says_who_and_when() {
    for world in worlds().await {
        let ana = world.ana().await;
        let made = show(&world.owner(), ana).await.unwrap().written;
        assert_eq!((made.version, made.updated_by_id), (1, Shown::Value(people::OWNER)));
        world.clock.advance(Duration::minutes(5));
        assert_eq!(rename(&world.provider(), ana, 1, "Ana R. Ruiz").await.unwrap(), 2);
        let changed = show(&world.owner(), ana).await.unwrap().written;
        assert_eq!((changed.version, changed.created_by_id), (2, Shown::Value(people::OWNER)));
        assert_eq!(changed.updated_by_id, Shown::Value(people::PROVIDER));
        assert_eq!(changed.updated_at, Shown::Value(world.clock.now()));
        assert_eq!(changed.created_at, made.created_at);
    }
}

/// CL-1: who may hang things under any record of their organisation hangs nothing under another's. What lies there is as if
/// it were nowhere.
#[tokio::test]
async fn nothing_leads_into_another_organisation() {
    for world in worlds().await {
        let ana = world.ana().await;
        let book = async |organisation: Uuid, patient: Uuid| {
            tenant!("INSERT INTO readings ({fields}) VALUES ({values})")
                .field("patient_id", patient)
                .field("systolic", 120_i64)
                .field("status", "draft")
                .insert(&world.in_organisation(organisation, people::SALES_REP, &["desk"]), &READING)
                .await
        };
        for (organisation, patient) in
            [(ELSEWHERE, ana), (ELSEWHERE, Uuid::from_u128(7)), (CLINIC, Uuid::from_u128(7))]
        {
            let refused = book(organisation, patient).await;
            assert!(matches!(refused, Err(Error::Forbidden)), "{organisation}: {refused:?}");
        }
        book(CLINIC, ana).await.unwrap();
    }
}

/// CL-3, 45 CFR 164.528: what is told and changed of a part of a part is about the patient at the top of it, also where
/// the person may read nothing in between.
#[tokio::test]
async fn a_part_of_a_part_is_about_the_patient() {
    for world in worlds().await {
        let ana = world.ana().await;
        let reading = world.reading(&world.provider(), ana, 120).await.unwrap();
        let scribe = world.as_person(people::PROVIDER, &["scribe"]);
        let remark = tenant!("INSERT INTO remarks ({fields}) VALUES ({values})")
            .field("reading_id", reading)
            .field("body", "after a walk")
            .insert(&scribe, &REMARK)
            .await
            .unwrap();
        let shown = tenant!("SELECT body, {reach} FROM remarks WHERE id = $1 AND {visible}")
            .bind(remark)
            .show::<Remark>(&scribe, Action::View)
            .await
            .unwrap();
        assert_eq!(shown.body, Shown::Value("after a walk".to_owned()));
        let listed = tenant!("SELECT body, {reach} FROM remarks WHERE {visible}")
            .list::<Remark>(&world.patient())
            .await
            .unwrap();
        assert_eq!(listed.len(), 1, "a patient reads their remarks");
        tenant!("UPDATE remarks SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
            .field("body", "after a run")
            .update(&scribe, &REMARK, Action::Update, remark, 1)
            .await
            .unwrap();
        tenant!("DELETE FROM remarks WHERE id = {id} AND version = {version} AND {visible}")
            .delete(&scribe, &REMARK, remark, 2)
            .await
            .unwrap();
        for action in ["create", "view", "list", "update", "delete"] {
            let events = world.events(action).await;
            let event = events.iter().find(|event| event.records == [remark]);
            let event = event.unwrap_or_else(|| panic!("{action} is in the log: {events:?}"));
            assert_eq!(event.subject, Some(ana.to_string()), "{action}");
        }
    }
}

/// CF-6, CF-7: who makes a record is shown it in the same transaction and under the same event, as far as they may view
/// it; who may make one and not view it is told that it was made.
#[tokio::test]
async fn what_is_made_is_shown_under_one_event() {
    fn made() -> Statement {
        tenant!("INSERT INTO patients ({fields}) VALUES ({values})")
            .field("name", "Ana Ruiz")
            .field("weight", Decimal::new(725, 1))
    }
    fn found(id: Uuid) -> Statement {
        tenant!(
            "SELECT reference, created_at, created_by_id, updated_at, updated_by_id, name, phone, weight, goals, \
             substances, {reach} FROM patients WHERE id = $1 AND {visible}"
        )
        .bind(id)
    }
    for world in worlds().await {
        let id = Uuid::from_u128(0xa1);
        let patient = made().insert_shown::<Patient>(&world.owner(), id, found(id)).await.unwrap().unwrap();
        assert_eq!((patient.written.id, patient.name), (id, Shown::Value("Ana Ruiz".to_owned())));
        assert!(world.events("view").await.is_empty(), "one event says both");
        let event = &world.events("create").await[0];
        assert_eq!(event.records, [id]);
        // What was written, and what is shown beside it: all fields, whose values the owner may view.
        assert_eq!(event.body["fields"], serde_json::json!([1, 2, 4, 5, 6]), "{}", event.body);

        let unseen = Uuid::from_u128(0xa2);
        let shown = made().insert_shown::<Patient>(&world.provider(), unseen, found(unseen)).await.unwrap();
        assert!(shown.is_none(), "a provider views those who are assigned to them");
        let events = world.events("create").await;
        let event = events.iter().find(|event| event.records == [unseen]).unwrap();
        assert_eq!(event.body["fields"], serde_json::json!([1, 4]));
        assert!(show(&world.owner(), unseen).await.is_ok(), "it was made all the same");
    }
}

/// CF-6: a change is in the log with its actor, address, object, time, and what was written, sealed.
#[tokio::test]
async fn every_change_is_an_event() {
    for world in worlds().await {
        let ana = world.ana().await;
        rename(&world.provider(), ana, 1, "Ana R. Ruiz").await.unwrap();
        assert_eq!(world.events("create").await[0].records, [ana]);
        let event = &world.events("update").await[0];
        assert_eq!(
            (event.records.as_slice(), event.actor.as_str()),
            (&[ana][..], people::PROVIDER.to_string().as_str())
        );
        assert_eq!(event.subject.as_deref(), Some(ana.to_string().as_str()));
        assert_eq!(event.address.as_deref(), Some("192.0.2.7"));
        let sealed = event.payload.clone().unwrap();
        assert!(!sealed.windows(4).any(|part| part == b"Ruiz"), "the payload is sealed");
        let binding = Binding {
            environment: world.keys.environment(),
            organisation: super::world::CLINIC,
            entity: PATIENT.id,
            field: 0,
            row: ana,
        };
        let ring = world.keys.ring(super::world::CLINIC).await.unwrap();
        let payload = ring.open(Purpose::Audit, &binding, &Sealed::from_bytes(sealed)).unwrap();
        assert_eq!(&payload[..], br#"{"1":"Ana R. Ruiz"}"#);
    }
}

/// A lost update is a conflict; the row stays as the first one left it.
#[tokio::test]
async fn the_second_of_two_edits_is_a_conflict() {
    for world in worlds().await {
        let ana = world.ana().await;
        rename(&world.provider(), ana, 1, "First").await.unwrap();
        assert!(matches!(rename(&world.owner(), ana, 1, "Second").await, Err(Error::Conflict)));
        assert_eq!(show(&world.owner(), ana).await.unwrap().name, Shown::Value("First".to_owned()));
    }
}

/// Two who save at the same moment: one wins, the other is told.
#[tokio::test]
async fn of_edits_at_once_one_wins() {
    for world in worlds().await {
        let ana = world.ana().await;
        let (a, b) = (world.owner(), world.provider());
        let (a, b) = tokio::join!(rename(&a, ana, 1, "A"), rename(&b, ana, 1, "B"));
        let results = [a, b];
        assert_eq!(results.iter().filter(|result| matches!(result, Ok(2))).count(), 1);
        assert_eq!(results.iter().filter(|result| matches!(result, Err(Error::Conflict))).count(), 1);
        assert_eq!(world.events("update").await.len(), 1);
    }
}

/// A row out of reach is missing to a writer, too; one within sight that may not be changed is forbidden.
#[tokio::test]
async fn a_writer_learns_nothing_of_hidden_rows() {
    for world in worlds().await {
        let ana = world.ana().await;
        let other = world.other_provider();
        assert!(is_not_found(&rename(&other, ana, 1, "X").await));
        assert!(is_not_found(&rename(&other, Uuid::from_u128(99), 1, "X").await));
        // The patient sees the name, and may change their phone only: the answer does not depend on the row.
        assert!(matches!(rename(&world.patient(), ana, 1, "X").await, Err(Error::Forbidden)));
        assert!(matches!(rename(&world.patient(), Uuid::from_u128(99), 1, "X").await, Err(Error::Forbidden)));
        assert!(matches!(rename(&world.sales_rep(), ana, 1, "X").await, Err(Error::Forbidden)));
        assert_eq!(show(&world.owner(), ana).await.unwrap().name, Shown::Value("Ana Ruiz".to_owned()));
        assert_eq!(world.events("denied").await.len(), 5);
        let phone =
            tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
                .field("phone", "+1 555 010 0111")
                .update(&world.patient(), &PATIENT, Action::Update, ana, 1)
                .await;
        assert_eq!(phone.unwrap(), 2);
    }
}

/// What was not sent stays; what was sent empty is emptied; the index goes with its field.
#[tokio::test]
async fn a_field_is_written_only_if_it_was_sent() {
    for world in worlds().await {
        let ana = world.ana().await;
        let owner = world.owner();
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
            .field_if("name", None::<String>)
            .field_if("phone", Some(None::<String>))
            .update(&owner, &PATIENT, Action::Update, ana, 1)
            .await
            .unwrap();
        let patient = show(&owner, ana).await.unwrap();
        assert_eq!((patient.name, patient.phone), (Shown::Value("Ana Ruiz".to_owned()), Shown::Value(None)));
        let row = sql("SELECT phone_index FROM patients").fetch_one(&world.database.owner).await.unwrap();
        assert!(row.is_null("phone_index").unwrap());
    }
}

/// CF-10: a signed reading cannot be changed or removed; it may make its declared transition, and nothing else with it.
#[tokio::test]
async fn what_is_signed_is_immutable() {
    for world in worlds().await {
        let ana = world.ana().await;
        let provider = world.provider();
        let id = world.reading(&provider, ana, 120).await.unwrap();
        assert_eq!(note(&provider, id, 1, "at rest").await.unwrap(), 2);
        assert_eq!(step(&provider, "sign", "draft", "signed", id, 2).await.unwrap(), 3);
        assert!(matches!(note(&provider, id, 3, "never").await, Err(Error::Locked)));
        let delete = || {
            tenant!("DELETE FROM readings WHERE id = {id} AND version = {version} AND {visible}")
                .delete(&provider, &READING, id, 3)
        };
        assert!(matches!(delete().await, Err(Error::Locked)));
        assert!(matches!(step(&provider, "sign", "signed", "draft", id, 3).await, Err(Error::Locked)));
        let smuggled =
            tenant!("UPDATE readings SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
                .field("status", "locked")
                .field("note", "never")
                .update(&provider, &READING, Action::Move("lock"), id, 3);
        assert!(matches!(smuggled.await, Err(Error::Locked)));
        assert_eq!(step(&provider, "lock", "signed", "locked", id, 3).await.unwrap(), 4);
        assert!(matches!(step(&provider, "sign", "draft", "signed", id, 4).await, Err(Error::Locked)));
        let moves = world.events("move").await;
        assert_eq!(moves.len(), 2);
        for name in ["sign", "lock"] {
            assert_eq!(moves.iter().filter(|event| event.body.to_string().contains(name)).count(), 1);
        }
    }
}

/// CF-10: a signature and an edit at the same moment: whichever comes second is refused, and no edit lands in a signed row.
#[tokio::test]
async fn nobody_edits_between_the_check_and_the_signature() {
    for world in worlds().await {
        let ana = world.ana().await;
        for round in 0..10 {
            let provider = world.provider();
            let id = world.reading(&provider, ana, 200 + round).await.unwrap();
            let (signed, edited) = tokio::join!(
                step(&provider, "sign", "draft", "signed", id, 1),
                note(&provider, id, 1, "late")
            );
            assert_ne!(signed.is_ok(), edited.is_ok(), "one of them wins: {signed:?} {edited:?}");
            if let Err(error) = edited {
                assert!(matches!(error, Error::Locked | Error::Conflict), "{error:?}");
            }
        }
    }
}

/// CF-10: a row is not made as if it had been signed.
#[tokio::test]
async fn a_row_is_not_made_as_if_signed() {
    for world in worlds().await {
        let ana = world.ana().await;
        let made = tenant!("INSERT INTO readings ({fields}) VALUES ({values})")
            .field("patient_id", ana)
            .field("systolic", 120i64)
            .field("status", "signed")
            .insert(&world.provider(), &READING)
            .await;
        // PostgreSQL's own policy answers first, and only says that it is not permitted.
        assert!(matches!(made, Err(Error::Locked | Error::Forbidden)), "{made:?}");
        let rows = sql("SELECT id FROM readings").fetch_all(&world.database.owner).await.unwrap();
        assert!(rows.is_empty());
    }
}

/// A transition starts from its state: from another it is a conflict.
#[tokio::test]
async fn a_transition_starts_from_its_state() {
    for world in worlds().await {
        let ana = world.ana().await;
        let provider = world.provider();
        let id = world.reading(&provider, ana, 120).await.unwrap();
        assert!(matches!(step(&provider, "lock", "signed", "locked", id, 1).await, Err(Error::Conflict)));
    }
}

/// A row is removed with its event, by whom a grant lets.
#[tokio::test]
async fn a_row_is_removed_with_its_event() {
    for world in worlds().await {
        let ana = world.ana().await;
        let provider = world.provider();
        let id = world.reading(&provider, ana, 120).await.unwrap();
        let delete = |context: Context, version| async move {
            tenant!("DELETE FROM readings WHERE id = {id} AND version = {version} AND {visible}")
                .delete(&context, &READING, id, version)
                .await
        };
        assert!(matches!(delete(world.owner(), 1).await, Err(Error::Forbidden)));
        assert!(matches!(delete(provider.clone(), 2).await, Err(Error::Conflict)));
        delete(provider.clone(), 1).await.unwrap();
        assert!(matches!(delete(provider, 1).await, Err(Error::NotFound)));
        let event = &world.events("delete").await[0];
        assert_eq!((event.records.as_slice(), event.subject.clone()), (&[id][..], Some(ana.to_string())));
    }
}

/// The new row must be one that its writer may leave behind, or nothing of the change is kept.
#[tokio::test]
async fn a_row_cannot_be_moved_out_of_reach() {
    for world in worlds().await {
        let (ana, ben) = (world.ana().await, world.admit("Ben Ode", None).await);
        let provider = world.provider();
        let id = world.reading(&provider, ana, 120).await.unwrap();
        let moved =
            tenant!("UPDATE readings SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
                .field("patient_id", ben)
                .update(&provider, &READING, Action::Update, id, 1);
        assert!(matches!(moved.await, Err(Error::Forbidden)));
        let row =
            sql("SELECT patient_id, version FROM readings").fetch_one(&world.database.owner).await.unwrap();
        assert_eq!((row.uuid("patient_id").unwrap(), row.integer("version").unwrap()), (ana, 1));
        assert!(world.events("update").await.is_empty());
    }
}

/// An assignment that belongs to a new patient is made with it, in one transaction.
#[tokio::test]
async fn a_patient_is_admitted_with_their_assignment() {
    for world in worlds().await {
        let provider = world.provider();
        let id = provider.ids.next();
        let assign =
            sql("INSERT INTO patient_assignments (patient_id, person_id, starts_at) VALUES ($1, $2, $3)");
        tenant!("INSERT INTO patients ({fields}) VALUES ({values})")
            .field("name", "Cleo Ito")
            .also(assign.bind(id).bind(people::PROVIDER).bind(world.clock.now()))
            .insert_as(&provider, &PATIENT, id)
            .await
            .unwrap();
        assert_eq!(show(&provider, id).await.unwrap().name, Shown::Value("Cleo Ito".to_owned()));
    }
}

/// Invariant 3: a phone that another patient has is refused to who may see that patient, and says nothing to who may not.
#[tokio::test]
async fn uniqueness_tells_nothing_of_hidden_rows() {
    for world in worlds().await {
        world.ana().await;
        let admit = |context: Context| async move {
            tenant!("INSERT INTO patients ({fields}) VALUES ({values})")
                .field("name", "Somebody")
                .field("phone", "555-010-0199")
                .insert(&context, &PATIENT)
                .await
        };
        for context in [world.owner(), world.provider()] {
            assert!(matches!(admit(context).await, Err(Error::Invalid { field: "phone", .. })));
        }
        admit(world.other_provider()).await.unwrap();
        // Who sees both sees the duplicate.
        let same =
            tenant!("SELECT phone_index, count(*) AS n FROM patients WHERE {visible} GROUP BY phone_index");
        let rows = same.measure(&world.owner(), &PATIENT).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.integer("n").unwrap()).max(), Some(2));
    }
}

/// Invariant 3: a constraint of the database that a hidden row breaks answers as a row out of reach does.
#[tokio::test]
async fn a_constraint_tells_nothing_of_hidden_rows() {
    for world in worlds().await {
        let (ana, ben) = (world.ana().await, world.admit("Ben Ode", None).await);
        world.assign(ben, people::OTHER_PROVIDER).await;
        world.reading(&world.provider(), ana, 120).await.unwrap();
        let seen = world.reading(&world.provider(), ana, 120).await.unwrap_err();
        assert!(matches!(seen, Error::Invalid { field: "systolic", .. }), "{seen:?}");
        let hidden = world.reading(&world.other_provider(), ben, 120).await.unwrap_err();
        let out_of_reach = world.reading(&world.other_provider(), ana, 121).await.unwrap_err();
        assert_eq!(format!("{hidden:?} {hidden}"), format!("{out_of_reach:?} {out_of_reach}"));
    }
}

/// A value of another kind, or one that its index cannot hold, is invalid, and names its field only.
#[tokio::test]
async fn values_that_do_not_fit_are_named() {
    for world in worlds().await {
        let owner = world.owner();
        let phone = tenant!("INSERT INTO patients ({fields}) VALUES ({values})")
            .field("phone", "call me")
            .insert(&owner, &PATIENT)
            .await
            .unwrap_err();
        assert!(
            matches!(phone, Error::Invalid { field: "phone", .. }) && !phone.to_string().contains("call me")
        );
        let weight = tenant!("INSERT INTO patients ({fields}) VALUES ({values})")
            .field("weight", "heavy")
            .insert(&owner, &PATIENT)
            .await
            .unwrap_err();
        assert!(matches!(weight, Error::Invalid { field: "weight", .. }));
        assert!(list(&owner).await.unwrap().is_empty());
    }
}

/// References are random and unique within the organisation.
#[tokio::test]
async fn references_differ() {
    for world in worlds().await {
        for _ in 0..20 {
            world.admit("Somebody", None).await;
        }
        let mut references: Vec<_> = list(&world.owner())
            .await
            .unwrap()
            .into_iter()
            .filter_map(|p| p.written.reference.into_value())
            .collect();
        references.sort();
        references.dedup();
        assert_eq!(references.len(), 20);
    }
}

/// A reading that also fills a field of its patient, as an answered form does.
async fn filling(context: &Context, patient: Uuid, version: i64, field: &'static str) -> Result<Uuid> {
    let fill = tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
    let fill = match field {
        "weight" => fill.field("weight", Decimal::new(725, 1)),
        other => fill.field(other, "X"),
    };
    tenant!("INSERT INTO readings ({fields}) VALUES ({values})")
        .field("patient_id", patient)
        .field("systolic", 120i64)
        .field("status", "draft")
        .also_fill(Fill::new(fill, &PATIENT, patient, version))
        .insert(context, &READING)
        .await
}

/// CF-6: one write carries another, each with its event; and a fill that is not granted keeps neither.
#[tokio::test]
async fn a_form_fills_what_it_may_or_nothing_is_kept() {
    for world in worlds().await {
        let ana = world.ana().await;
        let patient = world.patient();
        for (refused, why) in [
            (filling(&patient, ana, 1, "name").await, "no grant covers the field"),
            (filling(&world.provider(), ana, 1, "weight").await, "no grant of the role"),
            (filling(&patient, ana, 7, "weight").await, "another version was seen"),
        ] {
            assert!(matches!(refused, Err(Error::Forbidden | Error::Conflict)), "{why}: {refused:?}");
        }
        assert_eq!(world.events("create").await.len(), 1, "Ana, and no reading");
        filling(&patient, ana, 1, "weight").await.unwrap();
        let filled = show(&patient, ana).await.unwrap();
        assert_eq!((filled.written.version, filled.weight), (2, Shown::Value(Some(Decimal::new(725, 1)))));
        assert_eq!(world.events("create").await.len(), 2);
        assert_eq!(filled.written.updated_by_id, Shown::Value(people::PATIENT));
    }
}

/// CL-1: what no role of theirs may do at all is not there, and the refusal is an event.
#[tokio::test]
async fn what_is_never_granted_is_not_there() {
    for world in worlds().await {
        let rep = world.sales_rep();
        assert!(rep.granted(&PATIENT, Action::List).await.is_ok());
        assert!(is_not_found(&rep.granted(&PATIENT, Action::Create).await));
        assert!(is_not_found(&rep.granted(&READING, Action::List).await));
        assert_eq!(world.events("denied").await.len(), 2);
    }
}
