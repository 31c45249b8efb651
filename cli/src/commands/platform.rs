//! What is done on a platform: run it, and work on it.

pub(crate) mod copies;
pub(crate) mod deploy;
pub(crate) mod ends;
pub(crate) mod login;
mod outside;
mod payments;
pub(crate) mod projects;
pub(crate) mod providers;
pub(crate) mod reach;
pub(crate) mod serve;
pub(crate) mod sub_processors;
pub(crate) mod support;
