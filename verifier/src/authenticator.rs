//! An authenticator as a person has it on a phone: it never shows the same step twice.

use std::cell::Cell;
use std::time::Duration;

use totp_rs::{Builder, Secret, Totp};

use crate::clock;
use crate::trouble::{Result, Trouble};

/// Seconds of one step (RFC 6238).
pub(crate) const STEP: u64 = 30;

/// A secret, and the last step that was shown.
pub(crate) struct Authenticator {
    totp: Totp,
    last: Cell<u64>,
}

impl Authenticator {
    /// Reads a secret in base32.
    pub(crate) fn read(secret: &str) -> Result<Self> {
        let secret = Secret::try_from_base32(secret)
            .map_err(|_| Trouble::unexpected("the secret of an authenticator is no base32"))?;
        let totp = Builder::new().with_secret(secret).build_noncompliant();
        Ok(Self { totp, last: Cell::new(0) })
    }

    /// The code of a step.
    pub(crate) fn at(&self, step: u64) -> String {
        self.totp.generate(step * STEP).to_string()
    }

    /// The next code that an app can take: of the last half minute, this one or the next, and none that was shown.
    /// Where all three were, it waits for another.
    pub(crate) fn code(&self) -> String {
        loop {
            let next = (self.last.get() + 1).max(now() - 1);
            if next <= now() + 1 {
                self.last.set(next);
                return self.at(next);
            }
            // There is nothing to wait on but the passing of time.
            clock::pass(Duration::from_millis(500));
        }
    }

    /// The step that was shown last.
    pub(crate) fn shown(&self) -> u64 {
        self.last.get()
    }
}

/// This step.
pub(crate) fn now() -> u64 {
    u64::try_from(clock::seconds()).unwrap_or(0) / STEP
}
