//! Who says that a provider may be called, and the type without which none is (HC-13, CF-23).

use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime};

use crate::entry::Entry;
use crate::key::ApiKey;
use crate::wire::{Wire, wire_of};

/// What a person attests about a provider. The software cannot know it; it refuses to go on without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The business associate agreement with the provider, by its number, or its title and date
    /// (45 CFR 164.502(e), 164.504(e)). A server on one's own machine has none: nobody else is told anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreement: Option<String>,
    /// The terms under which the provider keeps nothing of what it is sent, and does not learn from it.
    #[serde(rename = "zero retention")]
    pub zero_retention: String,
    /// Who says so, by name and office.
    #[serde(rename = "attested by")]
    pub attested_by: String,
    /// The day on which they said so.
    #[serde(with = "day")]
    pub on: Date,
    /// The last day on which it holds; without it, a year.
    #[serde(default, with = "day::optional", skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
}

impl Attestation {
    /// The last day on which it holds.
    pub fn last_day(&self) -> Date {
        self.until.unwrap_or_else(|| self.on.saturating_add(Duration::days(365)))
    }
}

/// Why a provider is not called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAttested {
    /// Nobody attested anything.
    #[error(
        "nobody has attested `{0}`: add an `attestation` to its entry, with `agreement`, `zero retention`, `attested by` and `on`"
    )]
    Nobody(String),
    /// Something that must be said is empty.
    #[error("the attestation of `{provider}` does not say `{what}`")]
    Unsaid {
        /// Which provider.
        provider: String,
        /// What is missing.
        what: &'static str,
    },
    /// The day lies ahead.
    #[error("the attestation of `{provider}` is dated {on}, which is yet to come")]
    Ahead {
        /// Which provider.
        provider: String,
        /// The day on it.
        on: Date,
    },
    /// It has lapsed.
    #[error(
        "the attestation of `{provider}` held until {until}: have the agreement looked at, and attest it anew"
    )]
    Lapsed {
        /// Which provider.
        provider: String,
        /// Its last day.
        until: Date,
    },
}

/// On which terms a provider is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terms {
    /// By a business associate agreement.
    Agreement(String),
    /// It runs on this machine, so that nothing leaves it.
    OwnMachine,
}

/// A provider that may be called: the only kind that can be. There is no way to make one but [`Entry::attest`]. It holds
/// the provider's key, so it cannot be printed.
pub struct Attested {
    entry: Entry,
    attestation: Attestation,
    terms: Terms,
    wire: Box<dyn Wire>,
}

/// The proof that this provider may be called now, which every wire wants. [`Attested`] alone gives it.
#[derive(Clone, Copy, Debug)]
pub struct Permit<'a> {
    provider: &'a str,
}

impl Permit<'_> {
    /// For which provider.
    pub fn provider(&self) -> &str {
        self.provider
    }
}

impl Entry {
    /// Believes the entry's attestation, if it holds today.
    ///
    /// # Errors
    /// [`NotAttested`]: the provider cannot be called.
    pub fn attest(self, key: Option<ApiKey>, now: OffsetDateTime) -> Result<Attested, NotAttested> {
        let wire = wire_of(&self, key);
        self.attest_over(wire, now)
    }

    /// As [`Entry::attest`], over a wire of one's own, such as one that signs its requests.
    ///
    /// # Errors
    /// As [`Entry::attest`].
    pub fn attest_over(self, wire: Box<dyn Wire>, now: OffsetDateTime) -> Result<Attested, NotAttested> {
        let Some(attestation) = self.attestation.clone() else {
            return Err(NotAttested::Nobody(self.name));
        };
        let unsaid = |what| NotAttested::Unsaid { provider: self.name.clone(), what };
        let said = |text: &str| text.chars().any(char::is_alphanumeric);
        let terms = match attestation.agreement.as_deref().filter(|text| said(text)) {
            Some(agreement) => Terms::Agreement(agreement.to_owned()),
            None if self.address().is_own_machine() => Terms::OwnMachine,
            None => return Err(unsaid("agreement")),
        };
        if !said(&attestation.zero_retention) {
            return Err(unsaid("zero retention"));
        }
        if !said(&attestation.attested_by) {
            return Err(unsaid("attested by"));
        }
        let attested = Attested { entry: self, attestation, terms, wire };
        attested.permit(now)?;
        Ok(attested)
    }
}

impl Attested {
    /// The entry that was attested.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// On which terms it is called.
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Who attested it, and when.
    pub fn attestation(&self) -> &Attestation {
        &self.attestation
    }

    /// That it may be called at this moment: an attestation lapses while a program runs, too.
    pub(crate) fn permit(&self, now: OffsetDateTime) -> Result<Permit<'_>, NotAttested> {
        let (today, provider) = (now.date(), self.entry.name.clone());
        // The day begins earlier in the east than in UTC.
        if self.attestation.on > today.saturating_add(Duration::days(1)) {
            return Err(NotAttested::Ahead { provider, on: self.attestation.on });
        }
        let until = self.attestation.last_day();
        if until < today {
            return Err(NotAttested::Lapsed { provider, until });
        }
        Ok(Permit { provider: &self.entry.name })
    }

    pub(crate) fn wire(&self) -> &dyn Wire {
        self.wire.as_ref()
    }
}

/// Days as people write them in files: `2026-11-02`.
mod day {
    use super::{Date, format_description};
    use serde::{Deserialize, Deserializer, Serializer};

    fn read<E: serde::de::Error>(text: &str) -> Result<Date, E> {
        Date::parse(text.trim(), format_description!("[year]-[month]-[day]")).map_err(|_| {
            E::custom(format!(
                "`{}` is no day: write it as year-month-day, such as 2026-11-02",
                crate::clean::shown(text, 40)
            ))
        })
    }

    // A `Date` shows itself as it is read here.
    pub(super) fn serialize<S: Serializer>(date: &Date, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(date)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        read(&String::deserialize(deserializer)?)
    }

    pub(super) mod optional {
        use super::{Date, Deserialize, Deserializer, Serializer, read};

        pub(in super::super) fn serialize<S: Serializer>(
            date: &Option<Date>,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            match date {
                Some(date) => serializer.collect_str(date),
                None => serializer.serialize_none(),
            }
        }

        pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
            deserializer: D,
        ) -> Result<Option<Date>, D::Error> {
            Option::<String>::deserialize(deserializer)?.as_deref().map(read).transpose()
        }
    }
}
