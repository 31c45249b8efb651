//! Row-level security as a PostgreSQL migration writes it.
//!
//! The text is that of `safeguards::access::row_level_security` for the same grants, word for word: a test of
//! every generated project compares the two, so that the fence in the database and the policy in the app
//! cannot drift apart. The library's text is not used here, since the generator does not link it.

use std::fmt::Write;

use spec::access::Action;

use crate::doors::sql_literal;

/// A grant with its actions by name and its rows over `:person` and the like.
pub(crate) struct Grant {
    pub(crate) role: String,
    pub(crate) actions: Vec<(Action, String)>,
    pub(crate) rows: String,
    /// The rows that a write may leave behind, where they are others.
    pub(crate) after: Option<String>,
}

/// Which rows are frozen, and which moves they may still make.
pub(crate) struct Lock {
    pub(crate) rows: String,
    pub(crate) moves: Vec<String>,
}

/// The DDL of one table.
pub(crate) fn row_level_security(table: &str, grants: &[Grant], lock: Option<&Lock>) -> String {
    let mut ddl = String::new();
    let mut line = |text: String| {
        ddl.push_str(&text);
        ddl.push('\n');
    };
    line(format!("ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"));
    line(format!("ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"));
    let owner = owner(table);
    line(format!("CREATE POLICY {table}_owner ON {table}\n    USING ({owner}) WITH CHECK ({owner});"));
    let tenant = format!("{table}.organisation_id = {} OR {owner}", setting(":organisation"));
    line(format!(
        "CREATE POLICY {table}_organisation ON {table} AS RESTRICTIVE\n    USING ({tenant}) WITH CHECK ({tenant});"
    ));
    for (number, (rows, roles)) in (1..).zip(reading(grants)) {
        line(format!(
            "CREATE POLICY {table}_read_{number} ON {table} FOR SELECT\n    USING (({}) AND ({rows}));",
            roles.join(" OR ")
        ));
    }
    for (number, grant) in (1..).zip(grants) {
        let (role, rows) = (has_role(&grant.role), setting(&grant.rows));
        let after = setting(grant.after.as_deref().unwrap_or(&grant.rows));
        let named = |command: &str| {
            let word = command.to_lowercase();
            format!("CREATE POLICY {table}_grant_{number}_{word} ON {table} FOR {command}")
        };
        let written = |wanted: &dyn Fn(Action) -> bool| {
            let names: Vec<&str> = grant
                .actions
                .iter()
                .filter(|(action, _)| wanted(*action))
                .map(|(_, name)| name.as_str())
                .collect();
            (!names.is_empty()).then(|| is_action(&names))
        };
        if let Some(action) = written(&|action| action == Action::Create) {
            line(format!("{}\n    WITH CHECK ({role} AND {action} AND ({after}));", named("INSERT")));
        }
        if let Some(action) = written(&|action| {
            matches!(action, Action::Update | Action::Move(_) | Action::Assign | Action::Claim | Action::Fill)
        }) {
            line(format!(
                "{}\n    USING ({role} AND {action} AND ({rows}))\n    WITH CHECK ({role} AND {action} AND ({after}));",
                named("UPDATE")
            ));
        }
        if let Some(action) = written(&|action| action == Action::Delete) {
            line(format!("{}\n    USING ({role} AND {action} AND ({rows}));", named("DELETE")));
        }
    }
    if let Some(lock) = lock {
        let unlocked = format!("NOT ({})", setting(&lock.rows));
        let names: Vec<&str> = lock.moves.iter().map(String::as_str).collect();
        let moves = if names.is_empty() { String::new() } else { format!(" OR {}", is_action(&names)) };
        line(format!(
            "CREATE POLICY {table}_lock_update ON {table} AS RESTRICTIVE FOR UPDATE\n    USING ({unlocked}{moves} OR {owner}) WITH CHECK (true);"
        ));
        line(format!(
            "CREATE POLICY {table}_lock_delete ON {table} AS RESTRICTIVE FOR DELETE\n    USING ({unlocked} OR {owner});"
        ));
        line(format!(
            "CREATE POLICY {table}_lock_insert ON {table} AS RESTRICTIVE FOR INSERT\n    WITH CHECK ({unlocked} OR {owner});"
        ));
    }
    ddl
}

/// Who reads which rows: each condition once, with all the roles that it serves.
fn reading(grants: &[Grant]) -> Vec<(String, Vec<String>)> {
    let mut reading: Vec<(String, Vec<String>)> = Vec::new();
    for grant in grants {
        let (rows, role) = (setting(&grant.rows), has_role(&grant.role));
        match reading.iter_mut().find(|(known, _)| *known == rows) {
            Some((_, roles)) if roles.contains(&role) => {}
            Some((_, roles)) => roles.push(role),
            None => reading.push((rows, vec![role])),
        }
    }
    reading
}

/// Whether the environment's owner asks, who runs subcommands only.
fn owner(table: &str) -> String {
    format!("has_table_privilege('{table}', 'TRUNCATE')")
}

fn has_role(role: &str) -> String {
    format!(
        "{} = ANY (string_to_array(COALESCE(current_setting('app.roles', true), ''), ','))",
        sql_literal(role)
    )
}

fn is_action(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| sql_literal(name)).collect();
    format!("COALESCE(current_setting('app.action', true), '') IN ({})", names.join(", "))
}

/// `:person` as the transaction's setting; quoted text is left alone.
fn setting(condition: &str) -> String {
    let mut text = String::with_capacity(condition.len());
    let mut quoted = false;
    let mut rest = condition;
    while let Some(first) = rest.chars().next() {
        let (_, after) = rest.split_at(first.len_utf8());
        quoted ^= first == '\'';
        if first == ':' && !quoted && after.starts_with(|c: char| c.is_ascii_lowercase()) {
            let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            let kind = if name == "now" { "timestamptz" } else { "uuid" };
            // Writing to a string cannot fail.
            let _ = write!(text, "NULLIF(current_setting('app.{name}', true), '')::{kind}");
            rest = after;
        } else {
            text.push(first);
            rest = after;
        }
    }
    text
}
