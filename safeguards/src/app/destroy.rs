//! `destroy-organisation`: one covered entity leaves an environment in which others go on (45 CFR
//! 164.504(e)(2)(ii)(J)).
//!
//! Its keys go first, and with them everything that they sealed, wherever a copy of it lies; then its records,
//! and the people who belong to no other organisation. What stays is that there was such an organisation, and its
//! events in the audit log, which are links of a chain that the others stand on. It may be repeated.

use std::sync::Arc;

use uuid::Uuid;

use super::restore::Fences;
use super::services::Foundation;
use super::tables::tables;
use super::{App, AppError};
use crate::audit::{Action, AuditContext, Event, append};
use crate::store::{StoreError, sql};

/// Destroys the organisation, and says what was removed.
pub(super) async fn destroy(
    app: &App,
    foundation: &Foundation,
    organisation: Uuid,
) -> Result<String, AppError> {
    if organisation.is_nil() {
        return Err(AppError::Usage("the environment itself is destroyed by its root key, not by this"));
    }
    let known = sql("SELECT r.held_at FROM organisations o
         LEFT JOIN audit_retention r ON r.organisation_id = o.id WHERE o.id = $1")
    .bind(organisation)
    .fetch_optional(&foundation.store)
    .await?;
    if !known.ok_or(StoreError::NoRow)?.is_null("held_at")? {
        return Err(AppError::Usage("a legal hold stands on this organisation: nothing of it is destroyed"));
    }
    let context = AuditContext::system(Arc::clone(&foundation.clock), organisation, "destroy-organisation");
    // The event comes first: what follows cannot be taken back.
    let mut transaction = foundation.store.begin().await?;
    append(&mut transaction, &context, Event::new(Action::Key).entity("organisation key").note("destroyed"))
        .await?;
    sql("DELETE FROM organisation_keys WHERE organisation_id = $1")
        .bind(organisation)
        .execute(&mut transaction)
        .await?;
    transaction.commit().await?;
    foundation.keys().forget();

    let mut transaction = foundation.store.begin().await?;
    let tables = tables(&mut transaction, app.entities, None).await?;
    let fences = Fences::lower(&mut transaction, &tables).await?;
    let mut removed = 0;
    // Sessions and links that lead into it end with it.
    for statement in [
        "DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE organisation_id = $1)",
        "DELETE FROM sessions WHERE organisation_id = $1",
        "DELETE FROM one_time_links WHERE organisation_id = $1",
    ] {
        sql(statement).bind(organisation).execute(&mut transaction).await?;
    }
    // Who belongs to it alone goes with it.
    removed +=
        sql("DELETE FROM people WHERE id IN (SELECT person_id FROM memberships WHERE organisation_id = $1)
         AND id NOT IN (SELECT person_id FROM memberships WHERE organisation_id <> $1)")
        .bind(organisation)
        .execute(&mut transaction)
        .await?;
    for table in &tables {
        if let Some(remove) = table.remove(organisation) {
            removed += remove.execute(&mut transaction).await?;
        }
    }
    sql("UPDATE organisations SET closed_at = COALESCE(closed_at, $2) WHERE id = $1")
        .bind(organisation)
        .bind(foundation.clock.now())
        .execute(&mut transaction)
        .await?;
    append(
        &mut transaction,
        &context,
        Event::new(Action::Delete).entity("organisation").record(organisation),
    )
    .await?;
    fences.raise(&mut transaction).await?;
    transaction.commit().await?;
    let _busy = app.keeper(foundation).close().await;
    Ok(format!("organisation {organisation} is destroyed: its keys, and {removed} rows"))
}
