//! The second fence of one table, as text: PostgreSQL's row-level security for the same grants that `{visible}` stands for.
//!
//! This file is compiled twice, here and as a module of the generator, which does not link the library: so the text that
//! a migration holds and the one that the library expects of it cannot drift apart. It knows plain text only.
//!
//! # What it looks through
//!
//! A condition that goes from record to record (a note, its encounter, its patient) asks other tables than its own. Asked
//! by the app's role, each of them would be fenced in turn, and that was wrong three times over. It was not exact: a
//! patient who reads their signed notes reads no encounter, so the way from the note to the patient broke. It was dear:
//! each table on the way was planned with all policies of the next, and a factor a step is seconds at three steps
//! (*seen* on a clinic of five roles: 0.6, 10, 110 and 1,100 ms for a record and its parts of first, second and third
//! degree). And to let the fence of the record above stand for the rest of the way, which is cheap, is wrong again for
//! somebody with two roles, since what one role may read is not what the other may follow.
//!
//! So conditions look through the schema `fence`: for each table a view with nothing in it but the columns that lead from
//! record to record, bound to the organisation of the transaction. A view is read with its owner's rights, so no
//! policy stands behind it; and it is planned as part of the query, which a function of the owner's would not be: that
//! is called for each row, where a list wants a join. The app's own conditions look through the same views
//! (`FROM encounters` in `access.rs` is read as `FROM fence.encounters`), so that both fences say the same.
//!
//! What the views tell is which record hangs on which, in one organisation: no field that is sealed or clinical, and
//! nothing that the role which may read them could not learn by setting another `app.person`. Row-level security is the
//! fence behind a statement that forgot its policy; it does not hold somebody who can run any statement.
//!
//! Grants whose ways begin alike share them: `EXISTS (note's encounter AND EXISTS (its patient AND (… OR …)))` instead of one
//! way for each grant. *Seen* on the same clinic: 0.8, 2.3, 1.9 and 5.5 ms; 12 µs a row for a part of a part.

use std::fmt::Write;

use super::text::{Kind, Token, tokens};

/// The schema of the views that conditions look through.
pub(crate) const SCHEMA: &str = "fence";

/// What is known of a table.
pub(crate) struct Fence<'a> {
    pub(crate) table: &'a str,
    pub(crate) grants: Vec<Granted<'a>>,
    pub(crate) nevers: Vec<Denied<'a>>,
    pub(crate) lock: Option<Locked<'a>>,
}

/// One grant.
pub(crate) struct Granted<'a> {
    pub(crate) role: &'a str,
    /// Which rows, over `:person`, `:organisation` and `:now`.
    pub(crate) rows: &'a str,
    /// Which rows a write may leave behind.
    pub(crate) after: &'a str,
    /// The names of its actions that show a row.
    pub(crate) reads: Vec<&'a str>,
    /// Those that make one.
    pub(crate) creates: Vec<&'a str>,
    /// Those that change one: `update` and moves.
    pub(crate) changes: Vec<&'a str>,
    /// Those that remove one.
    pub(crate) deletes: Vec<&'a str>,
}

/// Rows that a role never sees, or never by these actions.
pub(crate) struct Denied<'a> {
    pub(crate) role: &'a str,
    pub(crate) actions: Vec<&'a str>,
    pub(crate) rows: &'a str,
}

/// Rows that are frozen, and the moves that they may still make.
pub(crate) struct Locked<'a> {
    pub(crate) rows: &'a str,
    pub(crate) moves: &'a [&'a str],
}

impl<'a> Granted<'a> {
    /// A grant of rows, by no action yet.
    #[allow(
        dead_code,
        reason = "the generator makes grants by hand; the library has them from the app's policy"
    )]
    pub(crate) fn to(role: &'a str, rows: &'a str) -> Self {
        Self { role, rows, after: rows, reads: vec![], creates: vec![], changes: vec![], deletes: vec![] }
    }
}

impl<'a> Fence<'a> {
    /// The DDL.
    ///
    /// - Row-level security is forced, so that the owner is bound, too; a policy of the owner's lets the subcommands
    ///   through, and the views of the schema `fence`.
    /// - A restrictive policy binds every row to the organisation of the context, whatever else is granted.
    /// - One policy says who reads which rows by which action, and one for each of INSERT, UPDATE and DELETE who writes
    ///   which. A write reads, too, to say why it changes nothing: meanwhile any grant of the row will do.
    /// - Each lock is a restrictive policy.
    ///
    /// Masks are not row-level, and stay in the app; what they hide is sealed with few exceptions.
    pub(crate) fn ddl(&self) -> String {
        let table = self.table;
        let mut ddl = format!(
            "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;\n\
             ALTER TABLE {table} FORCE ROW LEVEL SECURITY;\n\
             CREATE POLICY {table}_owner ON {table} TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);\n\
             CREATE POLICY {table}_organisation ON {table} AS RESTRICTIVE\n    \
             USING ({table}.organisation_id = {} OR {});\n",
            once("fence.organisation()"),
            self.is_owner()
        );
        let mut policy = |name: &str, clauses: &[(&str, Option<String>)]| {
            let command = if name == "read" { "SELECT".to_owned() } else { name.to_uppercase() };
            let clauses: Option<Vec<String>> = clauses
                .iter()
                .map(|(clause, rows)| rows.as_ref().map(|rows| format!("\n    {clause} ({rows})")))
                .collect();
            if let Some(clauses) = clauses {
                // Writing to a string cannot fail.
                let _ = writeln!(
                    ddl,
                    "CREATE POLICY {table}_{name} ON {table} FOR {command}{};",
                    clauses.concat()
                );
            }
        };
        policy("read", &[("USING", self.but_never(self.read()))]);
        policy("insert", &[("WITH CHECK", self.but_never(self.written(|grant| &grant.creates, true)))]);
        let changes = |after| self.but_never(self.written(|grant| &grant.changes, after));
        policy("update", &[("USING", changes(false)), ("WITH CHECK", changes(true))]);
        policy("delete", &[("USING", self.but_never(self.written(|grant| &grant.deletes, false)))]);
        self.lock(&mut ddl);
        ddl
    }

    /// What the grants let read: those of one role and the same rows are one.
    fn read(&self) -> Vec<Allowed> {
        let mut known: Vec<(&str, &str, Vec<&str>)> = Vec::new();
        for grant in &self.grants {
            match known.iter_mut().find(|(role, rows, _)| (*role, *rows) == (grant.role, grant.rows)) {
                Some((_, _, actions)) => {
                    let new = grant.reads.iter().filter(|action| !actions.contains(action));
                    let new: Vec<_> = new.copied().collect();
                    actions.extend(new);
                }
                None => known.push((grant.role, grant.rows, grant.reads.clone())),
            }
        }
        let allowed = |(role, rows, actions): (&str, &str, Vec<&str>)| Allowed {
            by: if actions.is_empty() {
                once(&format!("{SCHEMA}.writes()"))
            } else {
                call("reads", &actions)
            },
            term: Term { guard: acts_as(role), rows: through(rows) },
        };
        known.into_iter().map(allowed).collect()
    }

    /// What the grants let write by the wanted actions.
    fn written(&self, wanted: for<'g> fn(&'g Granted<'a>) -> &'g [&'a str], after: bool) -> Vec<Allowed> {
        let having = self.grants.iter().filter(|grant| !wanted(grant).is_empty());
        let allowed = |grant: &Granted<'a>| Allowed {
            by: call("does", wanted(grant)),
            term: Term {
                guard: acts_as(grant.role),
                rows: through(if after { grant.after } else { grant.rows }),
            },
        };
        having.map(allowed).collect()
    }

    /// The rows of any of the terms, without those that are never shown; nothing of no terms.
    fn but_never(&self, allowed: Vec<Allowed>) -> Option<String> {
        let by = allowed.first()?.by.clone();
        let mut rows = if allowed.iter().all(|each| each.by == by) {
            let terms = allowed.into_iter().map(|each| each.term).collect();
            format!("{by} AND ({})", any(terms, 2))
        } else {
            let guarded =
                |Allowed { by, term }: Allowed| Term { guard: format!("{} AND {by}", term.guard), ..term };
            any(allowed.into_iter().map(guarded).collect(), 2)
        };
        if self.nevers.is_empty() {
            return Some(rows);
        }
        rows = format!("({rows})");
        for never in &self.nevers {
            let mut applies = acts_as(never.role);
            if !never.actions.is_empty() {
                let _ = write!(applies, " AND {}", call("does", &never.actions));
            }
            let _ = write!(rows, "\n    AND NOT ({applies} AND ({}))", through(never.rows));
        }
        Some(rows)
    }

    fn lock(&self, ddl: &mut String) {
        let Some(lock) = &self.lock else { return };
        let (table, owner) = (self.table, self.is_owner());
        let unlocked = format!("NOT ({})", through(lock.rows));
        let moves = match lock.moves {
            [] => String::new(),
            moves => format!(" OR {}", call("does", moves)),
        };
        // A row that an update locks is lawful: what counts is the row as it was.
        let update = format!("USING ({unlocked}{moves} OR {owner}) WITH CHECK (TRUE)");
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
    fn is_owner(&self) -> String {
        once(&format!("has_table_privilege('{}', 'TRUNCATE')", self.table))
    }
}

/// The view of a table that conditions look through: these columns of it, of the transaction's organisation.
pub(crate) fn view(table: &str, columns: &[&str]) -> String {
    format!(
        "CREATE VIEW {SCHEMA}.{table} AS\n    SELECT {}\n    FROM public.{table} WHERE organisation_id = fence.organisation();\n",
        columns.join(", ")
    )
}

/// A condition of `access.rs` as a policy says it: its context comes from the transaction, its tables are those of the
/// fence.
fn through(condition: &str) -> String {
    let mut text = String::with_capacity(condition.len());
    for (token, table) in with_tables(condition) {
        match (token.kind, token.text) {
            (Kind::Context, name) => {
                let _ = write!(text, "{SCHEMA}.{name}()");
            }
            (Kind::Slot, name) => {
                let _ = write!(text, "{{{name}}}");
            }
            (_, name) if table => {
                let _ = write!(text, "{SCHEMA}.{name}");
            }
            (_, other) => text.push_str(other),
        }
    }
    text
}

/// The tokens of a condition, and which of them name a table that is read.
pub(crate) fn with_tables(condition: &str) -> impl Iterator<Item = (Token<'_>, bool)> {
    let (mut expected, mut before) = (false, "");
    tokens(condition).into_iter().map(move |token| {
        let blank = token.kind == Kind::Other && token.text.trim().is_empty();
        let table = expected && token.kind == Kind::Word;
        if !blank {
            // `IS DISTINCT FROM` names none.
            expected = token.is("JOIN") || (token.is("FROM") && !before.eq_ignore_ascii_case("DISTINCT"));
            before = token.text;
        }
        (token, table)
    })
}

fn acts_as(role: &str) -> String {
    once(&format!("{SCHEMA}.acts_as('{}')", role.replace('\'', "''")))
}

/// A question about the context alone, asked once for a whole statement: by itself, PostgreSQL would ask it anew for each
/// row. *Seen*: to count 100,000 rows took 1.5 s.
fn once(question: &str) -> String {
    format!("(SELECT {question})")
}

/// A question about the action: `(SELECT fence.does('sign', 'lock'))`.
fn call(function: &str, actions: &[&str]) -> String {
    let names: Vec<_> = actions.iter().map(|name| format!("'{}'", name.replace('\'', "''"))).collect();
    once(&format!("{SCHEMA}.{function}({})", names.join(", ")))
}

/// What a grant lets do, and the action by which.
struct Allowed {
    by: String,
    term: Term,
}

/// Rows, and when they count.
struct Term {
    guard: String,
    rows: String,
}

/// A step to one record of another table, and what is asked of it.
struct Way {
    /// `EXISTS (SELECT 1 FROM fence.encounters r1 WHERE r1.id = … AND r1.organisation_id = …`
    head: String,
    rest: Term,
}

/// The rows of any of the terms; those that begin with the same step share it.
fn any(terms: Vec<Term>, depth: usize) -> String {
    /// What shares its rows, or its first step.
    enum Group {
        Same { rows: String, guards: Vec<String> },
        Way { head: String, whole: Term, rest: Vec<Term> },
    }
    let mut groups: Vec<Group> = Vec::new();
    for term in terms {
        match way(&term) {
            Some(way) => {
                let known = groups.iter_mut().find_map(|group| match group {
                    Group::Way { head, rest, .. } if *head == way.head => Some(rest),
                    _ => None,
                });
                match known {
                    Some(rest) => rest.push(way.rest),
                    None => groups.push(Group::Way { head: way.head, whole: term, rest: vec![way.rest] }),
                }
            }
            None => {
                let known = groups.iter_mut().find_map(|group| match group {
                    Group::Same { rows, guards } if *rows == term.rows => Some(guards),
                    _ => None,
                });
                match known {
                    Some(guards) if guards.contains(&term.guard) => {}
                    Some(guards) => guards.push(term.guard),
                    None => groups.push(Group::Same { rows: term.rows, guards: vec![term.guard] }),
                }
            }
        }
    }
    let line = format!("\n{}", "    ".repeat(depth));
    let texts = groups.into_iter().map(|group| match group {
        Group::Same { rows, guards } => {
            let guard = match guards.as_slice() {
                [one] => one.clone(),
                several => format!("({})", several.join(" OR ")),
            };
            if rows == "TRUE" { guard } else { format!("{guard} AND ({rows})") }
        }
        Group::Way { whole, rest, .. } if rest.len() == 1 => format!("{} AND ({})", whole.guard, whole.rows),
        Group::Way { head, rest, .. } => format!("{head} AND ({}))", any(rest, depth + 1)),
    });
    format!("{line}{}", texts.collect::<Vec<_>>().join(&format!("{line}OR ")))
}

/// The first step of a term, where it takes one: `guard AND EXISTS (the record above AND rest)`.
fn way(term: &Term) -> Option<Way> {
    let conjuncts = conjuncts(&term.rows);
    let mut steps = conjuncts.iter().filter(|text| text.starts_with("EXISTS ("));
    let (step, None) = (steps.next()?, steps.next()) else { return None };
    let inner = step.strip_prefix("EXISTS (")?.strip_suffix(')')?;
    let (from, conditions) = inner.split_once(" WHERE ")?;
    let alias = from.rsplit(' ').next()?;
    let within = self::conjuncts(conditions);
    let [to, organisation, rest @ ..] = within.as_slice() else { return None };
    // To one record, by its id; a look at assignments and memberships is the end of a way.
    let one = to.starts_with(&format!("{alias}.id = "));
    let bound = **organisation == format!("{alias}.organisation_id = {SCHEMA}.organisation()");
    if !(one && bound) || rest.is_empty() {
        return None;
    }
    let mut guard = term.guard.clone();
    for text in conjuncts.iter().filter(|text| *text != step) {
        let _ = write!(guard, " AND {text}");
    }
    Some(Way {
        head: format!("EXISTS ({from} WHERE {to} AND {organisation}"),
        rest: Term { guard, rows: rest.join(" AND ") },
    })
}

/// What is joined by AND outside of all parentheses; without the parentheses around the whole.
fn conjuncts(condition: &str) -> Vec<&str> {
    let (tokens, mut at) = (tokens(condition), 0);
    let places: Vec<(usize, &Token<'_>)> = tokens
        .iter()
        .map(|token| {
            let braces = if token.kind == Kind::Slot { 2 } else { usize::from(token.kind == Kind::Context) };
            let place = at;
            at += token.text.len() + braces;
            (place, token)
        })
        .collect();
    let enclosed = condition.starts_with('(')
        && places
            .iter()
            .find(|(_, token)| token.depth == 0 && token.is_mark(")"))
            .is_some_and(|(place, _)| place + 1 == condition.len());
    if enclosed {
        return conjuncts(&condition[1..condition.len() - 1]);
    }
    // What is joined by OR is one thing; BETWEEN has an AND of its own.
    if places.iter().any(|(_, token)| token.depth == 0 && (token.is("OR") || token.is("BETWEEN"))) {
        return vec![condition];
    }
    let mut parts = Vec::new();
    let mut start = 0;
    for (place, token) in places.iter().filter(|(_, token)| token.depth == 0 && token.is("AND")) {
        parts.push(condition[start..*place].trim());
        start = place + token.text.len();
    }
    parts.push(condition[start..].trim());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_by_and_is_cut_outside_of_parentheses_only() {
        let cases: [(&str, &[&str]); 6] = [
            ("a = 1", &["a = 1"]),
            ("(a = :person AND b IN ('x AND y', 'z'))", &["a = :person", "b IN ('x AND y', 'z')"]),
            ("(a = 1 AND b = 2) OR (c = 3 AND d = 4)", &["(a = 1 AND b = 2) OR (c = 3 AND d = 4)"]),
            ("(a = 1) AND (b = 2 AND c = 3)", &["(a = 1)", "(b = 2 AND c = 3)"]),
            ("a BETWEEN 1 AND 2", &["a BETWEEN 1 AND 2"]),
            (
                "EXISTS (SELECT 1 FROM t WHERE a AND b) AND é = 'é'",
                &["EXISTS (SELECT 1 FROM t WHERE a AND b)", "é = 'é'"],
            ),
        ];
        for (condition, expected) in cases {
            assert_eq!(conjuncts(condition), expected);
        }
    }

    #[test]
    fn tables_are_those_of_the_fence_and_the_context_is_the_transactions() {
        let cases = [
            ("a.id = :person AND a.b = ':now'", "a.id = fence.person() AND a.b = ':now'"),
            (
                "EXISTS (SELECT 1 FROM memberships m\n JOIN places p ON p.id = m.id WHERE p.a IS DISTINCT FROM m.b)",
                "EXISTS (SELECT 1 FROM fence.memberships m\n JOIN fence.places p ON p.id = m.id WHERE p.a IS DISTINCT FROM m.b)",
            ),
        ];
        for (condition, expected) in cases {
            assert_eq!(through(condition), expected);
        }
    }

    fn of(guard: &str, rows: &str) -> Term {
        Term { guard: guard.to_owned(), rows: rows.to_owned() }
    }

    /// Ways that begin alike are one way; a condition beside a way is judged where the way is.
    #[test]
    fn ways_that_begin_alike_are_shared() {
        let step = |rest: &str| {
            format!(
                "EXISTS (SELECT 1 FROM fence.visits r1 WHERE r1.id = notes.visit_id AND r1.organisation_id = fence.organisation() AND {rest})"
            )
        };
        let terms = vec![
            of("owner", "TRUE"),
            of("desk", "TRUE"),
            of("doctor", &step("r1.doctor_id = fence.person()")),
            of("patient", &format!("(notes.state IN ('signed') AND {})", step("(r1.a = 1 OR r1.b = 2)"))),
            of("rep", "notes.rep_id = fence.person()"),
        ];
        assert_eq!(
            any(terms, 1),
            "
    (owner OR desk)
    OR EXISTS (SELECT 1 FROM fence.visits r1 WHERE r1.id = notes.visit_id AND r1.organisation_id = fence.organisation() AND (
        doctor AND (r1.doctor_id = fence.person())
        OR patient AND notes.state IN ('signed') AND ((r1.a = 1 OR r1.b = 2))))
    OR rep AND (notes.rep_id = fence.person())"
        );
    }

    /// Only a step to one record, bound to the organisation, is shared: the end of a way is a question of its own.
    #[test]
    fn other_questions_stay_whole() {
        for rows in [
            "EXISTS (SELECT 1 FROM fence.links l WHERE l.note_id = notes.id AND l.organisation_id = fence.organisation() AND l.a = 1)",
            "EXISTS (SELECT 1 FROM fence.visits r1 WHERE r1.id = notes.visit_id AND r1.a = 1 AND r1.b = 2)",
            "EXISTS (SELECT 1 FROM fence.visits r1 WHERE r1.id = notes.visit_id AND r1.organisation_id = fence.organisation())",
            "NOT EXISTS (SELECT 1)",
            "a = 1 OR EXISTS (SELECT 1 FROM fence.visits r1 WHERE r1.id = 1 AND r1.organisation_id = fence.organisation() AND TRUE)",
        ] {
            assert!(way(&of("owner", rows)).is_none(), "{rows}");
        }
    }
}
