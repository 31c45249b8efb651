//! What a payment provider tells, in our own words. Whoever takes the payment translates into these.

use time::OffsetDateTime;

/// The provider's own id of an event: what makes a second delivery the same event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub String);

/// The provider's own id of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionId(pub String);

/// The provider's own id of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InvoiceId(pub String);

/// One thing that the provider says has happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BillingEvent {
    /// When the provider says that it happened; providers tell seconds, so two events may share a moment.
    pub at: OffsetDateTime,
    /// What happened.
    pub fact: Fact,
    /// Its id at the provider.
    pub id: EventId,
}

/// What may happen. The order of the variants is the order in which facts of the same second are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The operator gave the account the BAA plan, without payment.
    Granted {
        /// The grant, which takes the place of a provider's subscription.
        subscription: SubscriptionId,
        /// When it ends by itself; never, if none.
        until: Option<OffsetDateTime>,
    },
    /// The subscription was seen to be so.
    Seen {
        /// Which subscription.
        subscription: SubscriptionId,
        /// How it stood.
        status: SubscriptionStatus,
        /// When it is going to end, if its end is arranged.
        ends: Option<OffsetDateTime>,
    },
    /// A payment of an invoice failed.
    PaymentFailed {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// Which invoice.
        invoice: InvoiceId,
    },
    /// An invoice was paid, voided or written off: nothing is owed on it any more. This is final.
    Settled {
        /// Of which subscription.
        subscription: SubscriptionId,
        /// Which invoice.
        invoice: InvoiceId,
    },
    /// The subscription has ended. This is final: to come back is a new subscription.
    Ended {
        /// Which subscription.
        subscription: SubscriptionId,
    },
}

impl Fact {
    /// The subscription that the fact is about.
    pub fn subscription(&self) -> &SubscriptionId {
        match self {
            Self::Granted { subscription, .. }
            | Self::Seen { subscription, .. }
            | Self::PaymentFailed { subscription, .. }
            | Self::Settled { subscription, .. }
            | Self::Ended { subscription } => subscription,
        }
    }
}

/// How a subscription stands at its provider. Of two that were seen in one second the later variant counts: it is
/// the narrower one, except that a first payment leads from `Incomplete` to `Active`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubscriptionStatus {
    /// The first payment was not made yet (or never was): there is nothing that could be used.
    Incomplete,
    /// Paid, or in a trial.
    Active,
    /// A payment is overdue; also what a provider says in words that we do not know.
    PastDue,
}
