//! The platform's own tables, for both databases. The library's (people, sessions, keys, audit) come first.
//!
//! Who adds a file to `migrations/sqlite` and `migrations/postgres` adds its line here: 0001–0099 the
//! spine, 0100–0199 billing and agreements, 0200–0299 the host, 0300–0399 the lifecycle, 0400–0499 support. A file
//! that has landed never changes.

use safeguards::store::{Migration, MigrationSet};

macro_rules! files {
    ($database:literal: $($version:literal $name:literal,)*) => {
        &[$(Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../migrations/", $database, "/", $name, ".sql")),
        }),*]
    };
}

macro_rules! both {
    ($($version:literal $name:literal,)*) => {
        MigrationSet {
            name: "platform",
            sqlite: files!("sqlite": $($version $name,)*),
            postgres: files!("postgres": $($version $name,)*),
        }
    };
}

/// Every step of the platform's schema.
pub const MIGRATIONS: MigrationSet = both! {
    1 "0001_operations",
    2 "0002_projects",
    3 "0003_sub_processors",
    4 "0004_notices",
    5 "0005_residency",
    6 "0006_verifications",
    7 "0007_outward",
    8 "0008_providers",
    9 "0009_custom_code",
    100 "0100_billing",
    101 "0101_agreements",
    300 "0300_lifecycle",
    301 "0301_causes",
    302 "0302_copies",
    400 "0400_support",
};
