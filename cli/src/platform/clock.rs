//! The time that a platform goes by: the machine's.
//!
//! A debug build, and no other, also reads `HEALTHCODER_CLOCK_LEAD`: a file that says by how many seconds the platform's
//! clock is ahead. So a test of the whole program sees 30 days pass without waiting for them. Apps, certificates of TLS
//! and the key agent stay with the machine's time.

use std::sync::Arc;

use safeguards::{Clock, SystemClock};

/// The platform's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    #[cfg(debug_assertions)]
    if let Some(file) = std::env::var_os("HEALTHCODER_CLOCK_LEAD") {
        return Arc::new(lead::Ahead(file.into()));
    }
    Arc::new(SystemClock)
}

#[cfg(debug_assertions)]
mod lead {
    use std::path::PathBuf;

    use safeguards::{Clock, SystemClock};
    use time::{Duration, OffsetDateTime};

    /// Ahead of the machine's clock by what this file says; by nothing while it says nothing.
    #[derive(Debug)]
    pub(super) struct Ahead(pub(super) PathBuf);

    impl Clock for Ahead {
        fn now(&self) -> OffsetDateTime {
            let said = std::fs::read_to_string(&self.0).unwrap_or_default();
            SystemClock.now() + Duration::seconds(said.trim().parse().unwrap_or(0))
        }
    }
}
