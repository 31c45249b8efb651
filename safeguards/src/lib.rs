//! The runtime that every generated app stands on: store, keys, identity, access, audit, web, pages.

pub mod crypto;
pub mod identity;
pub mod audit;
pub mod clock;
pub mod pages;
