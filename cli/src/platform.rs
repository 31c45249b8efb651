//! The platform as this machine's user sees it.

pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod session;
