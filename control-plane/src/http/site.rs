//! What the handlers work with.

use std::sync::Arc;

use safeguards::axum::extract::FromRef;
use safeguards::identity::Identity;

use super::Routes;
use crate::Platform;
use crate::agreement::Agreements;
use crate::billing;
use crate::lifecycle::Lifecycle;
use crate::seams::{Billing, Host};

/// The platform and the parts that the dashboard speaks to. Cheap to clone; the state of its router.
#[derive(Clone)]
pub struct Site(Arc<SiteParts>);

/// What a site is made of.
pub struct SiteParts {
    /// The platform.
    pub platform: Platform,
    /// Where projects are built and run.
    pub host: Arc<dyn Host>,
    /// How accounts stand.
    pub billing: Arc<dyn Billing>,
    /// Paying itself.
    pub payments: billing::Billing,
    /// What accounts have signed.
    pub agreements: Agreements,
    /// How projects end.
    pub lifecycle: Lifecycle,
    /// Routes of other parts (billing, agreements, lifecycle), entered into the same table.
    pub more: Vec<fn(Routes) -> Routes>,
}

impl Site {
    /// A site of these parts.
    #[must_use]
    pub fn new(parts: SiteParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Site {
    type Target = SiteParts;

    fn deref(&self) -> &SiteParts {
        &self.0
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Site")
    }
}

impl FromRef<Site> for Identity {
    fn from_ref(site: &Site) -> Self {
        site.platform.identity.clone()
    }
}

impl FromRef<Site> for Platform {
    fn from_ref(site: &Site) -> Self {
        site.platform.clone()
    }
}
