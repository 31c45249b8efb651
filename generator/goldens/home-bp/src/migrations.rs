//! The app's own tables, for both databases. What was applied once is never edited: a change is a new number.

use safeguards::store::{Migration, MigrationSet};

/// After the library's own.
pub const APP: MigrationSet = MigrationSet {
    name: "app",
    sqlite: &[
        Migration {
            version: 1,
            name: "0001_patients",
            sql: include_str!("../migrations/sqlite/0001_patients.sql"),
        },
        Migration {
            version: 2,
            name: "0002_readings",
            sql: include_str!("../migrations/sqlite/0002_readings.sql"),
        },
    ],
    postgres: &[
        Migration {
            version: 1,
            name: "0001_patients",
            sql: include_str!("../migrations/postgres/0001_patients.sql"),
        },
        Migration {
            version: 2,
            name: "0002_readings",
            sql: include_str!("../migrations/postgres/0002_readings.sql"),
        },
        Migration {
            version: 3,
            name: "0003_access",
            sql: include_str!("../migrations/postgres/0003_access.sql"),
        },
    ],
};
