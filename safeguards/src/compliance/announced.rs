//! Whom an emergency access is told: whoever it concerns, and whoever answers for the organisation (CF-3). The first page
//! says it until they say that they have seen it.

use axum::response::Response;
use uuid::Uuid;

use super::emergencies::{Emergency, emergencies_where, name_of, read};
use super::{begin, finish};
use crate::access::Error;
use crate::audit::{self, Event};
use crate::identity::EMERGENCY_ACCESS;
use crate::pages::Notice;
use crate::slice::{Result, Viewer, go};
use crate::store::sql;
use crate::web::{Path, Problem};

/// The viewer says that they know; the first page stops telling them.
pub(super) async fn seen(viewer: Viewer, Path(id): Path<Uuid>) -> Result<Response> {
    let mut transaction = begin(&viewer).await?;
    let seen = sql("UPDATE emergency_notices SET seen_at = $4
         WHERE emergency_id = $1 AND organisation_id = $2 AND person_id = $3 AND seen_at IS NULL")
    .bind(id)
    .bind(viewer.principal.organisation())
    .bind(viewer.principal.person())
    .bind(viewer.clock.now())
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    if seen == 0 {
        return Err(Problem::not_found());
    }
    let event = Event::new(audit::Action::Update).entity(EMERGENCY_ACCESS).record(id).note("seen");
    finish(&viewer, transaction, event).await?;
    Ok(go("/"))
}

/// What the viewer was told of and has not seen, the latest first: this one, or any.
pub(super) async fn unseen(viewer: &Viewer, one: Option<Uuid>) -> Result<Option<Emergency>> {
    let row = emergencies_where!(
        "AND ($3 IS NULL OR e.id = $3) AND EXISTS (SELECT 1 FROM emergency_notices n
             WHERE n.emergency_id = e.id AND n.person_id = $2 AND n.seen_at IS NULL)
         ORDER BY e.starts_at DESC, e.id DESC LIMIT 1"
    )
    .bind(viewer.principal.organisation())
    .bind(viewer.principal.person())
    .bind(one)
    .fetch_optional(&viewer.store)
    .await
    .map_err(Error::from)?;
    Ok(row.map(|row| read(&row)).transpose().map_err(Error::Store)?)
}

/// CF-3: what the first page tells of emergency access, until they have seen it.
///
/// # Errors
/// The database cannot be asked.
pub async fn emergencies_to_tell(viewer: &Viewer) -> Result<Vec<Notice>> {
    let Some(one) = unseen(viewer, None).await? else { return Ok(Vec::new()) };
    let names = viewer.people([Some(one.person), one.colleague]).await?;
    let (who, mine) =
        (name_of(&names, Some(one.person)), one.colleague == Some(viewer.principal.person().uuid()));
    let words = match one.colleague {
        Some(_) if mine => format!("{who} looked as you in an emergency"),
        Some(colleague) => format!("{who} looked as {} in an emergency", name_of(&names, Some(colleague))),
        None => format!("{who} broke the glass in an emergency"),
    };
    let when =
        format!("From {} until {}.", viewer.view.moment(one.starts_at), viewer.view.moment(one.ends_at));
    Ok(vec![Notice::warning(words).text(when).link("What was looked at, and why", one.path())])
}
