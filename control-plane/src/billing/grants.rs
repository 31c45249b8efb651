//! Plans that the operator gives, where no payment provider is configured or none is to be asked.

use safeguards::StoreError;
use time::OffsetDateTime;

use crate::ids::AccountId;

use super::event::{BillingEvent, EventId, Fact, SubscriptionId};
use super::records;
use super::service::{Billing, PaymentError};
use super::subscription::Subscription;

/// The name under which operators' grants are kept.
pub(super) const OPERATOR: &str = "operator";

impl Billing {
    /// Gives the account the BAA plan without payment, for ever or until a day. An earlier grant is replaced.
    ///
    /// # Errors
    /// [`PaymentError::AlreadySubscribed`] while the account pays.
    pub async fn grant(&self, account: AccountId, until: Option<OffsetDateTime>) -> Result<(), PaymentError> {
        let now = self.platform.clock.now();
        let subscription = match self.subscription(account).await? {
            Subscription::Living { id, .. } => {
                if records::provider_of(&self.platform.store, &id).await?.as_deref() != Some(OPERATOR) {
                    return Err(PaymentError::AlreadySubscribed);
                }
                id
            }
            _ => SubscriptionId(format!("grant:{}", self.platform.ids.next())),
        };
        let id = EventId(self.platform.ids.next().to_string());
        let event = BillingEvent { at: now, fact: Fact::Granted { subscription, until }, id };
        self.keep(OPERATOR, account, None, &event).await?;
        Ok(())
    }

    /// Whether there is such an account.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn is_account(&self, account: AccountId) -> Result<bool, StoreError> {
        records::is_account(&self.platform.store, account).await
    }

    /// Takes the operator's grant back, at once.
    ///
    /// # Errors
    /// [`PaymentError::NotSubscribed`] if there is none.
    pub async fn withdraw_grant(&self, account: AccountId) -> Result<(), PaymentError> {
        let Subscription::Living { id, .. } = self.subscription(account).await? else {
            return Err(PaymentError::NotSubscribed);
        };
        if records::provider_of(&self.platform.store, &id).await?.as_deref() != Some(OPERATOR) {
            return Err(PaymentError::NotSubscribed);
        }
        self.end_grant(account, &id).await?;
        Ok(())
    }

    pub(super) async fn end_grant(
        &self,
        account: AccountId,
        grant: &SubscriptionId,
    ) -> Result<bool, StoreError> {
        let fact = Fact::Ended { subscription: grant.clone() };
        let event =
            BillingEvent { at: self.platform.clock.now(), fact, id: EventId(format!("ended:{}", grant.0)) };
        self.keep(OPERATOR, account, None, &event).await
    }
}
