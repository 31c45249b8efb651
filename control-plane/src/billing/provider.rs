//! What the platform asks of whoever takes the payments.
//!
//! Every call may be repeated: what changes something carries a key under which the provider does it once. Cards
//! are shown to the provider's own pages only (CL-12).

use std::fmt;

use time::OffsetDateTime;

use crate::ids::AccountId;
use crate::seams::Pending;

use super::event::{BillingEvent, EventId, SubscriptionId};

/// The provider's own id of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CustomerId(pub String);

/// A wish to subscribe to the BAA plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutOrder {
    /// The provider does it once under this key.
    pub key: String,
    /// Whose subscription it will be; the provider repeats it in what it tells of it.
    pub account: AccountId,
    /// The customer, if the account has paid before.
    pub customer: Option<CustomerId>,
    /// Otherwise the address that the payment page begins with.
    pub email: Option<String>,
    /// Where the person comes back to, having paid.
    pub paid: String,
    /// Where the person comes back to, having thought better of it.
    pub back: String,
    /// When the page ends.
    pub expires: OffsetDateTime,
}

/// A page of the provider's on which a person pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckoutPage {
    /// The provider's id of it.
    pub id: String,
    /// Its address.
    pub url: String,
}

/// A subscription as the provider showed it when it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Whose it is, as the subscription itself says.
    pub account: Option<AccountId>,
    /// Who pays.
    pub customer: CustomerId,
    /// What was seen, as an event of its own.
    pub event: BillingEvent,
}

/// What a webhook told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Something about a subscription.
    Subscription {
        /// Whose it is, if the provider says so.
        account: Option<AccountId>,
        /// Who pays, if the provider says so.
        customer: Option<CustomerId>,
        /// What.
        event: BillingEvent,
    },
    /// A payment page was completed or has ended.
    Checkout {
        /// The event's id.
        id: EventId,
        /// The provider's id of the page.
        page: String,
        /// What it led to, if it was paid: a subscription that is active.
        paid: Option<Paid>,
    },
    /// Something that does not concern us.
    Other {
        /// The event's id.
        id: EventId,
    },
}

/// What a payment page led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// Who paid.
    pub customer: Option<CustomerId>,
    /// The subscription, seen to be active.
    pub event: BillingEvent,
}

/// Why the provider did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or is too busy; the same may be tried again. The words are for the operator.
    #[error("the payment provider is unavailable: {0}")]
    Unavailable(String),
    /// It refused. The words are for the operator.
    #[error("the payment provider refused: {0}")]
    Refused(String),
    /// It knows nothing of that id.
    #[error("the payment provider knows no such thing")]
    Missing,
}

/// Why a webhook is not believed. The provider is answered 400 and nothing is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// There is no signature, or it cannot be read.
    #[error("there is no signature")]
    Unsigned,
    /// No signature is by our secret over this body.
    #[error("the signature is not over this body")]
    Forged,
    /// It was signed too long ago, or in the future: somebody may be replaying it.
    #[error("the signature is too old")]
    Stale,
    /// It is signed and cannot be read.
    #[error("the body cannot be read")]
    Unreadable,
}

/// Whoever takes the payments.
pub trait PaymentProvider: Send + Sync + fmt::Debug {
    /// Its name in the database and in the register of sub-processors.
    fn name(&self) -> &'static str;

    /// The header that carries a webhook's signature.
    fn signature_header(&self) -> &'static str;

    /// Makes a page on which a person subscribes.
    fn checkout<'a>(&'a self, order: &'a CheckoutOrder) -> Pending<'a, CheckoutPage, ProviderError>;

    /// A page on which the customer changes the card, sees invoices, cancels or comes back.
    fn portal<'a>(&'a self, customer: &'a CustomerId, back: &'a str) -> Pending<'a, String, ProviderError>;

    /// Arranges that the subscription ends with the paid period, or takes that back. Done once under `key`;
    /// `now` is when it is seen to be so.
    fn arrange_end<'a>(
        &'a self,
        subscription: &'a SubscriptionId,
        ends: bool,
        key: &'a str,
        now: OffsetDateTime,
    ) -> Pending<'a, Sighting, ProviderError>;

    /// How the subscription stands there at `now`, which is now.
    fn look<'a>(
        &'a self,
        subscription: &'a SubscriptionId,
        now: OffsetDateTime,
    ) -> Pending<'a, Sighting, ProviderError>;

    /// The subscription that a payment page has led to, if it was paid.
    fn paid<'a>(&'a self, page: &'a str) -> Pending<'a, Option<SubscriptionId>, ProviderError>;

    /// Judges a webhook by its signature and reads it. `now` is when it arrived.
    ///
    /// # Errors
    /// [`WebhookError`] if it is not believed.
    fn read_webhook(&self, signature: &str, body: &[u8], now: OffsetDateTime) -> Result<Told, WebhookError>;
}
