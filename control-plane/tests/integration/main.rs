//! The platform on real databases of both kinds.

mod operations;
