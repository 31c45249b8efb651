//! What access writes into the audit log, and when: a read before it is released, a write in its own transaction.

use super::context::Context;
use super::descriptor::{Action, Entity};
use super::error::{Error, Result};
use crate::audit::{self, Event, Outcome};
use crate::store::{self, ChangedRow, StoreError, Transaction};
use std::collections::BTreeMap;
use tokio::task::JoinSet;
use uuid::Uuid;

/// What of which rows is about to be released.
#[derive(Default)]
pub(super) struct Release {
    /// The rows, each with the person whom it is about.
    pub(super) rows: Vec<(Uuid, Option<Uuid>)>,
    /// Stable ids of the fields that any of them shows.
    pub(super) fields: Vec<u32>,
    pub(super) recipient: Option<String>,
    pub(super) basis: Option<String>,
}

/// Says what is about to be released, and returns when that is durable (CF-7). Rows about several people are as many
/// events, so that each can be given an account of what was disclosed (45 CFR 164.528).
pub(super) async fn released(
    context: &Context,
    entity: &'static Entity,
    action: Action,
    release: Release,
) -> Result<()> {
    let mut subjects: BTreeMap<(Option<Uuid>, Option<Uuid>), Vec<Uuid>> = BTreeMap::new();
    for (row, subject) in &release.rows {
        // CF-3: what is read of somebody for whom the glass is broken is read in an emergency.
        let broken = context.principal.broken().iter().find(|broken| Some(broken.subject) == *subject);
        // A list of patients is about its own rows: one event names them all.
        let about = subject.filter(|subject| subject != row);
        subjects.entry((about, broken.map(|broken| broken.id))).or_default().push(*row);
    }
    if subjects.is_empty() {
        subjects.insert((None, None), Vec::new());
    }
    let mut events = Vec::with_capacity(subjects.len());
    for ((subject, broken), rows) in subjects {
        let mut event = event(entity, action).records(rows).fields(release.fields.iter().copied());
        if let Some(subject) = subject {
            event = event.subject(subject);
        }
        if let Some(recipient) = &release.recipient {
            event = event.recipient(recipient);
        }
        if let Some(basis) = &release.basis {
            event = event.basis(basis);
        }
        if let Some(id) = broken {
            event = event.purpose(audit::Purpose::Emergency);
            event = if release.basis.is_none() { event.basis(&in_emergency(id)) } else { event };
        }
        events.push(event);
    }
    if let [_] = events.as_slice() {
        let event = events.remove(0);
        return context.audit.read(&context.circumstances, event).await.map_err(Error::AuditUnavailable);
    }
    let mut durable = JoinSet::new();
    for event in events {
        let (audit, circumstances) = (context.audit.clone(), context.circumstances.clone());
        // All at once, so that they share a commit.
        durable.spawn(async move { audit.read(&circumstances, event).await });
    }
    while let Some(done) = durable.join_next().await {
        let done = done.map_err(|_| Error::Store(StoreError::Aborted))?;
        done.map_err(Error::AuditUnavailable)?;
    }
    Ok(())
}

/// On which basis somebody reads who has broken the glass: by this the log finds what was opened under it.
pub(crate) fn in_emergency(id: Uuid) -> String {
    format!("emergency access {id}")
}

/// Says that something was refused; of which row, where that is known.
pub(super) async fn denied(
    context: &Context,
    entity: &'static Entity,
    action: Action,
    id: Option<Uuid>,
) -> Result<()> {
    let mut event =
        Event::new(audit::Action::Denied).entity(entity.name).outcome(Outcome::Denied).note(action.name());
    if let Some(id) = id {
        event = event.record(id);
    }
    context.audit.record(&context.circumstances, event).await.map_err(Error::AuditUnavailable)
}

/// A change, as it goes into the log.
pub(super) struct Change {
    pub(super) id: Uuid,
    pub(super) subject: Option<Uuid>,
    pub(super) fields: Vec<u32>,
    /// What was written, sealed.
    pub(super) payload: Vec<u8>,
}

/// Says what was changed, in the transaction that changes it (CF-6). Every write of a tenant row comes by here, so it is here
/// that the change is remembered for whoever has the row on a page; it is told once the transaction is durable (CF-19).
pub(super) async fn written(
    context: &Context,
    transaction: &mut Transaction,
    entity: &'static Entity,
    action: Action,
    change: Change,
) -> Result<()> {
    // Nobody may view what is gone, so of a removal nobody is told.
    if action != Action::Delete {
        let fields = if action == Action::Create { &[] } else { change.fields.as_slice() };
        transaction.changed(store::Change::Row(ChangedRow {
            organisation: context.principal.organisation().uuid(),
            entity: entity.id,
            id: change.id,
            fields: fields.into(),
        }));
    }
    let mut event = event(entity, action).record(change.id).fields(change.fields).payload(change.payload);
    if let Some(subject) = change.subject {
        event = event.subject(subject);
    }
    audit::append(transaction, &context.circumstances, event).await.map_err(Error::AuditUnavailable)
}

fn event(entity: &'static Entity, action: Action) -> Event {
    let event = Event::new(match action {
        Action::View => audit::Action::View,
        Action::List => audit::Action::List,
        Action::Create => audit::Action::Create,
        Action::Update => audit::Action::Update,
        Action::Delete => audit::Action::Delete,
        Action::Print => audit::Action::Print,
        Action::Download => audit::Action::Download,
        Action::Export => audit::Action::Export,
        Action::Move(_) => audit::Action::Move,
    });
    let event = event.entity(entity.name);
    match action {
        Action::Move(name) => event.note(name),
        _ => event,
    }
}
