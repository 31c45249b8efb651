//! Where each environment's data lie: recorded when it is made, shown to its founder (HC-7, CL-11).
//!
//! It is pinned by whoever keeps it (a key by its own record, a bucket at the start); here is what a person is told.

use std::fmt;
use std::str::FromStr;

use safeguards::{StoreError, Transaction, sql};
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;

use crate::Platform;
use crate::ids::EnvironmentId;

/// The name of a region as its provider writes it, such as `eu-central-1`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
pub struct Region(String);

impl Region {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for Region {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lawful = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        if (2..=40).contains(&text.len()) && text.chars().all(lawful) && !text.starts_with('-') {
            Ok(Self(text.to_owned()))
        } else {
            Err("a region is written like eu-central-1")
        }
    }
}

/// Who keeps something, and in which region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Kept {
    /// Who, as people call it.
    pub by: String,
    /// Where; none where the operator has not told where this machine stands.
    pub region: Option<Region>,
}

impl Kept {
    /// On the machine that the platform runs on.
    #[must_use]
    pub fn here(region: Option<Region>) -> Self {
        Self { by: "the platform's own machine".to_owned(), region }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.region {
            Some(region) => write!(formatter, "{} ({region})", self.by),
            None => write!(formatter, "{} (region not told)", self.by),
        }
    }
}

/// Where the next environment's data will lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Residency {
    /// Its database and files.
    pub records: Kept,
    /// Its root key.
    pub keys: Kept,
}

/// What lies somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// Database and files.
    Records,
    /// The root key.
    Keys,
    /// Sealed archives that wait for their owner.
    Archives,
}

impl What {
    const ALL: [Self; 3] = [Self::Records, Self::Keys, Self::Archives];

    fn as_str(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Keys => "keys",
            Self::Archives => "archives",
        }
    }

    /// As a heading.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Records => "Records",
            Self::Keys => "Root key",
            Self::Archives => "Archives",
        }
    }
}

/// A line of what is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Line {
    /// What.
    pub what: What,
    /// Where.
    #[serde(flatten)]
    pub kept: Kept,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub recorded_at: OffsetDateTime,
}

/// Records where something of an environment lies from now on.
pub(crate) async fn record(
    platform: &Platform,
    transaction: &mut Transaction,
    environment: EnvironmentId,
    what: What,
    kept: &Kept,
) -> Result<(), StoreError> {
    sql("INSERT INTO environment_residency (environment_id, what, kept_by, region, recorded_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (environment_id, what)
         DO UPDATE SET kept_by = excluded.kept_by, region = excluded.region, recorded_at = excluded.recorded_at")
    .bind(environment)
    .bind(what.as_str())
    .bind(&kept.by)
    .bind(kept.region.as_ref().map(|region| region.as_str().to_owned()))
    .bind(platform.clock.now())
    .execute(transaction)
    .await
    .map(drop)
}

/// What is recorded of an environment. One that is older than the record has no lines.
///
/// # Errors
/// The database cannot be read.
pub async fn of(platform: &Platform, environment: EnvironmentId) -> Result<Vec<Line>, StoreError> {
    let rows = sql("SELECT what, kept_by, region, recorded_at FROM environment_residency
         WHERE environment_id = $1")
    .bind(environment)
    .fetch_all(&platform.store)
    .await?;
    let mut lines = Vec::new();
    for what in What::ALL {
        for row in &rows {
            if row.text("what")? == what.as_str() {
                let region = row.optional_text("region")?.and_then(|region| region.parse().ok());
                let kept = Kept { by: row.text("kept_by")?, region };
                lines.push(Line { what, kept, recorded_at: row.timestamp("recorded_at")? });
            }
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_a_plain_name() {
        for lawful in ["eu-central-1", "us-gov-west-1", "europe-west3"] {
            assert_eq!(lawful.parse::<Region>().map(|region| region.to_string()).as_deref(), Ok(lawful));
        }
        for wrong in ["", "x", "-eu", "eu central 1", "EU-CENTRAL-1", "eu-central-1\n", "eu/central"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong:?}");
        }
    }
}
