//! The calls, repeated under one key until they succeed or patience ends.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use control_plane::billing::{
    CheckoutOrder, CheckoutPage, CustomerId, EventId, PaymentProvider, ProviderError, Sighting,
    SubscriptionId, Told, WebhookError,
};
use control_plane::processors::Permit;
use control_plane::seams::Pending;
use serde_json::Value;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_billing::billing_portal_session::CreateBillingPortalSession;
use stripe_billing::subscription::{RetrieveSubscription, UpdateSubscription};
use stripe_checkout::CheckoutSessionMode;
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionSubscriptionData,
    RetrieveCheckoutSession,
};
use time::OffsetDateTime;

use crate::settings::{Settings, SettingsError};
use crate::{read, signature};

/// Stripe.
pub struct Stripe {
    client: Client,
    settings: Settings,
}

impl Stripe {
    /// A client by these settings, on the register's permit (HC-13). Nothing is asked of Stripe yet.
    ///
    /// # Errors
    /// [`SettingsError`] says in words which setting is wrong.
    pub fn new(settings: Settings, permit: &Permit) -> Result<Self, SettingsError> {
        if permit.key() != "stripe" {
            return Err(SettingsError::Permit);
        }
        settings.check()?;
        let mut builder = ClientBuilder::new(settings.secret_key.expose()).timeout(settings.timeout);
        if let Some(address) = &settings.address {
            builder = builder.url(address.clone());
        }
        let client = builder.build().map_err(|error| SettingsError::Client(words(&error)))?;
        Ok(Self { client, settings })
    }

    /// Sends a request until it is answered, under one idempotency key.
    async fn call<R: StripeRequest>(&self, request: &R, key: Option<&str>) -> Result<Value, ProviderError> {
        let strategy = match key {
            None => RequestStrategy::Once,
            Some(key) => RequestStrategy::Idempotent(
                IdempotencyKey::new(key).map_err(|error| ProviderError::Refused(error.to_string()))?,
            ),
        };
        let mut wait = self.settings.first_wait;
        let mut attempt = 1;
        loop {
            let answered: Result<miniserde::json::Value, StripeError> =
                request.build().customize().request_strategy(strategy.clone()).send(&self.client).await;
            let error = match answered {
                Ok(answer) => {
                    let text = miniserde::json::to_string(&answer);
                    return serde_json::from_str(&text).map_err(|_| unreadable());
                }
                Err(error) => error,
            };
            if !passing(&error) || attempt >= self.settings.attempts {
                return Err(judged(&error));
            }
            tracing::warn!(attempt, "a call of Stripe failed and is repeated");
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(Duration::from_secs(5));
            attempt += 1;
        }
    }

    fn sighting(&self, answer: Value, at: OffsetDateTime, id: EventId) -> Result<Sighting, ProviderError> {
        match read::subscription(answer, at, id, &self.settings.prices) {
            Ok(Some(seen)) => {
                Ok(Sighting { account: seen.account, customer: seen.customer, event: seen.event })
            }
            Ok(None) => Err(ProviderError::Refused("the subscription is to a price that is not ours".into())),
            Err(_) => Err(unreadable()),
        }
    }
}

impl fmt::Debug for Stripe {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Stripe").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl PaymentProvider for Stripe {
    fn name(&self) -> &'static str {
        "stripe"
    }

    fn signature_header(&self) -> &'static str {
        "stripe-signature"
    }

    fn checkout<'a>(&'a self, order: &'a CheckoutOrder) -> Pending<'a, CheckoutPage, ProviderError> {
        Box::pin(async move {
            let line = CreateCheckoutSessionLineItems {
                price: self.settings.prices.first().cloned(),
                quantity: Some(1),
                ..CreateCheckoutSessionLineItems::new()
            };
            let account = order.account.to_string();
            let subscription = CreateCheckoutSessionSubscriptionData {
                metadata: Some(HashMap::from([(read::ACCOUNT.to_owned(), account.clone())])),
                ..CreateCheckoutSessionSubscriptionData::new()
            };
            let mut request = CreateCheckoutSession::new()
                .mode(CheckoutSessionMode::Subscription)
                .line_items(vec![line])
                .subscription_data(subscription)
                .client_reference_id(account)
                .success_url(order.paid.clone())
                .cancel_url(order.back.clone())
                .expires_at(order.expires.unix_timestamp());
            request = match (&order.customer, &order.email) {
                (Some(customer), _) => request.customer(customer.0.clone()),
                (None, Some(email)) => request.customer_email(email.clone()),
                (None, None) => request,
            };
            let answer = self.call(&request, Some(&order.key)).await?;
            match (answer["id"].as_str(), answer["url"].as_str()) {
                (Some(id), Some(url)) => Ok(CheckoutPage { id: id.to_owned(), url: url.to_owned() }),
                _ => Err(unreadable()),
            }
        })
    }

    fn portal<'a>(&'a self, customer: &'a CustomerId, back: &'a str) -> Pending<'a, String, ProviderError> {
        Box::pin(async move {
            let request = CreateBillingPortalSession::new().customer(customer.0.clone()).return_url(back);
            let answer = self.call(&request, None).await?;
            answer["url"].as_str().map(str::to_owned).ok_or_else(unreadable)
        })
    }

    fn arrange_end<'a>(
        &'a self,
        subscription: &'a SubscriptionId,
        ends: bool,
        key: &'a str,
        now: OffsetDateTime,
    ) -> Pending<'a, Sighting, ProviderError> {
        Box::pin(async move {
            let request = UpdateSubscription::new(subscription.0.clone()).cancel_at_period_end(ends);
            let answer = self.call(&request, Some(key)).await?;
            self.sighting(answer, now, EventId(format!("asked:{key}")))
        })
    }

    fn look<'a>(
        &'a self,
        subscription: &'a SubscriptionId,
        now: OffsetDateTime,
    ) -> Pending<'a, Sighting, ProviderError> {
        Box::pin(async move {
            let answer = self.call(&RetrieveSubscription::new(subscription.0.clone()), None).await?;
            let id = EventId(format!("seen:{}:{}", subscription.0, now.unix_timestamp_nanos()));
            self.sighting(answer, now, id)
        })
    }

    fn paid<'a>(&'a self, page: &'a str) -> Pending<'a, Option<SubscriptionId>, ProviderError> {
        Box::pin(async move {
            let answer = self.call(&RetrieveCheckoutSession::new(page), None).await?;
            let paid = answer["payment_status"].as_str().is_some_and(|status| status != "unpaid");
            let subscription = &answer["subscription"];
            let id = subscription.as_str().or_else(|| subscription["id"].as_str());
            Ok(id.filter(|_| paid).map(|id| SubscriptionId(id.to_owned())))
        })
    }

    fn read_webhook(&self, header: &str, body: &[u8], now: OffsetDateTime) -> Result<Told, WebhookError> {
        signature::judge(header, body, &self.settings.webhook_secrets, now)?;
        read::told(body, self.settings.live(), &self.settings.prices)
    }
}

/// Whether the same may succeed when it is tried again (<https://docs.stripe.com/error-low-level>).
fn passing(error: &StripeError) -> bool {
    match error {
        StripeError::Stripe(_, status) => matches!(status, 409 | 424 | 429 | 500..=599),
        // Not what was asked for: something stands between us and Stripe.
        StripeError::JSONDeserialize(_) | StripeError::ClientError(_) | StripeError::Timeout => true,
        StripeError::ConfigError(_) => false,
    }
}

fn judged(error: &StripeError) -> ProviderError {
    match error {
        StripeError::Stripe(_, 404) => ProviderError::Missing,
        error if passing(error) => ProviderError::Unavailable(words(error)),
        error => ProviderError::Refused(words(error)),
    }
}

/// The error for the operator's log: status and code, never a message, which may quote what a person entered.
fn words(error: &StripeError) -> String {
    match error {
        StripeError::Stripe(error, status) => {
            let code = error.code.as_ref().map_or("without a code", |code| code.as_str());
            let parameter = error.param.as_deref().unwrap_or("none named");
            format!("status {status}, {code}, parameter: {parameter}")
        }
        StripeError::JSONDeserialize(_) => "an answer that is not Stripe's".to_owned(),
        StripeError::ClientError(_) => "no connection".to_owned(),
        StripeError::Timeout => "no answer in time".to_owned(),
        StripeError::ConfigError(_) => "the key cannot be sent".to_owned(),
    }
}

fn unreadable() -> ProviderError {
    ProviderError::Unavailable("an answer that is not Stripe's".to_owned())
}
