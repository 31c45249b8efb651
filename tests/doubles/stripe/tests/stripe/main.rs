//! The stand-in itself: that it behaves as Stripe documents, and as two other stand-ins do where they overlap.

mod billing;
mod client;
mod overlap;
