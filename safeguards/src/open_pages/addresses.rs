//! Which pages are open, and at which address: opened and closed by whoever administers people, each on record.

use time::OffsetDateTime;
use uuid::Uuid;

use super::OpenPage;
use crate::access::{Action, Context, Error, begin};
use crate::audit::{self, Event};
use crate::hexadecimal;
use crate::identity::{OrganisationId, random};
use crate::slice::{Result, Viewer};
use crate::store::{Row, Store, sql};
use crate::web::Problem;

/// The bytes of an address: what cannot be guessed cannot be listed either.
const BYTES: usize = 16;

/// An address, and since when it leads to the page.
#[derive(Clone, Debug)]
pub(super) struct Opened {
    pub(super) address: String,
    pub(super) at: OffsetDateTime,
    pub(super) by: Uuid,
}

/// The organisation and the page that an address leads to now. Closed, unknown and misspelt are the same.
pub(super) async fn leads_to(store: &Store, address: &str) -> Result<Option<(OrganisationId, String)>> {
    let shaped = address.len() == BYTES * 2 && address.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !shaped {
        return Ok(None);
    }
    let row = sql("SELECT p.organisation_id, p.page FROM open_page_addresses p JOIN organisations o ON o.id = p.organisation_id
         WHERE p.address = $1 AND p.closed_at IS NULL AND o.closed_at IS NULL")
    .bind(address.to_owned())
    .fetch_optional(store)
    .await
    .map_err(Error::from)?;
    let read = |row: Row| Ok((OrganisationId::new(row.uuid("organisation_id")?), row.text("page")?));
    Ok(row.map(read).transpose().map_err(Error::Store)?)
}

/// How a page stands in the viewer's organisation.
pub(super) async fn standing(context: &Context, page: &OpenPage) -> Result<Option<Opened>> {
    let row = sql("SELECT address, opened_at, opened_by_id FROM open_page_addresses
         WHERE organisation_id = $1 AND page = $2 AND closed_at IS NULL")
    .bind(context.principal.organisation().uuid())
    .bind(page.name)
    .fetch_optional(&context.store)
    .await
    .map_err(Error::from)?;
    let read = |row: Row| {
        Ok(Opened {
            address: row.text("address")?,
            at: row.timestamp("opened_at")?,
            by: row.uuid("opened_by_id")?,
        })
    };
    Ok(row.map(read).transpose().map_err(Error::Store)?)
}

/// Opens a page at a new address, after a fresh proof; where it is open already, it stays as it is. Says the address.
pub(super) async fn open(viewer: &Viewer, page: &'static OpenPage) -> Result<String> {
    viewer.proved_lately()?;
    if let Some(opened) = standing(viewer, page).await? {
        return Ok(opened.address);
    }
    let bytes = random::<BYTES>().map_err(|_| Problem::unavailable("randomness"))?;
    let address = hexadecimal::written(&bytes);
    let mut transaction = begin(viewer, Action::Update).await?;
    // Of two at once one opens it: the other breaks the index over open ones, and is told to look again.
    sql("INSERT INTO open_page_addresses (address, organisation_id, page, opened_at, opened_by_id) VALUES ($1, $2, $3, $4, $5)")
        .bind(address.clone())
        .bind(viewer.principal.organisation().uuid())
        .bind(page.name)
        .bind(viewer.clock.now())
        .bind(viewer.principal.person().uuid())
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
    on_record(viewer, &mut transaction, "a page is opened to anybody", page).await?;
    transaction.commit().await.map_err(Error::from)?;
    Ok(address)
}

/// Closes a page: from this moment on its address leads nowhere. To close is never more than the viewer may, so it wants no proof.
pub(super) async fn close(viewer: &Viewer, page: &'static OpenPage) -> Result<()> {
    let mut transaction = begin(viewer, Action::Update).await?;
    let closed = sql("UPDATE open_page_addresses SET closed_at = $3, closed_by_id = $4
         WHERE organisation_id = $1 AND page = $2 AND closed_at IS NULL")
    .bind(viewer.principal.organisation().uuid())
    .bind(page.name)
    .bind(viewer.clock.now())
    .bind(viewer.principal.person().uuid())
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    if closed == 0 {
        return Ok(transaction.rollback().await.map_err(Error::from)?);
    }
    on_record(viewer, &mut transaction, "a page is closed", page).await?;
    Ok(transaction.commit().await.map_err(Error::from)?)
}

async fn on_record(
    viewer: &Viewer,
    transaction: &mut crate::store::Transaction,
    what: &'static str,
    page: &'static OpenPage,
) -> Result<()> {
    let event = Event::new(audit::Action::Configure).entity(page.name).note(what);
    Ok(audit::append(transaction, &viewer.circumstances, event).await.map_err(Error::AuditUnavailable)?)
}
