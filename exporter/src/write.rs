use std::io::{Seek, Write};

use aws_lc_rs::digest::{Context, SHA256, digest};
use zeroize::Zeroizing;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{AesMode, CompressionMethod, ZipWriter};

use crate::cell::{Cell, Table, hexadecimal};
use crate::error::ArchiveError;
use crate::manifest::{FORMAT, FileEntry, MANIFEST, Manifest, Subject, TableEntry};
use crate::readme::{self, README};
use crate::signature::{SIGNATURE, Signature};
use crate::sql::{self, Dialect};

/// A passphrase for an archive. It is wiped from memory when dropped and never printed.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes the passphrase over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase([secret])")
    }
}

/// Whether the archive file itself is encrypted.
#[derive(Debug)]
pub enum Seal {
    /// Every entry is encrypted with AES-256 (WinZip AE-2) under the passphrase.
    Passphrase(Passphrase),
    /// Readable by whoever holds the file.
    Open,
}

/// How a table's rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One JSON object a line, in `data/<table>.ndjson`.
    Json,
    /// `CREATE TABLE` and `INSERT`s for one database, in `sql/<database>/<table>.sql`.
    Sql(Dialect),
}

impl Form {
    /// The three forms in which every table is written.
    pub const ALL: [Self; 3] = [Self::Json, Self::Sql(Dialect::Postgres), Self::Sql(Dialect::Sqlite)];

    pub(crate) fn path(self, table: &str) -> String {
        match self {
            Self::Json => format!("data/{table}.ndjson"),
            Self::Sql(Dialect::Postgres) => format!("sql/postgres/{table}.sql"),
            Self::Sql(Dialect::Sqlite) => format!("sql/sqlite/{table}.sql"),
        }
    }
}

/// A target that needs no seeking: a pipe, a socket, a file that is only appended to.
pub type StreamTarget<W> = StreamWriter<W>;

/// Writes an archive front to back. Nothing is valid until [`Unsigned::finish`] has returned.
pub struct ArchiveWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
    seal: Seal,
    manifest: Manifest,
}

impl<W: Write> ArchiveWriter<StreamTarget<W>> {
    /// Begins an archive of `subject`.
    pub fn new(target: W, seal: Seal, subject: Subject) -> Self {
        let manifest = Manifest { format: FORMAT, subject, tables: Vec::new(), files: Vec::new() };
        Self { zip: ZipWriter::new_stream(target), seal, manifest }
    }

    /// Writes what is only known at the end: the scripts that load the tables, the readme and the manifest.
    pub fn end(mut self) -> Result<Unsigned<W>, ArchiveError> {
        self.load_scripts()?;
        let readme = readme::text(&self.manifest);
        let mut part = self.file(README)?;
        part.push(readme.as_bytes())?;
        part.end();
        let manifest = json(&self.manifest)?;
        self.start(MANIFEST)?;
        self.zip.write_all(&manifest)?;
        Ok(Unsigned { digest: hexadecimal(digest(&SHA256, &manifest).as_ref()), archive: self })
    }
}

/// An archive that lacks nothing but its signature.
pub struct Unsigned<W: Write> {
    archive: ArchiveWriter<StreamTarget<W>>,
    digest: String,
}

impl<W: Write> Unsigned<W> {
    /// What is to be signed: the digest of the manifest, 64 hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Writes the signature and the zip's directory, and hands the target back.
    pub fn finish(mut self, signature: &Signature) -> Result<W, ArchiveError> {
        self.archive.start(SIGNATURE)?;
        self.archive.zip.write_all(&json(signature)?)?;
        let mut target = self.archive.zip.finish()?.into_inner();
        target.flush()?;
        Ok(target)
    }
}

impl<W: Write + Seek> ArchiveWriter<W> {
    /// Begins a file at a relative path such as `audit/events.ndjson`.
    pub fn file(&mut self, path: &str) -> Result<FilePart<'_, W>, ArchiveError> {
        check_path(path)?;
        if matches!(path, MANIFEST | SIGNATURE) || self.manifest.file(path).is_some() {
            return Err(ArchiveError::Path { path: path.into(), why: "it is taken" });
        }
        self.start(path)?;
        Ok(FilePart { archive: self, path: path.into(), digest: Context::new(&SHA256), bytes: 0 })
    }

    /// Begins a table in one form; the caller pushes the same rows once for each of [`Form::ALL`].
    pub fn table<'a>(&'a mut self, table: &'a Table, form: Form) -> Result<TablePart<'a, W>, ArchiveError> {
        if form == Form::Json {
            let schema = json(&crate::schema::of(table))?;
            let mut part = self.file(&format!("data/{}.schema.json", table.name))?;
            part.push(&schema)?;
            part.end();
        }
        let mut file = self.file(&form.path(&table.name))?;
        if let Form::Sql(dialect) = form {
            file.push(b"BEGIN;\n")?;
            file.push(sql::create_table(dialect, table).as_bytes())?;
        }
        Ok(TablePart { file, table, form, rows: 0 })
    }

    /// One script a database that loads every table.
    fn load_scripts(&mut self) -> Result<(), ArchiveError> {
        for (dialect, command) in [(Dialect::Postgres, "\\ir"), (Dialect::Sqlite, ".read")] {
            let names = self.manifest.tables.iter().map(|entry| &entry.table.name);
            let mut script: String = match dialect {
                Dialect::Postgres => "\\set ON_ERROR_STOP on\n".into(),
                Dialect::Sqlite => ".bail on\n".into(),
            };
            names.for_each(|name| script.push_str(&format!("{command} '{name}.sql'\n")));
            let mut part = self.file(&Form::Sql(dialect).path("all"))?;
            part.push(script.as_bytes())?;
            part.end();
        }
        Ok(())
    }

    fn start(&mut self, path: &str) -> Result<(), ArchiveError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .unix_permissions(0o600)
            .large_file(true);
        let options = match &self.seal {
            Seal::Passphrase(passphrase) => options.with_aes_encryption(AesMode::Aes256, passphrase.expose()),
            Seal::Open => options,
        };
        Ok(self.zip.start_file(path, options)?)
    }
}

fn json(value: &impl serde::Serialize) -> Result<Vec<u8>, ArchiveError> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|error| ArchiveError::Manifest(error.to_string()))?;
    text.push(b'\n');
    Ok(text)
}

/// A path stays inside the folder that an archive is unpacked into, on every system.
pub(crate) fn check_path(path: &str) -> Result<(), ArchiveError> {
    let bad = |why| Err(ArchiveError::Path { path: path.into(), why });
    if path.is_empty() || path.len() > 200 {
        return bad("it is empty or over 200 bytes long");
    }
    if path.chars().any(|c| c.is_control() || matches!(c, '\\' | ':' | '\'' | '"')) {
        return bad("it holds a control character, a quote, a backslash or a colon");
    }
    if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return bad("it must be relative, without `.` and `..`");
    }
    Ok(())
}

/// One file being written. It counts only once [`FilePart::end`] was called.
pub struct FilePart<'a, W: Write + Seek> {
    archive: &'a mut ArchiveWriter<W>,
    path: String,
    digest: Context,
    bytes: u64,
}

impl<W: Write + Seek> FilePart<'_, W> {
    /// Appends bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.archive.zip.write_all(bytes)?;
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Enters the file into the manifest.
    pub fn end(self) {
        let sha256 = hexadecimal(self.digest.finish().as_ref());
        self.archive.manifest.files.push(FileEntry { path: self.path, bytes: self.bytes, sha256 });
    }
}

/// A table being written in one form.
pub struct TablePart<'a, W: Write + Seek> {
    file: FilePart<'a, W>,
    table: &'a Table,
    form: Form,
    rows: u64,
}

impl<W: Write + Seek> TablePart<'_, W> {
    /// Appends a row; its cells stand in the order of the table's columns.
    pub fn row(&mut self, cells: &[Cell]) -> Result<(), ArchiveError> {
        if cells.len() != self.table.columns.len() {
            return Err(ArchiveError::Row {
                table: self.table.name.clone(),
                found: cells.len(),
                expected: self.table.columns.len(),
            });
        }
        let line = match self.form {
            Form::Json => json_line(self.table, cells),
            Form::Sql(dialect) => sql::insert(dialect, self.table, cells),
        };
        self.file.push(line.as_bytes())?;
        self.rows += 1;
        Ok(())
    }

    /// Ends the table and says how many rows were written.
    pub fn end(mut self) -> Result<u64, ArchiveError> {
        match self.form {
            Form::Json => self
                .file
                .archive
                .manifest
                .tables
                .push(TableEntry { table: self.table.clone(), rows: self.rows }),
            Form::Sql(_) => self.file.push(b"COMMIT;\n")?,
        }
        self.file.end();
        Ok(self.rows)
    }
}

fn json_line(table: &Table, cells: &[Cell]) -> String {
    let object: serde_json::Map<_, _> =
        table.columns.iter().zip(cells).map(|(column, cell)| (column.name.clone(), cell.json())).collect();
    let mut line = serde_json::Value::Object(object).to_string();
    line.push('\n');
    line
}
