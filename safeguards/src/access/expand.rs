//! From a statement with slots to a statement that a database runs.
//!
//! The text depends on the statement, the entity, the principal's roles, the action and the fields that are used or
//! written, never on a value; so it is made once and kept ([`expanded`]). Before it is made, the statement is read
//! word by word: which tables it speaks of, which columns it shows, and which it filters and sorts by.

use super::checked::{Checked, Verb};
use super::descriptor::{Action, Entity, Storage, is_base};
use super::error::{Error, Result};
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
    }
    fields.sort_unstable();
    fields.dedup();
    let mut rows = policy.rows(&fields, Row::Before);
    if let Some(unlocked) = policy.unlocked(&request.fields).filter(|_| verb != Verb::Insert) {
        rows = format!("({rows} AND {unlocked})");
    }
    let own = text::parameters(&words).ok_or_else(|| wrong("a parameter is no number"))?;
    let (reach_text, reach) = policy.reach();
    let mut composer = Composer::after(own);
    for token in text::tokens(text) {
        match (token.kind, token.text) {
            (Kind::Slot, "visible") => composer.condition(&rows)?,
            (Kind::Slot, "reach") => {
                composer.condition(&reach_text)?;
                let (table, subject) = (entity.table, entity.subject.unwrap_or("id"));
                composer.push(&format!(" AS reach, {table}.id AS reach_id, {table}.version AS reach_version, {table}.{subject} AS reach_subject"));
            }
            (Kind::Slot, "fields") => composer.fields(verb, entity, &request.fields),
            (Kind::Slot, "values") => composer.values(entity, &request.fields),
            (Kind::Slot, "among") => composer.among(entity, request.among),
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
    pub(super) slots: Vec<Slot>,
}

impl Composer {
    pub(super) fn after(own: usize) -> Self {
        Self { text: String::new(), own, slots: Vec::new() }
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

    /// A condition of `access.rs`, its context names numbered.
    pub(super) fn condition(&mut self, condition: &str) -> Result<()> {
        for token in text::tokens(condition) {
            match token.kind {
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
