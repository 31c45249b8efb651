//! The platform: accounts, projects, builds, hosting, billing, agreements, lifecycle, dashboard.
//!
//! It never opens a tenant database: what must be done to one is a subcommand of the tenant's own binary.
//!
//! # The spine
//!
//! * [`Platform`] is what every part works with: the platform's own database (HC-2: account data, under a
//!   key of its own), key rings, audit log, clock, ids, [`Operations`] and [`Configuration`]. It is cheap
//!   to clone and is the first argument of nearly everything.
//! * [`ids`] has a type for each kind of id. An [`AccountId`] is the id of the organisation in
//!   `safeguards::identity` whose people work on it.
//! * [`operations`] is how anything happens that takes more than one transaction: a build, a deployment, a
//!   cancellation, a destruction. Read its essay before writing a [`operations::Work`].
//! * [`seams`] says what the parts offer each other: [`seams::Host`], [`seams::Billing`],
//!   [`seams::Notices`]. Whoever uses another part does so through these, so that a test can stand in
//!   for a compiler, a payment provider or a mail server.
//! * [`notices`] keeps e-mail until its server has taken it; [`residency`] says where an environment's data lie.
//! * Tables are made by numbered files in `migrations/{sqlite,postgres}`, listed in
//!   [`database`]: 0001–0099 the spine, 0100–0199 billing and agreements, 0200–0299 the host, 0300–0399
//!   the lifecycle, 0400–0499 support. Moments are `TEXT` / `timestamptz`, ids `TEXT` / `uuid`, sealed values `BLOB` / `bytea`.
//! * [`testing`] (feature `testing`) makes a platform on each database, on a clock that the test moves.

pub mod accounts;
pub mod agreement;
pub mod billing;
pub mod builds;
pub mod changes;
pub mod configuration;
pub mod custom;
pub mod database;
pub mod environments;
pub mod error;
pub mod host;
pub mod http;
pub mod ids;
pub mod lifecycle;
pub mod notices;
pub mod operations;
pub mod outward;
pub mod planning;
mod platform;
pub mod processors;
pub mod projects;
pub mod prompts;
pub mod providers;
pub mod residency;
mod sealing;
pub mod seams;
mod secret;
pub mod server;
pub mod support;
#[cfg(feature = "testing")]
pub mod testing;
pub mod versions;

pub use configuration::Configuration;
pub use ids::{AccountId, BuildId, EnvironmentId, OperationId, ProjectId, PromptId, VersionId};
pub use operations::Operations;
pub use platform::{Parts, Platform, PlatformError, ROLES, SETS};
pub use secret::Secret;
