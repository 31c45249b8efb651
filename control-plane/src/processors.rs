//! Sub-processors: the companies that handle data for the platform (HC-13), and the register that says so.
//!
//! The register is enforced, not only shown: a client of an outside service takes a [`Permit`], and a permit
//! comes from [`permit`] alone, which asks that the company is on the list, that somebody has attested the
//! agreement with it where it may meet health information (45 CFR 164.502(e)(1)(ii), 164.308(b)(2)), and that it
//! is asked for no more than the list says.

use safeguards::audit::{self, Action, AuditContext, Event};
use safeguards::sql;
use schemars::JsonSchema;
use serde::Serialize;
use std::sync::Arc;
use time::OffsetDateTime;

use crate::Platform;
use crate::error::{Refusal, Result};

/// What a sub-processor may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Who pays: names, addresses and plans of customers (HC-2: layer 1).
    Account,
    /// Prompts and tenants' records, which may hold health information (layer 2).
    Health,
}

/// A company that may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubProcessor {
    /// Its name in code and on the command line.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does for us.
    pub purpose: &'static str,
    /// What it may meet at most.
    pub data: Data,
    /// Where it works.
    pub region: &'static str,
    /// Whether it must have promised to keep nothing of what it is sent, as models must (HC-6).
    pub keeps_nothing: bool,
}

/// Every company that this release can call. One that is not here is called by no code of ours.
pub const REGISTER: &[SubProcessor] = &[
    SubProcessor {
        key: "aws",
        name: "Amazon Web Services, Inc.",
        purpose: "Keys (KMS) and sealed archives (S3), where an operator has configured them",
        data: Data::Health,
        region: "the region that the operator configured",
        keeps_nothing: false,
    },
    SubProcessor {
        key: "anthropic",
        name: "Anthropic, PBC",
        purpose: "Plans an app from its description, where an operator has configured it",
        data: Data::Health,
        region: "as its terms say",
        keeps_nothing: true,
    },
    SubProcessor {
        key: "openai",
        name: "OpenAI, OpCo, LLC",
        purpose: "Plans an app from its description, where an operator has configured it",
        data: Data::Health,
        region: "as its terms say",
        keeps_nothing: true,
    },
    SubProcessor {
        key: "model-server",
        name: "A model server that the operator has chosen",
        purpose: "Plans an app from its description, where an operator has configured it",
        data: Data::Health,
        region: "where the operator's server is",
        keeps_nothing: true,
    },
    SubProcessor {
        key: "mail",
        name: "The mail server that the operator configured",
        purpose: "Notices to owners by e-mail (SMTP), where an operator has configured it: an address, an app's name, \
                  days and links. They hold no health information",
        data: Data::Account,
        region: "where the operator's mail server stands",
        keeps_nothing: false,
    },
    SubProcessor {
        key: "stripe",
        name: "Stripe, Inc.",
        purpose: "Payments: what an account pays for. It never meets a tenant's records, and we never meet card data",
        data: Data::Account,
        region: "United States",
        keeps_nothing: false,
    },
];

/// The proof that a sub-processor may be called with data of this kind. It comes from [`permit`]; a process that the
/// platform starts takes over its own (see [`Permit::hand_over`]).
#[derive(Clone, Debug)]
pub struct Permit {
    key: &'static str,
    data: Data,
}

impl Permit {
    /// Whom it is for.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.key
    }

    /// What they may be sent at most.
    #[must_use]
    pub fn data(&self) -> Data {
        self.data
    }

    /// For a process that the platform starts, and that has no database to ask: what it is told.
    #[must_use]
    pub fn hand_over(&self) -> &'static str {
        self.key
    }

    /// In a process that the platform started: the permit that it was handed, which stands for as long as it runs.
    #[must_use]
    pub fn taken_over(told: &str) -> Option<Self> {
        registered(told).map(|processor| Self { key: processor.key, data: processor.data })
    }
}

/// Why a sub-processor is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPermitted {
    /// It is on no list.
    #[error("`{0}` is not on the register of sub-processors")]
    Unknown(String),
    /// It may not meet such data.
    #[error("{0} is registered for account data only, and was to be sent health information")]
    TooMuch(&'static str),
    /// Nobody has attested the agreement with it.
    #[error(
        "no agreement with {0} is attested: run `healthcoder sub-processors attest {1} --agreement REFERENCE`"
    )]
    NotAttested(&'static str, &'static str),
    /// It keeps what it is sent, or nobody has attested that it does not.
    #[error(
        "that {0} keeps nothing of what it is sent is not attested: add --keeps-nothing to the attestation"
    )]
    Keeps(&'static str),
    /// The register cannot be read, so nobody is called.
    #[error("the register of sub-processors cannot be read now")]
    Unreadable,
}

/// An attestation, as the register shows it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attestation {
    /// Which agreement, by its number or name.
    pub agreement: String,
    /// Whether the company has promised to keep nothing.
    pub keeps_nothing: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    #[schemars(with = "String")]
    pub attested_at: OffsetDateTime,
}

/// A line of the register.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Line {
    /// The company.
    #[serde(flatten)]
    pub processor: SubProcessor,
    /// The agreement with it, while it is attested.
    pub attestation: Option<Attestation>,
}

fn registered(key: &str) -> Option<&'static SubProcessor> {
    REGISTER.iter().find(|processor| processor.key == key)
}

/// Permission to send data of this kind to this company, now.
///
/// # Errors
/// [`NotPermitted`]: nobody is called.
pub async fn permit(platform: &Platform, key: &str, data: Data) -> Result<Permit, NotPermitted> {
    let processor = registered(key).ok_or_else(|| NotPermitted::Unknown(key.to_owned()))?;
    if data > processor.data {
        return Err(NotPermitted::TooMuch(processor.name));
    }
    if processor.data == Data::Health {
        let attested = attestation(platform, processor.key).await.map_err(|_| NotPermitted::Unreadable)?;
        let attested = attested.ok_or(NotPermitted::NotAttested(processor.name, processor.key))?;
        if processor.keeps_nothing && !attested.keeps_nothing {
            return Err(NotPermitted::Keeps(processor.name));
        }
    }
    Ok(Permit { key: processor.key, data })
}

async fn attestation(platform: &Platform, key: &str) -> Result<Option<Attestation>> {
    let row = sql("SELECT agreement, keeps_nothing, attested_at FROM sub_processor_attestations
         WHERE processor = $1 AND withdrawn_at IS NULL")
    .bind(key)
    .fetch_optional(&platform.store)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Attestation {
        agreement: row.text("agreement")?,
        keeps_nothing: row.boolean("keeps_nothing")?,
        attested_at: row.timestamp("attested_at")?,
    }))
}

/// The whole register.
///
/// # Errors
/// The database cannot be read.
pub async fn register(platform: &Platform) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for processor in REGISTER {
        lines.push(Line { processor: *processor, attestation: attestation(platform, processor.key).await? });
    }
    Ok(lines)
}

/// The operator attests that an agreement with this company is in force. An earlier attestation ends.
///
/// # Errors
/// The company is on no list, or the reference is empty.
pub async fn attest(platform: &Platform, key: &str, agreement: &str, keeps_nothing: bool) -> Result<()> {
    let processor = registered(key)
        .ok_or_else(|| Refusal::invalid("processor", NotPermitted::Unknown(key.into()).to_string()))?;
    let agreement = agreement.trim();
    if agreement.is_empty() || agreement.chars().count() > 200 {
        return Err(Refusal::invalid("agreement", "Name the agreement: its number, or its title and date"));
    }
    let now = platform.clock.now();
    let mut transaction = platform.store.begin().await?;
    sql("UPDATE sub_processor_attestations SET withdrawn_at = $2 WHERE processor = $1 AND withdrawn_at IS NULL")
        .bind(processor.key)
        .bind(now)
        .execute(&mut transaction)
        .await?;
    sql("INSERT INTO sub_processor_attestations (id, processor, agreement, keeps_nothing, attested_at)
         VALUES ($1, $2, $3, $4, $5)")
    .bind(platform.ids.next())
    .bind(processor.key)
    .bind(agreement)
    .bind(keeps_nothing)
    .bind(now)
    .execute(&mut transaction)
    .await?;
    tell(platform, &mut transaction, "attested").await?;
    Ok(transaction.commit().await?)
}

/// The operator withdraws: from now on the company is not called.
///
/// # Errors
/// The database refuses.
pub async fn withdraw(platform: &Platform, key: &str) -> Result<()> {
    let mut transaction = platform.store.begin().await?;
    let changed =
        sql("UPDATE sub_processor_attestations SET withdrawn_at = $2 WHERE processor = $1 AND withdrawn_at IS NULL")
            .bind(key)
            .bind(platform.clock.now())
            .execute(&mut transaction)
            .await?;
    if changed == 0 {
        return Err(Refusal::Conflict(format!("No agreement with `{key}` is attested.")));
    }
    tell(platform, &mut transaction, "withdrawn").await?;
    Ok(transaction.commit().await?)
}

async fn tell(
    platform: &Platform,
    transaction: &mut safeguards::Transaction,
    note: &'static str,
) -> Result<()> {
    let context = AuditContext::environment(Arc::clone(&platform.clock), "sub-processors");
    let event = Event::new(Action::Configure).entity("sub-processor").note(note);
    Ok(audit::append(transaction, &context, event).await?)
}
