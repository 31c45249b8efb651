//! How many requests are worked on at once.
//!
//! Beyond what an app can do, every request that is let in makes all of them slower, until each takes longer than its caller
//! waits and nothing is done for anybody. So there is a bound, and who comes beyond it hears at once when to come again
//! (503 with `Retry-After`): what was let in is done as fast as ever, and nothing of the rest was begun. A turn is taken only
//! once a request has arrived whole, so that a slow sender holds none. Large bodies, which are read while they are worked on,
//! have turns of their own: they cannot take those of the others.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Limits, Problem};

/// Seconds until whoever found no turn comes again.
const AGAIN: u32 = 2;

/// The turns of one app.
pub(super) struct Turns {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// A request's turn; given back on drop. The questions whether the app lives need none.
pub(super) struct Turn(#[expect(dead_code, reason = "it is held, not read")] Option<OwnedSemaphorePermit>);

impl Turns {
    pub(super) fn new(limits: &Limits) -> Self {
        let turns = |most: usize| Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)));
        Self { small: turns(limits.at_once), large: turns(limits.large_at_once) }
    }

    /// Refuses at once, before anything is read, when there is none.
    pub(super) fn look(&self, kind: Kind) -> Result<(), Problem> {
        match self.of(kind) {
            Some(turns) if turns.available_permits() == 0 => Err(none()),
            _ => Ok(()),
        }
    }

    pub(super) fn take(&self, kind: Kind) -> Result<Turn, Problem> {
        let Some(turns) = self.of(kind) else { return Ok(Turn(None)) };
        Arc::clone(turns).try_acquire_owned().map(|turn| Turn(Some(turn))).map_err(|_| none())
    }

    fn of(&self, kind: Kind) -> Option<&Arc<Semaphore>> {
        match kind {
            Kind::Small => Some(&self.small),
            Kind::Large => Some(&self.large),
            Kind::Health => None,
        }
    }
}

/// What a request needs a turn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Small,
    /// One of [`Limits::large_routes`].
    Large,
    /// Whether the app lives and is ready: a supervisor that hears no answer would end an app that is only busy.
    Health,
}

impl Kind {
    pub(super) fn of(route: Option<&str>, limits: &Limits) -> Self {
        match route {
            Some("/healthz" | "/readyz") => Self::Health,
            Some(route) if limits.large_routes.contains(&route) => Self::Large,
            _ => Self::Small,
        }
    }
}

fn none() -> Problem {
    Problem::unavailable("load")
        .detail("Too many are asking at once. Try again in a moment.")
        .retry_after(AGAIN)
}
