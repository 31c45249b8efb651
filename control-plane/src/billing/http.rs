//! The door by which a payment provider tells: `POST /webhooks/{provider}`.
//!
//! It needs no session and no proof of origin: a webhook is believed by its signature alone. It is answered only once it
//! is stored, so that what we lose by a crash is sent again.

use safeguards::axum::Router;
use safeguards::axum::body::Bytes;
use safeguards::axum::extract::{DefaultBodyLimit, State};
use safeguards::axum::http::{HeaderMap, StatusCode};
use safeguards::axum::routing::post;

use super::service::{Billing, ReceiveError};

/// Stripe's largest events are well below this.
const LARGEST: usize = 512 << 10;

/// The route of webhooks; none, if no provider is configured.
pub fn webhooks(billing: Billing) -> Router {
    let Some(provider) = billing.provider_name() else { return Router::new() };
    Router::new()
        .route(&format!("/webhooks/{provider}"), post(receive))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(billing)
}

async fn receive(State(billing): State<Billing>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = billing.signature_header().and_then(|name| headers.get(name));
    let signature = header.and_then(|value| value.to_str().ok()).unwrap_or_default();
    match billing.receive(signature, &body).await {
        Ok(_) => StatusCode::OK,
        Err(ReceiveError::Webhook(_)) => StatusCode::BAD_REQUEST,
        Err(ReceiveError::NotConfigured) => StatusCode::NOT_FOUND,
        // It is sent again.
        Err(ReceiveError::Store(_)) => StatusCode::SERVICE_UNAVAILABLE,
    }
}
