use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use SubscriptionStanding as Standing;
use SubscriptionStatus::{Active, Incomplete, PastDue};

const START: OffsetDateTime = datetime!(2026-01-01 9:00 UTC);

fn day(days: i64) -> OffsetDateTime {
    START + Duration::days(days)
}

fn subscription() -> SubscriptionId {
    SubscriptionId("sub_1".into())
}

/// An event whose id is its own text, so that equal events are one event.
fn event(at: OffsetDateTime, fact: Fact) -> BillingEvent {
    BillingEvent { at, id: EventId(format!("{at} {fact:?}")), fact }
}

fn seen(days: i64, status: SubscriptionStatus) -> BillingEvent {
    event(day(days), Fact::Seen { subscription: subscription(), status, ends: None })
}

fn ending(days: i64, ends: i64) -> BillingEvent {
    event(day(days), Fact::Seen { subscription: subscription(), status: Active, ends: Some(day(ends)) })
}

fn failed(days: i64, invoice: &str) -> BillingEvent {
    let invoice = InvoiceId(invoice.into());
    event(day(days), Fact::PaymentFailed { subscription: subscription(), invoice })
}

fn settled(days: i64, invoice: &str) -> BillingEvent {
    let invoice = InvoiceId(invoice.into());
    event(day(days), Fact::Settled { subscription: subscription(), invoice })
}

fn ended(days: i64) -> BillingEvent {
    event(day(days), Fact::Ended { subscription: subscription() })
}

fn granted(days: i64, until: Option<i64>) -> BillingEvent {
    event(day(days), Fact::Granted { subscription: subscription(), until: until.map(day) })
}

fn standing(events: &[BillingEvent], days: i64) -> Standing {
    events.iter().cloned().collect::<History>().subscription().standing(day(days))
}

/// HC-14, HC-12: stories of a subscription, each judged on a day.
#[test]
fn a_subscription_stands_where_its_story_leads() {
    let bought = [seen(0, Incomplete), seen(0, Active), settled(0, "in_1")];
    let with = |more: &[BillingEvent]| [&bought[..], more].concat();
    let table = [
        ("nothing happened", vec![], 0, Standing::None),
        ("left at the payment page", vec![seen(0, Incomplete)], 1, Standing::None),
        ("left, and the provider gave up", vec![seen(0, Incomplete), ended(1)], 2, Standing::None),
        ("the first card failed", vec![seen(0, Incomplete), failed(0, "in_1")], 1, Standing::None),
        ("only an invoice is known", vec![settled(0, "in_1")], 1, Standing::None),
        ("bought", with(&[]), 400, Standing::Active),
        ("failed, known by the invoice alone", with(&[failed(30, "in_2")]), 31, Standing::PaymentFailing),
        ("failed, known by the status alone", with(&[seen(30, PastDue)]), 31, Standing::PaymentFailing),
        ("failing for 29 days", with(&[failed(30, "in_2"), seen(30, PastDue)]), 59, Standing::PaymentFailing),
        ("failing for 30 days", with(&[failed(30, "in_2"), seen(30, PastDue)]), 60, Standing::PaymentOverdue),
        (
            "tried again and again: the first failure counts",
            with(&[failed(30, "in_2"), seen(30, PastDue), failed(35, "in_2"), failed(59, "in_2")]),
            60,
            Standing::PaymentOverdue,
        ),
        (
            "recovered",
            with(&[failed(30, "in_2"), seen(30, PastDue), settled(40, "in_2"), seen(40, Active)]),
            70,
            Standing::Active,
        ),
        (
            "recovered, and the word of the invoice was lost",
            with(&[failed(30, "in_2"), seen(30, PastDue), seen(40, Active)]),
            70,
            Standing::Active,
        ),
        (
            "a second failure is counted from itself",
            with(&[
                failed(30, "in_2"),
                seen(30, PastDue),
                seen(40, Active),
                failed(90, "in_4"),
                seen(90, PastDue),
            ]),
            100,
            Standing::PaymentFailing,
        ),
        ("to be cancelled", with(&[ending(10, 30)]), 29, Standing::Cancelling),
        ("thought better of it", with(&[ending(10, 30), seen(12, Active)]), 40, Standing::Active),
        ("the end came, its word is late", with(&[ending(10, 30)]), 30, Standing::Cancelled),
        ("ended", with(&[ending(10, 30), ended(30)]), 59, Standing::Cancelled),
        ("ended 30 days ago", with(&[ending(10, 30), ended(30)]), 60, Standing::WindowOver),
        (
            "a late word after the end changes nothing",
            with(&[ended(30), seen(31, Active)]),
            40,
            Standing::Cancelled,
        ),
        ("only its end is known", vec![ended(30)], 31, Standing::Cancelled),
        ("granted for good", vec![granted(0, None)], 4000, Standing::Active),
        ("granted for a time", vec![granted(0, Some(90))], 89, Standing::Cancelling),
        ("the time is over", vec![granted(0, Some(90))], 90, Standing::Cancelled),
        ("prolonged", vec![granted(0, Some(90)), granted(80, Some(180))], 100, Standing::Cancelling),
        ("taken back", vec![granted(0, None), ended(10)], 11, Standing::Cancelled),
    ];
    for (story, events, days, wanted) in table {
        assert_eq!(standing(&events, days), wanted, "{story}, on day {days}");
    }
}

/// Who comes back has a new subscription, and the old one's end no longer counts.
#[test]
fn coming_back_is_a_new_subscription() {
    let again = BillingEvent {
        at: day(40),
        id: EventId("again".into()),
        fact: Fact::Seen { subscription: SubscriptionId("sub_0".into()), status: Active, ends: None },
    };
    let story = [seen(0, Active), ended(30), again];
    assert_eq!(standing(&story[..2], 41), Standing::Cancelled);
    assert_eq!(standing(&story, 41), Standing::Active);
}

/// What the dashboard counts down to.
#[test]
fn the_window_closes_thirty_days_after_the_end() {
    let closes =
        |events: &[BillingEvent]| events.iter().cloned().collect::<History>().subscription().window_closes();
    assert_eq!(closes(&[seen(0, Active)]), None);
    assert_eq!(closes(&[ending(0, 30)]), Some(day(60)));
    assert_eq!(closes(&[seen(0, Active), ended(7)]), Some(day(37)));
}

/// Any event whatever, of two subscriptions, with few days and few invoices so that they meet.
fn any_event() -> impl Strategy<Value = BillingEvent> {
    let status = prop_oneof![Just(Incomplete), Just(Active), Just(PastDue)];
    let id = prop_oneof![Just("sub_1"), Just("sub_2")].prop_map(|id| SubscriptionId(id.into()));
    let invoice = prop_oneof![Just("in_1"), Just("in_2")].prop_map(|id| InvoiceId(id.into()));
    let end = proptest::option::of((0..120i64).prop_map(day));
    (0..100i64, 0..5u8, status, id, invoice, end).prop_map(
        |(days, kind, status, subscription, invoice, end)| {
            event(
                day(days),
                match kind {
                    0 => Fact::Granted { subscription, until: end },
                    1 => Fact::Seen { subscription, status, ends: end },
                    2 => Fact::PaymentFailed { subscription, invoice },
                    3 => Fact::Settled { subscription, invoice },
                    _ => Fact::Ended { subscription },
                },
            )
        },
    )
}

/// What a provider would tell of a subscription that is bought, fails, recovers, is to be cancelled, and ends, and how
/// it truly stands a day after the last of it.
fn told() -> impl Strategy<Value = (Vec<BillingEvent>, i64, Standing)> {
    proptest::collection::vec(0..4u8, 0..12).prop_map(|steps| {
        let mut events = vec![seen(0, Incomplete), seen(0, Active), settled(0, "in_0")];
        let (mut today, mut truth) = (0, Standing::Active);
        for (number, step) in steps.into_iter().enumerate() {
            today += 3;
            let invoice = format!("in_{}", number + 1);
            match (truth, step) {
                (Standing::Active, 0) => {
                    events.extend([failed(today, &invoice), seen(today, PastDue)]);
                    events.extend([
                        failed(today + 1, &invoice),
                        settled(today + 2, &invoice),
                        seen(today + 2, Active),
                    ]);
                    today += 2;
                }
                (Standing::Active, 1) => {
                    events.push(ending(today, today + 1000));
                    truth = Standing::Cancelling;
                }
                (Standing::Cancelling, 2) => {
                    events.push(seen(today, Active));
                    truth = Standing::Active;
                }
                (Standing::Active | Standing::Cancelling, 3) => {
                    events.push(ended(today));
                    return (events, today + 1, Standing::Cancelled);
                }
                _ => {}
            }
        }
        (events, today + 1, truth)
    })
}

/// Some events, and the same ones shuffled with some delivered again.
fn deliveries() -> impl Strategy<Value = (Vec<BillingEvent>, Vec<BillingEvent>)> {
    proptest::collection::vec(any_event(), 1..14)
        .prop_flat_map(|events| {
            let again = proptest::collection::vec(proptest::sample::select(events.clone()), 0..20);
            (Just(events), again)
        })
        .prop_flat_map(|(events, again)| {
            let delivered = [events.clone(), again].concat();
            (Just(events), Just(delivered).prop_shuffle())
        })
}

/// What a provider would tell, shuffled.
fn told_shuffled() -> impl Strategy<Value = (Vec<BillingEvent>, i64, Standing)> {
    told().prop_flat_map(|(events, days, truth)| (Just(events).prop_shuffle(), Just(days), Just(truth)))
}

proptest! {
    /// HC-14: any order and any repetition of any events ends in the same state, at every moment.
    #[test]
    fn order_and_repetition_do_not_matter((events, delivered) in deliveries(), days in 0..160i64) {
        let in_order: History = events.into_iter().collect();
        let as_delivered: History = delivered.into_iter().collect();
        prop_assert_eq!(&as_delivered, &in_order);
        let (one, other) = (as_delivered.subscription(), in_order.subscription());
        prop_assert_eq!(one.standing(day(days)), other.standing(day(days)));
    }

    /// HC-14: once everything has arrived, in whatever order, we say what is true; and in the meantime we never
    /// call a customer cancelled whose end was not told.
    #[test]
    fn what_arrives_shuffled_becomes_the_truth((delivered, days, truth) in told_shuffled()) {
        let mut history = History::new();
        for event in delivered {
            history.learn(event);
            let now = history.subscription().standing(day(days));
            prop_assert!(now != Standing::Cancelled || truth == Standing::Cancelled);
        }
        prop_assert_eq!(history.subscription().standing(day(days)), truth);
    }

    /// Two contents under one id, which no honest provider sends, still end in one state.
    #[test]
    fn one_id_with_two_contents_is_one_state(one in any_event(), other in any_event()) {
        let other = BillingEvent { id: one.id.clone(), ..other };
        let forth: History = [one.clone(), other.clone()].into_iter().collect();
        let back: History = [other, one].into_iter().collect();
        prop_assert_eq!(forth, back);
    }
}
