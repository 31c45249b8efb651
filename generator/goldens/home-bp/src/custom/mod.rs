//! Your own code. Generating the app again never touches this folder.
//!
//! A route of your own is a line in `routes`. A handler takes a `Viewer`, whom only a signed-in person is, and asks the
//! slices beside this folder for records: their statements pass the policy of `src/access.rs` and the audit log.
//!
//! ```ignore
//! use safeguards::slice::prelude::*;
//! use safeguards::slice::{Routes, get};
//!
//! pub fn routes() -> Routes {
//!     Routes::new().route("/hello", get(hello))
//! }
//!
//! /// `GET /hello`: greets whoever is signed in.
//! async fn hello(viewer: Viewer) -> Result<Page> {
//!     Ok(viewer.page(format!("Hello, {}", viewer.roles().join(", "))))
//! }
//! ```
//!
//! Where the app itself writes a record, takes a step or shows a page, `Extensions` has a function for it, and for what
//! happens by itself every hour, day or week: see `src/extensions.rs`.
//!
//! `healthcoder lint` reads this folder before it is built and says what does not belong here, and what to do instead: SQL of
//! its own, files, the network, processes, the environment, `unsafe`, printing, macros and crates off the list. That is for
//! your own good; where your app is hosted, it runs in a sandbox all the same.

use safeguards::slice::Routes;

use crate::extensions::Extensions;

/// Where your own code joins in.
pub struct Custom;

impl Extensions for Custom {}

/// Routes of your own, beside the generated ones.
pub fn routes() -> Routes {
    Routes::new()
}
