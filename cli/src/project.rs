//! A generated project on this machine: built with a cache that all projects share, then run.

mod build;
mod cache;
mod serve;

pub(crate) use build::build;
pub(crate) use cache::Cache;
pub(crate) use serve::{serve, subcommand, subcommand_on_sqlite};
