//! What a production environment may do, by what is paid and what is signed: the one table of the platform's gate.
//!
//! | subscription ╲ agreement | never signed | in force, or a newer text unsigned for up to 30 days | newer text unsigned longer | terminated | terminated over 30 days ago |
//! |---|---|---|---|---|---|
//! | none | not started | not started | not started | not started | not started |
//! | active; cancelling; payment failing for up to 30 days | not started | read and write | read only | export window | nothing |
//! | payment failing longer | not started | read only | read only | export window | nothing |
//! | cancelled up to 30 days ago | not started | export window | export window | export window | nothing |
//! | cancelled longer ago, or destroyed | nothing | nothing | nothing | nothing | nothing |
//!
//! No protected health information before an agreement is in force (45 CFR 164.502(e), 164.308(b)); and a payment that
//! fails never stops charting for 30 days. The function knows no clock: standings are judged at a moment
//! by [`Subscription::standing`](super::Subscription::standing) and by the agreement's own.

use crate::agreement::AgreementStanding;
use crate::seams::Gate;

use super::SubscriptionStanding;

/// The table. Every other part of the platform asks this function and none decides by itself.
pub fn production(subscription: SubscriptionStanding, agreement: AgreementStanding) -> Gate {
    use AgreementStanding as Agreement;
    use SubscriptionStanding as Paid;
    match (subscription, agreement) {
        (Paid::Destroyed | Paid::WindowOver, _) => Gate::Nothing,
        (Paid::None, _) | (_, Agreement::NeverSigned) => Gate::NotStarted,
        (_, Agreement::WindowOver) => Gate::Nothing,
        (Paid::Cancelled, _) | (_, Agreement::Terminated) => Gate::ExportWindow,
        (Paid::PaymentOverdue, _) | (_, Agreement::NewerOverdue) => Gate::ReadOnly,
        (
            Paid::Active | Paid::Cancelling | Paid::PaymentFailing,
            Agreement::InForce | Agreement::NewerUnsigned,
        ) => Gate::ReadAndWrite,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// HC-4, HG-3, CF-1: each cell of the table, as `docs` and the dashboard state it.
    #[test]
    fn the_table_holds_in_every_cell() {
        use Gate::{ExportWindow as E, NotStarted as N, Nothing as O, ReadAndWrite as W, ReadOnly as R};
        let agreements = AgreementStanding::ALL;
        assert_eq!(
            agreements,
            [
                AgreementStanding::NeverSigned,
                AgreementStanding::InForce,
                AgreementStanding::NewerUnsigned,
                AgreementStanding::NewerOverdue,
                AgreementStanding::Terminated,
                AgreementStanding::WindowOver,
            ]
        );
        let table = [
            (SubscriptionStanding::None, [N, N, N, N, N, N]),
            (SubscriptionStanding::Active, [N, W, W, R, E, O]),
            (SubscriptionStanding::Cancelling, [N, W, W, R, E, O]),
            (SubscriptionStanding::PaymentFailing, [N, W, W, R, E, O]),
            (SubscriptionStanding::PaymentOverdue, [N, R, R, R, E, O]),
            (SubscriptionStanding::Cancelled, [N, E, E, E, E, O]),
            (SubscriptionStanding::WindowOver, [O, O, O, O, O, O]),
            (SubscriptionStanding::Destroyed, [O, O, O, O, O, O]),
        ];
        assert_eq!(table.map(|(subscription, _)| subscription), SubscriptionStanding::ALL);
        for (subscription, row) in table {
            for (agreement, wanted) in agreements.into_iter().zip(row) {
                assert_eq!(production(subscription, agreement), wanted, "{subscription:?} × {agreement:?}");
            }
        }
    }

    /// From the narrowest to the widest.
    fn width(gate: Gate) -> u8 {
        match gate {
            Gate::NotStarted | Gate::Nothing => 0,
            Gate::ExportWindow => 1,
            Gate::ReadOnly => 2,
            Gate::ReadAndWrite => 3,
        }
    }

    fn subscription() -> impl Strategy<Value = SubscriptionStanding> {
        proptest::sample::select(SubscriptionStanding::ALL.to_vec())
    }

    fn agreement() -> impl Strategy<Value = AgreementStanding> {
        proptest::sample::select(AgreementStanding::ALL.to_vec())
    }

    proptest! {
        /// HC-4: whatever is paid, nothing is served without a signature.
        #[test]
        fn nothing_is_served_unsigned(subscription in subscription()) {
            prop_assert!(!production(subscription, AgreementStanding::NeverSigned).serves());
        }

        /// HC-14: whatever is signed, nothing is served to who never paid, or is destroyed.
        #[test]
        fn nothing_is_served_unpaid(agreement in agreement()) {
            for subscription in [
                SubscriptionStanding::None, SubscriptionStanding::WindowOver, SubscriptionStanding::Destroyed,
            ] {
                prop_assert!(!production(subscription, agreement).serves());
            }
        }

        /// A payment that fails changes nothing for 30 days.
        #[test]
        fn a_failing_payment_is_as_good_as_paid(agreement in agreement()) {
            let paid = production(SubscriptionStanding::Active, agreement);
            prop_assert_eq!(production(SubscriptionStanding::PaymentFailing, agreement), paid);
            prop_assert_eq!(production(SubscriptionStanding::Cancelling, agreement), paid);
        }

        /// Neither side going from good to worse ever widens what is let through.
        #[test]
        fn worse_is_never_wider(
            one in subscription(), other in subscription(), first in agreement(), second in agreement(),
        ) {
            prop_assume!(one != SubscriptionStanding::None && other != SubscriptionStanding::None);
            prop_assume!(first != AgreementStanding::NeverSigned && second != AgreementStanding::NeverSigned);
            if one >= other && first >= second {
                prop_assert!(width(production(one, first)) <= width(production(other, second)));
            }
        }
    }
}
