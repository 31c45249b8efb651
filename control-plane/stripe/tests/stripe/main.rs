//! The platform's billing through Stripe: against a stand-in of Stripe over real HTTP, on databases of both kinds.
#![allow(clippy::unwrap_used, reason = "a test's fixtures are its own")]

mod calls;
mod house;
mod kills;
mod road;
mod webhooks;
