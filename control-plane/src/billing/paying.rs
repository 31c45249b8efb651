//! Paying at the provider: the page on which an account subscribes, the portal, and the end of a subscription.

use safeguards::StoreError;
use time::{Duration, OffsetDateTime};

use crate::ids::AccountId;

use super::event::SubscriptionId;
use super::grants::OPERATOR;
use super::provider::{CheckoutOrder, ProviderError};
use super::records;
use super::service::{Billing, PaymentError};
use super::subscription::{Subscription, SubscriptionStanding};

/// How long a payment page stays open. Stripe closes its own after 24 hours at the latest.
const PAGE_LIFETIME: Duration = Duration::hours(23);

/// A page that has less time left than this is not offered again.
const TIME_TO_PAY: Duration = Duration::minutes(10);

impl Billing {
    /// The address of a page on which the account subscribes to the BAA plan. Asked twice, it is the same page: two
    /// clicks, or a crash in between, are one subscription.
    ///
    /// # Errors
    /// [`PaymentError`].
    pub async fn checkout(
        &self,
        account: AccountId,
        email: Option<String>,
        origin: &str,
    ) -> Result<String, PaymentError> {
        let provider = self.provider.as_ref().ok_or(PaymentError::NotConfigured)?;
        let now = self.platform.clock.now();
        let open = self.open_page(account, now).await?;
        if let Some(url) = open.url {
            return Ok(url);
        }
        let order = CheckoutOrder {
            key: format!("checkout:{}", open.id),
            account,
            customer: records::customer_of(&self.platform.store, provider.name(), account).await?,
            email,
            paid: format!("{origin}/billing/paid?page={{CHECKOUT_SESSION_ID}}"),
            back: format!("{origin}/billing"),
            expires: open.expires,
        };
        let page = match provider.checkout(&order).await {
            Ok(page) => page,
            // What was refused will be refused again under the same key: the next click begins anew.
            Err(error @ (ProviderError::Refused(_) | ProviderError::Missing)) => {
                records::close_checkout(&self.platform.store, open.id, false).await?;
                return Err(error.into());
            }
            Err(error) => return Err(error.into()),
        };
        records::know_page(&self.platform.store, open.id, &page.id, &page.url).await?;
        Ok(page.url)
    }

    /// The page that is open, or the row of a new one.
    async fn open_page(
        &self,
        account: AccountId,
        now: OffsetDateTime,
    ) -> Result<records::OpenCheckout, PaymentError> {
        // Of two that begin at once, one fails on the unique index and then finds the other's.
        for _ in 0..3 {
            let mut transaction = self.platform.store.begin().await?;
            let standing = self.history(&mut transaction, account).await?.subscription().standing(now);
            if !matches!(
                standing,
                SubscriptionStanding::None
                    | SubscriptionStanding::Cancelled
                    | SubscriptionStanding::WindowOver
                    | SubscriptionStanding::Destroyed
            ) {
                return Err(PaymentError::AlreadySubscribed);
            }
            match records::open_checkout(&mut transaction, account).await? {
                Some(open) if open.expires > now + TIME_TO_PAY => return Ok(open),
                Some(old) => drop(records::close_checkout(&mut transaction, old.id, false).await?),
                None => {}
            }
            let open = records::OpenCheckout {
                id: self.platform.ids.next(),
                url: None,
                expires: now + PAGE_LIFETIME,
            };
            let provider = self.provider.as_ref().map_or(OPERATOR, |provider| provider.name());
            match records::begin_checkout(&mut transaction, open.id, account, provider, open.expires, now)
                .await
            {
                Ok(()) => {}
                Err(StoreError::Unique { .. }) => continue,
                Err(error) => return Err(error.into()),
            }
            match transaction.commit().await {
                Ok(()) => return Ok(open),
                Err(StoreError::Unique { .. } | StoreError::Conflict) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// A person has come back from a payment page: asks the provider, since its word may be late. A page that is not
    /// the account's own is as if it were not there.
    ///
    /// # Errors
    /// [`PaymentError`].
    pub async fn confirm(&self, account: AccountId, page: &str) -> Result<(), PaymentError> {
        let provider = self.provider.as_ref().ok_or(PaymentError::NotConfigured)?;
        let Some(id) = records::page_of(&self.platform.store, account, page).await? else {
            return Err(PaymentError::NotSubscribed);
        };
        let Some(subscription) = provider.paid(page).await? else { return Ok(()) };
        records::close_checkout(&self.platform.store, id, true).await?;
        self.look(account, &subscription).await
    }

    /// Asks the provider how a subscription stands, and keeps the answer.
    async fn look(&self, account: AccountId, subscription: &SubscriptionId) -> Result<(), PaymentError> {
        let provider = self.provider.as_ref().ok_or(PaymentError::NotConfigured)?;
        let sighting = provider.look(subscription, self.platform.clock.now()).await?;
        if sighting.account.is_some_and(|other| other != account) {
            return Err(PaymentError::NotSubscribed);
        }
        self.keep(provider.name(), account, Some(&sighting.customer), &sighting.event).await?;
        Ok(())
    }

    /// Asks the provider again about the account's subscription: what heals a webhook that never came.
    ///
    /// # Errors
    /// [`PaymentError`]; an account without a paid subscription needs no look.
    pub async fn refresh(&self, account: AccountId) -> Result<(), PaymentError> {
        match self.paid_subscription(account).await {
            Ok(subscription) => self.look(account, &subscription).await,
            Err(PaymentError::NotSubscribed | PaymentError::NotConfigured) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The address of a page on which the customer changes the card, sees invoices, cancels or comes back.
    ///
    /// # Errors
    /// [`PaymentError`].
    pub async fn portal(&self, account: AccountId, origin: &str) -> Result<String, PaymentError> {
        let provider = self.provider.as_ref().ok_or(PaymentError::NotConfigured)?;
        let customer = records::customer_of(&self.platform.store, provider.name(), account).await?;
        let customer = customer.ok_or(PaymentError::NotSubscribed)?;
        Ok(provider.portal(&customer, &format!("{origin}/billing")).await?)
    }

    /// Arranges that the subscription ends with the paid period, or takes that back. `operation` names this wish: told
    /// twice, it is one.
    ///
    /// # Errors
    /// [`PaymentError`].
    pub async fn arrange_end(
        &self,
        account: AccountId,
        ends: bool,
        operation: &str,
    ) -> Result<Subscription, PaymentError> {
        if let Subscription::Living { id, .. } = self.subscription(account).await?
            && records::provider_of(&self.platform.store, &id).await?.as_deref() == Some(OPERATOR)
        {
            // A grant has no period that was paid for: it ends now, and is given again by the operator.
            if ends {
                self.end_grant(account, &id).await?;
            }
            return Ok(self.subscription(account).await?);
        }
        let subscription = self.paid_subscription(account).await?;
        let provider = self.provider.as_ref().ok_or(PaymentError::NotConfigured)?;
        let now = self.platform.clock.now();
        let sighting = provider.arrange_end(&subscription, ends, operation, now).await?;
        self.keep(provider.name(), account, Some(&sighting.customer), &sighting.event).await?;
        Ok(self.subscription(account).await?)
    }

    async fn paid_subscription(&self, account: AccountId) -> Result<SubscriptionId, PaymentError> {
        let Subscription::Living { id, .. } = self.subscription(account).await? else {
            return Err(PaymentError::NotSubscribed);
        };
        match records::provider_of(&self.platform.store, &id).await?.as_deref() {
            Some(provider) if provider != OPERATOR => Ok(id),
            _ => Err(PaymentError::NotSubscribed),
        }
    }
}
