//! The policy as it stands in `access.rs` and in the migrations.

use crate::access::ENTITIES;

/// CL-1: the policy is sound.
#[test]
fn the_policy_is_sound() {
    for entity in ENTITIES {
        assert_eq!(entity.problems(), Vec::<String>::new());
    }
}

/// CL-1: row-level security on PostgreSQL says the same as `access.rs`.
#[test]
fn the_second_fence_is_that_of_the_policy() {
    for (entity, migration) in ENTITIES.iter().zip(crate::migrations::APP.postgres) {
        let fence = safeguards::access::row_level_security(entity);
        assert!(migration.sql.contains(&fence), "{}:\n{fence}", migration.name);
    }
}
