//! Access: who may see and do what, as SQL, as masks, and as the only way to tenant data.
mod checked;
mod context;
mod descriptor;
mod error;
mod expand;
mod policy;
mod read;
mod rls;
mod row;
mod search;
mod shown;
mod statement;
mod text;
mod trail;
mod write;

pub use checked::Checked;
pub use context::{Context, Principal};
pub use descriptor::{Action, Class, Entity, Field, Grant, Kind, Lock, Mask, Never, Storage};
pub use error::{Error, Result};
pub use rls::row_level_security;
pub use row::{FromValue, Record, Unsealed, Written};
pub use search::{Found, Search};
pub use shown::Shown;
pub use statement::Statement;
