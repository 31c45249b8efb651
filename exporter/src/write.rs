use std::collections::BTreeMap;
use std::io::{Seek, Write};

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;
use zip::write::SimpleFileOptions;
use zip::{AesMode, CompressionMethod, ZipWriter};

use crate::cell::{Cell, Table, hexadecimal};
use crate::error::ArchiveError;
use crate::manifest::{FileEntry, MANIFEST, Manifest, TableEntry};
use crate::sql::{self, Dialect};

/// A passphrase for an archive. It is wiped from memory when dropped and never printed.
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

    fn path(self, table: &str) -> String {
        match self {
            Self::Json => format!("data/{table}.ndjson"),
            Self::Sql(Dialect::Postgres) => format!("sql/postgres/{table}.sql"),
            Self::Sql(Dialect::Sqlite) => format!("sql/sqlite/{table}.sql"),
        }
    }
}

/// Writes an archive front to back. Nothing is valid until [`ArchiveWriter::finish`] has returned.
pub struct ArchiveWriter<W: Write + Seek> {
    zip: ZipWriter<W>,
    seal: Seal,
    manifest: Manifest,
}

impl<W: Write + Seek> ArchiveWriter<W> {
    /// Begins an archive of `app`, whose snapshot was taken at `exported_at` (RFC 3339, UTC).
    pub fn new(target: W, seal: Seal, app: &str, exported_at: &str) -> Self {
        Self {
            zip: ZipWriter::new(target),
            seal,
            manifest: Manifest {
                format: 1,
                app: app.into(),
                exported_at: exported_at.into(),
                tables: Vec::new(),
                files: BTreeMap::new(),
            },
        }
    }

    /// Begins a file at a relative path such as `audit/events.ndjson`.
    pub fn file(&mut self, path: &str) -> Result<FilePart<'_, W>, ArchiveError> {
        check_path(path)?;
        if path == MANIFEST || self.manifest.files.contains_key(path) {
            return Err(ArchiveError::Path { path: path.into(), why: "it is taken" });
        }
        self.start(path)?;
        Ok(FilePart { archive: self, path: path.into(), digest: Context::new(&SHA256), bytes: 0 })
    }

    /// Begins a table in one form; the caller pushes the same rows once for each of [`Form::ALL`].
    pub fn table<'a>(&'a mut self, table: &'a Table, form: Form) -> Result<TablePart<'a, W>, ArchiveError> {
        let mut file = self.file(&form.path(&table.name))?;
        if let Form::Sql(dialect) = form {
            file.push(b"BEGIN;\n")?;
            file.push(sql::create_table(dialect, table).as_bytes())?;
        }
        Ok(TablePart { file, table, form, rows: 0 })
    }

    /// Writes the manifest and the zip's directory, and hands the target back.
    pub fn finish(mut self) -> Result<W, ArchiveError> {
        let mut text = serde_json::to_vec_pretty(&self.manifest)
            .map_err(|error| ArchiveError::Manifest(error.to_string()))?;
        text.push(b'\n');
        self.start(MANIFEST)?;
        self.zip.write_all(&text)?;
        let mut target = self.zip.finish()?;
        target.flush()?;
        Ok(target)
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

/// A path stays inside the folder that an archive is unpacked into, on every system.
fn check_path(path: &str) -> Result<(), ArchiveError> {
    let bad = |why| Err(ArchiveError::Path { path: path.into(), why });
    if path.is_empty() || path.len() > 200 {
        return bad("it is empty or over 200 bytes long");
    }
    if path.chars().any(|c| c.is_control() || matches!(c, '\\' | ':')) {
        return bad("it holds a control character, a backslash or a colon");
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
        self.archive.manifest.files.insert(self.path, FileEntry { bytes: self.bytes, sha256 });
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
