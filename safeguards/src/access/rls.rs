//! The same policy a second time, where the app cannot reach it: PostgreSQL's row-level security.

use super::descriptor::{Action, Entity, Mask};
use super::text::{Kind, tokens};
use std::fmt::Write;

/// The DDL of an entity's policies, for its PostgreSQL migration. A generated test asks that the migrations hold this text.
///
/// - The table is forced, so that its owner is bound, too; the environment's owner, who runs subcommands only (export,
///   erasure, rotation), has a policy that lets it through.
/// - A restrictive policy binds every row to the organisation of the context, whatever else is granted.
/// - Each condition of a grant is one permissive policy for reading, with the roles that it serves; each grant is one for
///   each of INSERT, UPDATE and DELETE that its actions need, with these actions. Reading is not bound to the action: conditions
///   of other tables look through this one while something else is being done; the statement's own condition is.
/// - Each `never` of whole rows and each lock is a restrictive policy.
///
/// Masks are not row-level, and stay in the app; what they hide is sealed with few exceptions.
pub fn row_level_security(entity: &Entity) -> String {
    let table = entity.table;
    let mut ddl = String::new();
    let _ = writeln!(ddl, "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;");
    let _ = writeln!(ddl, "ALTER TABLE {table} FORCE ROW LEVEL SECURITY;");
    let owner = is_owner(table);
    let _ =
        writeln!(ddl, "CREATE POLICY {table}_owner ON {table}\n    USING ({owner}) WITH CHECK ({owner});");
    let tenant = format!("{table}.organisation_id = {} OR {owner}", setting(":organisation"));
    let _ = writeln!(
        ddl,
        "CREATE POLICY {table}_organisation ON {table} AS RESTRICTIVE\n    USING ({tenant}) WITH CHECK ({tenant});"
    );
    for (number, (rows, roles)) in (1..).zip(reading(entity)) {
        let _ = writeln!(
            ddl,
            "CREATE POLICY {table}_read_{number} ON {table} FOR SELECT\n    USING (({}) AND ({rows}));",
            roles.join(" OR ")
        );
    }
    for (number, grant) in entity.grants.iter().enumerate() {
        let number = number + 1;
        let role = has_role(grant.role);
        let rows = setting(grant.fence.unwrap_or(grant.rows));
        let after = setting(grant.fence.or(grant.after).unwrap_or(grant.rows));
        let policy = |command: &str| {
            format!(
                "CREATE POLICY {table}_grant_{number}_{} ON {table} FOR {command}",
                command.to_lowercase()
            )
        };
        let written = |wanted: fn(&Action) -> bool| {
            let actions: Vec<_> = grant.actions.iter().filter(|action| wanted(action)).collect();
            (!actions.is_empty()).then(|| is_action(actions.iter().map(|action| action.name())))
        };
        if let Some(action) = written(|action| *action == Action::Create) {
            let _ =
                writeln!(ddl, "{}\n    WITH CHECK ({role} AND {action} AND ({after}));", policy("INSERT"));
        }
        if let Some(action) = written(|action| matches!(action, Action::Update | Action::Move(_))) {
            let _ = writeln!(
                ddl,
                "{}\n    USING ({role} AND {action} AND ({rows}))\n    WITH CHECK ({role} AND {action} AND ({after}));",
                policy("UPDATE")
            );
        }
        if let Some(action) = written(|action| *action == Action::Delete) {
            let _ = writeln!(ddl, "{}\n    USING ({role} AND {action} AND ({rows}));", policy("DELETE"));
        }
    }
    for (number, never) in entity.nevers.iter().enumerate().filter(|(_, never)| never.fields == Mask::All) {
        let mut applies = has_role(never.role);
        if !never.actions.is_empty() {
            let _ = write!(applies, " AND {}", is_action(never.actions.iter().map(|action| action.name())));
        }
        let _ = writeln!(
            ddl,
            "CREATE POLICY {table}_never_{} ON {table} AS RESTRICTIVE\n    USING (NOT ({applies} AND ({})));",
            number + 1,
            setting(never.rows)
        );
    }
    lock(&mut ddl, entity);
    ddl
}

/// Who reads which rows: each condition once, with all the roles that it serves. A condition of another table looks
/// through these, so that each of them is planned again at every step of a way from part to part.
fn reading(entity: &Entity) -> Vec<(String, Vec<String>)> {
    let mut reading: Vec<(String, Vec<String>)> = Vec::new();
    for grant in entity.grants {
        let (rows, role) = (setting(grant.fence.unwrap_or(grant.rows)), has_role(grant.role));
        match reading.iter_mut().find(|(known, _)| *known == rows) {
            Some((_, roles)) if roles.contains(&role) => {}
            Some((_, roles)) => roles.push(role),
            None => reading.push((rows, vec![role])),
        }
    }
    reading
}

fn lock(ddl: &mut String, entity: &Entity) {
    let Some(lock) = entity.lock else { return };
    let table = entity.table;
    let owner = is_owner(table);
    let unlocked = format!("NOT ({})", setting(lock.rows));
    let moves = match lock.moves {
        [] => String::new(),
        moves => format!(" OR {}", is_action(moves.iter().copied())),
    };
    // A row that an update locks is lawful: what counts is the row as it was.
    let update = format!("USING ({unlocked}{moves} OR {owner}) WITH CHECK (true)");
    let delete = format!("USING ({unlocked} OR {owner})");
    let insert = format!("WITH CHECK ({unlocked} OR {owner})");
    for (command, clause) in [("UPDATE", update), ("DELETE", delete), ("INSERT", insert)] {
        let name = command.to_lowercase();
        let _ = writeln!(
            ddl,
            "CREATE POLICY {table}_lock_{name} ON {table} AS RESTRICTIVE FOR {command}\n    {clause};"
        );
    }
}

/// Whether the environment's owner asks, who runs subcommands only. The app's role cannot become it.
fn is_owner(table: &str) -> String {
    format!("has_table_privilege('{table}', 'TRUNCATE')")
}

fn has_role(role: &str) -> String {
    format!(
        "'{}' = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ','))",
        role.replace('\'', "''")
    )
}

fn is_action<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    format!("COALESCE(current_setting('app.action', true), '') IN ({})", names.join(", "))
}

/// A condition of `access.rs` whose context comes from the transaction. A setting that was never made is NULL, one that
/// was unmade is empty: both are nobody.
fn setting(condition: &str) -> String {
    let mut text = String::with_capacity(condition.len());
    for token in tokens(condition) {
        match (token.kind, token.text) {
            (Kind::Context, name) => {
                let kind = if name == "now" { "timestamptz" } else { "uuid" };
                let _ = write!(text, "NULLIF(current_setting('app.{name}', true), '')::{kind}");
            }
            (Kind::Slot, name) => {
                let _ = write!(text, "{{{name}}}");
            }
            (_, other) => text.push_str(other),
        }
    }
    text
}
