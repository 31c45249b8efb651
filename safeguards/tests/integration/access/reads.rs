//! What is shown, to whom, and what the log says before it is.

use std::collections::BTreeSet;

use super::world::{
    PATIENT, Patient, READING, Reading, World, count, is_not_found, list, people, show, worlds,
};
use safeguards::access::{Action, Error, Search, Shown};
use safeguards::crypto::{Keys, Sealed};
use safeguards::{sql, tenant};
use time::Duration;
use uuid::Uuid;

/// CL-1: the assigned provider, the owner and the patient see the record; another provider, staff and sales reps of
/// the same clinic get nothing, not even a count.
#[tokio::test]
async fn a_record_is_visible_to_those_who_need_it() {
    for world in worlds().await {
        let ana = world.ana().await;
        for context in [world.owner(), world.provider(), world.patient()] {
            assert_eq!(show(&context, ana).await.unwrap().name, Shown::Value("Ana Ruiz".to_owned()));
            assert_eq!((list(&context).await.unwrap().len(), count(&context).await), (1, 1));
        }
        let nobody = world.as_person(people::OWNER, &[]);
        let suspended = world.as_person(people::OWNER, &["owner", "suspended"]);
        for context in [world.other_provider(), nobody, suspended] {
            assert!(is_not_found(&show(&context, ana).await));
            assert!(list(&context).await.unwrap().is_empty());
            assert_eq!(count(&context).await, 0);
        }
        let elsewhere = world.in_organisation(super::world::ELSEWHERE, people::OWNER, &["owner"]);
        assert!(is_not_found(&show(&elsewhere, ana).await), "an owner of another clinic is a stranger");
        assert_eq!(count(&elsewhere).await, 0);
    }
}

/// Hidden is missing: the same error, the same words, whether the row exists or not.
#[tokio::test]
async fn hidden_and_missing_are_the_same() {
    for world in worlds().await {
        let ana = world.ana().await;
        let other = world.other_provider();
        let hidden = show(&other, ana).await.unwrap_err();
        let missing = show(&other, Uuid::from_u128(99)).await.unwrap_err();
        assert_eq!(format!("{hidden:?} {hidden}"), format!("{missing:?} {missing}"));
    }
}

/// An assignment counts from its start to its end, by the clock of the request.
#[tokio::test]
async fn an_ended_assignment_shows_nothing() {
    for world in worlds().await {
        let ana = world.ana().await;
        assert!(show(&world.provider(), ana).await.is_ok());
        sql("UPDATE patient_assignments SET ends_at = $1")
            .bind(safeguards::Clock::now(&world.clock) + Duration::hours(1))
            .execute(&world.database.store)
            .await
            .unwrap();
        world.clock.advance(Duration::minutes(59));
        assert!(show(&world.provider(), ana).await.is_ok());
        world.clock.advance(Duration::minutes(1));
        assert!(is_not_found(&show(&world.provider(), ana).await));
    }
}

/// CL-2: upstream a patient is a reference, and nothing else is even unsealed.
#[tokio::test]
async fn a_sales_rep_sees_references_only() {
    for world in worlds().await {
        let ana = world.ana().await;
        let seen = show(&world.sales_rep(), ana).await.unwrap();
        let reference = seen.written.reference.value().expect("the mask includes the reference").clone();
        let digits = reference.strip_prefix("PT-").expect("the entity's prefix");
        assert!(digits.len() == 6 && digits.chars().all(|c| c.is_ascii_digit() || ('A'..='F').contains(&c)));
        assert!(
            seen.name.is_hidden()
                && seen.phone.is_hidden()
                && seen.weight.is_hidden()
                && seen.goals.is_hidden()
        );
        assert!(seen.written.created_at.is_hidden() && seen.written.updated_by_id.is_hidden());
        let json = serde_json::to_value(&seen.written).unwrap();
        // A set: a build of the whole workspace keeps JSON objects in another order than one of this crate.
        let keys: BTreeSet<_> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(["id", "reference", "version"]));
        // Break the ciphertext: whoever unsealed a hidden field would now fail.
        sql("UPDATE patients SET name = $1, goals = $1")
            .bind(vec![0u8; 40])
            .execute(&world.database.owner)
            .await
            .unwrap();
        assert_eq!(list(&world.sales_rep()).await.unwrap().len(), 1);
        assert!(matches!(show(&world.owner(), ana).await, Err(Error::Key(_))));
        let fields = &world.events("view").await[0].body["fields"];
        assert!(
            fields.is_null() || fields.as_array().is_some_and(Vec::is_empty),
            "no field was shown: {fields}"
        );
    }
}

/// CC-5: results go to the patient's own history, and a patient sees only their own.
#[tokio::test]
async fn a_patient_sees_their_own_only() {
    for world in worlds().await {
        let ana = world.ana().await;
        let ben = world.admit("Ben Ode", None).await;
        world.assign(ben, people::PROVIDER).await;
        let provider = world.provider();
        let mine = world.reading(&world.patient(), ana, 121).await.unwrap();
        let theirs = world.reading(&provider, ben, 122).await.unwrap();
        let history = |context| async move {
            let listed = tenant!(
                "SELECT systolic, note, status, {reach} FROM readings WHERE {visible} ORDER BY id DESC"
            )
            .list::<Reading>(&context)
            .await;
            let listed = listed.unwrap();
            assert!(listed.iter().all(|reading| reading.systolic.value() > Some(&120)));
            assert!(
                listed.iter().all(|reading| reading.note == Shown::Value(Some("after a walk".to_owned())))
            );
            assert!(listed.iter().all(|reading| reading.status == Shown::Value("draft".to_owned())));
            listed.into_iter().map(|reading| reading.written.id).collect::<Vec<_>>()
        };
        assert_eq!(history(world.patient()).await, [mine]);
        assert_eq!(history(provider).await, [theirs, mine]);
        assert!(matches!(world.reading(&world.patient(), ben, 123).await, Err(Error::Forbidden)));
        // A patient that does not exist and one that is hidden get the same answer.
        assert!(matches!(
            world.reading(&world.patient(), Uuid::from_u128(99), 124).await,
            Err(Error::Forbidden)
        ));
    }
}

/// Grants add up, row by row: what one role shows of a row is not shown of the next.
#[tokio::test]
async fn masks_are_per_row_and_add_up() {
    for world in worlds().await {
        let ana = world.ana().await;
        let ben = world.admit("Ben Ode", None).await;
        let both = world.as_person(people::PROVIDER, &["nurse", "provider"]);
        let rows = list(&both).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.written.id).collect::<Vec<_>>(), [ana, ben]);
        assert_eq!(rows[0].name, Shown::Value("Ana Ruiz".to_owned()));
        assert!(
            rows[1].name.is_hidden() && !rows[1].weight.is_hidden() && !rows[1].written.reference.is_hidden()
        );
        // Never wins over every grant of the same person.
        let trainee = world.as_person(people::PROVIDER, &["provider", "trainee"]);
        let row = show(&trainee, ana).await.unwrap();
        assert!(row.goals.is_hidden() && !row.name.is_hidden());
    }
}

/// Sensitivity narrows every grant that does not name the label.
#[tokio::test]
async fn a_labelled_field_needs_a_grant_that_names_it() {
    for world in worlds().await {
        let ana = world.ana().await;
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
            .field("status", "active")
            .update(&world.owner(), &PATIENT, Action::Update, ana, 1)
            .await
            .unwrap();
        assert!(!show(&world.owner(), ana).await.unwrap().substances.is_hidden());
        assert!(show(&world.provider(), ana).await.unwrap().substances.is_hidden());
        // The owner's grant to update does not name the label.
        let write =
            tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
                .field("substances", "none")
                .update(&world.owner(), &PATIENT, Action::Update, ana, 2)
                .await;
        assert!(matches!(write, Err(Error::Forbidden)));
    }
}

/// What you may not read you cannot infer: a filter or a sort on a masked field drops the rows it is masked in.
#[tokio::test]
async fn a_filter_on_a_masked_field_drops_rows() {
    for world in worlds().await {
        world.ana().await;
        world.admit("Ben Ode", None).await;
        let heavier = |context, than: i64| async move {
            tenant!("SELECT name, phone, weight, goals, substances, reference, {reach} FROM patients WHERE {visible} AND weight > $1")
                .bind(rust_decimal::Decimal::from(than))
                .list::<Patient>(&context)
                .await
                .unwrap()
                .len()
        };
        assert_eq!((heavier(world.owner(), 70).await, heavier(world.owner(), 80).await), (2, 0));
        assert_eq!(heavier(world.as_person(people::OWNER, &["nurse"]), 70).await, 2);
        assert_eq!(heavier(world.sales_rep(), 70).await, 0);
        // Provider and sales rep at once: the row where the weight is hidden is dropped, the other stays.
        assert_eq!(heavier(world.as_person(people::PROVIDER, &["provider", "sales rep"]), 70).await, 1);
        let average = tenant!("SELECT count(*) AS n, avg(weight) AS mean FROM patients WHERE {visible}");
        let rows = average.measure(&world.sales_rep(), &PATIENT).await.unwrap();
        assert_eq!(rows[0].integer("n").unwrap(), 0);
        let sorted = tenant!(
            "SELECT name, phone, weight, goals, substances, reference, {reach} FROM patients WHERE {visible} ORDER BY weight"
        );
        assert!(sorted.list::<Patient>(&world.sales_rep()).await.unwrap().is_empty());
    }
}

/// CF-7, CL-3: a read is in the log before it is released, with every id that a list shows; a repeat within the window
/// is counted, not written again.
#[tokio::test]
async fn every_read_is_an_event() {
    for world in worlds().await {
        let ana = world.ana().await;
        let ben = world.admit("Ben Ode", None).await;
        let owner = world.owner();
        show(&owner, ana).await.unwrap();
        show(&owner, ana).await.unwrap();
        list(&owner).await.unwrap();
        let views = world.events("view").await;
        assert_eq!(views.len(), 1);
        assert_eq!(
            (views[0].records.as_slice(), views[0].actor.as_str()),
            (&[ana][..], people::OWNER.to_string().as_str())
        );
        assert_eq!(views[0].address.as_deref(), Some("192.0.2.7"));
        let mut named = world.events("list").await[0].records.clone();
        named.sort_unstable();
        assert_eq!(named, [ana, ben]);
        assert!(is_not_found(&show(&world.other_provider(), ana).await));
        assert_eq!(world.events("denied").await[0].records, [ana]);
    }
}

/// CL-3: a list of readings names each patient whom it tells about, so that each can be given an account.
#[tokio::test]
async fn a_list_is_an_event_for_each_person_it_is_about() {
    for world in worlds().await {
        let (ana, ben) = (world.ana().await, world.admit("Ben Ode", None).await);
        world.assign(ben, people::PROVIDER).await;
        let provider = world.provider();
        let (one, two) = (
            world.reading(&provider, ana, 120).await.unwrap(),
            world.reading(&provider, ben, 130).await.unwrap(),
        );
        tenant!("SELECT systolic, note, status, {reach} FROM readings WHERE {visible}")
            .list::<Reading>(&provider)
            .await
            .unwrap();
        let mut events: Vec<_> =
            world.events("list").await.into_iter().map(|e| (e.subject.unwrap(), e.records)).collect();
        events.sort();
        assert_eq!(events, [(ana.to_string(), vec![one]), (ben.to_string(), vec![two])]);
    }
}

/// If the log cannot be written, nothing is shown.
#[tokio::test]
async fn without_a_log_nothing_is_shown() {
    for world in worlds().await {
        let ana = world.ana().await;
        let breaking = if world.database.owner.is_postgres() {
            "ALTER TABLE audit_identities ADD CONSTRAINT broken CHECK (false) NOT VALID"
        } else {
            "CREATE TRIGGER broken BEFORE INSERT ON audit_events BEGIN SELECT RAISE(ABORT, 'broken'); END"
        };
        let breaking: &'static str = breaking;
        sql(breaking).execute(&world.database.owner).await.unwrap();
        assert!(matches!(show(&world.owner(), ana).await, Err(Error::AuditUnavailable(_))));
        assert!(matches!(list(&world.owner()).await, Err(Error::AuditUnavailable(_))));
        let write =
            tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
                .field("status", "closed")
                .update(&world.owner(), &PATIENT, Action::Update, ana, 1)
                .await;
        assert!(matches!(write, Err(Error::AuditUnavailable(_))));
        let row = sql("SELECT status FROM patients").fetch_one(&world.database.owner).await.unwrap();
        assert_eq!(row.text("status").unwrap(), "active", "the change went with its event");
    }
}

/// Exact look-up over a sealed identifier: by blind index, normalised, within the caller's reach.
#[tokio::test]
async fn a_phone_is_found_by_its_blind_index() {
    for world in worlds().await {
        let ana = world.ana().await;
        let find = |context, phone: &'static str| async move {
            tenant!("SELECT name, phone, weight, goals, substances, reference, {reach} FROM patients WHERE phone_index = $1 AND {visible}")
                .lookup("phone", phone)
                .list::<Patient>(&context)
                .await
                .unwrap()
                .into_iter()
                .map(|patient| patient.written.id)
                .collect::<Vec<_>>()
        };
        assert_eq!(find(world.provider(), "(555) 010-0199").await, [ana]);
        assert!(find(world.provider(), "(555) 010-0198").await.is_empty());
        assert!(find(world.provider(), "no number").await.is_empty());
        assert!(find(world.other_provider(), "(555) 010-0199").await.is_empty());
        assert!(
            find(world.sales_rep(), "(555) 010-0199").await.is_empty(),
            "who may not see a phone cannot ask for one"
        );
    }
}

/// Names are searched by decrypting what the caller may see anyway; only the page is named in the log.
#[tokio::test]
async fn names_are_searched_within_the_callers_reach() {
    for world in worlds().await {
        for name in ["José Núñez", "Ana Núñez", "Zoë Brown", "Álvaro Díaz"] {
            let id = world.admit(name, None).await;
            if name != "Zoë Brown" {
                world.assign(id, people::PROVIDER).await;
            }
        }
        let search = |context, search: Search| async move {
            let found = tenant!("SELECT name, phone, weight, goals, substances, reference, {reach} FROM patients WHERE {visible} LIMIT {cap}")
                .search::<Patient>(&context, &search)
                .await
                .unwrap();
            let names: Vec<_> = found.records.into_iter().filter_map(|p| p.name.into_value()).collect();
            (found.total, names)
        };
        let by_name = |term| Search::of(&["name"], term).by("name", false);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            search(world.provider(), by_name("nunez")).await,
            (2, names(&["Ana Núñez", "José Núñez"]))
        );
        assert_eq!(search(world.provider(), by_name("zoe")).await, (0, vec![]));
        let second = Search::all().by("name", true).page(1, 2);
        assert_eq!(search(world.owner(), second).await, (4, names(&["José Núñez", "Ana Núñez"])));
        // What was not shown is not named: no page had more than two.
        assert_eq!(world.events("list").await.iter().map(|event| event.records.len()).max(), Some(2));
        assert_eq!(search(world.sales_rep(), by_name("ana")).await.0, 0);
    }
}

/// More than can be searched by decrypting asks for a second criterion.
#[tokio::test]
async fn too_many_to_search_asks_for_a_second_criterion() {
    for world in worlds().await {
        let ana = world.ana().await;
        let copies = "INSERT INTO patients (id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id, reference, weight)
             SELECT CAST(printf('00000000-0000-7000-8000-%012d', n) AS TEXT), organisation_id, 1, created_at, created_by_id, updated_at, updated_by_id, 'PT-' || n, n
             FROM patients, (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5000) SELECT n FROM c) AS c WHERE id = $1";
        let copies = if world.database.owner.is_postgres() {
            "INSERT INTO patients (id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id, reference, weight)
             SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, organisation_id, 1, created_at, created_by_id, updated_at, updated_by_id, 'PT-' || n, n
             FROM patients, generate_series(1, 5000) AS n WHERE id = $1"
        } else {
            copies
        };
        sql(copies).bind(ana).execute(&world.database.owner).await.unwrap();
        let owner = world.owner();
        let all = tenant!("SELECT name, phone, weight, goals, substances, reference, {reach} FROM patients WHERE {visible} LIMIT {cap}")
            .search::<Patient>(&owner, &Search::of(&["name"], "ana"))
            .await;
        assert!(matches!(all, Err(Error::TooManyToSearch { limit: 5000 })));
        let narrowed = tenant!("SELECT name, phone, weight, goals, substances, reference, {reach} FROM patients WHERE {visible} AND weight > $1 LIMIT {cap}")
            .bind(rust_decimal::Decimal::from(1))
            .search::<Patient>(&owner, &Search::of(&["name"], "ana"))
            .await;
        assert_eq!(narrowed.unwrap().total, 1);
    }
}

/// CF-5: a name copied from one patient's row into another's does not open there.
#[tokio::test]
async fn a_swapped_name_does_not_open() {
    for world in worlds().await {
        let (ana, ben) = (world.ana().await, world.admit("Ben Ode", None).await);
        let raw = sql("SELECT name FROM patients WHERE id = $1")
            .bind(ana)
            .fetch_one(&world.database.owner)
            .await
            .unwrap();
        let sealed = Sealed::from_bytes(raw.bytes("name").unwrap());
        assert!(!sealed.as_bytes().windows(3).any(|part| part == b"Ana"), "no plain text in the row");
        sql("UPDATE patients SET name = $1 WHERE id = $2")
            .bind(sealed.into_bytes())
            .bind(ben)
            .execute(&world.database.owner)
            .await
            .unwrap();
        assert!(show(&world.owner(), ana).await.is_ok());
        assert!(matches!(show(&world.owner(), ben).await, Err(Error::Key(_))));
    }
}

/// CF-5: after another process rotated the keys, what it sealed is read here without a restart.
#[tokio::test]
async fn a_rotation_elsewhere_is_followed() {
    for world in worlds().await {
        let ana = world.ana().await;
        show(&world.owner(), ana).await.unwrap();
        let World { keys, .. } = &world;
        let stale: Keys = keys.clone();
        let elsewhere = keys.afresh();
        elsewhere.rotate(super::world::CLINIC).await.unwrap();
        let mut other = world.owner();
        other.keys = elsewhere;
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}")
            .field("name", "Ana R. Ruiz")
            .update(&other, &PATIENT, Action::Update, ana, 1)
            .await
            .unwrap();
        let mut here = world.owner();
        here.keys = stale;
        assert_eq!(show(&here, ana).await.unwrap().name, Shown::Value("Ana R. Ruiz".to_owned()));
    }
}

/// Rows by their ids, as a page needs that shows names beside other records: as many as are within reach.
#[tokio::test]
async fn rows_are_read_by_their_ids() {
    for world in worlds().await {
        let (ana, ben) = (world.ana().await, world.admit("Ben Ode", None).await);
        let named = |context, ids: Vec<Uuid>| async move {
            tenant!("SELECT name, phone, weight, goals, substances, reference, {reach} FROM patients WHERE {among} AND {visible}")
                .among(ids)
                .list::<Patient>(&context)
                .await
                .unwrap()
                .len()
        };
        assert_eq!(named(world.owner(), vec![ana, ben, Uuid::from_u128(9)]).await, 2);
        assert_eq!(named(world.provider(), vec![ana, ben]).await, 1);
        assert_eq!(named(world.owner(), vec![]).await, 0);
    }
}

/// A statement that shows what a mask could not hide is a fault of the program, found before it runs.
#[tokio::test]
async fn statements_that_go_around_a_mask_are_refused() {
    let refused = [
        (tenant!("SELECT weight AS status, {reach} FROM patients WHERE {visible}"), "an alias"),
        (tenant!("SELECT weight + 1, {reach} FROM patients WHERE {visible}"), "an expression"),
        (tenant!("SELECT *, {reach} FROM patients WHERE {visible}"), "everything"),
        (tenant!("SELECT id, {reach} FROM patients p WHERE {visible}"), "an alias of the table"),
        (tenant!("SELECT id, {reach} FROM readings WHERE {visible}"), "another table"),
        (tenant!("SELECT id, {reach} FROM patients, readings WHERE {visible}"), "a comma"),
        (tenant!("SELECT id, {reach} FROM patients JOIN readings ON TRUE WHERE {visible}"), "another entity"),
        (
            tenant!("SELECT id, {reach} FROM patients WHERE {visible} AND EXISTS (SELECT 1 FROM readings)"),
            "a question",
        ),
        (
            tenant!("SELECT id, (SELECT max(name) FROM patients), {reach} FROM patients WHERE {visible}"),
            "a subquery",
        ),
        (tenant!("SELECT id, {reach} FROM patients WHERE {visible} AND id = :person"), "a context name"),
        (tenant!("SELECT id, {reach}, {secret} FROM patients WHERE {visible}"), "an unknown slot"),
        (
            tenant!("SELECT id, {reach} FROM patients WHERE id = $1 AND {visible}"),
            "a value that is not bound",
        ),
        (tenant!("SELECT count(*) AS n, max(patients) AS m FROM patients WHERE {visible}"), "a whole row"),
        (tenant!("SELECT weight FROM patients WHERE {visible}"), "values without a name in the log"),
        (tenant!("SELECT patients.* FROM patients WHERE {visible}"), "all columns, counted as none"),
    ];
    for (statement, what) in refused {
        assert!(matches!(statement.check(&PATIENT, Action::List), Err(Error::Statement(_))), "{what}");
    }
    let accepted = [
        tenant!("SELECT id, patients.name, people.display_name AS provider, {reach} FROM patients JOIN people ON people.id = patients.created_by_id WHERE {visible}").beside(&["people"]),
        tenant!("SELECT id, {reach} FROM patients WHERE EXISTS (SELECT 1 FROM patient_people p WHERE p.patient_id = patients.id) AND {visible}").beside(&["patient_people"]),
        tenant!("SELECT status, count(*) AS n FROM patients WHERE {visible} GROUP BY status"),
    ];
    for statement in accepted {
        statement.check(&PATIENT, Action::List).unwrap();
    }
    assert!(PATIENT.problems().is_empty() && READING.problems().is_empty());
}
