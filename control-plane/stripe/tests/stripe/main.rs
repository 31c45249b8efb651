//! The platform's billing through Stripe: against a stand-in of Stripe over real HTTP, on databases of both kinds.

mod calls;
mod house;
mod road;
mod webhooks;
