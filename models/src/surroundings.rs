//! The world outside: time and chance, as arguments.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;

use time::OffsetDateTime;

/// A wait under way.
pub type Waiting<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The moment to try again.
    Retry,
    /// The moment from which nothing is hoped for any more.
    Deadline,
}

/// Time and chance.
pub trait Surroundings: Send + Sync {
    /// The time of day.
    fn now(&self) -> OffsetDateTime;

    /// Completes once this long has passed.
    fn pass(&self, wait: Wait, duration: Duration) -> Waiting<'_>;

    /// A number that nobody can foresee.
    fn random(&self) -> u64;

    /// The socket through which others are reached, where there is no network ([`crate::door`]).
    fn door(&self) -> Option<&Path> {
        None
    }
}

/// The machine's own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Surroundings for Machine {
    #[allow(clippy::disallowed_methods, reason = "this is where the machine's clock is injected from")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }

    fn pass(&self, _: Wait, duration: Duration) -> Waiting<'_> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        // Only names and waits hang on it: a machine without randomness makes dull ones, and no key.
        let _ = aws_lc_rs::rand::fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }
}

/// The machine's own, behind a door where there is one.
#[derive(Clone, Debug, Default)]
pub struct Behind(pub Option<PathBuf>);

impl Surroundings for Behind {
    fn now(&self) -> OffsetDateTime {
        Machine.now()
    }

    fn pass(&self, wait: Wait, duration: Duration) -> Waiting<'_> {
        Box::pin(async move { Machine.pass(wait, duration).await })
    }

    fn random(&self) -> u64 {
        Machine.random()
    }

    fn door(&self) -> Option<&Path> {
        self.0.as_deref()
    }
}
