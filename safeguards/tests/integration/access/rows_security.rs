//! The second fence: PostgreSQL's own policies, with the app's taken away.

use super::world::{PATIENT, READING, REMARK, World, people};
use safeguards::access::{Context, row_level_security};
use safeguards::store::PolicyContext;
use safeguards::{Clock, StoreError, sql, testing};

fn policy(context: &Context, world: &World, action: &'static str) -> PolicyContext {
    PolicyContext {
        person: Some(context.principal.person().uuid()),
        organisation: Some(context.principal.organisation().uuid()),
        roles: context.principal.roles().iter().map(|role| role.as_str().to_owned()).collect(),
        action,
        now: world.clock.now(),
    }
}

/// CL-1: with a policy of TRUE in the app, the database still shows each what their grants reach, and nothing without
/// a context.
#[tokio::test]
async fn a_forgotten_policy_still_shows_nothing() {
    let world = World::on(testing::postgres().await).await;
    let ana = world.ana().await;
    world.reading(&world.provider(), ana, 120).await.unwrap();
    let elsewhere = world.in_organisation(super::world::ELSEWHERE, people::OWNER, &["owner"]);
    let suspended = world.as_person(people::OWNER, &["owner", "suspended"]);
    let cases = [
        (world.owner(), 1),
        (world.provider(), 1),
        (world.patient(), 1),
        (world.sales_rep(), 1),
        (world.other_provider(), 0),
        (world.as_person(people::OWNER, &[]), 0),
        (elsewhere, 0),
        (suspended, 0),
    ];
    for (context, seen) in cases {
        let mut transaction = world.database.store.begin_as(&policy(&context, &world, "list")).await.unwrap();
        let rows = sql("SELECT id FROM patients WHERE TRUE").fetch_all(&mut transaction).await.unwrap();
        assert_eq!(rows.len(), seen, "{:?}", context.principal);
        transaction.commit().await.unwrap();
    }
    let nobody = sql("SELECT id FROM patients WHERE TRUE").fetch_all(&world.database.store).await.unwrap();
    assert!(nobody.is_empty(), "without a context nobody is anybody");
    let reader = sql("SELECT id FROM readings WHERE TRUE").fetch_all(&world.database.store).await.unwrap();
    assert!(reader.is_empty());
    let owner = sql("SELECT id FROM patients").fetch_all(&world.database.owner).await.unwrap();
    assert_eq!(owner.len(), 1, "export and erasure run as the environment's owner");
}

/// Writes, too: only with a grant for the action, only rows within reach, and never a locked one (CF-10).
#[tokio::test]
async fn a_forgotten_policy_still_changes_nothing() {
    let world = World::on(testing::postgres().await).await;
    let ana = world.ana().await;
    let reading = world.reading(&world.provider(), ana, 120).await.unwrap();
    let change = |context: Context, action| {
        let world = &world;
        async move {
            let mut transaction = world.database.store.begin_as(&policy(&context, world, action)).await?;
            let changed =
                sql("UPDATE readings SET status = 'signed' WHERE TRUE").execute(&mut transaction).await?;
            transaction.commit().await?;
            Ok::<_, StoreError>(changed)
        }
    };
    assert_eq!(change(world.other_provider(), "update").await.unwrap(), 0);
    assert_eq!(
        change(world.owner(), "update").await.unwrap(),
        0,
        "the owner reads readings and changes none"
    );
    assert_eq!(change(world.provider(), "view").await.unwrap(), 0, "who views does not change");
    assert_eq!(change(world.provider(), "sign").await.unwrap(), 1);
    assert_eq!(change(world.provider(), "update").await.unwrap(), 0, "it is signed");
    assert_eq!(change(world.provider(), "lock").await.unwrap(), 1, "its own transition");

    let mut transaction =
        world.database.store.begin_as(&policy(&world.provider(), &world, "delete")).await.unwrap();
    assert_eq!(sql("DELETE FROM readings WHERE TRUE").execute(&mut transaction).await.unwrap(), 0);
    let foreign = sql("UPDATE readings SET organisation_id = $1 WHERE id = $2")
        .bind(super::world::ELSEWHERE)
        .bind(reading);
    assert_eq!(foreign.execute(&mut transaction).await.unwrap(), 0);
    transaction.rollback().await.unwrap();

    let mut transaction =
        world.database.store.begin_as(&policy(&world.sales_rep(), &world, "create")).await.unwrap();
    let insert = sql("INSERT INTO patients (id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id, reference)
         VALUES ($1, $2, 1, $3, $1, $3, $1, 'PT-000000')");
    let insert = insert.bind(people::SALES_REP).bind(super::world::CLINIC).bind(world.clock.now());
    assert!(matches!(insert.execute(&mut transaction).await, Err(StoreError::Forbidden)));
}

/// What the views of the fence tell is bound to the organisation, and nobody writes through them: they would write
/// with the owner's rights.
#[tokio::test]
async fn nobody_writes_through_the_fence() {
    let world = World::on(testing::postgres().await).await;
    let ana = world.ana().await;
    let elsewhere = world.in_organisation(super::world::ELSEWHERE, people::OWNER, &["owner"]);
    for (context, seen) in [(world.owner(), 1), (elsewhere, 0)] {
        let mut transaction = world.database.store.begin_as(&policy(&context, &world, "list")).await.unwrap();
        let rows = sql("SELECT id FROM fence.patients").fetch_all(&mut transaction).await.unwrap();
        assert_eq!(rows.len(), seen);
        let write = sql("UPDATE fence.patients SET created_by_id = $1 WHERE id = $2").bind(ana).bind(ana);
        assert!(matches!(write.execute(&mut transaction).await, Err(StoreError::Forbidden)));
        transaction.rollback().await.unwrap();
    }
    let nobody = sql("SELECT id FROM fence.patients").fetch_all(&world.database.store).await.unwrap();
    assert!(nobody.is_empty(), "without a context there is no organisation");
}

/// The form of the policies, as a migration holds it.
#[test]
fn policies_read_like_the_grants() {
    let ddl = row_level_security(&REMARK);
    assert_eq!(
        ddl,
        "ALTER TABLE remarks ENABLE ROW LEVEL SECURITY;
ALTER TABLE remarks FORCE ROW LEVEL SECURITY;
CREATE POLICY remarks_owner ON remarks TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY remarks_organisation ON remarks AS RESTRICTIVE
    USING (remarks.organisation_id = (SELECT fence.organisation()) OR (SELECT has_table_privilege('remarks', 'TRUNCATE')));
CREATE POLICY remarks_read ON remarks FOR SELECT
    USING ((SELECT fence.reads('view', 'list')) AND (
        EXISTS (SELECT 1 FROM fence.readings r1 WHERE r1.id = remarks.reading_id AND r1.organisation_id = fence.organisation() AND (
            (SELECT fence.acts_as('scribe')) AND (EXISTS (SELECT 1 FROM fence.patient_assignments a WHERE a.patient_id = r1.patient_id AND a.person_id = fence.person() AND a.starts_at <= fence.now() AND (a.ends_at IS NULL OR a.ends_at > fence.now())))
            OR (SELECT fence.acts_as('patient')) AND (EXISTS (SELECT 1 FROM fence.patient_people p WHERE p.patient_id = r1.patient_id AND p.person_id = fence.person()))))));
CREATE POLICY remarks_insert ON remarks FOR INSERT
    WITH CHECK ((SELECT fence.does('create')) AND (
        (SELECT fence.acts_as('scribe')) AND (EXISTS (SELECT 1 FROM fence.readings r1 WHERE r1.id = remarks.reading_id AND r1.organisation_id = fence.organisation() AND EXISTS (SELECT 1 FROM fence.patient_assignments a WHERE a.patient_id = r1.patient_id AND a.person_id = fence.person() AND a.starts_at <= fence.now() AND (a.ends_at IS NULL OR a.ends_at > fence.now()))))));
CREATE POLICY remarks_update ON remarks FOR UPDATE
    USING ((SELECT fence.does('update')) AND (
        (SELECT fence.acts_as('scribe')) AND (EXISTS (SELECT 1 FROM fence.readings r1 WHERE r1.id = remarks.reading_id AND r1.organisation_id = fence.organisation() AND EXISTS (SELECT 1 FROM fence.patient_assignments a WHERE a.patient_id = r1.patient_id AND a.person_id = fence.person() AND a.starts_at <= fence.now() AND (a.ends_at IS NULL OR a.ends_at > fence.now()))))))
    WITH CHECK ((SELECT fence.does('update')) AND (
        (SELECT fence.acts_as('scribe')) AND (EXISTS (SELECT 1 FROM fence.readings r1 WHERE r1.id = remarks.reading_id AND r1.organisation_id = fence.organisation() AND EXISTS (SELECT 1 FROM fence.patient_assignments a WHERE a.patient_id = r1.patient_id AND a.person_id = fence.person() AND a.starts_at <= fence.now() AND (a.ends_at IS NULL OR a.ends_at > fence.now()))))));
CREATE POLICY remarks_delete ON remarks FOR DELETE
    USING ((SELECT fence.does('delete')) AND (
        (SELECT fence.acts_as('scribe')) AND (EXISTS (SELECT 1 FROM fence.readings r1 WHERE r1.id = remarks.reading_id AND r1.organisation_id = fence.organisation() AND EXISTS (SELECT 1 FROM fence.patient_assignments a WHERE a.patient_id = r1.patient_id AND a.person_id = fence.person() AND a.starts_at <= fence.now() AND (a.ends_at IS NULL OR a.ends_at > fence.now()))))));
"
    );
    let ddl = row_level_security(&READING);
    assert!(ddl.contains("(SELECT fence.does('sign', 'lock'))") && !ddl.contains(":person"), "{ddl}");
    assert!(
        ddl.contains("CREATE POLICY readings_lock_update ON readings AS RESTRICTIVE FOR UPDATE"),
        "{ddl}"
    );
    let ddl = row_level_security(&PATIENT);
    assert!(ddl.contains("AND NOT ((SELECT fence.acts_as('suspended')) AND (TRUE))"), "{ddl}");
}
