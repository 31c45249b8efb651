//! The second fence: PostgreSQL's own policies, with the app's taken away.

use super::world::{PATIENT, READING, World, people};
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

/// The form of the policies, as a migration holds it.
#[test]
fn policies_read_like_the_grants() {
    let ddl = row_level_security(&READING);
    assert!(ddl.starts_with(
        "ALTER TABLE readings ENABLE ROW LEVEL SECURITY;\nALTER TABLE readings FORCE ROW LEVEL SECURITY;\n"
    ));
    assert!(ddl.contains(
        "CREATE POLICY readings_read_1 ON readings FOR SELECT\n    \
         USING (('owner' = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ','))"
    ));
    assert!(ddl.contains("a.person_id = NULLIF(current_setting('app.person', true), '')::uuid"));
    assert!(ddl.contains("a.starts_at <= NULLIF(current_setting('app.now', true), '')::timestamptz"));
    assert!(ddl.contains("COALESCE(current_setting('app.action', true), '') IN ('sign', 'lock')"));
    assert!(ddl.contains("CREATE POLICY readings_lock_update ON readings AS RESTRICTIVE FOR UPDATE"));
    assert!(!ddl.contains(":person"));
    assert!(
        row_level_security(&PATIENT).contains("CREATE POLICY patients_never_2 ON patients AS RESTRICTIVE")
    );
}
