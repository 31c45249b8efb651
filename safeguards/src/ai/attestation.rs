//! Who says that a provider may be called for an organisation, and by which agreement (CF-23; 45 CFR 164.502(e), 164.504(e)).

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::SubProcessor;
use super::register::{begin, finish};
use crate::access::{Context, Error};
use crate::audit::{self, Event};
use crate::slice::Result;
use crate::store::{self, sql};

/// How long one holds; then somebody looks at the agreement again.
pub const LASTS: Duration = Duration::days(365);

/// What was attested.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// Its row.
    pub id: Uuid,
    /// The business associate agreement; none for a server on the app's own machine.
    pub agreement: Option<String>,
    /// The terms under which the provider keeps nothing and learns nothing.
    pub zero_retention: String,
    /// When.
    pub attested_at: OffsetDateTime,
    /// By whom.
    pub attested_by: Uuid,
    /// Until when it holds.
    pub ends_at: OffsetDateTime,
}

impl Attestation {
    /// Whether it has lapsed.
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.ends_at <= now
    }
}

/// The one that stands, lapsed or not: the latest that was not withdrawn.
pub(crate) async fn standing(context: &Context, company: &SubProcessor) -> Result<Option<Attestation>> {
    let mut reading = begin(context).await?;
    let found =
        sql("SELECT id, agreement, zero_retention, attested_at, attested_by_id, ends_at, withdrawn_at
         FROM ai_attestations WHERE organisation_id = $1 AND provider = $2
         ORDER BY attested_at DESC, id DESC LIMIT 1")
        .bind(context.principal.organisation())
        .bind(company.path)
        .fetch_optional(&mut reading)
        .await
        .map_err(Error::from)?;
    reading.rollback().await.map_err(Error::from)?;
    let read = |row: store::Row| {
        let withdrawn = !row.is_null("withdrawn_at")?;
        let attestation = Attestation {
            id: row.uuid("id")?,
            agreement: row.optional_text("agreement")?,
            zero_retention: row.text("zero_retention")?,
            attested_at: row.timestamp("attested_at")?,
            attested_by: row.uuid("attested_by_id")?,
            ends_at: row.timestamp("ends_at")?,
        };
        Ok((!withdrawn).then_some(attestation))
    };
    Ok(found.map(read).transpose().map_err(Error::Store)?.flatten())
}

/// Writes one down, with its event.
pub(super) async fn attest(
    context: &Context,
    company: &SubProcessor,
    agreement: Option<&str>,
    zero_retention: &str,
) -> Result<()> {
    let now = context.clock.now();
    let id = context.ids.next();
    let mut transaction = begin(context).await?;
    sql("INSERT INTO ai_attestations
             (id, organisation_id, provider, agreement, zero_retention, attested_at, attested_by_id, ends_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(id)
    .bind(context.principal.organisation())
    .bind(company.path)
    .bind(agreement)
    .bind(zero_retention)
    .bind(now)
    .bind(context.principal.person())
    .bind(now + LASTS)
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    let event = Event::new(audit::Action::Configure).entity("ai-attestation").record(id).note("attested");
    finish(context, transaction, event).await
}

/// Takes one back: from this moment on the provider is not called for this organisation.
pub(super) async fn withdraw(context: &Context, attestation: &Attestation) -> Result<()> {
    let mut transaction = begin(context).await?;
    sql("UPDATE ai_attestations SET withdrawn_at = $3, withdrawn_by_id = $4
         WHERE id = $1 AND organisation_id = $2 AND withdrawn_at IS NULL")
    .bind(attestation.id)
    .bind(context.principal.organisation())
    .bind(context.clock.now())
    .bind(context.principal.person())
    .execute(&mut transaction)
    .await
    .map_err(Error::from)?;
    let event = Event::new(audit::Action::Configure)
        .entity("ai-attestation")
        .record(attestation.id)
        .note("withdrawn");
    finish(context, transaction, event).await
}
