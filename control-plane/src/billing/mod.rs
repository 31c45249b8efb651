//! Plans and subscriptions: what an account pays for, whoever takes the payment.
//!
//! A provider's word is stored as it came and read as a set ([`History`]), so that late, early and repeated deliveries
//! end in one state (HC-14). Card data never reach us: people pay on the provider's own pages (CL-12).

mod event;
mod plan;
mod production;
mod subscription;

pub use event::{BillingEvent, EventId, Fact, InvoiceId, SubscriptionId, SubscriptionStatus};
pub use plan::{Plan, UnknownPlan};
pub use production::{Production, production};
pub use subscription::{EXPORT_WINDOW, History, PAYMENT_GRACE, Subscription, SubscriptionStanding};
