//! How a check ends, and how it gathers what it sees.

use serde::Serialize;

use crate::trouble::Trouble;

/// How a check ended.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields are what their names say, in sentences")]
pub enum Outcome {
    /// The promise was kept wherever it was tried.
    Kept { did: String, saw: String },
    /// Something was seen that the promise forbids.
    Broken { did: String, saw: String, expected: String },
    /// The project itself says, in its compliance page, that it does not keep this yet.
    Admitted { did: String, saw: String, expected: String },
    /// There is nothing to try it on; the reason comes from the spec or the kind of trial.
    NotApplicable { why: String },
    /// The verifier could not go on. This is no pass.
    Undecided { why: String },
}

impl Outcome {
    pub(crate) fn not_applicable(why: impl Into<String>) -> Result<Self, Trouble> {
        Ok(Self::NotApplicable { why: why.into() })
    }

    /// Whether a run with this in it fails.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::Broken { .. } | Self::Undecided { .. })
    }

    /// The word for it.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Kept { .. } => "kept",
            Self::Broken { .. } => "broken",
            Self::Admitted { .. } => "not kept yet",
            Self::NotApplicable { .. } => "not applicable",
            Self::Undecided { .. } => "undecided",
        }
    }
}

impl From<Trouble> for Outcome {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Absent(why) => Self::NotApplicable { why },
            other => Self::Undecided { why: other.to_string() },
        }
    }
}

/// The most that is told of what is wrong: the first few say what the rest repeats.
const TOLD: usize = 5;

/// What a check did and saw, as it goes along.
pub(crate) struct Sight {
    did: String,
    tried: usize,
    wrong: Vec<String>,
}

impl Sight {
    /// Begins, by saying what is done.
    pub(crate) fn new(did: impl Into<String>) -> Self {
        Self { did: did.into(), tried: 0, wrong: Vec::new() }
    }

    /// One thing that was tried; `found` says what was seen where it does not hold.
    pub(crate) fn expect(&mut self, holds: bool, found: impl FnOnce() -> String) {
        self.tried += 1;
        if !holds {
            self.wrong.push(found());
        }
    }

    /// Ends: kept when everything held, and something was tried at all.
    pub(crate) fn end(self, expected: &str) -> Result<Outcome, Trouble> {
        if self.tried == 0 {
            return Err(Trouble::Absent(format!("nothing to try it on: {}", self.did)));
        }
        if self.wrong.is_empty() {
            return Ok(Outcome::Kept {
                did: self.did,
                saw: format!("{} tried, all as promised", self.tried),
            });
        }
        let more = self.wrong.len().saturating_sub(TOLD);
        let mut saw = self.wrong.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
        if more > 0 {
            saw.push_str(&format!("; and {more} more"));
        }
        Ok(Outcome::Broken { did: self.did, saw, expected: expected.to_owned() })
    }

    /// Ends, with a word about what was seen.
    pub(crate) fn end_saying(self, saw: impl Into<String>, expected: &str) -> Result<Outcome, Trouble> {
        let saw = saw.into();
        Ok(match self.end(expected)? {
            Outcome::Kept { did, saw: counted } => Outcome::Kept { did, saw: format!("{counted}; {saw}") },
            other => other,
        })
    }
}
