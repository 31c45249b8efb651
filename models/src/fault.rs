//! What can go wrong between a question and its answer, told to a person.

use std::time::Duration;

/// Why one call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No connection came about; nothing was sent.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It said nothing for so long.
    #[error("it said nothing for {} seconds", .0.as_secs())]
    Silent(Duration),
    /// The answer took too long in all.
    #[error("its answer was not whole after {} minutes", .0.as_secs() / 60)]
    TooSlow(Duration),
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer did")]
    Cut,
    /// It is busy, or we asked too often.
    #[error("it is busy (status {status})")]
    Busy {
        /// 429, 503 or 529; within a stream, what it would have been.
        status: u16,
        /// How long it asks us to wait.
        after: Option<Duration>,
    },
    /// It failed.
    #[error("it failed (status {0})")]
    Failed(u16),
    /// It does not take the key.
    #[error("it does not take the key (status {0}): see that the key is right and may use this model")]
    NotLetIn(u16),
    /// The account there has nothing left to spend.
    #[error("the account at the provider has nothing left to spend, or has reached a limit of its own")]
    NothingLeft,
    /// It does not take the request.
    #[error("it does not take the request (status {status}): {said}")]
    NotTaken {
        /// The status.
        status: u16,
        /// What it said, shortened, on one line.
        said: String,
    },
    /// The model declined to answer.
    #[error("the model declined to answer")]
    Declined,
    /// The answer was longer than was asked for.
    #[error(
        "the answer was cut at its longest length of {0} tokens: raise `most output`, or describe less at once"
    )]
    TooLong(u32),
    /// What came is not what this wire says.
    #[error("it answered what was not understood: {0}")]
    NotUnderstood(String),
}

impl Fault {
    /// Whether the same question can have an answer later.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_)
            | Self::Silent(_)
            | Self::Cut
            | Self::Busy { .. }
            | Self::Failed(_)
            | Self::NotUnderstood(_) => true,
            // Another try would take as long, cost as much, or end alike.
            Self::TooSlow(_)
            | Self::NotLetIn(_)
            | Self::NothingLeft
            | Self::NotTaken { .. }
            | Self::Declined
            | Self::TooLong(_) => false,
        }
    }

    /// How long the provider asks us to wait.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Busy { after, .. } => *after,
            _ => None,
        }
    }

    /// The word in the register. Nothing that the provider said is in it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Silent(_) => "silent",
            Self::TooSlow(_) => "too-slow",
            Self::Cut => "cut",
            Self::Busy { .. } => "busy",
            Self::Failed(_) => "failed",
            Self::NotLetIn(_) => "not-let-in",
            Self::NothingLeft => "nothing-left",
            Self::NotTaken { .. } => "not-taken",
            Self::Declined => "declined",
            Self::TooLong(_) => "too-long",
            Self::NotUnderstood(_) => "not-understood",
        }
    }
}
