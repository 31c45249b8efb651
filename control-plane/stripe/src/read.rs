//! From Stripe's objects to our own words. Only the fields named here are ever taken from a webhook.

use control_plane::AccountId;
use control_plane::billing::{
    BillingEvent, CustomerId, EventId, Fact, InvoiceId, Paid, SubscriptionId, SubscriptionStatus, Told,
    WebhookError,
};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// The key in a subscription's metadata that names the account.
pub(crate) const ACCOUNT: &str = "health_coder_account";

/// What every event has.
#[derive(Deserialize)]
struct Event {
    id: String,
    created: i64,
    livemode: bool,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    object: Value,
}

/// An id, or the object that was put in its place.
#[derive(Deserialize)]
#[serde(untagged)]
enum Expandable {
    Id(String),
    Object { id: String },
}

impl Expandable {
    fn id(self) -> String {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

#[derive(Deserialize)]
struct Subscription {
    id: String,
    status: String,
    customer: Expandable,
    #[serde(default)]
    metadata: HashMap<String, String>,
    #[serde(default)]
    cancel_at_period_end: bool,
    cancel_at: Option<i64>,
    ended_at: Option<i64>,
    /// Until 2025 the period stood here; since then it stands at the items.
    current_period_end: Option<i64>,
    items: Items,
}

#[derive(Deserialize)]
struct Items {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    price: Price,
    current_period_end: Option<i64>,
}

#[derive(Deserialize)]
struct Price {
    id: String,
}

#[derive(Deserialize)]
struct Invoice {
    id: String,
    customer: Option<Expandable>,
    /// Until 2025 the subscription stood here; since then it stands at the parent.
    subscription: Option<Expandable>,
    parent: Option<Parent>,
}

#[derive(Deserialize)]
struct Parent {
    subscription_details: Option<SubscriptionDetails>,
}

#[derive(Deserialize)]
struct SubscriptionDetails {
    subscription: Expandable,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Session {
    id: String,
    payment_status: String,
    customer: Option<Expandable>,
    subscription: Option<Expandable>,
}

/// Reads a webhook's body, once its signature was believed.
pub(crate) fn told(body: &[u8], live: bool, prices: &[String]) -> Result<Told, WebhookError> {
    let event: Event = serde_json::from_slice(body).map_err(|_| WebhookError::Unreadable)?;
    let id = EventId(event.id);
    // A payment in play money opens nothing.
    if event.livemode != live {
        return Ok(Told::Other { id });
    }
    let at = moment(event.created).ok_or(WebhookError::Unreadable)?;
    let object = event.data.object;
    match event.kind.as_str() {
        "customer.subscription.created"
        | "customer.subscription.updated"
        | "customer.subscription.deleted"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => {
            let Some(seen) = subscription(object, at, id.clone(), prices)? else {
                return Ok(Told::Other { id });
            };
            Ok(Told::Subscription { account: seen.account, customer: Some(seen.customer), event: seen.event })
        }
        "invoice.payment_failed" | "invoice.payment_action_required" => invoice(object, at, id, true),
        "invoice.paid" | "invoice.voided" | "invoice.marked_uncollectible" => invoice(object, at, id, false),
        "checkout.session.completed"
        | "checkout.session.async_payment_succeeded"
        | "checkout.session.expired" => {
            let session: Session = serde_json::from_value(object).map_err(|_| WebhookError::Unreadable)?;
            let is_paid = event.kind != "checkout.session.expired" && session.payment_status != "unpaid";
            let paid = session.subscription.filter(|_| is_paid).map(|subscription| Paid {
                customer: session.customer.map(|customer| CustomerId(customer.id())),
                event: BillingEvent {
                    at,
                    fact: Fact::Seen {
                        subscription: SubscriptionId(subscription.id()),
                        status: SubscriptionStatus::Active,
                        ends: None,
                    },
                    id: id.clone(),
                },
            });
            Ok(Told::Checkout { id, page: session.id, paid })
        }
        _ => Ok(Told::Other { id }),
    }
}

/// A subscription that was seen.
pub(crate) struct Seen {
    pub(crate) account: Option<AccountId>,
    pub(crate) customer: CustomerId,
    pub(crate) event: BillingEvent,
}

/// Reads a subscription; none, if it is not to one of our prices.
pub(crate) fn subscription(
    object: Value,
    at: OffsetDateTime,
    id: EventId,
    prices: &[String],
) -> Result<Option<Seen>, WebhookError> {
    let seen: Subscription = serde_json::from_value(object).map_err(|_| WebhookError::Unreadable)?;
    if !seen.items.data.iter().any(|item| prices.contains(&item.price.id)) {
        return Ok(None);
    }
    let period_end =
        seen.items.data.iter().filter_map(|item| item.current_period_end).min().or(seen.current_period_end);
    let ends = seen.cancel_at.or(if seen.cancel_at_period_end { period_end } else { None });
    let subscription = SubscriptionId(seen.id);
    let (at, fact) = match seen.status.as_str() {
        "canceled" | "incomplete_expired" => {
            (seen.ended_at.and_then(moment).unwrap_or(at), Fact::Ended { subscription })
        }
        status => {
            let status = match status {
                "incomplete" => SubscriptionStatus::Incomplete,
                "active" | "trialing" => SubscriptionStatus::Active,
                // Past due, unpaid, paused, and what Stripe may yet invent: nothing changes for 30 days.
                _ => SubscriptionStatus::PastDue,
            };
            (at, Fact::Seen { subscription, status, ends: ends.and_then(moment) })
        }
    };
    Ok(Some(Seen {
        account: account(&seen.metadata),
        customer: CustomerId(seen.customer.id()),
        event: BillingEvent { at, fact, id },
    }))
}

fn invoice(object: Value, at: OffsetDateTime, id: EventId, failed: bool) -> Result<Told, WebhookError> {
    let seen: Invoice = serde_json::from_value(object).map_err(|_| WebhookError::Unreadable)?;
    let details = seen.parent.and_then(|parent| parent.subscription_details);
    let account = details.as_ref().and_then(|details| account(&details.metadata));
    let Some(subscription) = details.map(|details| details.subscription).or(seen.subscription) else {
        return Ok(Told::Other { id });
    };
    let (subscription, invoice) = (SubscriptionId(subscription.id()), InvoiceId(seen.id));
    let fact = if failed {
        Fact::PaymentFailed { subscription, invoice }
    } else {
        Fact::Settled { subscription, invoice }
    };
    let customer = seen.customer.map(|customer| CustomerId(customer.id()));
    Ok(Told::Subscription { account, customer, event: BillingEvent { at, fact, id } })
}

fn account(metadata: &HashMap<String, String>) -> Option<AccountId> {
    metadata.get(ACCOUNT).and_then(|text| Uuid::parse_str(text).ok()).map(AccountId::new)
}

fn moment(seconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
