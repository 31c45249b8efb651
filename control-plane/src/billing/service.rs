//! What providers tell, kept once; and how an account stands by it.

use std::sync::Arc;

use safeguards::store::Target;
use safeguards::{StoreError, Transaction};
use time::OffsetDateTime;

use crate::Platform;
use crate::agreement;
use crate::ids::AccountId;
use crate::seams::{self, BillingError, Gate};

use super::event::BillingEvent;
use super::gatekeeper;
use super::production::production;
use super::provider::{CustomerId, Paid, PaymentProvider, ProviderError, Told, WebhookError};
use super::records;
use super::standing;
use super::subscription::{History, Subscription};

/// What accounts pay for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Billing {
    pub(super) platform: Platform,
    pub(super) provider: Option<Arc<dyn PaymentProvider>>,
}

/// Why a payment could not be begun or changed. The words are for the person, unless they say otherwise.
#[derive(Debug, thiserror::Error)]
pub enum PaymentError {
    /// No provider is configured: plans are granted by the operator.
    #[error("payments are not set up here; ask the operator of this platform for the BAA plan")]
    NotConfigured,
    /// The account has the plan.
    #[error("this account already has the BAA plan")]
    AlreadySubscribed,
    /// The account has never had the plan, or it was granted and not paid for.
    #[error("this account has no paid subscription")]
    NotSubscribed,
    /// The provider did not do it. Its words are for the operator's log.
    #[error("the payment provider could not do this; nothing was changed or charged. Try again in a minute")]
    Provider(#[source] ProviderError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ProviderError> for PaymentError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

/// Why a webhook was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// No provider is configured.
    #[error("payments are not set up here")]
    NotConfigured,
    /// It is not believed.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// It could not be stored: the provider is to send it again.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// It was news, and is stored.
    Stored,
    /// It was stored before.
    Known,
    /// It does not concern us.
    Ignored,
}

impl Billing {
    /// Billing through a provider, or by operators' grants alone.
    pub fn new(platform: Platform, provider: Option<Arc<dyn PaymentProvider>>) -> Self {
        Self { platform, provider }
    }

    /// Whether people can pay here.
    pub fn takes_payments(&self) -> bool {
        self.provider.is_some()
    }

    /// The name of the provider, if people can pay here.
    pub fn provider_name(&self) -> Option<&'static str> {
        self.provider.as_ref().map(|provider| provider.name())
    }

    /// The header that carries a webhook's signature, if people can pay here.
    pub fn signature_header(&self) -> Option<&'static str> {
        self.provider.as_ref().map(|provider| provider.signature_header())
    }

    /// The account's subscription, as far as it was told.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn subscription(&self, account: AccountId) -> Result<Subscription, StoreError> {
        Ok(self.history(&self.platform.store, account).await?.subscription())
    }

    pub(super) async fn history(
        &self,
        on: impl Into<Target<'_>>,
        account: AccountId,
    ) -> Result<History, StoreError> {
        records::history(on, account).await
    }

    /// Takes a webhook: judged, stored once, and only then answered.
    ///
    /// # Errors
    /// [`ReceiveError::Webhook`] is answered 400 and is not to be sent again; anything else is.
    pub async fn receive(&self, signature: &str, body: &[u8]) -> Result<Receipt, ReceiveError> {
        let provider = self.provider.as_ref().ok_or(ReceiveError::NotConfigured)?;
        let now = self.platform.clock.now();
        let told = provider.read_webhook(signature, body, now)?;
        let mut transaction = self.platform.store.begin().await?;
        let receipt = match told {
            Told::Other { .. } => Receipt::Ignored,
            Told::Subscription { account, customer, event } => {
                let subscription = event.fact.subscription().clone();
                if let Some(account) = account {
                    let customer = customer.as_ref();
                    records::know_subscription(
                        &mut transaction,
                        provider.name(),
                        &subscription,
                        account,
                        customer,
                        now,
                    )
                    .await?;
                }
                let news = records::keep_event(&mut transaction, provider.name(), &event, now).await?;
                if let Some(account) = records::account_of(&mut transaction, &subscription).await? {
                    gatekeeper::call(&self.platform, &mut transaction, account).await?;
                }
                if news { Receipt::Stored } else { Receipt::Known }
            }
            Told::Checkout { page, paid, .. } => {
                self.page_ended(&mut transaction, provider.name(), &page, paid, now).await?
            }
        };
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(receipt)
    }

    /// A payment page was paid, or is over. The page tells whose the subscription is, before the subscription's own
    /// events do: until they come, another click must not lead to another subscription.
    async fn page_ended(
        &self,
        transaction: &mut Transaction,
        provider: &str,
        page: &str,
        paid: Option<Paid>,
        now: OffsetDateTime,
    ) -> Result<Receipt, StoreError> {
        let Some(account) = records::account_of_page(&mut *transaction, page).await? else {
            return Ok(Receipt::Ignored);
        };
        let closed = records::close_page(transaction, page, paid.is_some()).await?;
        let Some(paid) = paid else {
            return Ok(if closed == 0 { Receipt::Known } else { Receipt::Stored });
        };
        let subscription = paid.event.fact.subscription();
        let customer = paid.customer.as_ref();
        records::know_subscription(transaction, provider, subscription, account, customer, now).await?;
        let news = records::keep_event(transaction, provider, &paid.event, now).await?;
        gatekeeper::call(&self.platform, transaction, account).await?;
        Ok(if news { Receipt::Stored } else { Receipt::Known })
    }

    /// Keeps an event that we were not told by webhook.
    pub(super) async fn keep(
        &self,
        provider: &str,
        account: AccountId,
        customer: Option<&CustomerId>,
        event: &BillingEvent,
    ) -> Result<bool, StoreError> {
        let now = self.platform.clock.now();
        let mut transaction = self.platform.store.begin().await?;
        let subscription = event.fact.subscription();
        records::know_subscription(&mut transaction, provider, subscription, account, customer, now).await?;
        let news = records::keep_event(&mut transaction, provider, event, now).await?;
        gatekeeper::call(&self.platform, &mut transaction, account).await?;
        transaction.commit().await?;
        self.platform.operations.wake();
        Ok(news)
    }

    /// What production may do now, and all that the dashboard says of it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn stands(
        &self,
        on: &mut Transaction,
        account: AccountId,
    ) -> Result<seams::Standing, StoreError> {
        let now = self.platform.clock.now();
        let subscription = self.history(&mut *on, account).await?.subscription();
        let facts = agreement::facts(on, account, now).await?;
        Ok(standing::describe(&subscription, &facts, now))
    }

    /// The gate alone.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn gate(&self, account: AccountId) -> Result<Gate, StoreError> {
        let mut transaction = self.platform.store.snapshot().await?;
        let now = self.platform.clock.now();
        let subscription = self.history(&mut transaction, account).await?.subscription();
        let facts = agreement::facts(&mut transaction, account, now).await?;
        Ok(production(subscription.standing(now), facts.standing(now)))
    }
}

impl seams::Billing for Billing {
    fn standing<'a>(&'a self, account: AccountId) -> seams::Pending<'a, seams::Standing, BillingError> {
        Box::pin(async move {
            let unavailable = |error: StoreError| BillingError::Unavailable(error.to_string());
            let mut transaction = self.platform.store.snapshot().await.map_err(unavailable)?;
            self.stands(&mut transaction, account).await.map_err(unavailable)
        })
    }
}
