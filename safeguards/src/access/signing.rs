//! What a signature binds: a record's version, and the fingerprint of what it says (CF-10; 21 CFR 11.70 links a signature
//! to its record so that it cannot be taken to another).

use aws_lc_rs::digest::{SHA256, digest};
use std::collections::BTreeMap;
use std::fmt::Write;
use uuid::Uuid;

use super::context::Context;
use super::descriptor::{Action, Entity, Storage};
use super::error::{Error, Result};
use super::read::fetch;
use crate::crypto::{Binding, Purpose, Sealed, canonical, parse};
use crate::store::{self, Row, Text};

/// The state of a record at a moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Its version.
    pub version: i64,
    /// The SHA-256 of its id and of all that is recorded, in hexadecimal.
    pub digest: String,
}

/// Who knows a fingerprint can try what a record may hold.
impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Fingerprint(version {})", self.version)
    }
}

impl Context {
    /// The fingerprint of a record: of every declared field, opened, in the order of their ids, but for the state of its
    /// lifecycle, which moves on after a signature. Show the record first: this asks no policy, and tells nothing but
    /// whether two states are the same.
    ///
    /// # Errors
    /// There is no such record in the organisation, or a value does not open where it stands.
    pub async fn fingerprint(&self, entity: &'static Entity, record: Uuid) -> Result<Fingerprint> {
        let mut text = String::from("SELECT version");
        for field in entity.fields {
            // Writing to a string cannot fail.
            let _ = write!(text, ", {}", field.column);
        }
        let _ = write!(text, " FROM {} WHERE id = $1 AND organisation_id = $2", entity.table);
        let organisation = self.principal.organisation().uuid();
        let values = vec![record.into(), organisation.into()];
        let found =
            fetch(self, store::Statement::composed(Text::composed(text), values), Action::View).await?;
        let row = found.first().ok_or(Error::NotFound)?;
        let said = self.said(entity, record, row).await?;
        let canonical =
            serde_json::json!({ "entity": entity.id, "record": record, "fields": said }).to_string();
        let digest = digest(&SHA256, canonical.as_bytes());
        Ok(Fingerprint {
            version: row.integer("version")?,
            digest: crate::hexadecimal::written(digest.as_ref()),
        })
    }

    /// What each field says, by its stable id; nothing where it is empty.
    async fn said(&self, entity: &'static Entity, record: Uuid, row: &Row) -> Result<BTreeMap<u32, String>> {
        let organisation = self.principal.organisation().uuid();
        let ring = self.keys.ring(organisation).await?;
        let moving = entity.lock.map_or(&[] as &[&str], |lock| lock.fields);
        let mut said = BTreeMap::new();
        for field in entity.fields.iter().filter(|field| !moving.contains(&field.name)) {
            let kind = field.kind.stored();
            let value = match field.storage {
                Storage::Plain => row.value(field.column, kind)?,
                Storage::Sealed { .. } => {
                    let Some(bytes) = row.optional_bytes(field.column)? else { continue };
                    let place = Binding {
                        environment: self.keys.environment(),
                        organisation,
                        entity: entity.id,
                        field: field.id,
                        row: record,
                    };
                    parse(kind, &ring.open(Purpose::Field, &place, &Sealed::from_bytes(bytes))?)?
                }
            };
            if let Some(plain) = canonical(&value) {
                said.insert(field.id, String::from_utf8_lossy(&plain).into_owned());
            }
        }
        Ok(said)
    }
}
