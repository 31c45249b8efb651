//! What people write here lies sealed, bound to its row: a name, a contact, words about an incident.

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::access::{Context, Error};
use crate::crypto::{Binding, Purpose, Sealed};
use crate::identity::REASON;
use crate::slice::Result;
use crate::web::Problem;

/// A column of this part: a place that no entity of an app has.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(super) enum Column {
    Signature = 1,
    Contact = 2,
    Title = 3,
    Words = 4,
    Findings = 5,
    EmergencyFinding = 6,
    /// Sealed by whoever looks, before this part knows of it.
    Reason = 7,
}

impl Column {
    const fn place(self) -> (u32, u32) {
        match self {
            Self::Reason => REASON,
            other => (COMPLIANCE, other as u32),
        }
    }
}

/// Where they are sealed; the library's own tables count down from `u32::MAX`.
const COMPLIANCE: u32 = u32::MAX - 40;

/// Each column as an archive knows it: table, column, and the place that its values are sealed to.
pub(crate) const SEALED: [(&str, &str, (u32, u32)); 7] = [
    ("document_acceptances", "signature", (COMPLIANCE, Column::Signature as u32)),
    ("compliance_officers", "contact", (COMPLIANCE, Column::Contact as u32)),
    ("incidents", "title", (COMPLIANCE, Column::Title as u32)),
    ("compliance_entries", "words", (COMPLIANCE, Column::Words as u32)),
    ("compliance_reviews", "findings", (COMPLIANCE, Column::Findings as u32)),
    ("emergency_accesses", "finding", Column::EmergencyFinding.place()),
    ("emergency_accesses", "reason", Column::Reason.place()),
];

/// Seals a text into a column of a row of the context's organisation.
pub(super) async fn seal(context: &Context, column: Column, row: Uuid, text: &str) -> Result<Vec<u8>> {
    let organisation = context.principal.organisation().uuid();
    let ring = context.keys.ring(organisation).await.map_err(Error::from)?;
    let place = place(context.keys.environment(), organisation, column, row);
    Ok(ring.seal(Purpose::Field, &place, text.as_bytes()).map_err(Error::from)?.into_bytes())
}

/// Opens it again.
pub(super) async fn open(context: &Context, column: Column, row: Uuid, sealed: Vec<u8>) -> Result<String> {
    let organisation = context.principal.organisation().uuid();
    opened(&context.keys, organisation, column, row, sealed).await
}

/// The same for whoever is not signed in: for the officers, whose contacts are public.
pub(super) async fn opened(
    keys: &crate::crypto::Keys,
    organisation: Uuid,
    column: Column,
    row: Uuid,
    sealed: Vec<u8>,
) -> Result<String> {
    let ring = keys.ring(organisation).await.map_err(Error::from)?;
    let place = place(keys.environment(), organisation, column, row);
    let plain: Zeroizing<Vec<u8>> =
        ring.open(Purpose::Field, &place, &Sealed::from_bytes(sealed)).map_err(Error::from)?;
    let text = std::str::from_utf8(&plain).map_err(|_| Problem::internal("sealed text"))?;
    Ok(text.to_owned())
}

fn place(environment: Uuid, organisation: Uuid, column: Column, row: Uuid) -> Binding {
    let (entity, field) = column.place();
    Binding { environment, organisation, entity, field, row }
}
