//! The platform on real databases of both kinds.

mod agreements;
mod gates;
mod lifecycle;
mod operations;
