//! The platform: accounts, projects, builds, hosting, billing, agreements, lifecycle, dashboard.
//!
//! It never opens a tenant database: what must be done to one is a subcommand of the tenant's own binary.

pub mod agreement;
pub mod billing;
pub mod host;
pub mod lifecycle;
