//! Notices of the platform by SMTP (RFC 5321), by lettre.
//!
//! * TLS is demanded, and the server's certificate must be one that is trusted: STARTTLS, or TLS from the first byte on
//!   port 465. A server on this machine's loopback alone is spoken to in the clear, and then without a password.
//! * A message is a function of its notice: sent again after a crash it has the same bytes and the same
//!   `Message-ID`. That, and nothing better, is what SMTP offers against a message that is told twice.
//! * What the server says is judged by its number. Its words are not taken over: they quote addresses.

mod settings;
mod smtp;

pub use control_plane::Secret;
pub use settings::{Settings, SettingsError};
pub use smtp::Smtp;
