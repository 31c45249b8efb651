//! From what a provider told to where a subscription stands.
//!
//! A [`History`] is a set: in whatever order, however late and however often events arrive, the same
//! events make the same history (HC-14). A [`Subscription`] is read from the whole of it each time; there are a few
//! events a month, so nothing is gained by keeping a running state that an early arrival could spoil.
//!
//! What has an end that is final (a settled invoice, an ended subscription) is decided by its being there. What goes to
//! and fro (active, past due, to be cancelled) is decided by the provider's own time.

use std::collections::{BTreeMap, BTreeSet};

use time::{Duration, OffsetDateTime};

use super::event::{BillingEvent, EventId, Fact, InvoiceId, SubscriptionId, SubscriptionStatus};

/// How long a failing payment changes nothing.
pub const PAYMENT_GRACE: Duration = Duration::days(30);

/// How long after the end the owner may still read and export (HC-12).
pub const EXPORT_WINDOW: Duration = Duration::days(30);

/// Everything that is known of an account's payments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    events: BTreeMap<EventId, BillingEvent>,
}

impl History {
    /// Nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes an event in; says whether it is news. Should one id ever come with two contents, the same of the two
    /// is kept whichever came first.
    pub fn learn(&mut self, event: BillingEvent) -> bool {
        let mut news = false;
        self.events
            .entry(event.id.clone())
            .and_modify(|known| *known = (*known).clone().min(event.clone()))
            .or_insert_with(|| {
                news = true;
                event
            });
        news
    }

    /// The account's subscription: the one that lives, or the last that ended. Of two that live (the customer paid
    /// twice, which Checkout is asked to prevent) it is the later.
    pub fn subscription(&self) -> Subscription {
        let mut by_subscription: BTreeMap<&SubscriptionId, BTreeSet<&BillingEvent>> = BTreeMap::new();
        for event in self.events.values() {
            by_subscription.entry(event.fact.subscription()).or_default().insert(event);
        }
        by_subscription
            .into_iter()
            .map(|(id, events)| (order(&events), id, Subscription::read(id, &events)))
            .filter(|(_, _, subscription)| *subscription != Subscription::None)
            .max_by_key(|(first, id, subscription)| {
                (!matches!(subscription, Subscription::Cancelled { .. }), *first, *id)
            })
            .map_or(Subscription::None, |(_, _, subscription)| subscription)
    }
}

impl FromIterator<BillingEvent> for History {
    fn from_iter<I: IntoIterator<Item = BillingEvent>>(events: I) -> Self {
        let mut history = Self::new();
        for event in events {
            history.learn(event);
        }
        history
    }
}

/// When the subscription was first heard of, which tells an earlier from a later one.
fn order(events: &BTreeSet<&BillingEvent>) -> Option<OffsetDateTime> {
    events.first().map(|event| event.at)
}

/// What is known of a subscription; how it stands depends on the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subscription {
    /// There is none, or none that was ever paid for.
    None,
    /// It lives.
    Living {
        /// Its id at the provider (or of the operator's grant).
        id: SubscriptionId,
        /// When it ends, if its end is arranged.
        ends: Option<OffsetDateTime>,
        /// Since when a payment has been failing.
        failing_since: Option<OffsetDateTime>,
    },
    /// It has ended.
    Cancelled {
        /// Its id at the provider (or of the operator's grant).
        id: SubscriptionId,
        /// When it ended.
        at: OffsetDateTime,
    },
}

impl Subscription {
    /// Reads one subscription from its own events.
    fn read(id: &SubscriptionId, events: &BTreeSet<&BillingEvent>) -> Self {
        if let Some(ended) = events.iter().find(|event| matches!(event.fact, Fact::Ended { .. })) {
            // What ended before it was ever paid for has never been.
            let was = events.iter().any(|event| lived(&event.fact)) || !events.iter().any(|e| seen(&e.fact));
            return if was { Self::Cancelled { id: id.clone(), at: ended.at } } else { Self::None };
        }
        let last = events.iter().rev().find_map(|event| match &event.fact {
            Fact::Granted { until, .. } => Some((SubscriptionStatus::Active, *until)),
            Fact::Seen { status, ends, .. } => Some((*status, *ends)),
            _ => None,
        });
        match last {
            // An invoice of a subscription that is not known yet: it will be seen.
            None | Some((SubscriptionStatus::Incomplete, _)) => Self::None,
            Some((_, ends)) => Self::Living { id: id.clone(), ends, failing_since: failing_since(events) },
        }
    }

    /// How it stands at `now`.
    pub fn standing(&self, now: OffsetDateTime) -> SubscriptionStanding {
        match self {
            Self::None => SubscriptionStanding::None,
            // The end has come, and the provider's word of it is late.
            Self::Living { ends: Some(end), .. } if *end <= now => after(*end, now),
            Self::Living { failing_since: Some(since), .. } if now >= *since + PAYMENT_GRACE => {
                SubscriptionStanding::PaymentOverdue
            }
            Self::Living { failing_since: Some(_), .. } => SubscriptionStanding::PaymentFailing,
            Self::Living { ends: Some(_), .. } => SubscriptionStanding::Cancelling,
            Self::Living { .. } => SubscriptionStanding::Active,
            Self::Cancelled { at, .. } => after(*at, now),
        }
    }

    /// When the account's export window closes, if the subscription has ended or its end is arranged.
    pub fn window_closes(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Living { ends: Some(end), .. } | Self::Cancelled { at: end, .. } => {
                Some(*end + EXPORT_WINDOW)
            }
            _ => None,
        }
    }
}

fn after(end: OffsetDateTime, now: OffsetDateTime) -> SubscriptionStanding {
    if now < end + EXPORT_WINDOW { SubscriptionStanding::Cancelled } else { SubscriptionStanding::WindowOver }
}

fn seen(fact: &Fact) -> bool {
    matches!(fact, Fact::Seen { .. } | Fact::Granted { .. })
}

fn lived(fact: &Fact) -> bool {
    match fact {
        Fact::Granted { .. } => true,
        Fact::Seen { status, .. } => *status != SubscriptionStatus::Incomplete,
        _ => false,
    }
}

/// Since when a payment has been failing, if one is: the earliest failure of what is still owed, or the first of the
/// sightings in a row that say so. A failure before the subscription was last seen to be active was settled, even
/// if the word of it was lost.
fn failing_since(events: &BTreeSet<&BillingEvent>) -> Option<OffsetDateTime> {
    let settled: BTreeSet<&InvoiceId> = events
        .iter()
        .filter_map(|event| match &event.fact {
            Fact::Settled { invoice, .. } => Some(invoice),
            _ => None,
        })
        .collect();
    let mut seen_active = None;
    let mut overdue_since = None;
    for event in events {
        match &event.fact {
            Fact::Seen { status: SubscriptionStatus::PastDue, .. } => {
                overdue_since = overdue_since.or(Some(event.at));
            }
            Fact::Seen { .. } | Fact::Granted { .. } => {
                seen_active = Some(event.at);
                overdue_since = None;
            }
            _ => {}
        }
    }
    events
        .iter()
        .filter(|event| seen_active.is_none_or(|active| event.at >= active))
        .filter_map(|event| match &event.fact {
            Fact::PaymentFailed { invoice, .. } if !settled.contains(invoice) => Some(event.at),
            _ => None,
        })
        .chain(overdue_since)
        .min()
}

/// How a subscription stands at one moment, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubscriptionStanding {
    /// There is none.
    None,
    /// Paid.
    Active,
    /// Paid, and its end is arranged.
    Cancelling,
    /// A payment failed, up to 30 days ago.
    PaymentFailing,
    /// A payment failed longer ago.
    PaymentOverdue,
    /// It ended up to 30 days ago.
    Cancelled,
    /// It ended longer ago, and destruction is due.
    WindowOver,
    /// What belonged to it is destroyed. Lifecycle says so, never a payment provider.
    Destroyed,
}

impl SubscriptionStanding {
    /// Every standing, in order.
    pub const ALL: [Self; 8] = [
        Self::None,
        Self::Active,
        Self::Cancelling,
        Self::PaymentFailing,
        Self::PaymentOverdue,
        Self::Cancelled,
        Self::WindowOver,
        Self::Destroyed,
    ];

    /// The standing in the words of the dashboard.
    pub fn words(self) -> &'static str {
        match self {
            Self::None => "no subscription",
            Self::Active => "paid",
            Self::Cancelling => "paid until its end",
            Self::PaymentFailing => "a payment failed",
            Self::PaymentOverdue => "payment overdue by more than 30 days",
            Self::Cancelled => "cancelled, export window open",
            Self::WindowOver => "cancelled, export window closed",
            Self::Destroyed => "destroyed",
        }
    }
}

#[cfg(test)]
#[path = "subscription_tests.rs"]
mod tests;
