//! The archive that a customer takes home.
//!
//! An archive is one zip file (zip64 where it must be), written front to back without seeking, so that it can be
//! streamed. For every table it holds the rows three times: as newline-delimited JSON beside its JSON Schema,
//! as SQL for PostgreSQL and as SQL for SQLite, so that nobody needs us, or this crate, to read it. Beside them
//! lie whatever files the caller adds, a `README.txt` for people, and at the end `manifest.json`, which names
//! every file with its SHA-256 in the order in which they stand, and `signature.json`, an Ed25519 signature
//! over it.
//!
//! An archive holds records in the clear *inside*, so the file itself is sealed under a passphrase (WinZip AES-256,
//! which 7-Zip opens on any desktop); [`Seal::Open`] exists for a stream that is sealed outside this process (with
//! `age`), and for an owner who asks for it by name. The WinZip form hides contents, not the names of tables.
//!
//! This crate knows files, never databases: a caller pushes rows into a [`TablePart`], one at a time, and
//! memory stays flat.

mod bundle;
mod cell;
mod error;
mod manifest;
mod read;
mod readme;
mod schema;
mod signature;
mod sql;
mod verify;
mod write;

pub use bundle::bundle;
pub use cell::{Cell, Column, ColumnKind, Table};
pub use error::ArchiveError;
pub use manifest::{FileEntry, MANIFEST, Manifest, Subject, TableEntry};
pub use read::{Archive, Limits, Rows};
pub use signature::{SIGNATURE, Signature};
pub use sql::{Dialect, identifier, literal};
pub use verify::{Finding, Verified, verify};
pub use write::{ArchiveWriter, FilePart, Form, Passphrase, Seal, StreamTarget, TablePart, Unsigned};
