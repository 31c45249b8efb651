//! What becomes of a proposal: a person applies it or puts it aside, once, and a tombstone stays (CF-11).

use uuid::Uuid;

use super::AiAction;
use super::register::{begin, decided, find, finish};
use super::run::Subject;
use crate::access::{self, Error};
use crate::audit::{self, Event};
use crate::slice::{Result, Viewer};
use crate::store::{self, sql};
use crate::web::Problem;

/// The proof that somebody may apply this proposal, to be written in the transaction that does: see
/// [`crate::access::Statement::of_ai`]. A change without it is a person's own.
pub struct Tombstone(store::Statement);

impl access::Statement {
    /// The same change, which AI proposed: its tombstone is written with it, and a proposal that was decided already
    /// takes the change down with it.
    pub fn of_ai(self, tombstone: Option<Tombstone>) -> Self {
        match tombstone {
            Some(Tombstone(statement)) => self.also(statement),
            None => self,
        }
    }
}

/// The tombstone of a proposal that is applied: to which record, at which version; a new one has had none.
///
/// # Errors
/// 404 where there is no such proposal, or the viewer does not apply it; 409 where it was decided already.
pub async fn tombstone(
    viewer: &Viewer,
    action: &'static AiAction,
    subject: &Subject,
    (run, item): (Uuid, i64),
    (record, version): (Uuid, Option<i64>),
) -> Result<Tombstone> {
    open(viewer, action, subject, run, item).await?;
    Ok(Tombstone(verdict(viewer, (run, item), "applied", (Some(record), version))))
}

/// Puts a proposal aside.
///
/// # Errors
/// As [`tombstone`].
pub async fn discard(
    viewer: &Viewer,
    action: &'static AiAction,
    subject: &Subject,
    (run, item): (Uuid, i64),
) -> Result<()> {
    open(viewer, action, subject, run, item).await?;
    let mut transaction = begin(viewer).await?;
    let written = verdict(viewer, (run, item), "discarded", (None, None)).execute(&mut transaction).await;
    written.map_err(Error::from)?;
    let event = Event::new(audit::Action::Assist).entity(action.on.name).record(subject.id).note("put aside");
    finish(viewer, transaction, event).await
}

/// A proposal that the viewer may decide.
async fn open(
    viewer: &Viewer,
    action: &'static AiAction,
    subject: &Subject,
    run: Uuid,
    item: i64,
) -> Result<()> {
    subject.may(viewer, action)?;
    let invocation = find(viewer, action, subject.id, run).await?;
    if !(0..invocation.items).contains(&item) {
        return Err(Problem::not_found());
    }
    if decided(viewer, run).await?.contains(&item) {
        return Err(Problem::conflict().detail("This proposal was applied or put aside already."));
    }
    Ok(())
}

fn verdict(
    viewer: &Viewer,
    (run, item): (Uuid, i64),
    verdict: &'static str,
    (record, version): (Option<Uuid>, Option<i64>),
) -> store::Statement {
    sql("INSERT INTO ai_applications
             (invocation_id, item, organisation_id, verdict, record_id, version, decided_at, decided_by_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(run)
    .bind(item)
    .bind(viewer.principal.organisation())
    .bind(verdict)
    .bind(record)
    .bind(version)
    .bind(viewer.clock.now())
    .bind(viewer.principal.person())
}
