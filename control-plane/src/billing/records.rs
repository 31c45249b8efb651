//! Payments in the platform's database.

use safeguards::store::{Row, Target};
use safeguards::{StoreError, Transaction, sql};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ids::AccountId;

use super::event::{BillingEvent, EventId, Fact, InvoiceId, SubscriptionId, SubscriptionStatus};
use super::provider::CustomerId;
use super::subscription::History;

impl SubscriptionStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::Active => "active",
            Self::PastDue => "past-due",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Incomplete, Self::Active, Self::PastDue].into_iter().find(|status| status.as_str() == text)
    }
}

/// Remembers whose a subscription is. Whoever was named first stays; false if the account is not one of ours.
pub(super) async fn know_subscription(
    transaction: &mut Transaction,
    provider: &str,
    subscription: &SubscriptionId,
    account: AccountId,
    customer: Option<&CustomerId>,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    if !is_account(&mut *transaction, account).await? {
        return Ok(false);
    }
    sql("INSERT INTO billing_subscriptions (id, provider, account_id, customer, created_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
    .bind(&subscription.0)
    .bind(provider)
    .bind(account)
    .bind(customer.map(|customer| customer.0.clone()))
    .bind(now)
    .execute(&mut *transaction)
    .await?;
    if let Some(customer) = customer {
        sql("UPDATE billing_subscriptions SET customer = $2 WHERE id = $1 AND customer IS NULL")
            .bind(&subscription.0)
            .bind(&customer.0)
            .execute(transaction)
            .await?;
    }
    Ok(true)
}

/// Keeps an event; false if it was known.
pub(super) async fn keep_event(
    transaction: &mut Transaction,
    provider: &str,
    event: &BillingEvent,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (fact, status, invoice, ends) = match &event.fact {
        Fact::Granted { until, .. } => ("granted", None, None, *until),
        Fact::Seen { status, ends, .. } => ("seen", Some(status.as_str()), None, *ends),
        Fact::PaymentFailed { invoice, .. } => ("payment-failed", None, Some(&invoice.0), None),
        Fact::Settled { invoice, .. } => ("settled", None, Some(&invoice.0), None),
        Fact::Ended { .. } => ("ended", None, None, None),
    };
    let kept =
        sql("INSERT INTO billing_events (provider, id, subscription_id, fact, status, invoice, ends_at, at,
             received_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING")
        .bind(provider)
        .bind(&event.id.0)
        .bind(&event.fact.subscription().0)
        .bind(fact)
        .bind(status)
        .bind(invoice.cloned())
        .bind(ends)
        .bind(event.at)
        .bind(now)
        .execute(transaction)
        .await?;
    Ok(kept == 1)
}

/// Whose a subscription is, if that is known.
pub(super) async fn account_of(
    on: impl Into<Target<'_>>,
    subscription: &SubscriptionId,
) -> Result<Option<AccountId>, StoreError> {
    let row = sql("SELECT account_id FROM billing_subscriptions WHERE id = $1").bind(&subscription.0);
    let row = row.fetch_optional(on).await?;
    row.map(|row| row.uuid("account_id").map(AccountId::new)).transpose()
}

/// Everything that was told of an account's subscriptions.
pub(super) async fn history(on: impl Into<Target<'_>>, account: AccountId) -> Result<History, StoreError> {
    let rows = sql("SELECT e.id, e.subscription_id, e.fact, e.status, e.invoice, e.ends_at, e.at
         FROM billing_events e JOIN billing_subscriptions s ON s.id = e.subscription_id
         WHERE s.account_id = $1")
    .bind(account)
    .fetch_all(on)
    .await?;
    rows.iter().map(event).collect()
}

fn event(row: &Row) -> Result<BillingEvent, StoreError> {
    let subscription = SubscriptionId(row.text("subscription_id")?);
    let unknown = |column: &str, expected| StoreError::Column { column: column.into(), expected };
    let invoice = || -> Result<InvoiceId, StoreError> { row.text("invoice").map(InvoiceId) };
    let fact = match row.text("fact")?.as_str() {
        "granted" => Fact::Granted { subscription, until: row.optional_timestamp("ends_at")? },
        "seen" => {
            let status = SubscriptionStatus::parse(&row.text("status")?)
                .ok_or_else(|| unknown("status", "a status of a subscription"))?;
            Fact::Seen { subscription, status, ends: row.optional_timestamp("ends_at")? }
        }
        "payment-failed" => Fact::PaymentFailed { subscription, invoice: invoice()? },
        "settled" => Fact::Settled { subscription, invoice: invoice()? },
        "ended" => Fact::Ended { subscription },
        _ => return Err(unknown("fact", "a fact about a subscription")),
    };
    Ok(BillingEvent { at: row.timestamp("at")?, fact, id: EventId(row.text("id")?) })
}

/// Who paid last for an account at a provider.
pub(super) async fn customer_of(
    on: impl Into<Target<'_>>,
    provider: &str,
    account: AccountId,
) -> Result<Option<CustomerId>, StoreError> {
    let row = sql("SELECT customer FROM billing_subscriptions
         WHERE account_id = $1 AND provider = $2 AND customer IS NOT NULL ORDER BY created_at DESC, id DESC LIMIT 1")
    .bind(account)
    .bind(provider)
    .fetch_optional(on)
    .await?;
    row.map(|row| row.text("customer").map(CustomerId)).transpose()
}

/// A payment page that is open.
pub(super) struct OpenCheckout {
    pub(super) id: Uuid,
    pub(super) url: Option<String>,
    pub(super) expires: OffsetDateTime,
}

/// The account's open payment page.
pub(super) async fn open_checkout(
    on: impl Into<Target<'_>>,
    account: AccountId,
) -> Result<Option<OpenCheckout>, StoreError> {
    let row =
        sql("SELECT id, url, expires_at FROM billing_checkouts WHERE account_id = $1 AND state = 'open'")
            .bind(account)
            .fetch_optional(on)
            .await?;
    row.map(|row| {
        Ok(OpenCheckout {
            id: row.uuid("id")?,
            url: row.optional_text("url")?,
            expires: row.timestamp("expires_at")?,
        })
    })
    .transpose()
}

pub(super) async fn begin_checkout(
    transaction: &mut Transaction,
    id: Uuid,
    account: AccountId,
    provider: &str,
    expires: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sql("INSERT INTO billing_checkouts (id, account_id, provider, state, expires_at, created_at)
         VALUES ($1, $2, $3, 'open', $4, $5)")
    .bind(id)
    .bind(account)
    .bind(provider)
    .bind(expires)
    .bind(now)
    .execute(transaction)
    .await
    .map(drop)
}

/// Closes a payment page: it was paid, or it is over.
pub(super) async fn close_checkout(
    on: impl Into<Target<'_>>,
    id: Uuid,
    paid: bool,
) -> Result<u64, StoreError> {
    sql("UPDATE billing_checkouts SET state = $2 WHERE id = $1 AND state = 'open'")
        .bind(id)
        .bind(if paid { "paid" } else { "over" })
        .execute(on)
        .await
}

/// Closes a payment page by the provider's id; says how many it closed.
pub(super) async fn close_page(
    transaction: &mut Transaction,
    page: &str,
    paid: bool,
) -> Result<u64, StoreError> {
    sql("UPDATE billing_checkouts SET state = $2 WHERE page = $1 AND state = 'open'")
        .bind(page)
        .bind(if paid { "paid" } else { "over" })
        .execute(transaction)
        .await
}

/// Remembers the page that the provider made.
pub(super) async fn know_page(
    on: impl Into<Target<'_>>,
    id: Uuid,
    page: &str,
    url: &str,
) -> Result<(), StoreError> {
    sql("UPDATE billing_checkouts SET page = $2, url = $3 WHERE id = $1")
        .bind(id)
        .bind(page)
        .bind(url)
        .execute(on)
        .await
        .map(drop)
}

/// The account's own payment page of that id at the provider.
pub(super) async fn page_of(
    on: impl Into<Target<'_>>,
    account: AccountId,
    page: &str,
) -> Result<Option<Uuid>, StoreError> {
    let row = sql("SELECT id FROM billing_checkouts WHERE account_id = $1 AND page = $2")
        .bind(account)
        .bind(page)
        .fetch_optional(on)
        .await?;
    row.map(|row| row.uuid("id")).transpose()
}

/// Who told of a subscription: a provider, or the operator.
pub(super) async fn provider_of(
    on: impl Into<Target<'_>>,
    subscription: &SubscriptionId,
) -> Result<Option<String>, StoreError> {
    let row = sql("SELECT provider FROM billing_subscriptions WHERE id = $1").bind(&subscription.0);
    let row = row.fetch_optional(on).await?;
    row.map(|row| row.text("provider")).transpose()
}

/// Whose a payment page is.
pub(super) async fn account_of_page(
    on: impl Into<Target<'_>>,
    page: &str,
) -> Result<Option<AccountId>, StoreError> {
    let row =
        sql("SELECT account_id FROM billing_checkouts WHERE page = $1").bind(page).fetch_optional(on).await?;
    row.map(|row| row.uuid("account_id").map(AccountId::new)).transpose()
}

/// Whether there is such an account.
pub(super) async fn is_account(on: impl Into<Target<'_>>, account: AccountId) -> Result<bool, StoreError> {
    let row = sql("SELECT id FROM organisations WHERE id = $1").bind(account);
    Ok(row.fetch_optional(on).await?.is_some())
}
