//! The edge of an app, from its settings.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Router;
use uuid::Uuid;

use super::settings::ListenSetting;
use super::{AppError, Services};
use crate::pages::ENGLISH;
use crate::web::{Csrf, Hsts, Limits, RateLimit, SecurityHeaders, Trust, Web};

/// Where the key of form tokens is derived: a place that no column has.
const FORM_TOKENS: (u32, u32) = (u32::MAX - 20, 1);

/// Puts the edge around `router`: limits, proof of origin, headers, the line in the log.
pub(super) async fn guard(
    name: &'static str,
    uploads: &'static [&'static str],
    services: &Services,
    router: Router,
) -> Result<Router, AppError> {
    let settings = &services.settings;
    let secure = settings.public_url.is_https();
    // Derived, not random, so that a form outlives a restart and any of several processes takes it.
    let ring = services.keys.ring(Uuid::nil()).await?;
    let key = ring.blind_index(FORM_TOKENS.0, FORM_TOKENS.1, "form tokens")?;
    let web = Web {
        application: Cow::Borrowed(name),
        words: &ENGLISH,
        clock: Arc::clone(&services.clock),
        ids: Arc::clone(&services.ids),
        log: Arc::clone(&services.log),
        csrf: Csrf::new(key.as_bytes()),
        rate: RateLimit::new(settings.rates),
        limits: Limits { large_routes: uploads, at_once: settings.at_once, ..Limits::default() },
        headers: SecurityHeaders::new(if settings.tls.is_some() { Hsts::Host } else { Hsts::Off }),
        trust: match settings.listen {
            // Only a process on this machine can speak on that socket, and it is the gateway.
            ListenSetting::Unix(_) => Trust::Gateway,
            ListenSetting::Tcp(_) => Trust::Peer,
        },
        secure,
        beside: Some(services.identity.impersonation_cookie()),
        cookie: if secure { "__Host-session" } else { "session" },
        sign_in: Some("/sign-in"),
    };
    Ok(Arc::new(web).guard(router))
}
