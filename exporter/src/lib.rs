//! The archive that a customer takes home.
//!
//! An archive is one zip file (zip64 where it must be). For every table it holds the rows three times: as
//! newline-delimited JSON, as SQL for PostgreSQL and as SQL for SQLite, so that nobody needs us, or this
//! crate, to read it. Beside them lie whatever files the caller adds, and at the end `manifest.json`, which
//! names every file with its SHA-256.
//!
//! An archive holds records in the clear *inside*, so the file itself is sealed (WinZip AES-256, which
//! 7-Zip and others open) under a passphrase; [`Seal::Open`] exists for data without PHI and for an owner who
//! asks for it by name.
//!
//! This crate knows files, never databases: a caller pushes rows into a [`TablePart`], one at a time, and
//! memory stays flat.

mod cell;
mod error;
mod manifest;
mod read;
mod sql;
mod write;

pub use cell::{Cell, Column, ColumnKind, Table};
pub use error::ArchiveError;
pub use manifest::{FileEntry, MANIFEST, Manifest};
pub use read::{Archive, Verified, verify};
pub use sql::{Dialect, identifier, literal};
pub use write::{ArchiveWriter, FilePart, Form, Passphrase, Seal, TablePart};
