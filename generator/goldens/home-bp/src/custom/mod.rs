//! Your own code. Generating the app again never touches this folder.
//!
//! A route of your own is a line in `routes`. A handler takes a `Viewer`, whom only a signed-in person is, and asks
//! for data as the slices beside this folder do: the policy of `src/access.rs` and the audit log apply to your
//! statements like to all others.
//!
//! ```ignore
//! pub fn routes() -> Routes {
//!     Routes::new().route("/hello", get(hello))
//! }
//!
//! /// `GET /hello`: greets whoever is signed in.
//! async fn hello(viewer: Viewer) -> Result<Page> {
//!     Ok(viewer.page(format!("Hello, {}", viewer.roles().join(", "))))
//! }
//! ```

use safeguards::slice::Routes;

/// Routes of your own, beside the generated ones.
pub fn routes() -> Routes {
    Routes::new()
}
