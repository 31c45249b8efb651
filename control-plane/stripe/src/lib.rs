//! Stripe as the platform's payment provider: Checkout, the billing portal, signed webhooks.
//!
//! Requests are async-stripe's typed ones. Answers are read by ourselves, field by field as needed, so that a field that
//! Stripe adds, drops or renames elsewhere breaks nothing. async-stripe draws a new idempotency key for each call that it
//! repeats by itself; ours must outlive the process, so repeating is done here, under the caller's key.
//!
//! A webhook's signature is HMAC-SHA-256 over the time and the body, compared in constant time, and not older than five
//! minutes (<https://docs.stripe.com/webhooks#verify-manually>). Card data never reach us: people pay on Stripe's
//! pages (CL-12), and of a webhook only what `read` names is taken.

mod client;
mod read;
mod settings;
mod signature;

pub use client::Stripe;
pub use control_plane::Secret;
pub use settings::{Settings, SettingsError};
