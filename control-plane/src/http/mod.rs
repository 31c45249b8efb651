//! The dashboard and the API behind it.
//!
//! [`Routes`] is the table of contents: each route is entered with its [`Door`], which says who comes in. The
//! check stands in front of the handler, once, in [`doors`]; what it proved ([`Member`](crate::accounts::Member),
//! [`Owner`](crate::accounts::Owner), [`Owned<Project>`](crate::accounts::Owned)) is the handler's argument.
//! A test walks the whole table as a stranger, as another account and as a builder.

pub mod api;
mod assets;
pub mod doors;
mod openapi;
mod pages;
mod sending;
mod shell;
mod site;

pub use doors::{Door, Route, Routes};
pub(crate) use pages::DESTINATIONS;
pub use shell::Shell;
pub use site::{Site, SiteParts};

use std::borrow::Cow;
use std::sync::Arc;

use safeguards::axum::Router;
use safeguards::pages::ENGLISH;
use safeguards::web::{Csrf, Hsts, Limits, RateLimit, RateLimits, SecurityHeaders, Trust, Web};
use safeguards::{identity, pages as components};
use uuid::Uuid;

use crate::billing;
use crate::error::Result;

/// Where the key of form tokens is derived: a place that no column has.
const FORM_TOKENS: (u32, u32) = (u32::MAX - 20, 1);

/// Every route of the platform's own.
pub fn routes(site: &Site) -> Routes {
    let mut routes = pages::routes(Routes::new(site.clone()));
    routes = api::routes(routes);
    for more in &site.more {
        routes = more(routes);
    }
    openapi::route(routes)
}

/// The whole dashboard, with its edge: limits, proof of origin, headers, the line in the log.
///
/// # Errors
/// The keys cannot be used.
pub async fn dashboard(site: &Site, trust: Trust) -> Result<Router> {
    let platform = &site.platform;
    let secure = platform.configuration.tls;
    let ring = platform.keys.ring(Uuid::nil()).await?;
    // Derived, not random, so that a form outlives a restart and any of several processes takes it.
    let key = ring.blind_index(FORM_TOKENS.0, FORM_TOKENS.1, "form tokens")?;
    let web = Web {
        application: Cow::Borrowed("Health Coder"),
        words: &ENGLISH,
        clock: Arc::clone(&platform.clock),
        ids: Arc::clone(&platform.ids),
        log: Arc::clone(&platform.log),
        csrf: Csrf::new(key.as_bytes()),
        rate: RateLimit::new(RateLimits::default()),
        limits: Limits::default(),
        headers: SecurityHeaders::new(if secure { Hsts::Host } else { Hsts::Off }),
        trust,
        secure,
        cookie: platform.identity.cookie_name(),
        beside: None,
        sign_in: Some("/sign-in"),
    };
    let router = routes(site)
        .router()
        .merge(identity::routes(platform.identity.clone()))
        .merge(components::assets())
        .merge(billing::webhooks(site.payments.clone()))
        .merge(assets::routes());
    Ok(Arc::new(web).guard(router))
}
