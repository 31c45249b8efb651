//! The platform on real databases of both kinds.

mod lifecycle;
mod operations;
