//! Where founders' projects are built and their environments run, untrusted (invariants 11 and 12).
//!
//! | part | what it is |
//! |---|---|
//! | [`sandbox`] | the boundary: no network, no files, no processes but a program's own; limits |
//! | [`build`] | a project to a program, in a sandbox, with typed progress |
//! | [`environment`] | what an environment is, and the register of all |
//! | `verification` | a new version tried by the verifier, in a sandbox with made-up people, before it serves |
//! | [`supervisor`] | wakes, serves, hands over, restarts and puts to sleep; has the app's binary do its work |
//! | [`key_agent`] | a process of its own that holds root keys and signs audit heads |
//! | [`gate`] | what an environment may do, enforced outside its process |
//! | [`gateway`] | TLS, and the one door from outside |
//! | [`outward`] | the one way out of an app: to hosts that its owner has attested |
//! | [`provided`] | what an app is told of how to call them, keys included |
//! | [`local`] | all of it on this machine, as [`crate::seams::Host`] |
//!
//! Absent: anything that opens an environment's database. What must be done to it, its own binary does, as its own
//! user, in its own sandbox; on PostgreSQL the host moves rights, and reads no row.

pub mod build;
pub mod environment;
pub mod folders;
pub mod gate;
pub mod gateway;
pub mod key_agent;
pub mod local;
pub mod outward;
pub mod provided;
pub mod sandbox;
pub mod supervisor;
mod verification;

pub use environment::{DatabaseKind, Environment, HostName, Register};
pub use folders::Folders;
pub use gate::{Gate, Work};
pub use local::{HostSettings, LocalHost};
pub use supervisor::Supervisor;
