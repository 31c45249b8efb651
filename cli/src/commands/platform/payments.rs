//! How people pay here: through Stripe where this build has it and the operator configured it, else by the operator's
//! grants.
//!
//! Keys come from the environment, never from the command line, where every process of the machine could read them.

use std::sync::Arc;

use control_plane::Platform;
use control_plane::billing::PaymentProvider;

use crate::outcome::Failure;

/// The payment provider, if there is one.
#[cfg(not(feature = "stripe"))]
pub(super) async fn provider(_platform: &Platform) -> Result<Option<Arc<dyn PaymentProvider>>, Failure> {
    if std::env::var_os("HEALTHCODER_STRIPE_KEY").is_some() {
        return Err(Failure::input(
            "this `healthcoder` was built without payments: build it with `--features stripe`, or take \
             HEALTHCODER_STRIPE_KEY out of its environment",
        ));
    }
    Ok(None)
}

/// The payment provider, if there is one.
#[cfg(feature = "stripe")]
pub(super) async fn provider(platform: &Platform) -> Result<Option<Arc<dyn PaymentProvider>>, Failure> {
    use control_plane::processors::{self, Data};
    use control_plane_stripe::{Secret, Settings, Stripe};

    let Ok(key) = std::env::var("HEALTHCODER_STRIPE_KEY") else { return Ok(None) };
    let given = |name: &str| std::env::var(name).unwrap_or_default();
    let hook = Secret::new(&given("HEALTHCODER_STRIPE_WEBHOOK_SECRET"));
    let mut settings = Settings::new(Secret::new(&key), hook, given("HEALTHCODER_STRIPE_PRICE"));
    // Another address than Stripe's own would be handed the key: tests alone have one, and tests run debug builds.
    #[cfg(debug_assertions)]
    if let Ok(address) = std::env::var("HEALTHCODER_STRIPE_ADDRESS") {
        settings.address = Some(address);
    }
    let permit = processors::permit(platform, "stripe", Data::Account).await.map_err(anyhow::Error::from)?;
    let stripe = Stripe::new(settings, &permit).map_err(|error| Failure::input(error.to_string()))?;
    Ok(Some(Arc::new(stripe)))
}
