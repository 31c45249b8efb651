//! The runtime that every generated app stands on: store, keys, identity, access, audit, web, pages.

pub mod access;
pub mod app;
pub mod audit;
pub mod clock;
pub mod crypto;
pub mod folder;
pub mod identity;
pub mod pages;
pub mod slice;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod web;

pub use app::{App, AppError, Services};
pub use axum;
pub use clock::{Clock, Ids, ManualClock, SystemClock, SystemIds};
pub use store::{Store, StoreError, Transaction, sql};
