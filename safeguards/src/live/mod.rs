//! Live updates: whoever has a list, a record or a conversation open hears that there is something new, over a WebSocket
//! (RFC 6455).
//!
//! *The door.* `POST /api/live/token`, by an ordinary session, answers a token; `GET /api/live?token=…` opens one connection
//! with it (CF-19). All that can refuse does so before the protocol is switched, with a problem.
//!
//! *What is told.* `{"changed":"patients","id":"…"}`, which says that a row was made or changed, and nothing that it says;
//! `about` is the patient, where that may be known. It is told to whoever could view or list the row at that moment, by the
//! SQL policy of every other read, with the session as it stands then ([`Context::may_hear_of`](crate::access::Context)).
//! `{"reload":true}` is told to whoever was too slow to hear everything.
//!
//! *When it ends.* With its session, by whatever that ends; when the app stops; when nobody answers a ping; when its caller
//! says anything, since nothing is asked of them. An open connection is nobody's presence: the session behind it ends by
//! inactivity as it would without (CF-4).

mod door;
mod places;
mod socket;

pub use door::{Door, routes};
pub use places::Live;
