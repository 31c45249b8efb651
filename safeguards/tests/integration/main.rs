//! The library on its real parts: SQLCipher files and a PostgreSQL server.

#![allow(missing_docs, reason = "a test reads as the promise it keeps")]

mod audit;
mod keys;
mod store;
