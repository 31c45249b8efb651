//! CC-8: what a tier allows, also when many ask for the last of it at once.

use super::world::{CLINIC, PATIENT, people, worlds};
use safeguards::access::{Error, Result};
use safeguards::slice::limits::one_more;
use safeguards::store::StoreError;
use safeguards::{Clock, sql, tenant};
use tokio::task::JoinSet;
use uuid::Uuid;

const ALLOWED: i64 = 7;

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_no_more_than_allowed_are_made() {
    for world in worlds().await {
        let now = Clock::now(&world.clock);
        sql("INSERT INTO organisations (id, name, created_at) VALUES ($1, $2, $3)")
            .bind(CLINIC)
            .bind("Clinic")
            .bind(now)
            .execute(&world.database.owner)
            .await
            .unwrap();
        sql(
            "INSERT INTO people (id, email, email_index, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
        )
        .bind(people::OWNER)
        .bind(b"sealed".to_vec())
        .bind(b"indexed".to_vec())
        .bind(now)
        .execute(&world.database.owner)
        .await
        .unwrap();
        let mut made: JoinSet<Result<Uuid>> = JoinSet::new();
        for _ in 0..30 {
            let owner = world.owner();
            made.spawn(async move {
                let counted = one_more(&owner, "patients", "2026-11".to_owned(), ALLOWED);
                let patient = tenant!("INSERT INTO patients ({fields}) VALUES ({values})");
                patient.field("status", "active").also(counted).insert(&owner, &PATIENT).await
            });
        }
        let mut refused = 0;
        while let Some(done) = made.join_next().await {
            match done.unwrap() {
                Ok(_) => {}
                Err(Error::Store(StoreError::Check { constraint })) if constraint == "limit_usage_within" => {
                    refused += 1;
                }
                Err(other) => panic!("{other:?}"),
            }
        }
        let counted = sql(
            "SELECT (SELECT count(*) FROM patients) AS made, (SELECT max(used) FROM limit_usage) AS used",
        );
        let counted = counted.fetch_one(&world.database.owner).await.unwrap();
        let (made, used) = (counted.integer("made").unwrap(), counted.integer("used").unwrap());
        assert_eq!((made, used, refused), (ALLOWED, ALLOWED, 30 - ALLOWED));
    }
}
