//! Writing: policy and lock in the statement, the new row judged before the commit, the event in the same transaction.

use super::context::Context;
use super::descriptor::{Action, Entity, Field, Leads, Storage};
use super::error::{Error, Result};
use super::expand::{Composer, Expanded, Slot, wrong};
use super::fence::SCHEMA;
use super::itself::{self, Rule};
use super::policy::{Policy, Row};
use super::read::Opened;
use super::row::Record;
use super::statement::{Fill, Given, Statement, begin, fits, index_of};
use super::trail::{self, Change};
use crate::crypto::{Binding, KeyRing, Purpose, canonical};
use crate::store::{self, StoreError, Text, Transaction, Value};
use std::sync::Arc;
use uuid::Uuid;

/// How often a new reference is drawn when one is taken.
const DRAWS: usize = 8;
/// The field id under which the payload of an audit event is sealed; no field has it.
pub(crate) const PAYLOAD: u32 = 0;

/// By which grant the answers of a form fill fields of whom they are about.
const FILL: Action = Action::Move("fill");

/// One write while it goes on.
pub(super) struct Write<'a> {
    context: &'a Context,
    entity: &'static Entity,
    action: Action,
    ring: Arc<KeyRing>,
    roles: Vec<&'static str>,
    fields: Vec<(&'static Field, Value)>,
}

/// A row that was made, as it is stored, and how to read it.
struct Found {
    expanded: Arc<Expanded>,
    rows: Vec<store::Row>,
}

/// What became of a statement.
enum Outcome {
    /// With the row as it was asked for, if it was and may be viewed.
    Done(Option<Found>),
    /// The database holds an equal row, by this constraint.
    Taken(String),
}

impl Statement {
    /// Makes a row with a new id; says the id. Who made it and when, its organisation, version 1 and its reference are
    /// written by the library.
    pub async fn insert(self, context: &Context, entity: &'static Entity) -> Result<Uuid> {
        let id = context.ids.next();
        self.insert_as(context, entity, id).await
    }

    /// Makes a row with an id that the caller has drawn, because another statement of the same change needs it.
    pub async fn insert_as(self, context: &Context, entity: &'static Entity, id: Uuid) -> Result<Uuid> {
        self.made(context, entity, id, None).await?;
        Ok(id)
    }

    /// Makes a row with this id, and shows it as `found` reads it, if whoever made it may view it. It is shown in the same
    /// transaction and under the same event, which names the fields that were written and those that are shown: an event
    /// of its own for the view would say the same of the same person a second time, and cost a second commit.
    pub async fn insert_shown<R: Record>(
        self,
        context: &Context,
        id: Uuid,
        found: Statement,
    ) -> Result<Option<R>> {
        let Some(Found { expanded, rows }) = self.made(context, R::ENTITY, id, Some(&found)).await? else {
            return Ok(None);
        };
        let opened = Opened { context, entity: R::ENTITY, expanded: &expanded, rows: &rows };
        Ok(opened.read(R::read).await?.pop())
    }

    async fn made(
        &self,
        context: &Context,
        entity: &'static Entity,
        id: Uuid,
        found: Option<&Statement>,
    ) -> Result<Option<Found>> {
        let write = Write::begin(self, context, entity, Action::Create).await?;
        write.permitted(None).await?;
        for _ in 0..DRAWS {
            let reference = entity.reference.map(reference).transpose()?;
            match write.run(self, id, 0, reference, found).await? {
                Outcome::Done(found) => return Ok(found),
                Outcome::Taken(constraint)
                    if entity.reference.is_some() && constraint.contains("reference") => {}
                Outcome::Taken(constraint) => return write.collided(id, &constraint).await,
            }
        }
        Err(Error::Store(StoreError::Busy))
    }

    /// Changes the row that has this id and version, and says its new version. The statement holds the lock's condition,
    /// so that a row that is signed meanwhile stays as it was signed (CF-10).
    pub async fn update(
        self,
        context: &Context,
        entity: &'static Entity,
        action: Action,
        id: Uuid,
        version: i64,
    ) -> Result<i64> {
        let write = Write::begin(&self, context, entity, action).await?;
        write.permitted(Some(id)).await?;
        match write.run(&self, id, version, None, None).await? {
            Outcome::Done(_) => Ok(version + 1),
            Outcome::Taken(constraint) => write.collided(id, &constraint).await,
        }
    }

    /// Removes the row that has this id and version.
    pub async fn delete(
        self,
        context: &Context,
        entity: &'static Entity,
        id: Uuid,
        version: i64,
    ) -> Result<()> {
        let write = Write::begin(&self, context, entity, Action::Delete).await?;
        write.permitted(Some(id)).await?;
        match write.run(&self, id, version, None, None).await? {
            Outcome::Done(_) => Ok(()),
            Outcome::Taken(constraint) => write.collided(id, &constraint).await,
        }
    }
}

impl<'a> Write<'a> {
    async fn begin(
        statement: &Statement,
        context: &'a Context,
        entity: &'static Entity,
        action: Action,
    ) -> Result<Self> {
        let mut fields = Vec::with_capacity(statement.fields.len());
        for (name, value) in &statement.fields {
            let field = entity.field(name).ok_or_else(|| wrong(&format!("{name} is not declared")))?;
            let value = fits(field.kind, value.clone());
            fields.push((
                field,
                value.ok_or(Error::Invalid { field: field.name, reason: "is of another kind" })?,
            ));
        }
        let ring = context.keys.ring(context.principal.organisation().uuid()).await?;
        Ok(Self { context, entity, action, ring, roles: context.roles(entity, action), fields })
    }

    /// Refuses what no grant could ever allow, whatever the row: the answer is the same for every row and tells nothing.
    async fn permitted(&self, id: Option<Uuid>) -> Result<()> {
        let policy = self.policy(self.action);
        if !policy.is_empty() && self.fields.iter().all(|(field, _)| policy.may_ever(field.name)) {
            return Ok(());
        }
        self.refused(id, Error::Forbidden).await
    }

    /// One attempt, in one transaction.
    async fn run(
        &self,
        statement: &Statement,
        id: Uuid,
        version: i64,
        reference: Option<String>,
        found: Option<&Statement>,
    ) -> Result<Outcome> {
        let expanded = statement.expanded(self.context, self.entity, self.action)?;
        let fields = self.stored(id)?;
        let given = Given { id, version, reference, fields, ..Given::of(self.context) };
        let prepared = statement.filled(self.entity, &expanded, &self.ring, &given)?;
        let mut transaction = begin(self.context, self.action).await?;
        if !self.leads_inside(&mut transaction, id).await? {
            transaction.rollback().await?;
            return self.refused(Some(id), Error::Forbidden).await;
        }
        if let Err(error) = self.unique(&mut transaction, &given).await {
            transaction.rollback().await?;
            return Err(error);
        }
        if let Some(change) = &statement.before {
            if let Some(refusal) = self.along(&mut transaction, change, Action::Update).await? {
                transaction.rollback().await?;
                return self.refused(Some(id), refusal).await;
            }
            transaction.act(self.action.name()).await?;
        }
        let subject = match self.action {
            Action::Delete => self.subject(&mut transaction, id).await?,
            _ => None,
        };
        match prepared.execute(&mut transaction).await {
            Ok(0) => {
                let reason = self.diagnose(&mut transaction, &given).await?;
                transaction.rollback().await?;
                return self.refused(Some(id), reason).await;
            }
            Ok(1) => {}
            Ok(_) => return Err(wrong("it changes several rows")),
            Err(StoreError::Unique { constraint }) => {
                return self.booked(&constraint).map_or(Ok(Outcome::Taken(constraint)), Err);
            }
            Err(error) => {
                if let StoreError::Check { constraint } = &error
                    && let Some(booked) = self.booked(constraint)
                {
                    return Err(booked);
                }
                // The denial is written by the same writer that this transaction holds.
                drop(transaction);
                return self.refused(Some(id), error.into()).await;
            }
        }
        for also in &statement.also {
            also.clone().execute(&mut transaction).await?;
        }
        let subject = match self.action {
            Action::Delete => subject,
            _ => {
                if let Some(refusal) = self.judge(&mut transaction, &given).await? {
                    transaction.rollback().await?;
                    return self.refused(Some(id), refusal).await;
                }
                self.subject(&mut transaction, id).await?
            }
        };
        let mut fields = self.ids();
        let found = match found {
            Some(statement) => self.find(&mut transaction, statement, &mut fields).await?,
            None => None,
        };
        let change = Change { id, subject, fields, payload: self.payload(id)? };
        trail::written(self.context, &mut transaction, self.entity, self.action, change).await?;
        if let Some(fill) = &statement.fill
            && let Some(refusal) = self.along(&mut transaction, fill, FILL).await?
        {
            transaction.rollback().await?;
            return self.refused(Some(id), refusal).await;
        }
        self.rules(&mut transaction, id).await?;
        if let Some(fill) = &statement.fill {
            let filled = Write::begin(&fill.statement, self.context, fill.entity, FILL).await?;
            filled.rules(&mut transaction, fill.id).await?;
        }
        transaction.commit().await?;
        Ok(Outcome::Done(found))
    }

    /// The new row as its maker may view it. Adds the fields that it shows to those that were written.
    async fn find(
        &self,
        transaction: &mut Transaction,
        statement: &Statement,
        fields: &mut Vec<u32>,
    ) -> Result<Option<Found>> {
        let expanded = statement.expanded(self.context, self.entity, Action::View)?;
        if !expanded.reaches {
            return Err(wrong("what shows rows selects {reach}"));
        }
        let given = Given::of(self.context);
        let statement = statement.filled(self.entity, &expanded, &self.ring, &given)?;
        let rows = statement.fetch_all(transaction).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let opened = Opened { context: self.context, entity: self.entity, expanded: &expanded, rows: &rows };
        let shown = opened.release(None, None)?.fields;
        fields.extend(shown);
        fields.sort_unstable();
        fields.dedup();
        Ok(Some(Found { expanded, rows }))
    }

    /// Changes another record of the same transaction, or this one beforehand; says why, if it may not.
    async fn along(
        &self,
        transaction: &mut Transaction,
        fill: &Fill,
        action: Action,
    ) -> Result<Option<Error>> {
        let write = Write::begin(&fill.statement, self.context, fill.entity, action).await?;
        let policy = write.policy(action);
        if policy.is_empty() || !write.fields.iter().all(|(field, _)| policy.may_ever(field.name)) {
            return Ok(Some(Error::Forbidden));
        }
        transaction.act(action.name()).await?;
        let expanded = fill.statement.expanded(self.context, fill.entity, action)?;
        let (id, version) = (fill.id, fill.version);
        let given = Given { id, version, fields: write.stored(id)?, ..Given::of(self.context) };
        let prepared = fill.statement.filled(fill.entity, &expanded, &write.ring, &given)?;
        if !write.leads_inside(transaction, id).await? {
            return Ok(Some(Error::Forbidden));
        }
        if let Err(taken) = write.unique(transaction, &given).await {
            return Ok(Some(taken));
        }
        match prepared.execute(&mut *transaction).await {
            Ok(1) => {}
            Ok(_) => return Ok(Some(write.diagnose(transaction, &given).await?)),
            Err(error) => return Ok(Some(error.into())),
        }
        if let Some(refusal) = write.judge(transaction, &given).await? {
            return Ok(Some(refusal));
        }
        let subject = write.subject(transaction, id).await?;
        let change = Change { id, subject, fields: write.ids(), payload: write.payload(id)? };
        trail::written(self.context, transaction, fill.entity, action, change).await?;
        Ok(None)
    }

    /// Has the rules judged that read what was written, in the transaction that writes it. What follows is done by the app
    /// itself: whoever wrote need not be allowed any of it.
    async fn rules(&self, transaction: &mut Transaction, id: Uuid) -> Result<()> {
        let written = |name: &&str| self.fields.iter().any(|(field, _)| field.name == *name);
        let made = self.action == Action::Create;
        let asked = |rule: &&Rule| made || rule.reads.iter().any(&written);
        if self.action == Action::Delete || !self.entity.rules.iter().any(|rule| asked(&rule)) {
            return Ok(());
        }
        let itself = self.context.itself();
        for rule in self.entity.rules.iter().filter(asked) {
            itself::judge(&itself, transaction, self.entity, rule, id).await?;
        }
        Ok(())
    }

    /// Writes inside of a transaction that goes on, with its event; tells how many rows. For what the app does by itself,
    /// whose grants are over whole tables: nothing is left to judge.
    pub(super) async fn within(
        statement: &Statement,
        itself: &Context,
        transaction: &mut Transaction,
        (entity, action): (&'static Entity, Action),
        (id, version): (Uuid, i64),
    ) -> Result<u64> {
        let write = Write::begin(statement, itself, entity, action).await?;
        transaction.act_as(&itself.policy(action)).await?;
        let expanded = statement.expanded(itself, entity, action)?;
        let given = Given { id, version, fields: write.stored(id)?, ..Given::of(itself) };
        let prepared = statement.filled(entity, &expanded, &write.ring, &given)?;
        let rows = prepared.execute(&mut *transaction).await?;
        if rows > 0 {
            let subject = write.subject(transaction, id).await?;
            let change = Change { id, subject, fields: write.ids(), payload: write.payload(id)? };
            trail::written(itself, transaction, entity, action, change).await?;
        }
        Ok(rows)
    }

    /// Each written field as it is stored, with its blind index.
    fn stored(&self, id: Uuid) -> Result<Vec<(Value, Value)>> {
        let mut stored = Vec::with_capacity(self.fields.len());
        for (field, value) in &self.fields {
            let Storage::Sealed { lookup } = field.storage else {
                stored.push((value.clone(), Value::Null(store::Kind::Bytes)));
                continue;
            };
            let sealed = match canonical(value) {
                Some(plain) => {
                    let sealed = self.ring.seal(Purpose::Field, &self.binding(field.id, id), &plain)?;
                    Value::from(sealed.into_bytes())
                }
                None => Value::Null(store::Kind::Bytes),
            };
            let index = match lookup {
                Some(_) => index_of(self.entity, field.name, value, &self.ring)?.ok_or(Error::Invalid {
                    field: field.name,
                    reason: "is not in a form that can be looked up",
                })?,
                None => Value::Null(store::Kind::Bytes),
            };
            stored.push((sealed, index));
        }
        Ok(stored)
    }

    /// Whether every record and person that this write links to is of the principal's organisation. What lies in another one
    /// is as if it were nowhere, and what is nowhere gets the answer of what is out of reach. That it exists at all is all that is asked: who may link need not see it.
    ///
    /// A record keeps whom it names when they leave: to write the same person again, as a form does that has all fields, is
    /// no new link. Somebody else must belong here.
    async fn leads_inside(&self, transaction: &mut Transaction, id: Uuid) -> Result<bool> {
        let schema = if self.context.store.is_postgres() { format!("{SCHEMA}.") } else { String::new() };
        for (field, value) in self.fields.iter().filter(|(_, value)| !value.is_null()) {
            let (table, column) = match field.leads {
                None => continue,
                Some(Leads::To(table)) => (table, "id"),
                Some(Leads::ToPerson) => ("memberships", "person_id"),
            };
            let text = format!(
                "SELECT 1 AS one FROM {schema}{table} WHERE organisation_id = $1 AND {column} = $2 LIMIT 1"
            );
            let organisation = self.context.principal.organisation().uuid();
            let asked =
                store::Statement::composed(Text::composed(text), vec![organisation.into(), value.clone()]);
            let inside = asked.fetch_optional(&mut *transaction).await?.is_some();
            let kept = field.leads == Some(Leads::ToPerson) && self.action != Action::Create;
            if !(inside || kept && self.names_already(transaction, id, field, value).await?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether the record holds this value in this field now.
    async fn names_already(
        &self,
        transaction: &mut Transaction,
        id: Uuid,
        field: &Field,
        value: &Value,
    ) -> Result<bool> {
        let (table, column) = (self.entity.table, field.column);
        let text =
            format!("SELECT 1 AS one FROM {table} WHERE organisation_id = $1 AND id = $2 AND {column} = $3");
        let organisation = self.context.principal.organisation().uuid();
        let values = vec![organisation.into(), id.into(), value.clone()];
        let asked = store::Statement::composed(Text::composed(text), values);
        Ok(asked.fetch_optional(transaction).await?.is_some())
    }

    /// Refuses a value that another record has, as far as the principal may view that record. Beyond that, nothing may be
    /// said, and so nothing is checked: who sees both is shown them as possible duplicates.
    async fn unique(&self, transaction: &mut Transaction, given: &Given) -> Result<()> {
        let written = |name: &&str| self.fields.iter().position(|(field, _)| field.name == *name);
        for set in self.entity.unique {
            let Some(positions) = set.iter().map(&written).collect::<Option<Vec<_>>>() else {
                continue;
            };
            if positions.iter().any(|position| self.fields[*position].1.is_null()) {
                continue;
            }
            let composer = self.equals(&positions)?;
            if count(transaction, composer, given).await? > 0 {
                return Err(Error::Invalid { field: set[0], reason: "is that of another record" });
            }
        }
        Ok(())
    }

    /// Why no row was changed, as far as the principal may know.
    async fn diagnose(&self, transaction: &mut Transaction, given: &Given) -> Result<Error> {
        if self.action == Action::Create {
            return Ok(Error::Forbidden);
        }
        let names: Vec<_> = self.fields.iter().map(|(field, _)| field.name).collect();
        let policy = self.policy(self.action);
        let within = policy.rows(&[], Row::Before);
        if !self.matches(transaction, given, &[&within]).await? {
            let viewed = self.policy(Action::View).rows(&[], Row::Before);
            let seen = self.matches(transaction, given, &[&viewed]).await?;
            return Ok(if seen { Error::Forbidden } else { Error::NotFound });
        }
        if !self.matches(transaction, given, &[&policy.rows(&names, Row::Before)]).await? {
            return Ok(Error::Forbidden);
        }
        if let Some(unlocked) = policy.unlocked(&names)
            && !self.matches(transaction, given, &[&within, &unlocked]).await?
        {
            return Ok(Error::Locked);
        }
        Ok(Error::Conflict)
    }

    /// Whether the row that a write leaves behind is one that the principal may leave behind.
    async fn judge(&self, transaction: &mut Transaction, given: &Given) -> Result<Option<Error>> {
        let names: Vec<_> = self.fields.iter().map(|(field, _)| field.name).collect();
        let policy = self.policy(self.action);
        // The statement itself has bound the row to the organisation.
        let allowed = policy.is_every_row(&names, Row::After)
            || self.matches(transaction, given, &[&policy.rows(&names, Row::After)]).await?;
        if !allowed {
            return Ok(Some(Error::Forbidden));
        }
        match policy.unlocked(&names).filter(|_| self.action == Action::Create) {
            Some(unlocked) if !self.matches(transaction, given, &[&unlocked]).await? => {
                Ok(Some(Error::Locked))
            }
            _ => Ok(None),
        }
    }

    async fn matches(
        &self,
        transaction: &mut Transaction,
        given: &Given,
        conditions: &[&str],
    ) -> Result<bool> {
        let mut composer = self.counting();
        composer.push(&format!(" AND {}.id = ", self.entity.table));
        composer.slot(Slot::Id);
        for condition in conditions {
            composer.push(" AND ");
            composer.condition(condition)?;
        }
        Ok(count(transaction, composer, given).await? > 0)
    }

    fn counting(&self) -> Composer {
        let mut composer = Composer::after(0, self.context.store.is_postgres());
        let table = self.entity.table;
        composer.push(&format!("SELECT count(*) AS n FROM {table} WHERE {table}.organisation_id = "));
        composer.slot(Slot::Organisation);
        composer
    }

    async fn subject(&self, transaction: &mut Transaction, id: Uuid) -> Result<Option<Uuid>> {
        let Some(column) = self.entity.subject else { return Ok(None) };
        if column == "id" {
            return Ok(Some(id));
        }
        let mut composer = Composer::after(0, self.context.store.is_postgres());
        let table = self.entity.table;
        composer.push("SELECT ");
        composer.subject(self.entity)?;
        composer.push(&format!(" AS subject FROM {table} WHERE {table}.id = "));
        composer.slot(Slot::Id);
        let given = Given { id, ..Given::of(self.context) };
        let values = given.values(&composer.slots, &[]);
        let row = store::Statement::composed(Text::composed(composer.text), values)
            .fetch_optional(transaction)
            .await?;
        Ok(row.map(|row| row.optional_uuid("subject")).transpose()?.flatten())
    }

    /// The database refused an equal row. If the principal may view that row, it is said which field is taken; if not, the
    /// answer is the one that a row out of reach gets. A constraint is named for its columns, so its name says which
    /// fields to compare.
    async fn collided<T>(&self, id: Uuid, constraint: &str) -> Result<T> {
        let constraint = format!("_{constraint}_");
        let named: Vec<usize> = (0..self.fields.len())
            .filter(|position| constraint.contains(&format!("_{}_", compared(self.fields[*position].0).0)))
            .collect();
        let Some(first) = named.first().map(|position| self.fields[*position].0.name) else {
            return self.refused(Some(id), Error::Forbidden).await;
        };
        let given = Given { id, fields: self.stored(id)?, ..Given::of(self.context) };
        let mut transaction = begin(self.context, Action::View).await?;
        let seen = self.equals(&named)?;
        let seen = count(&mut transaction, seen, &given).await? > 0;
        transaction.rollback().await?;
        if seen {
            return Err(Error::Invalid { field: first, reason: "is that of another record" });
        }
        self.refused(Some(id), Error::Forbidden).await
    }

    /// The field that names what is booked twice: migrations call such a rule `<table>_<column>_taken`.
    fn booked(&self, constraint: &str) -> Option<Error> {
        let rest = constraint.strip_prefix(self.entity.table)?.strip_prefix('_')?;
        let column = rest.strip_suffix("_taken").or_else(|| rest.strip_suffix("_taken_by_then"))?;
        let field = self.entity.fields.iter().find(|field| field.column == column)?;
        Some(Error::Booked { field: field.name, column: field.column })
    }

    /// Counts other rows that the principal may view and that are equal in these fields.
    fn equals(&self, positions: &[usize]) -> Result<Composer> {
        let table = self.entity.table;
        let mut composer = self.counting();
        let mut names = Vec::new();
        for position in positions {
            let field = self.fields[*position].0;
            let (column, sealed) = compared(field);
            composer.push(&format!(" AND {table}.{column} = "));
            composer.slot(if sealed { Slot::Index(*position) } else { Slot::Field(*position) });
            names.push(field.name);
        }
        composer.push(&format!(" AND {table}.id <> "));
        composer.slot(Slot::Id);
        composer.push(" AND ");
        composer.condition(&self.policy(Action::View).rows(&names, Row::Before))?;
        Ok(composer)
    }

    async fn refused<T>(&self, id: Option<Uuid>, error: Error) -> Result<T> {
        if matches!(error, Error::Forbidden | Error::NotFound | Error::Locked) {
            trail::denied(self.context, self.entity, self.action, id).await?;
        }
        Err(error)
    }

    fn policy(&self, action: Action) -> Policy {
        Policy::of(self.entity, &self.roles, action)
    }

    fn ids(&self) -> Vec<u32> {
        self.fields.iter().map(|(field, _)| field.id).collect()
    }

    /// What was written, by field id, sealed for the audit log (CF-6).
    fn payload(&self, id: Uuid) -> Result<Vec<u8>> {
        let mut written = serde_json::Map::new();
        for (field, value) in &self.fields {
            let text = canonical(value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            written.insert(field.id.to_string(), text.into());
        }
        let plain = zeroize::Zeroizing::new(serde_json::Value::Object(written).to_string());
        let sealed = self.ring.seal(Purpose::Audit, &self.binding(PAYLOAD, id), plain.as_bytes())?;
        Ok(sealed.into_bytes())
    }

    fn binding(&self, field: u32, row: Uuid) -> Binding {
        Binding {
            environment: self.context.keys.environment(),
            organisation: self.context.principal.organisation().uuid(),
            entity: self.entity.id,
            field,
            row,
        }
    }
}

/// The column by which two values of a field are compared, and whether it is a blind index.
fn compared(field: &Field) -> (&'static str, bool) {
    match field.storage {
        Storage::Sealed { lookup: Some(index) } => (index, true),
        _ => (field.column, false),
    }
}

async fn count(transaction: &mut Transaction, composer: Composer, given: &Given) -> Result<i64> {
    let values = given.values(&composer.slots, &[]);
    let row =
        store::Statement::composed(Text::composed(composer.text), values).fetch_one(transaction).await?;
    Ok(row.integer("n")?)
}

/// A new pseudonymous reference, such as `PT-7F3A4B`: random, so that it says nothing of whom or when (CL-2).
fn reference(prefix: &'static str) -> Result<String> {
    let mut bytes = [0u8; 3];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| crate::crypto::KeyError::Random)?;
    Ok(format!("{prefix}-{:02X}{:02X}{:02X}", bytes[0], bytes[1], bytes[2]))
}
