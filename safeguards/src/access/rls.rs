//! The same policy a second time, where the app cannot reach it: PostgreSQL's row-level security.

use super::descriptor::{Action, Entity, Mask};
use super::fence::{Denied, Fence, Granted, Locked, view};

/// What shows rows and changes none.
const READS: [Action; 5] = [Action::View, Action::List, Action::Print, Action::Download, Action::Export];

/// The DDL of an entity's policies, for its PostgreSQL migration (what it says, and why: see the text of `fence.rs`). A
/// generated test asks that the migrations hold this text.
pub fn row_level_security(entity: &Entity) -> String {
    let grants = entity.grants.iter().map(|grant| {
        let named = |wanted: fn(&Action) -> bool| {
            grant.actions.iter().filter(|action| wanted(action)).map(|action| action.name()).collect()
        };
        Granted {
            role: grant.role,
            rows: grant.rows,
            after: grant.after.unwrap_or(grant.rows),
            reads: named(|action| READS.contains(action)),
            creates: named(|action| *action == Action::Create),
            changes: named(|action| matches!(action, Action::Update | Action::Move(_))),
            deletes: named(|action| *action == Action::Delete),
        }
    });
    let nevers = entity.nevers.iter().filter(|never| never.fields == Mask::All).map(|never| Denied {
        role: never.role,
        actions: never.actions.iter().map(|action| action.name()).collect(),
        rows: never.rows,
    });
    Fence {
        table: entity.table,
        grants: grants.collect(),
        nevers: nevers.collect(),
        lock: entity.lock.map(|lock| Locked { rows: lock.rows, moves: lock.moves }),
    }
    .ddl()
}

/// The DDL of the view through which conditions look at a table: its columns that lead from record to record, such as
/// `id`, `patient_id` and the state of a lifecycle. Every table that a condition asks needs one, link tables too.
pub fn leading_view(table: &str, columns: &[&str]) -> String {
    view(table, columns)
}
