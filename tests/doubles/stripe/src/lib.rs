//! A stand-in for Stripe over real HTTP, for tests: written from its published API.
//!
//! It speaks form-encoded requests, bearer keys, idempotency keys, error objects, hosted pages and signed webhooks as
//! Stripe documents them, for what a platform with one monthly plan uses: customers, products, prices, Checkout in
//! subscription mode, subscriptions, invoices, the billing portal, webhook endpoints, events and test clocks.
//!
//! What a test needs and the real one does not offer stands on [`StripeDouble`]: moving the wall clock, holding
//! webhooks back and releasing them in another order or twice, and [`Fault`]s.
//!
//! Where it is simpler than the real one: an invoice is finalised and charged at once, not an hour later; no tax, no
//! trial, no proration, one price an order, dollars only; a month is a calendar month from the anchor.

#![recursion_limit = "256"]

mod api;
mod catalogue;
mod checkout;
mod clocks;
mod errors;
mod form;
mod idempotency;
mod pages;
mod portal;
mod server;
mod subscriptions;
mod webhooks;
mod world;

pub use server::{Fault, StripeDouble};
pub use webhooks::Delivered;
pub use world::cards;
