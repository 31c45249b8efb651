//! The end of a project, or of one organisation in it: cancelled, 30 days to take everything home, destroyed, certified
//! (HC-12).
//!
//! ```text
//! cancel ─▶ close ─▶ archive ─▶ remind (30, 14, 7, 3, 1) ─▶ decide ─▶ keys ─▶ archives ─▶ data ─▶ source ─▶ certify ─▶ tell
//!              ◀───────── come back, at any moment ─────────▶   ↑
//!                                                     a legal hold keeps it here
//! ```
//!
//! One durable operation does it all (`work`); every step may be killed anywhere and ends the same way, told once.
//!
//! * **The window.** The host's gate shows records and lets nothing be changed. The tenant's own binary writes an
//!   archive, sealed under a passphrase of its own that lies in the folder of keys and nowhere else. The owner
//!   downloads it after a fresh second factor and confirms what they hold by its SHA-256: that is the receipt.
//! * **Before its end** destruction begins only against the receipt of every archive and the app's name, typed. At its end
//!   it begins by itself; what was never fetched was kept sealed until then, and the certificate says so.
//! * **Destruction** takes keys first, so that from then on nothing opens, wherever a copy of it lies; then archives,
//!   data, source. What remains is named in the certificate: the ends of the audit logs, and the certificate.
//! * **A legal hold** stops destruction, not the window: nothing goes while one stands.

mod archive_folder;
mod beginning;
pub mod certificate;
mod comeback;
mod copies;
mod copying;
mod departure;
mod destruction;
mod errand;
mod error;
mod hold;
mod key;
mod mailbox;
mod page;
mod receipt;
pub mod reminders;
mod work;
mod writing;

pub use archive_folder::ArchiveFolder;
pub(crate) use beginning::follow;
pub use comeback::ReturnWork;
pub use copies::{Copy, CopyState, KEPT};
pub use copying::CopyWork;
pub use departure::{Cause, Departure, DepartureState, Lifecycle};
pub(crate) use destruction::moment;
pub use error::DepartureError;
pub use hold::Hold;
pub use mailbox::Mailbox;
pub use receipt::{DepartureArchive, StepUp};
pub use work::DepartureWork;
