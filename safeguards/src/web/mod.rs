//! The edge between HTTP and everything else: what comes in is bounded, what goes out is guarded.
//!
//! [`Web::guard`] wraps an app's whole router. A request passes, in this order: an id and the
//! caller's address ([`Arrival`]); the rate limit; the body limit; proof that a form of our own sent
//! it ([`Csrf`]); a turn among those that are worked on ([`Limits::at_once`]), or a 503 that says when to come again; the
//! handler. A time limit stands around all of it. On the way back a [`Problem`] becomes a page or
//! `application/problem+json`, as the caller accepts (RFC 9457), security headers are set (CF-18),
//! and one line goes to the [`Log`] that holds typed, allow-listed fields only.
//!
//! Handlers know none of this: they return pages, values, or errors that convert into [`Problem`].
//! Why something failed goes to the log as a code and a place in the source, never as a message,
//! since a message of a database may quote the row that it refused.

mod accept;
mod csrf;
mod edge;
mod headers;
mod log;
mod own_form;
mod path;
mod places;
mod problem;
mod rate;
mod read_only;
mod serve;
mod turns;
mod unstalled;

#[cfg(feature = "tenant")]
pub(crate) use accept::prefers_page;
pub use csrf::{Csrf, CsrfError};
#[cfg(feature = "tenant")]
pub(crate) use csrf::{cookie, from_elsewhere};
pub use edge::{Arrival, Limits, Trust, Web};
pub use headers::{Hsts, SecurityHeaders};
pub use log::{Entry, JsonLines, Log, log_panics};
pub use path::Path;
pub use places::{Place, Places, Standing, Working};
pub use problem::{Code, FieldProblem, Problem};
pub use rate::{Rate, RateLimit, RateLimits};
pub use read_only::ReadOnly;
#[cfg(feature = "tenant")]
pub(crate) use read_only::say_why;
pub use serve::{Connections, Peer, PeerAddress, serve};
pub use unstalled::Unstalled;
