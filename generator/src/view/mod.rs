//! What the templates print, prepared: every decision is made here, so that a template only places words.

pub(crate) mod app;
pub(crate) mod entity;
pub(crate) mod field;
mod itself;
pub(crate) mod open;
mod own;
pub(crate) mod policy;
pub(crate) mod rls;
pub(crate) mod schema;
pub(crate) mod seed;
