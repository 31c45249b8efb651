//! How an account stands, in words: what holds, until when, and what the owner is to do next.

use time::OffsetDateTime;

use crate::agreement::{AgreementFacts, AgreementStanding, RETURN_WINDOW, TIME_TO_SIGN, day};
use crate::seams::{Gate, Standing};

use super::plan::Plan;
use super::production::production;
use super::subscription::{EXPORT_WINDOW, PAYMENT_GRACE, Subscription, SubscriptionStanding};

/// Where the owner pays, and where the owner signs.
const BILLING: &str = "/billing";
const AGREEMENT: &str = "/agreement";
const EXPORT: &str = "/departures";

/// All that the dashboard says of an account at `now`.
pub(super) fn describe(subscription: &Subscription, facts: &AgreementFacts, now: OffsetDateTime) -> Standing {
    let (paid, signed) = (subscription.standing(now), facts.standing(now));
    let gate = production(paid, signed);
    let plan = match subscription {
        Subscription::Living { .. } => Plan::Baa,
        _ => Plan::Sandbox,
    };
    Standing {
        production: gate,
        plan: plan.title().to_owned(),
        words: format!(
            "Subscription: {}. Agreement: {}. Production: {}.",
            paid.words(),
            signed.words(),
            gate.words()
        ),
        next: next(subscription, paid, facts, signed),
        until: changes(subscription, facts).into_iter().filter(|at| *at > now).min(),
    }
}

/// The most urgent thing first.
fn next(
    subscription: &Subscription,
    paid: SubscriptionStanding,
    facts: &AgreementFacts,
    signed: AgreementStanding,
) -> Option<(String, String)> {
    let to = |sentence: String, page: &str| Some((sentence, page.to_owned()));
    let closes = |at: Option<OffsetDateTime>| at.map_or_else(|| "the end of the window".to_owned(), day);
    match (paid, signed) {
        (SubscriptionStanding::Destroyed | SubscriptionStanding::WindowOver, _) => None,
        (_, AgreementStanding::WindowOver) => None,
        (SubscriptionStanding::Cancelled, AgreementStanding::NeverSigned)
        | (SubscriptionStanding::None, _) => to(
            format!(
                "Subscribe to the {} plan ({}) to open production.",
                Plan::Baa.title(),
                Plan::Baa.price()
            ),
            BILLING,
        ),
        (SubscriptionStanding::Cancelled, _) => to(
            format!(
                "Export everything by {}: after that day it is destroyed. To keep it, subscribe again.",
                closes(subscription.window_closes())
            ),
            EXPORT,
        ),
        (_, AgreementStanding::Terminated) => to(
            format!(
                "The agreement is terminated. Export everything by {}: after that day it is destroyed.",
                closes(facts.terminated.map(|at| at + RETURN_WINDOW))
            ),
            EXPORT,
        ),
        (SubscriptionStanding::PaymentOverdue, _) => {
            to("Pay what is owed: until then, nothing can be written.".to_owned(), BILLING)
        }
        (_, AgreementStanding::NeverSigned) => {
            to("Sign the business associate agreement to open production.".to_owned(), AGREEMENT)
        }
        (_, AgreementStanding::NewerOverdue) => {
            to("Sign the newer agreement: until then, nothing can be written.".to_owned(), AGREEMENT)
        }
        (SubscriptionStanding::PaymentFailing, _) => {
            let since = match subscription {
                Subscription::Living { failing_since, .. } => *failing_since,
                _ => None,
            };
            to(
                format!(
                    "A payment failed. Change the card by {}: after that day, nothing can be written.",
                    closes(since.map(|at| at + PAYMENT_GRACE))
                ),
                BILLING,
            )
        }
        (_, AgreementStanding::NewerUnsigned) => to(
            format!(
                "Sign the newer agreement by {}: after that day, nothing can be written.",
                day(facts.newest_text_published + TIME_TO_SIGN)
            ),
            AGREEMENT,
        ),
        (SubscriptionStanding::Cancelling, _) => to(
            format!(
                "Your plan ends on {}. Then you have 30 days to export everything, before it is destroyed.",
                closes(subscription.window_closes().map(|at| at - EXPORT_WINDOW))
            ),
            BILLING,
        ),
        (SubscriptionStanding::Active, AgreementStanding::InForce) => None,
    }
}

/// The moments at which the standing changes by itself.
fn changes(subscription: &Subscription, facts: &AgreementFacts) -> Vec<OffsetDateTime> {
    let mut moments = Vec::new();
    match subscription {
        Subscription::None => {}
        Subscription::Living { ends, failing_since, .. } => {
            moments.extend(ends.iter().flat_map(|end| [*end, *end + EXPORT_WINDOW]));
            moments.extend(failing_since.map(|since| since + PAYMENT_GRACE));
        }
        Subscription::Cancelled { at, .. } => moments.push(*at + EXPORT_WINDOW),
    }
    if let Some(signed) = facts.signed_text_published {
        moments.extend(facts.terminated.iter().flat_map(|at| [*at, *at + RETURN_WINDOW]));
        if signed < facts.newest_text_published {
            moments.extend([facts.newest_text_published, facts.newest_text_published + TIME_TO_SIGN]);
        }
    }
    moments
}

impl Gate {
    /// The state in the words of the dashboard.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotStarted => "not started",
            Self::Nothing => "closed",
            Self::ExportWindow => "read only, export window",
            Self::ReadOnly => "read only",
            Self::ReadAndWrite => "read and write",
        }
    }

    /// Whether the app may be started and given its keys.
    #[must_use]
    pub fn serves(self) -> bool {
        matches!(self, Self::ExportWindow | Self::ReadOnly | Self::ReadAndWrite)
    }

    /// Whether clinical tables may be written to.
    #[must_use]
    pub fn writes(self) -> bool {
        self == Self::ReadAndWrite
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::Duration;
    use time::macros::datetime;

    use super::super::event::SubscriptionId;
    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 9:00 UTC);

    fn living(ends: Option<OffsetDateTime>, failing_since: Option<OffsetDateTime>) -> Subscription {
        Subscription::Living { id: SubscriptionId("sub_1".into()), ends, failing_since }
    }

    fn signed() -> AgreementFacts {
        let published = datetime!(2026-01-01 0:00 UTC);
        AgreementFacts {
            signed_text_published: Some(published),
            newest_text_published: published,
            terminated: None,
        }
    }

    /// What will happen is said before it happens, with its day and the page to go to.
    #[test]
    fn the_owner_is_told_what_to_do_and_by_when() {
        let unsigned = AgreementFacts { signed_text_published: None, ..signed() };
        let newer = AgreementFacts { newest_text_published: datetime!(2026-11-20 0:00 UTC), ..signed() };
        let terminated = AgreementFacts { terminated: Some(datetime!(2026-11-20 0:00 UTC)), ..signed() };
        let failing = Some(datetime!(2026-11-20 9:00 UTC));
        let ends = Some(datetime!(2026-12-10 9:00 UTC));
        let ended = Subscription::Cancelled {
            id: SubscriptionId("sub_1".into()),
            at: datetime!(2026-11-25 9:00 UTC),
        };
        let table = [
            (
                Subscription::None,
                unsigned,
                "Subscribe to the BAA plan ($399 a month) to open production.",
                BILLING,
            ),
            (
                living(None, None),
                unsigned,
                "Sign the business associate agreement to open production.",
                AGREEMENT,
            ),
            (
                living(None, failing),
                signed(),
                "A payment failed. Change the card by 20 Dec 2026: after that day, nothing can be written.",
                BILLING,
            ),
            (
                living(ends, None),
                signed(),
                "Your plan ends on 10 Dec 2026. Then you have 30 days to export everything, before it is destroyed.",
                BILLING,
            ),
            (
                living(None, None),
                newer,
                "Sign the newer agreement by 20 Dec 2026: after that day, nothing can be written.",
                AGREEMENT,
            ),
            (
                living(None, None),
                terminated,
                "The agreement is terminated. Export everything by 20 Dec 2026: after that day it is destroyed.",
                EXPORT,
            ),
            (
                ended,
                signed(),
                "Export everything by 25 Dec 2026: after that day it is destroyed. To keep it, subscribe again.",
                EXPORT,
            ),
        ];
        for (subscription, facts, sentence, page) in table {
            let next = describe(&subscription, &facts, NOW).next;
            assert_eq!(next, Some((sentence.to_owned(), page.to_owned())));
        }
        let well = describe(&living(None, None), &signed(), NOW);
        assert_eq!(well.next, None);
        assert_eq!(well.plan, "BAA");
        assert_eq!(well.words, "Subscription: paid. Agreement: in force. Production: read and write.");
        assert_eq!(well.until, None);
    }

    proptest! {
        /// The gate is looked at whenever it may change by itself: between two such moments it does not.
        #[test]
        fn between_announced_moments_nothing_changes(
            ends in proptest::option::of(-60..60i64), failing in proptest::option::of(-60..0i64),
            newer in -60..60i64, terminated in proptest::option::of(-60..60i64), later in 0..90i64,
        ) {
            let at = |days: i64| NOW + Duration::days(days);
            let subscription = living(ends.map(at), failing.map(at));
            let facts = AgreementFacts {
                newest_text_published: at(newer),
                terminated: terminated.map(at),
                ..signed()
            };
            let now = describe(&subscription, &facts, NOW);
            let then = at(later);
            if now.until.is_none_or(|until| then < until) {
                prop_assert_eq!(describe(&subscription, &facts, then).production, now.production);
            }
        }
    }
}
