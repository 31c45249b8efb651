//! The platform on real databases of both kinds.

mod agreements;
mod builds;
mod gates;
mod lifecycle;
mod operations;
mod processors;
mod routes;
