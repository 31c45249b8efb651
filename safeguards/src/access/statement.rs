//! A statement on a tenant table, from its literal to its rows.

use super::checked::Checked;
use super::context::Context;
use super::descriptor::{Action, Entity, Kind, Storage};
use super::error::{Error, Result};
use super::expand::{Expanded, Request, Slot, expanded, wrong};
use crate::crypto::KeyRing;
use crate::store::{self, Transaction, Value};
use std::sync::Arc;
use time::OffsetDateTime;
use uuid::Uuid;

/// Begins a statement on a tenant table. The literal is checked while the app is compiled: without the policy slot, in
/// the one place where it binds, it does not build.
///
/// ```compile_fail
/// safeguards::tenant!("SELECT id FROM patients WHERE id = $1");
/// ```
/// ```compile_fail
/// safeguards::tenant!("SELECT id FROM patients WHERE {visible} OR id = $1");
/// ```
/// ```
/// let statement = safeguards::tenant!("SELECT id, {reach} FROM patients WHERE id = $1 AND {visible}");
/// ```
#[macro_export]
macro_rules! tenant {
    ($text:expr) => {{
        const CHECKED: $crate::access::Checked = $crate::access::Checked::new($text);
        $crate::access::Statement::new(CHECKED)
    }};
}

/// A statement on a tenant table, its values, and what else it takes to run it. Made by [`tenant!`](crate::tenant).
#[derive(Debug)]
#[must_use = "a statement does nothing until it is shown, listed, counted or written"]
pub struct Statement {
    pub(super) checked: Checked,
    pub(super) values: Vec<Bound>,
    pub(super) using: Vec<&'static str>,
    pub(super) beside: Vec<&'static str>,
    pub(super) among: Vec<Uuid>,
    pub(super) filters: Vec<(&'static str, Bound)>,
    pub(super) order: Option<&'static str>,
    pub(super) fields: Vec<(&'static str, Value)>,
    pub(super) also: Vec<store::Statement>,
    pub(super) fill: Option<Box<Fill>>,
    pub(super) before: Option<Box<Fill>>,
    pub(super) recipient: Option<String>,
    pub(super) basis: Option<String>,
}

/// A change of another record that belongs to the same write: what the answers of a form also say of whom they are about.
#[derive(Debug)]
pub struct Fill {
    pub(super) statement: Statement,
    pub(super) entity: &'static Entity,
    pub(super) id: Uuid,
    pub(super) version: i64,
}

impl Fill {
    /// An `UPDATE` of the record that has this id and version.
    pub fn new(statement: Statement, entity: &'static Entity, id: Uuid, version: i64) -> Self {
        Self { statement, entity, id, version }
    }
}

/// A bound value: as it is, or to be looked up by its blind index.
#[derive(Debug)]
pub(super) enum Bound {
    Value(Value),
    Lookup(&'static str, Value),
}

impl Bound {
    /// The value to bind. What cannot be looked up is found nowhere: no index is one byte long.
    fn value(&self, entity: &Entity, ring: &KeyRing) -> Result<Value> {
        match self {
            Self::Value(value) => Ok(value.clone()),
            Self::Lookup(field, value) => {
                Ok(index_of(entity, field, value, ring)?.unwrap_or_else(|| Value::from(vec![0u8])))
            }
        }
    }
}

impl Statement {
    /// Used by [`tenant!`](crate::tenant).
    pub fn new(checked: Checked) -> Self {
        Self {
            checked,
            values: Vec::new(),
            using: Vec::new(),
            beside: Vec::new(),
            among: Vec::new(),
            filters: Vec::new(),
            order: None,
            fields: Vec::new(),
            also: Vec::new(),
            fill: None,
            before: None,
            recipient: None,
            basis: None,
        }
    }

    /// Binds the next `$n`.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(Bound::Value(value.into()));
        self
    }

    /// Binds the next `$n` to the blind index of a value of this field: `WHERE phone_index = $1`. A value that is none of
    /// the field's kind is found nowhere; NULL stays NULL.
    pub fn lookup(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.values.push(Bound::Lookup(field, value.into()));
        self.using.push(field);
        self
    }

    /// Fields that decide which rows come, or in which order, and that the statement's own words do not show: only
    /// rows where all of them may be seen are counted in.
    pub fn using(mut self, fields: &[&'static str]) -> Self {
        self.using.extend(fields);
        self
    }

    /// Tables without a policy of their own that the statement may join or ask: assignments, memberships, people's names.
    /// Never name another entity's table here.
    pub fn beside(mut self, tables: &[&'static str]) -> Self {
        self.beside.extend(tables);
        self
    }

    /// The ids that the slot `{among}` stands for; none of them means no rows.
    pub fn among(mut self, ids: impl IntoIterator<Item = Uuid>) -> Self {
        self.among.extend(ids);
        self
    }

    /// One more condition in the slot `{filters}`, if there is a value for its `{}`. A condition that is not asked for
    /// is not in the statement: it costs no index, and hides no row from who may not see its field.
    pub fn filter(mut self, condition: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.filters.push((condition, Bound::Value(value.into())));
        }
        self
    }

    /// One more condition in the slot `{filters}`, whose `{}` is the blind index of a value of this field.
    pub fn filter_lookup(
        mut self,
        condition: &'static str,
        field: &'static str,
        value: Option<impl Into<Value>>,
    ) -> Self {
        if let Some(value) = value {
            self.filters.push((condition, Bound::Lookup(field, value.into())));
            self.using.push(field);
        }
        self
    }

    /// What the slot `{order}` stands for, such as `taken_at DESC`.
    pub fn order(mut self, order: &'static str) -> Self {
        self.order = Some(order);
        self
    }

    /// Writes a field, by its name: sealed and indexed as the descriptor says.
    pub fn field(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Writes a field if it was sent. `Some(None)` empties it, `None` leaves it as it is.
    pub fn field_if(self, name: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// A statement on a table without a policy that belongs to the same change, such as an assignment. It runs after the
    /// write, in the same transaction, before the new row is judged.
    pub fn also(mut self, statement: store::Statement) -> Self {
        self.also.push(statement);
        self
    }

    /// Another record that the same write changes, by a grant of its own: `Action::Move("fill")`. It is done in the same
    /// transaction and has its own event; a fill that sets no field does nothing.
    pub fn also_fill(mut self, fill: Fill) -> Self {
        self.fill = (!fill.statement.fields.is_empty()).then(|| Box::new(fill));
        self
    }

    /// A change of the same record that comes first, by the grants to update it: it is done in the same transaction and has
    /// its own event, so that a step and what belongs to it are written together or not at all. The version that this
    /// statement names is then the one after that change.
    pub fn after(mut self, change: Fill) -> Self {
        self.before = Some(Box::new(change));
        self
    }

    /// To whom it is disclosed, for the audit log (45 CFR 164.528).
    pub fn to(mut self, recipient: impl Into<String>) -> Self {
        self.recipient = Some(recipient.into());
        self
    }

    /// On what basis it is disclosed, for the audit log.
    pub fn on_basis(mut self, basis: impl Into<String>) -> Self {
        self.basis = Some(basis.into());
        self
    }

    /// Whether the statement follows the rules for this entity and action, for every role: what a generated test asks of
    /// each statement.
    pub fn check(&self, entity: &'static Entity, action: Action) -> Result<()> {
        let mut roles: Vec<_> = entity.grants.iter().map(|grant| grant.role).collect();
        roles.sort_unstable();
        roles.dedup();
        let expanded = expanded(self.checked, entity, self.request(entity, roles, action, false))?;
        if expanded.own != self.values.len() {
            return Err(wrong(&format!(
                "it has {} parameters, and {} are bound",
                expanded.own,
                self.values.len()
            )));
        }
        Ok(())
    }

    pub(super) fn request(
        &self,
        entity: &'static Entity,
        roles: Vec<&'static str>,
        action: Action,
        fenced: bool,
    ) -> Request {
        Request {
            text: self.checked.text(),
            entity: std::ptr::from_ref(entity).addr(),
            roles,
            action,
            using: self.using.clone(),
            fields: self.fields.iter().map(|(name, _)| *name).collect(),
            beside: self.beside.clone(),
            filters: self.filters.iter().map(|(condition, _)| *condition).collect(),
            order: self.order,
            fenced,
            // Padded to a power of two, so that lists of any length share a few texts.
            among: if self.among.is_empty() { 0 } else { self.among.len().next_power_of_two() },
        }
    }

    pub(super) fn expanded(
        &self,
        context: &Context,
        entity: &'static Entity,
        action: Action,
    ) -> Result<Arc<Expanded>> {
        let request =
            self.request(entity, context.roles(entity, action), action, context.store.is_postgres());
        let expanded = expanded(self.checked, entity, request)?;
        if expanded.own != self.values.len() {
            return Err(wrong(&format!(
                "it has {} parameters, and {} are bound",
                expanded.own,
                self.values.len()
            )));
        }
        Ok(expanded)
    }

    /// The statement's own values, then those of the slots.
    pub(super) fn filled(
        &self,
        entity: &Entity,
        expanded: &Expanded,
        ring: &KeyRing,
        given: &Given,
    ) -> Result<store::Statement> {
        let mut values = Vec::with_capacity(expanded.own + expanded.slots.len());
        for bound in &self.values {
            values.push(bound.value(entity, ring)?);
        }
        let slots = given.values(&expanded.slots, &self.among);
        for (slot, value) in expanded.slots.iter().zip(slots) {
            values.push(match slot {
                Slot::Filter(position) => self.filters[*position].1.value(entity, ring)?,
                _ => value,
            });
        }
        Ok(store::Statement::composed(expanded.text.clone(), values))
    }
}

/// What the slots stand for in one execution.
pub(super) struct Given {
    pub(super) person: Uuid,
    pub(super) organisation: Uuid,
    pub(super) now: OffsetDateTime,
    pub(super) id: Uuid,
    pub(super) version: i64,
    pub(super) reference: Option<String>,
    /// As they are stored: sealed where they are sealed, with their blind indexes.
    pub(super) fields: Vec<(Value, Value)>,
}

impl Given {
    /// What a read gives.
    pub(super) fn of(context: &Context) -> Self {
        Self {
            person: context.principal.person().uuid(),
            organisation: context.principal.organisation().uuid(),
            now: context.clock.now(),
            id: Uuid::nil(),
            version: 0,
            reference: None,
            fields: Vec::new(),
        }
    }

    pub(super) fn values(&self, slots: &[Slot], among: &[Uuid]) -> Vec<Value> {
        let value = |slot: &Slot| match *slot {
            Slot::Person => Value::from(self.person),
            Slot::Organisation => Value::from(self.organisation),
            Slot::Now => Value::from(self.now),
            Slot::Id => Value::from(self.id),
            Slot::Version => Value::from(self.version),
            Slot::Reference => Value::from(self.reference.clone()),
            Slot::Among(position) => Value::from(among[position.min(among.len() - 1)]),
            // The statement has it, and puts it in.
            Slot::Filter(_) => Value::Null(store::Kind::Text),
            Slot::Field(position) => self.fields[position].0.clone(),
            Slot::Index(position) => self.fields[position].1.clone(),
        };
        slots.iter().map(value).collect()
    }
}

/// The blind index of a value of a field; a NULL of NULL, nothing of a value that is none of the field's kind.
pub(super) fn index_of(
    entity: &Entity,
    field: &'static str,
    value: &Value,
    ring: &KeyRing,
) -> Result<Option<Value>> {
    let declared = entity.field(field).ok_or_else(|| wrong(&format!("{field} is not declared")))?;
    let (Storage::Sealed { lookup: Some(_) }, Some(normal)) = (declared.storage, declared.kind.normal())
    else {
        return Err(wrong(&format!("{field} has no blind index")));
    };
    match value {
        Value::Null(_) => Ok(Some(Value::Null(store::Kind::Bytes))),
        Value::Text(text) => match normal.apply(text) {
            Some(normal) => {
                Ok(Some(Value::from(&ring.blind_index(entity.id, declared.id, &normal)?.as_bytes()[..])))
            }
            None => Ok(None),
        },
        _ => Err(wrong(&format!("{field} is looked up by text"))),
    }
}

/// Whether a value is one of the field's kind; a NULL of any kind is taken for a NULL of the field's.
pub(super) fn fits(kind: Kind, value: Value) -> Option<Value> {
    match value {
        Value::Null(_) => Some(Value::Null(kind.stored())),
        // A whole number is a decimal number, too.
        Value::Integer(number) if kind == Kind::Decimal => Some(Value::Decimal(number.into())),
        value => (value.kind() == kind.stored()).then_some(value),
    }
}

/// Begins a transaction in which PostgreSQL knows who acts.
pub(crate) async fn begin(context: &Context, action: Action) -> Result<Transaction, Error> {
    Ok(context.store.begin_as(&context.policy(action)).await?)
}
