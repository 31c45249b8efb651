//! What a slice gets to see of a row: masked, and unsealed only where it is shown.

use super::descriptor::{Entity, Storage, is_base};
use super::error::Result;
use super::expand::{Expanded, wrong};
use super::shown::Shown;
use crate::crypto::{Binding, KeyRing, Purpose, Sealed, parse};
use crate::store::{self, Value};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

/// A type that a generated slice reads from rows.
pub trait Record: Sized {
    /// The entity that its rows are of.
    const ENTITY: &'static Entity;

    /// Reads one row. Fields come as [`Shown`], since a mask may hide them.
    fn read(row: &Unsealed<'_>) -> Result<Self>;
}

/// A row as the principal may see it.
pub struct Unsealed<'a> {
    pub(super) row: &'a store::Row,
    pub(super) entity: &'static Entity,
    pub(super) expanded: &'a Expanded,
    pub(super) ring: &'a KeyRing,
    pub(super) environment: Uuid,
    pub(super) organisation: Uuid,
    pub(super) now: OffsetDateTime,
}

impl Unsealed<'_> {
    /// The row's id.
    pub fn id(&self) -> Result<Uuid> {
        Ok(self.row.uuid("reach_id")?)
    }

    /// The moment of reading, for what is computed from it, such as an age.
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// The version that an update must name.
    pub fn version(&self) -> Result<i64> {
        Ok(self.row.integer("reach_version")?)
    }

    /// The pseudonymous reference, such as `PT-7F3A4B`.
    pub fn reference(&self) -> Result<Shown<String>> {
        self.base("reference", store::Kind::Text)
    }

    /// When the row was made.
    pub fn created_at(&self) -> Result<Shown<OffsetDateTime>> {
        self.base("created_at", store::Kind::Timestamp)
    }

    /// When the row was last changed.
    pub fn updated_at(&self) -> Result<Shown<OffsetDateTime>> {
        self.base("updated_at", store::Kind::Timestamp)
    }

    /// Who made the row.
    pub fn created_by_id(&self) -> Result<Shown<Uuid>> {
        self.base("created_by_id", store::Kind::Uuid)
    }

    /// Who changed the row last (CF-9).
    pub fn updated_by_id(&self) -> Result<Shown<Uuid>> {
        self.base("updated_by_id", store::Kind::Uuid)
    }

    /// A declared field by its name, or that it is hidden. The statement must select its column.
    pub fn field<T: FromValue>(&self, name: &'static str) -> Result<Shown<T>> {
        if !self.shows(name)? {
            return Ok(Shown::Hidden);
        }
        let value = self.open(name)?;
        T::from_value(value)
            .map(Shown::Value)
            .ok_or_else(|| wrong(&format!("{name} is read as another kind")))
    }

    /// A column of a table that the statement stands beside, such as the name of a provider.
    pub fn beside<T: FromValue>(&self, column: &'static str) -> Result<T> {
        if is_base(column) || self.entity.fields.iter().any(|field| field.column == column) {
            return Err(wrong(&format!("{column} is a column of {}: read it as a field", self.entity.name)));
        }
        T::from_value(self.row.value(column, T::KIND)?)
            .ok_or_else(|| wrong(&format!("{column} is of another kind")))
    }

    pub(super) fn shows(&self, name: &str) -> Result<bool> {
        Ok(self.expanded.reach.shows(self.entity, self.row.integer("reach")?, name))
    }

    /// The value of a declared field, mask or no mask.
    pub(super) fn open(&self, name: &str) -> Result<Value> {
        let field = self.entity.field(name).ok_or_else(|| wrong(&format!("{name} is not declared")))?;
        let kind = field.kind.stored();
        if field.storage == Storage::Plain {
            return Ok(self.row.value(field.column, kind)?);
        }
        let Some(bytes) = self.row.optional_bytes(field.column)? else { return Ok(Value::Null(kind)) };
        let binding = Binding {
            environment: self.environment,
            organisation: self.organisation,
            entity: self.entity.id,
            field: field.id,
            row: self.id()?,
        };
        let plain = self.ring.open(Purpose::Field, &binding, &Sealed::from_bytes(bytes))?;
        Ok(parse(kind, &plain)?)
    }

    fn base<T: FromValue>(&self, column: &'static str, kind: store::Kind) -> Result<Shown<T>> {
        let selected = self.row.columns().iter().any(|name| name == column);
        if !selected || !self.shows(column)? {
            return Ok(Shown::Hidden);
        }
        let value = T::from_value(self.row.value(column, kind)?);
        value.map(Shown::Value).ok_or_else(|| wrong(&format!("{column} holds NULL")))
    }
}

/// What every record carries: its id and version, and, as far as they were selected and may be seen, its reference, who
/// made it and who changed it last, and when (CF-9).
#[derive(Clone, Debug, Serialize)]
pub struct Written {
    /// Its id.
    pub id: Uuid,
    /// The version that an update must name.
    pub version: i64,
    /// Its pseudonymous reference, such as `PT-7F3A4B`.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub reference: Shown<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Shown::is_hidden", serialize_with = "moment")]
    pub created_at: Shown<OffsetDateTime>,
    /// By whom.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub created_by_id: Shown<Uuid>,
    /// When it was last changed.
    #[serde(skip_serializing_if = "Shown::is_hidden", serialize_with = "moment")]
    pub updated_at: Shown<OffsetDateTime>,
    /// By whom.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub updated_by_id: Shown<Uuid>,
}

impl Written {
    /// Reads them from any row; what the statement does not select counts as hidden.
    pub fn read(row: &Unsealed<'_>) -> Result<Self> {
        Ok(Self {
            id: row.id()?,
            version: row.version()?,
            reference: row.reference()?,
            created_at: row.created_at()?,
            created_by_id: row.created_by_id()?,
            updated_at: row.updated_at()?,
            updated_by_id: row.updated_by_id()?,
        })
    }
}

fn moment<S: Serializer>(moment: &Shown<OffsetDateTime>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(|moment| moment.format(&Rfc3339).unwrap_or_default()).serialize(serializer)
}

/// Rust types that fields are read as.
pub trait FromValue: Sized {
    /// The database's kind.
    const KIND: store::Kind;

    /// The value, or `None` if it is of another kind.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty, $kind:ident;)*) => {$(
        impl FromValue for $type {
            const KIND: store::Kind = store::Kind::$kind;
            fn from_value(value: Value) -> Option<Self> {
                match value { Value::$kind(value) => Some(value), _ => None }
            }
        }
    )*};
}

from_value! {
    bool, Bool;
    i64, Integer;
    Decimal, Decimal;
    String, Text;
    Vec<u8>, Bytes;
    Uuid, Uuid;
    OffsetDateTime, Timestamp;
    Date, Date;
    serde_json::Value, Json;
}

impl<T: FromValue> FromValue for Option<T> {
    const KIND: store::Kind = T::KIND;

    fn from_value(value: Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }
}

/// A list of texts, kept as JSON.
impl FromValue for Vec<String> {
    const KIND: store::Kind = store::Kind::Json;

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Json(json) => serde_json::from_value(json).ok(),
            _ => None,
        }
    }
}
