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
    let migration =
        crate::migrations::APP.postgres.iter().find(|migration| migration.name.ends_with("_access"));
    let migration = migration.expect("the last of the first migrations is the fence");
    for entity in ENTITIES {
        let fence = safeguards::access::row_level_security(entity);
        assert!(migration.sql.contains(&fence), "{}:\n{fence}", entity.name);
    }
}
