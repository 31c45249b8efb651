//! The runtime that every generated app stands on: store, keys, identity, access, audit, web, pages.

pub mod access;
#[cfg(feature = "tenant")]
pub mod ai;
#[cfg(feature = "tenant")]
pub mod app;
pub mod audit;
pub mod clock;
#[cfg(feature = "tenant")]
pub mod compliance;
pub mod crypto;
pub mod folder;
mod hexadecimal;
mod id;
pub mod identity;
#[cfg(feature = "tenant")]
pub mod live;
#[cfg(feature = "tenant")]
pub mod open_pages;
pub mod pages;
#[cfg(feature = "tenant")]
pub mod sharing;
#[cfg(feature = "tenant")]
pub mod slice;
pub mod store;
#[cfg(feature = "testing")]
pub mod testing;
pub mod web;
#[cfg(feature = "testing")]
pub mod work;

#[cfg(feature = "tenant")]
pub use app::{App, AppError, Services};
pub use axum;
pub use clock::{Clock, Ids, ManualClock, SystemClock, SystemIds};
pub use store::{Store, StoreError, Transaction, sql};
