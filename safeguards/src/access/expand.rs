//! From a statement with slots to a statement that a database runs.
//!
//! The text depends on the statement, the entity, the principal's roles, the action and the fields that are used or
//! written, never on a value; so it is made once and kept ([`expanded`]). Before it is made, the statement is read
//! word by word: which tables it speaks of, which columns it shows, and which it filters and sorts by.

use super::checked::{Checked, Verb, fault};
use super::descriptor::{Action, Entity, Storage, is_base};
use super::error::{Error, Result};
pub(super) use super::fence::SCHEMA as SCHEMA_OF_CONDITIONS;
use super::fence::{SCHEMA, with_tables};
use super::policy::{Policy, Reach, Row};
use super::text::{self, Kind, Token, words};
use crate::store::Text;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

/// Rows that are decrypted for one search; one more is fetched to know that there are too many.
pub(super) const SEARCH_LIMIT: usize = 5_000;

/// What the text of a statement depends on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Request {
    pub(super) text: &'static str,
    /// Where the descriptor lies: it is static, so this is who it is.
    pub(super) entity: usize,
    /// The principal's roles that the entity knows, sorted.
    pub(super) roles: Vec<&'static str>,
    pub(super) action: Action,
    /// Fields that decide which rows come, beside those that the statement's own words show.
    pub(super) using: Vec<&'static str>,
    /// Fields that are written.
    pub(super) fields: Vec<&'static str>,
    /// Tables without policies of their own that the statement may name.
    pub(super) beside: Vec<&'static str>,
    /// How many ids `{among}` holds.
    pub(super) among: usize,
    /// The conditions of `{filters}`.
    pub(super) filters: Vec<&'static str>,
    /// The order of `{order}`.
    pub(super) order: Option<&'static str>,
    /// Whether conditions look through the schema `fence`: on PostgreSQL.
    pub(super) fenced: bool,
}

/// A value that the library binds after the statement's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Person,
    Organisation,
    Now,
    Id,
    Version,
    Reference,
    Among(usize),
    Filter(usize),
    Field(usize),
    Index(usize),
}

/// The text, what to bind to it, and how to read what comes back.
#[derive(Debug)]
pub(super) struct Expanded {
    pub(super) text: Text,
    /// How many values the statement binds by itself; the slots' values follow.
    pub(super) own: usize,
    pub(super) slots: Vec<Slot>,
    pub(super) reach: Reach,
    /// Whether rows can be told apart and masked: the statement has `{reach}`.
    pub(super) reaches: bool,
    /// Whether the statement stops by itself after the rows that a search may hold.
    pub(super) capped: bool,
}

/// The text for a request, from the cache when it was made before.
pub(super) fn expanded(checked: Checked, entity: &'static Entity, request: Request) -> Result<Arc<Expanded>> {
    static CACHE: LazyLock<RwLock<HashMap<Request, Arc<Expanded>>>> = LazyLock::new(RwLock::default);
    // The sets of roles and fields are few, but a caller chooses which fields to send: so the cache is bounded.
    const MOST: usize = 4_096;
    let found = CACHE.read().unwrap_or_else(PoisonError::into_inner).get(&request).cloned();
    if let Some(found) = found {
        return Ok(found);
    }
    let made = Arc::new(expand(checked, entity, &request)?);
    let mut cache = CACHE.write().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= MOST {
        cache.clear();
    }
    cache.insert(request, Arc::clone(&made));
    Ok(made)
}

pub(super) fn expand(checked: Checked, entity: &'static Entity, request: &Request) -> Result<Expanded> {
    let text = checked.text();
    let words = words(text);
    let verb = checked.verb();
    check_tables(verb, &words, entity, &request.beside)?;
    let reaches = words.iter().any(|word| word.kind == Kind::Slot && word.text == "reach");
    let policy = Policy::of(entity, &request.roles, request.action);
    let mut fields = request.using.clone();
    fields.extend(&request.fields);
    if verb == Verb::Select {
        if reaches {
            check_columns(&words, entity, &request.beside)?;
        }
        fields.extend(used(&words, entity, reaches)?);
        check_asked(text, request)?;
        for asked in request.filters.iter().chain(&request.order) {
            fields.extend(asked_for(asked, entity)?);
        }
    }
    fields.sort_unstable();
    fields.dedup();
    let mut rows = policy.rows(&fields, Row::Before);
    if let Some(unlocked) = policy.unlocked(&request.fields).filter(|_| verb != Verb::Insert) {
        rows = format!("({rows} AND {unlocked})");
    }
    let own = text::parameters(&words).ok_or_else(|| wrong("a parameter is no number"))?;
    let (reach_text, reach) = policy.reach();
    let mut composer = Composer::after(own, request.fenced);
    for token in text::tokens(text) {
        match (token.kind, token.text) {
            (Kind::Slot, "visible") => composer.condition(&rows)?,
            (Kind::Slot, "reach") => {
                composer.condition(&reach_text)?;
                let table = entity.table;
                composer
                    .push(&format!(" AS reach, {table}.id AS reach_id, {table}.version AS reach_version, "));
                composer.subject(entity)?;
                composer.push(" AS reach_subject");
            }
            (Kind::Slot, "fields") => composer.fields(verb, entity, &request.fields),
            (Kind::Slot, "values") => composer.values(entity, &request.fields),
            (Kind::Slot, "among") => composer.among(entity, request.among),
            (Kind::Slot, "filters") => composer.filters(&request.filters),
            (Kind::Slot, "order") => {
                composer.push(request.order.ok_or_else(|| wrong("its {order} is not said"))?)
            }
            (Kind::Slot, "cap") => composer.push(&(SEARCH_LIMIT + 1).to_string()),
            (Kind::Slot, "id") => composer.slot(Slot::Id),
            (Kind::Slot, "version") => composer.slot(Slot::Version),
            (Kind::Slot, name) => {
                let slot = named(name).ok_or_else(|| wrong(&format!("there is no slot {{{name}}}")))?;
                composer.slot(slot);
            }
            (Kind::Context, name) => {
                return Err(wrong(&format!(":{name} belongs into access.rs; write {{{name}}}")));
            }
            (_, text) => composer.push(text),
        }
    }
    let capped = words.iter().any(|word| word.kind == Kind::Slot && word.text == "cap");
    Ok(Expanded { text: Text::composed(composer.text), own, slots: composer.slots, reach, reaches, capped })
}

/// Puts the text together and numbers what the library binds.
pub(super) struct Composer {
    pub(super) text: String,
    own: usize,
    fenced: bool,
    pub(super) slots: Vec<Slot>,
}

impl Composer {
    /// After `own` parameters; `fenced` where conditions look through the schema `fence`.
    pub(super) fn after(own: usize, fenced: bool) -> Self {
        Self { text: String::new(), own, fenced, slots: Vec::new() }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A parameter; the same slot keeps its number.
    pub(super) fn slot(&mut self, slot: Slot) {
        let position = self.slots.iter().position(|known| *known == slot).unwrap_or_else(|| {
            self.slots.push(slot);
            self.slots.len() - 1
        });
        self.push(&format!("${}", self.own + position + 1));
    }

    /// A condition of `access.rs`, its context names numbered. On PostgreSQL it asks the tables as row-level security
    /// asks them, for which see `fence.rs`.
    pub(super) fn condition(&mut self, condition: &str) -> Result<()> {
        for (token, table) in with_tables(condition) {
            match token.kind {
                Kind::Word if table && self.fenced => self.push(&format!("{SCHEMA}.{}", token.text)),
                Kind::Context => {
                    let unknown = || wrong(&format!("a condition names :{}, which is not known", token.text));
                    self.slot(named(token.text).ok_or_else(unknown)?);
                }
                Kind::Parameter | Kind::Slot => {
                    return Err(wrong("a condition has neither parameters nor slots"));
                }
                _ => self.push(token.text),
            }
        }
        Ok(())
    }

    /// Whom a row is about: a column of it, or of what it is a part of.
    pub(super) fn subject(&mut self, entity: &Entity) -> Result<()> {
        self.up(entity, entity.subject.unwrap_or("id"))
    }

    /// A column of a row, or a query in parentheses that goes up from it.
    pub(super) fn up(&mut self, entity: &Entity, way: &'static str) -> Result<()> {
        match way {
            query if query.starts_with('(') => self.condition(query),
            column => {
                self.push(&format!("{}.{column}", entity.table));
                Ok(())
            }
        }
    }

    fn fields(&mut self, verb: Verb, entity: &Entity, fields: &[&'static str]) {
        let columns = columns(entity, fields);
        if verb == Verb::Insert {
            let base = "id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id";
            self.push(base);
            if entity.reference.is_some() {
                self.push(", reference");
            }
            for (column, _) in columns {
                self.push(&format!(", {column}"));
            }
            return;
        }
        for (column, slot) in columns {
            self.push(&format!("{column} = "));
            self.slot(slot);
            self.push(", ");
        }
        self.push("version = version + 1, updated_at = ");
        self.slot(Slot::Now);
        self.push(", updated_by_id = ");
        self.slot(Slot::Person);
    }

    fn values(&mut self, entity: &Entity, fields: &[&'static str]) {
        self.slot(Slot::Id);
        self.push(", ");
        self.slot(Slot::Organisation);
        self.push(", 1");
        for slot in [Slot::Now, Slot::Person, Slot::Now, Slot::Person] {
            self.push(", ");
            self.slot(slot);
        }
        if entity.reference.is_some() {
            self.push(", ");
            self.slot(Slot::Reference);
        }
        for (_, slot) in columns(entity, fields) {
            self.push(", ");
            self.slot(slot);
        }
    }

    fn filters(&mut self, filters: &[&str]) {
        if filters.is_empty() {
            return self.push("TRUE");
        }
        for (position, condition) in filters.iter().enumerate() {
            self.push(if position == 0 { "(" } else { " AND (" });
            for token in text::tokens(condition) {
                match token.kind {
                    Kind::Slot => self.slot(Slot::Filter(position)),
                    _ => self.push(token.text),
                }
            }
            self.push(")");
        }
    }

    fn among(&mut self, entity: &Entity, count: usize) {
        if count == 0 {
            return self.push("FALSE");
        }
        self.push(&format!("{}.id IN (", entity.table));
        for position in 0..count {
            self.push(if position == 0 { "" } else { ", " });
            self.slot(Slot::Among(position));
        }
        self.push(")");
    }
}

/// The columns that writing these fields sets: their own, and those of their blind indexes.
fn columns(entity: &Entity, fields: &[&'static str]) -> Vec<(&'static str, Slot)> {
    let mut columns = Vec::new();
    for (position, field) in fields.iter().filter_map(|name| entity.field(name)).enumerate() {
        columns.push((field.column, Slot::Field(position)));
        if let Storage::Sealed { lookup: Some(index) } = field.storage {
            columns.push((index, Slot::Index(position)));
        }
    }
    columns
}

fn named(name: &str) -> Option<Slot> {
    match name {
        "person" => Some(Slot::Person),
        "organisation" => Some(Slot::Organisation),
        "now" => Some(Slot::Now),
        _ => None,
    }
}

/// The statement's own table stands once and without an alias; any other table is one that it was allowed.
fn check_tables(verb: Verb, words: &[Token<'_>], entity: &Entity, beside: &[&str]) -> Result<()> {
    let main = match verb {
        Verb::Select => words.iter().position(|word| word.depth == 0 && word.is("FROM")),
        Verb::Insert => words.iter().position(|word| word.is("INTO")),
        Verb::Update => Some(0),
        Verb::Delete => words.iter().position(|word| word.is("FROM")),
    };
    let main = main.map(|at| at + 1).ok_or_else(|| wrong("it names no table"))?;
    if !words.get(main).is_some_and(|word| word.is(entity.table)) {
        return Err(wrong(&format!("it is about {}, and not on that table", entity.name)));
    }
    const AFTER: &[&str] = &["WHERE", "JOIN", "LEFT", "INNER", "SET", "ON", "GROUP", "ORDER", "LIMIT", "AND"];
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &words[at]);
        let introduces =
            word.is("JOIN") || (word.is("FROM") && !before.is_some_and(|word| word.is("DISTINCT")));
        if introduces && at + 1 != main {
            let table = words.get(at + 1).ok_or_else(|| wrong("a table is missing"))?;
            let allowed = beside.iter().any(|name| table.is(name)) && !table.is(entity.table);
            if !allowed {
                return Err(wrong(&format!(
                    "{} is not its table, nor one that it stands beside",
                    table.text
                )));
            }
        }
        if introduces || at + 1 == main {
            let mut next = words[at + 2..].iter().skip_while(|word| word.is("AS")).peekable();
            let aliased = next.next_if(|w| w.kind == Kind::Word && !AFTER.iter().any(|k| w.is(k))).is_some();
            if aliased && at + 1 == main {
                return Err(wrong("its table goes by its own name, not by an alias"));
            }
            if next.peek().is_some_and(|word| word.is_mark(",")) {
                return Err(wrong("tables are joined by JOIN, not by a comma"));
            }
        }
        let qualifies = words.get(at + 1).is_some_and(|word| word.is_mark("."));
        if word.is(entity.table) && at != main && !qualifies {
            return Err(wrong("a whole row is not a value"));
        }
    }
    Ok(())
}

/// A mask works on columns by name: so what is shown are columns under their own names, nothing made of them.
fn check_columns(words: &[Token<'_>], entity: &Entity, beside: &[&str]) -> Result<()> {
    let end = words.iter().position(|word| word.depth == 0 && word.is("FROM")).unwrap_or(words.len());
    for item in words[1..end].split(|word| word.depth == 0 && word.is_mark(",")) {
        let own =
            |word: &Token<'_>| is_base(word.text) || entity.fields.iter().any(|field| word.is(field.column));
        let accepted = match item {
            [slot] if slot.kind == Kind::Slot => slot.text == "reach",
            [column] => own(column),
            [table, dot, column] if dot.is_mark(".") && table.is(entity.table) => own(column),
            [table, dot, column] if dot.is_mark(".") => {
                beside.iter().any(|name| table.is(name)) && !own(column)
            }
            [table, dot, _, as_word, alias] if dot.is_mark(".") && as_word.is("AS") => {
                beside.iter().any(|name| table.is(name)) && !own(alias) && !alias.text.starts_with("reach")
            }
            _ => false,
        };
        if !accepted {
            let text: String = item.iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
            return Err(wrong(&format!("`{text}` is not a column of {}, by its own name", entity.name)));
        }
    }
    Ok(())
}

/// The fields whose values decide which rows come and in which order: every field that the statement names after
/// FROM, and every field at all where rows are counted and measured rather than shown. The time of making
/// is no secret beside an id of version 7.
fn used(words: &[Token<'_>], entity: &Entity, reaches: bool) -> Result<Vec<&'static str>> {
    let from = words.iter().position(|word| word.depth == 0 && word.is("FROM")).unwrap_or(0);
    const MEASURES: &[&str] = &["count", "sum", "avg", "min", "max"];
    let measures =
        words[..from].windows(2).any(|pair| MEASURES.iter().any(|m| pair[0].is(m)) && pair[1].is_mark("("));
    if !reaches && !measures {
        return Err(wrong("it neither counts nor measures, and shows rows without {reach}"));
    }
    let mut used = Vec::new();
    for (at, word) in words.iter().enumerate().skip(if reaches { from } else { 1 }) {
        if !reaches
            && word.is_mark("*")
            && !(words[at - 1].is_mark("(") && at >= 2 && words[at - 2].is("count"))
        {
            return Err(wrong("`*` stands in count(*) only"));
        }
        let foreign = at >= 2 && words[at - 1].is_mark(".") && !words[at - 2].is(entity.table);
        if foreign || word.kind != Kind::Word {
            continue;
        }
        const BASE: &[&str] = &["reference", "updated_at", "created_by_id", "updated_by_id"];
        used.extend(BASE.iter().find(|name| word.is(name)));
        used.extend(entity.fields.iter().filter(|field| names(field, word)).map(|field| field.name));
    }
    Ok(used)
}

/// With its filters and its order in place, the statement still keeps the rules that were checked without them: a filter
/// like `a = {}) OR (b = b` would talk around the policy.
fn check_asked(text: &str, request: &Request) -> Result<()> {
    let filters: Vec<_> =
        request.filters.iter().map(|filter| format!("({})", filter.replace("{}", "$1"))).collect();
    let filters = if filters.is_empty() { "TRUE".to_owned() } else { filters.join(" AND ") };
    let asked = text.replace("{filters}", &filters).replace("{order}", request.order.unwrap_or("id"));
    fault(asked.as_bytes()).map_or(Ok(()), |fault| Err(wrong(fault)))
}

/// The fields that a filter or an order speaks of. It asks columns of the statement's own table, and nothing else.
fn asked_for(asked: &'static str, entity: &Entity) -> Result<Vec<&'static str>> {
    let words = words(asked);
    let foreign =
        |word: &Token<'_>| word.is("SELECT") || word.kind == Kind::Context || word.kind == Kind::Parameter;
    let slots = words.iter().filter(|word| word.kind == Kind::Slot);
    if words.iter().any(foreign) || asked.contains("--") || slots.clone().any(|slot| !slot.text.is_empty()) {
        return Err(wrong(&format!("`{asked}` is not a condition on columns of {}", entity.table)));
    }
    let unbalanced = asked.matches('(').count() != asked.matches(')').count();
    if unbalanced || slots.count() > 1 {
        return Err(wrong(&format!("`{asked}` has one value at most, and closes what it opens")));
    }
    used(&words, entity, true)
}

fn names(field: &super::descriptor::Field, word: &Token<'_>) -> bool {
    let index = match field.storage {
        Storage::Sealed { lookup } => lookup,
        Storage::Plain => None,
    };
    word.is(field.column) || index.is_some_and(|index| word.is(index))
}

pub(super) fn wrong(reason: &str) -> Error {
    Error::Statement(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::descriptor::{Field, Grant, Kind, Lock, Mask};
    use super::super::statement::Statement;
    use super::*;
    use crate::tenant;

    static NOTE: Entity = Entity {
        reference: Some("NT"),
        subject: Some("patient_id"),
        fields: &[
            Field::plain("patient_id", 1, Kind::Uuid),
            Field::identifier("phone", 2, Kind::Phone).lookup("phone_index"),
            Field::clinical("pain", 3, Kind::Integer).queryable(),
            Field::plain("status", 4, Kind::Text),
        ],
        grants: &[
            Grant::to("provider", &[Action::List, Action::Create, Action::Update])
                .rows("notes.author_id = :person"),
            Grant::to("clerk", &[Action::List]).fields(Mask::Only(&["status"])),
        ],
        lock: Some(Lock::on("notes.status = 'signed'")),
        ..Entity::named("note", 5, "notes")
    };

    fn text(statement: Statement, role: &'static str, action: Action) -> Result<(String, usize)> {
        let request = statement.request(&NOTE, vec![role], action, false);
        let expanded = expand(statement.checked, &NOTE, &request)?;
        Ok((expanded.text.as_str().to_owned(), expanded.own))
    }

    /// Context values are numbered after the statement's own, each once.
    #[test]
    fn a_policy_stands_in_its_slot() {
        let statement = tenant!("SELECT status, {reach} FROM notes WHERE status = $1 AND {visible}");
        assert_eq!(
            text(statement, "provider", Action::List).unwrap(),
            (
                "SELECT status, CAST(1 AS BIGINT) AS reach, notes.id AS reach_id, notes.version AS reach_version, \
                 notes.patient_id AS reach_subject FROM notes WHERE status = $1 AND (notes.organisation_id = $2 AND \
                 ((notes.author_id = $3)))"
                    .to_owned(),
                1
            )
        );
        let nobody = tenant!("SELECT count(*) AS n FROM notes WHERE {visible}");
        assert_eq!(
            text(nobody, "stranger", Action::List).unwrap().0,
            "SELECT count(*) AS n FROM notes WHERE (notes.organisation_id = $1 AND FALSE)"
        );
    }

    /// On PostgreSQL the policy looks at other tables as row-level security does: past their own policies.
    #[test]
    fn a_condition_goes_through_the_fence() {
        static REMARK: Entity = Entity {
            subject: Some("(SELECT r1.patient_id FROM notes r1 WHERE r1.id = remarks.note_id)"),
            grants: &[Grant::to("provider", &[Action::List]).rows(
                "EXISTS (SELECT 1 FROM notes r1 WHERE r1.id = remarks.note_id AND r1.author_id = :person)",
            )],
            ..Entity::named("remark", 6, "remarks")
        };
        let statement = tenant!("SELECT created_at, {reach} FROM remarks WHERE {visible}");
        for (fenced, notes) in [(false, "notes"), (true, "fence.notes")] {
            let request = statement.request(&REMARK, vec!["provider"], Action::List, fenced);
            let expanded = expand(statement.checked, &REMARK, &request).unwrap();
            assert_eq!(
                expanded.text.as_str(),
                format!(
                    "SELECT created_at, CAST(1 AS BIGINT) AS reach, remarks.id AS reach_id, remarks.version AS reach_version, \
                     (SELECT r1.patient_id FROM {notes} r1 WHERE r1.id = remarks.note_id) AS reach_subject \
                     FROM remarks WHERE (remarks.organisation_id = $1 AND \
                     ((EXISTS (SELECT 1 FROM {notes} r1 WHERE r1.id = remarks.note_id AND r1.author_id = $2))))"
                )
            );
        }
    }

    /// CF-9, CF-10: who writes, when, which version and the lock are in the statement, whatever the slice says.
    #[test]
    fn a_write_says_who_and_holds_the_lock() {
        let update =
            tenant!("UPDATE notes SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
        assert_eq!(
            text(update.field("phone", "1"), "provider", Action::Update).unwrap().0,
            "UPDATE notes SET phone = $1, phone_index = $2, version = version + 1, updated_at = $3, updated_by_id = $4 \
             WHERE id = $5 AND version = $6 AND ((notes.organisation_id = $7 AND ((notes.author_id = $4))) \
             AND NOT (notes.status = 'signed'))"
        );
        let insert = tenant!("INSERT INTO notes ({fields}) VALUES ({values})").field("pain", 3i64);
        assert_eq!(
            text(insert, "provider", Action::Create).unwrap().0,
            "INSERT INTO notes (id, organisation_id, version, created_at, created_by_id, updated_at, updated_by_id, \
             reference, pain) VALUES ($1, $2, 1, $3, $4, $3, $4, $5, $6)"
        );
    }

    /// A field that a filter, an order or a measure reads counts only where it may be seen.
    #[test]
    fn what_decides_about_rows_must_be_visible() {
        let hidden = "AND FALSE)";
        let asked =
            || tenant!("SELECT status, {reach} FROM notes WHERE {visible} AND {filters} ORDER BY {order}");
        let cases = [
            (tenant!("SELECT status, {reach} FROM notes WHERE {visible} AND pain > 3"), true),
            (tenant!("SELECT status, {reach} FROM notes WHERE {visible} AND notes.PAIN > 3"), true),
            (tenant!("SELECT status, {reach} FROM notes WHERE {visible} ORDER BY pain"), true),
            (
                tenant!("SELECT status, {reach} FROM notes WHERE {visible} AND phone_index = $1")
                    .bind(vec![1u8]),
                true,
            ),
            (tenant!("SELECT avg(pain) AS mean FROM notes WHERE {visible}"), true),
            (tenant!("SELECT status, {reach} FROM notes WHERE {visible} ORDER BY updated_at"), true),
            (tenant!("SELECT status, {reach} FROM notes WHERE {visible} ORDER BY status, created_at"), false),
            (tenant!("SELECT pain, {reach} FROM notes WHERE {visible} AND status = 'pain'"), false),
            (asked().filter("pain > {}", Some(3i64)).order("id"), true),
            (asked().filter("status = {}", Some("x")).order("pain DESC"), true),
            (asked().filter("pain > {}", None::<i64>).order("status"), false),
        ];
        for (statement, narrowed) in cases {
            let (text, _) = text(statement, "clerk", Action::List).unwrap();
            assert_eq!(text.contains(hidden), narrowed, "{text}");
        }
    }

    /// A filter cannot talk around the policy.
    #[test]
    fn filters_and_orders_keep_the_rules() {
        let refused = [
            ("pain = {}) OR (1 = 1", "id"),
            ("pain = {} OR {visible}", "id"),
            ("pain = {}; DELETE FROM notes", "id"),
            ("pain = {} -- ", "id"),
            ("pain = (SELECT 1)", "id"),
            ("pain = {}", "pain) OR (1 = 1"),
            ("pain = {}", "id UNION SELECT 1"),
            ("pain = $1", "id"),
            ("pain = :person", "id"),
        ];
        for (filter, order) in refused {
            let statement =
                tenant!("SELECT status, {reach} FROM notes WHERE {visible} AND {filters} ORDER BY {order}");
            let statement = statement.filter(filter, Some(1i64)).order(order);
            assert!(text(statement, "provider", Action::List).is_err(), "{filter} {order}");
        }
        let statement =
            tenant!("SELECT status, {reach} FROM notes WHERE {visible} AND {filters} ORDER BY {order}");
        let statement =
            statement.filter("pain > {} OR pain IS NULL", Some(1i64)).filter("status = {}", Some("x"));
        let (text, _) = text(statement.order("pain DESC, notes.id"), "provider", Action::List).unwrap();
        assert!(
            text.ends_with("AND (pain > $3 OR pain IS NULL) AND (status = $4) ORDER BY pain DESC, notes.id"),
            "{text}"
        );
    }
}
