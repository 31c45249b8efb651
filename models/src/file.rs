//! The file of providers: who may be asked, in which order, at which price, by which agreement.

use serde::{Deserialize, Serialize};

use crate::budget::Ceiling;
use crate::entry::{Entry, whole};
use crate::money::Money;

/// What a file of providers says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Providers {
    /// Who may be asked, the first first.
    pub providers: Vec<Entry>,
    /// What one request may cost at most.
    #[serde(default)]
    pub ceiling: WrittenCeiling,
    /// What happens when no model has an answer.
    #[serde(default)]
    pub fallback: Fallback,
}

/// A ceiling as it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenCeiling {
    /// In dollars.
    pub dollars: Money,
    /// In tokens.
    #[serde(deserialize_with = "whole")]
    pub tokens: u64,
}

/// A dollar: three rounds with a large model, at their worst.
impl Default for WrittenCeiling {
    fn default() -> Self {
        Self { dollars: Money::from_nano(1_000_000_000), tokens: 1_000_000 }
    }
}

impl From<WrittenCeiling> for Ceiling {
    fn from(written: WrittenCeiling) -> Self {
        Self { money: written.dollars, tokens: written.tokens }
    }
}

/// What happens when no model has an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fallback {
    /// The engine that needs none answers.
    #[default]
    Offline,
    /// The work stops.
    None,
}

/// Why a file of providers is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// It is no tree.
    #[error("this is no file of providers: {0}")]
    Syntax(String),
    /// A place in it says what it cannot say.
    #[error("{place}: {why}")]
    Wrong {
        /// Where: `providers[0].price.input`.
        place: String,
        /// What is wrong there.
        why: String,
    },
}

/// The largest file, in bytes.
const LARGEST: usize = 256 * 1024;

impl Providers {
    /// Reads a file's text: JSON, and YAML where the feature is on.
    ///
    /// # Errors
    /// [`NotRead`] says where and why.
    pub fn read(text: &str) -> Result<Self, NotRead> {
        if text.len() > LARGEST {
            return Err(NotRead::Syntax(format!("it has {} bytes; {LARGEST} are read", text.len())));
        }
        let providers: Self = serde_path_to_error::deserialize(tree(text)?).map_err(|error| {
            let place = error.path().to_string();
            let why = match place.as_str() {
                // What stands there may be the key itself, and is not repeated.
                key if key.ends_with(".key") || key.contains(".key.") => {
                    "say where the key is, `{ environment: NAME }` or `{ file: PATH }`; the key itself stands in no file of providers".into()
                }
                _ => crate::clean::shown(&error.inner().to_string(), 300),
            };
            NotRead::Wrong { place: if place == "." { "the file".into() } else { place }, why }
        })?;
        providers.sound()?;
        Ok(providers)
    }

    fn sound(&self) -> Result<(), NotRead> {
        let wrong = |place: String, why: &str| Err(NotRead::Wrong { place, why: why.to_owned() });
        if self.providers.is_empty() {
            return wrong("providers".into(), "nobody is named; plan offline by leaving the file out");
        }
        for (index, entry) in self.providers.iter().enumerate() {
            let place = |field: &str| format!("providers[{index}].{field}");
            let plain = |text: &str| {
                !text.is_empty() && text.len() <= 100 && text.chars().all(|c| c.is_ascii_graphic())
            };
            if !plain(&entry.name) {
                return wrong(place("name"), "a name is letters, digits and signs, without spaces");
            }
            if !plain(&entry.model) {
                return wrong(place("model"), "a model's name is letters, digits and signs, without spaces");
            }
            if self.providers[..index].iter().any(|other| other.name == entry.name) {
                return wrong(place("name"), "two entries have this name");
            }
            if entry.most_output == 0 {
                return wrong(place("most output"), "an answer has at least one token");
            }
        }
        Ok(())
    }
}

#[cfg(feature = "yaml")]
fn tree(text: &str) -> Result<serde_json::Value, NotRead> {
    crate::yaml::read(text).map_err(NotRead::Syntax)
}

#[cfg(not(feature = "yaml"))]
fn tree(text: &str) -> Result<serde_json::Value, NotRead> {
    serde_json::from_str(text).map_err(|error| NotRead::Syntax(error.to_string()))
}
