//! Whether an agreement is in force, judged at one moment.

use time::{Duration, OffsetDateTime};

/// How long a newer text may stay unsigned before writing stops.
pub const TIME_TO_SIGN: Duration = Duration::days(30);

/// How long after termination the owner may still read and export (45 CFR 164.504(e)(2)(ii)(J): return or destroy).
pub const RETURN_WINDOW: Duration = Duration::days(30);

/// How an account's agreement stands, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AgreementStanding {
    /// No text was ever signed.
    NeverSigned,
    /// The text in force is signed.
    InForce,
    /// A newer text was published up to 30 days ago; the signed one holds until then.
    NewerUnsigned,
    /// A newer text has been unsigned for longer.
    NewerOverdue,
    /// It was terminated up to 30 days ago.
    Terminated,
    /// It was terminated longer ago, and destruction is due.
    WindowOver,
}

impl AgreementStanding {
    /// Every standing, in order.
    pub const ALL: [Self; 6] = [
        Self::NeverSigned,
        Self::InForce,
        Self::NewerUnsigned,
        Self::NewerOverdue,
        Self::Terminated,
        Self::WindowOver,
    ];

    /// The standing in the words of the dashboard.
    pub fn words(self) -> &'static str {
        match self {
            Self::NeverSigned => "not signed",
            Self::InForce => "in force",
            Self::NewerUnsigned => "in force; a newer text waits for your signature",
            Self::NewerOverdue => "a newer text has waited for your signature for over 30 days",
            Self::Terminated => "terminated, export window open",
            Self::WindowOver => "terminated, export window closed",
        }
    }
}

/// What is known of an account's agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgreementFacts {
    /// When the newest text that the account has signed was published; none, if it never signed.
    pub signed_text_published: Option<OffsetDateTime>,
    /// When the newest text that asks for a signature was published.
    pub newest_text_published: OffsetDateTime,
    /// When the agreement was terminated. A signature after it makes a new agreement, and clears this.
    pub terminated: Option<OffsetDateTime>,
}

impl AgreementFacts {
    /// How it stands at `now`.
    pub fn standing(&self, now: OffsetDateTime) -> AgreementStanding {
        let Some(signed) = self.signed_text_published else { return AgreementStanding::NeverSigned };
        if let Some(terminated) = self.terminated.filter(|at| *at <= now) {
            return if now < terminated + RETURN_WINDOW {
                AgreementStanding::Terminated
            } else {
                AgreementStanding::WindowOver
            };
        }
        // A text that is announced for later asks for nothing yet.
        if signed >= self.newest_text_published || self.newest_text_published > now {
            AgreementStanding::InForce
        } else if now < self.newest_text_published + TIME_TO_SIGN {
            AgreementStanding::NewerUnsigned
        } else {
            AgreementStanding::NewerOverdue
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    /// CC-12, CL-9: 30 days to sign a newer text, 30 days to take everything home after termination.
    #[test]
    fn standings_change_at_their_hour() {
        let first = datetime!(2026-01-01 0:00 UTC);
        let second = datetime!(2026-06-01 0:00 UTC);
        let facts = |signed, newest, terminated| AgreementFacts {
            signed_text_published: signed,
            newest_text_published: newest,
            terminated,
        };
        let terminated = datetime!(2026-09-01 12:00 UTC);
        let table = [
            (facts(None, first, None), datetime!(2026-03-01 0:00 UTC), AgreementStanding::NeverSigned),
            (facts(Some(first), first, None), datetime!(2026-03-01 0:00 UTC), AgreementStanding::InForce),
            (facts(Some(first), second, None), datetime!(2026-05-31 23:59 UTC), AgreementStanding::InForce),
            (facts(Some(first), second, None), second, AgreementStanding::NewerUnsigned),
            (
                facts(Some(first), second, None),
                datetime!(2026-06-30 23:59:59 UTC),
                AgreementStanding::NewerUnsigned,
            ),
            (
                facts(Some(first), second, None),
                datetime!(2026-07-01 0:00 UTC),
                AgreementStanding::NewerOverdue,
            ),
            (facts(Some(second), second, None), datetime!(2026-12-01 0:00 UTC), AgreementStanding::InForce),
            (
                facts(Some(second), second, Some(terminated)),
                datetime!(2026-09-01 11:59 UTC),
                AgreementStanding::InForce,
            ),
            (facts(Some(second), second, Some(terminated)), terminated, AgreementStanding::Terminated),
            (
                facts(Some(first), second, Some(terminated)),
                datetime!(2026-10-01 11:59:59 UTC),
                AgreementStanding::Terminated,
            ),
            (
                facts(Some(second), second, Some(terminated)),
                datetime!(2026-10-01 12:00 UTC),
                AgreementStanding::WindowOver,
            ),
        ];
        for (facts, now, wanted) in table {
            assert_eq!(facts.standing(now), wanted, "{facts:?} at {now}");
        }
    }
}
