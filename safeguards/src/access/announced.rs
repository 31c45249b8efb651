//! Who may hear that a row has changed: whoever could view or list it now, by the policy of every other read, and only if
//! something that was written is shown to them. To hear that a hidden row or a hidden field has changed would be to infer
//! what may not be read (CL-1).
//!
//! It is no read, so it is no event in the audit log: of the row nothing is taken but whether it is in reach, nothing that
//! it says is released, and whoever is told has to ask for it, which is an event. An event here would say of everybody who
//! has a list open that they looked at each record that was written meanwhile, and bury the looks that there were.

use uuid::Uuid;

use super::context::Context;
use super::descriptor::{Action, Entity};
use super::error::Result;
use super::expand::Composer;
use super::policy::{Policy, Reach, Row};
use super::read::fetch;
use super::statement::Given;
use crate::store::{ChangedRow, Statement, Text, Value};

/// What somebody may hear of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Announced {
    /// The patient whom the row is about, where the row shows that to them.
    pub(crate) about: Option<Uuid>,
}

impl Context {
    /// What the principal may hear of a change; none if nothing. Of another organisation nobody hears anything.
    ///
    /// # Errors
    /// The database cannot be asked; then nobody is told.
    pub(crate) async fn may_hear_of(
        &self,
        entity: &'static Entity,
        changed: &ChangedRow,
    ) -> Result<Option<Announced>> {
        if changed.organisation != self.principal.organisation().uuid() {
            return Ok(None);
        }
        for action in [Action::View, Action::List] {
            let policy = Policy::of(entity, &self.roles(entity, action), action);
            if policy.is_empty() {
                continue;
            }
            let (statement, reach) = self.asking(entity, &policy, changed.id)?;
            for row in fetch(self, statement, action).await? {
                let bits = row.integer("reach")?;
                let shows = |field: &str| reach.shows(entity, bits, field);
                let written =
                    |id: &u32| entity.fields.iter().any(|field| field.id == *id && shows(field.name));
                if changed.fields.is_empty() || changed.fields.iter().any(written) {
                    let about = row.optional_uuid("reach_subject")?.filter(|_| names_subject(entity, shows));
                    return Ok(Some(Announced { about }));
                }
            }
        }
        Ok(None)
    }

    /// Whether the row is in reach, which of its fields are shown, and whom it is about.
    fn asking(&self, entity: &Entity, policy: &Policy, id: Uuid) -> Result<(Statement, Reach)> {
        let (text, reach) = policy.reach();
        let table = entity.table;
        let mut composer = Composer::after(1, self.store.is_postgres());
        composer.push("SELECT ");
        composer.condition(&text)?;
        composer.push(" AS reach, ");
        composer.subject(entity)?;
        composer.push(&format!(" AS reach_subject FROM {table} WHERE {table}.id = $1 AND "));
        composer.condition(&policy.rows(&[], Row::Before))?;
        let mut values = vec![Value::from(id)];
        values.extend(Given::of(self).values(&composer.slots, &[]));
        Ok((Statement::composed(Text::composed(composer.text), values), reach))
    }
}

/// Whether a row that shows these fields says whom it is about: by itself, or by the field that leads there.
fn names_subject(entity: &Entity, shows: impl Fn(&str) -> bool) -> bool {
    match entity.subject {
        Some("id") => true,
        Some(column) => entity.fields.iter().any(|field| field.column == column && shows(field.name)),
        None => false,
    }
}
