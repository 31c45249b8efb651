//! What the operator tells: keys, prices, and how patient to be.

use std::fmt;
use std::time::Duration;

use control_plane::Secret;

/// How Stripe is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The secret key (`sk_…`), or better a restricted one (`rk_…`) that may write Checkout sessions, portal sessions
    /// and subscriptions.
    pub secret_key: Secret,
    /// The secrets of the webhook endpoint (`whsec_…`): two while one is rolled, else one.
    pub webhook_secrets: Vec<Secret>,
    /// The ids of the BAA plan's prices (`price_…`). The first is sold; a subscription to another counts for nothing.
    pub prices: Vec<String>,
    /// Another address than Stripe's own, for tests.
    pub address: Option<String>,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How often a call is tried in all.
    pub attempts: u32,
    /// How long after the first attempt the second comes; then twice as long each.
    pub first_wait: Duration,
}

/// Why Stripe cannot be used so, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// The register's permit is another company's.
    Permit,
    /// The secret key is none.
    SecretKey,
    /// A webhook secret is missing or none.
    WebhookSecret,
    /// No price is given, or one that is none.
    Price,
    /// The client could not be made.
    Client(String),
}

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permit => {
                formatter.write_str("the permit of the register of sub-processors is not Stripe's")
            }
            Self::SecretKey => formatter.write_str("the Stripe key must begin with `sk_` or `rk_`"),
            Self::WebhookSecret => formatter.write_str(
                "give the webhook endpoint's signing secret, which begins with `whsec_`; without it no \
                 payment could be believed",
            ),
            Self::Price => {
                formatter.write_str("give the id of the BAA plan's monthly price, which begins with `price_`")
            }
            Self::Client(why) => write!(formatter, "the Stripe client cannot be made: {why}"),
        }
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// The usual patience: three attempts of ten seconds.
    pub fn new(secret_key: Secret, webhook_secret: Secret, price: impl Into<String>) -> Self {
        Self {
            secret_key,
            webhook_secrets: vec![webhook_secret],
            prices: vec![price.into()],
            address: None,
            timeout: Duration::from_secs(10),
            attempts: 3,
            first_wait: Duration::from_millis(300),
        }
    }

    /// Whether real money is meant. An event of the other kind is not ours.
    pub(crate) fn live(&self) -> bool {
        let key = self.secret_key.expose();
        key.starts_with("sk_live_") || key.starts_with("rk_live_")
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        let begins = |text: &str, with: &str| text.starts_with(with) && text.len() > with.len();
        let key = self.secret_key.expose();
        if !begins(key, "sk_") && !begins(key, "rk_") {
            return Err(SettingsError::SecretKey);
        }
        let lawful = |secret: &Secret| begins(secret.expose(), "whsec_");
        if self.webhook_secrets.is_empty() || !self.webhook_secrets.iter().all(lawful) {
            return Err(SettingsError::WebhookSecret);
        }
        if self.prices.is_empty() || !self.prices.iter().all(|price| begins(price, "price_")) {
            return Err(SettingsError::Price);
        }
        Ok(())
    }
}
