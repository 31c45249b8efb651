//! Plans and subscriptions: what an account pays for, whoever takes the payment.
//!
//! A provider's word is stored as a handful of facts and read as a set ([`History`]), so that late, early and repeated deliveries
//! end in one state (HC-14). Card data never reach us: people pay on the provider's own pages (CL-12).

mod event;
mod gatekeeper;
mod grants;
mod http;
pub mod pages;
mod paying;
mod plan;
mod production;
mod provider;
mod records;
mod service;
mod standing;
mod subscription;

pub use event::{BillingEvent, EventId, Fact, InvoiceId, SubscriptionId, SubscriptionStatus};
pub use gatekeeper::{Gatekeeper, call};
pub use http::webhooks;
pub use plan::{Plan, UnknownPlan};
pub use production::production;
pub use provider::{
    CheckoutOrder, CheckoutPage, CustomerId, Paid, PaymentProvider, ProviderError, Sighting, Told,
    WebhookError,
};
pub use service::{Billing, PaymentError, Receipt, ReceiveError};
pub use subscription::{EXPORT_WINDOW, History, PAYMENT_GRACE, Subscription, SubscriptionStanding};
