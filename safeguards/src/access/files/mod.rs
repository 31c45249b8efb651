//! Files of records: what people upload, kept as sealed chunks (CF-5, CL-4).
//!
//! A field of an entity holds what a file is ([`StoredFile`]: its name, type, size and hash), sealed like any other value;
//! so who sees it, who may put or remove it, locks, versions and the audit log are the entity's own. The content lies
//! beside it, in the table `file_chunks`, in pieces of [`CHUNK`] bytes: it passes through memory piece by piece, both
//! ways, whatever its size.
//!
//! Each piece is sealed under the organisation's key and bound to its file and its number: pieces that are swapped,
//! copied to another file or cut off do not open, and the hash of the whole stands in the sealed field. What a file
//! is, is decided by its first bytes and never by its name ([`FileKind::sniff`]).
//!
//! A file that was sent and never put to its record (the connection broke, the record had changed) is of no use to
//! anybody; upkeep removes it after a day. The pieces of a record that is removed go with it, by a trigger.

mod kind;
mod stored;

pub use kind::FileKind;
pub use stored::StoredFile;

use aws_lc_rs::digest::{Context as Hash, SHA256};
use axum::body::Bytes;
use futures_util::{Stream, StreamExt};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::context::Context;
use super::descriptor::{Action, Entity};
use super::error::{Error, Result};
use super::expand::wrong;
use super::read::fetch;
use super::row::Unsealed;
use super::statement::{Statement, begin};
use crate::crypto::{Binding, Purpose, Sealed};
use crate::store::{StoreError, Value, sql};

/// Bytes of one piece before it is sealed.
pub const CHUNK: usize = 256 << 10;
/// Most bytes of a file.
pub const LARGEST: u64 = 25 << 20;

/// Where pieces are sealed: a place that no column has.
pub(crate) const PIECE: (u32, u32) = (u32::MAX - 40, 1);

/// A piece that does not arrive.
#[derive(Debug, thiserror::Error)]
#[error("the file did not arrive whole")]
pub struct Interrupted;

impl Context {
    /// Keeps a file that is on its way, piece by piece, for a field of a record; it belongs to the record once
    /// [`Statement::attach`] wrote it there. Ask first whether whoever sends it may write that field.
    ///
    /// # Errors
    /// [`Error::Invalid`], when it is empty, larger than [`LARGEST`], of a type that is not kept, or breaks off.
    pub async fn keep_file(
        &self,
        entity: &'static Entity,
        field: &'static str,
        record: Uuid,
        name: &str,
        content: impl Stream<Item = Result<Bytes, Interrupted>>,
    ) -> Result<StoredFile> {
        let declared = entity.field(field).ok_or_else(|| wrong(&format!("{field} is not declared")))?;
        let mut arriving = Arriving {
            context: self,
            record,
            entity: entity.id,
            field: declared.id,
            file: self.ids.next(),
            hash: Hash::new(&SHA256),
            size: 0,
            pieces: 0,
            kind: None,
        };
        match arriving.take(content).await {
            Ok(kind) => Ok(StoredFile {
                id: arriving.file,
                name: kind.named(name),
                kind,
                size: arriving.size,
                pieces: arriving.pieces,
                sha256: crate::hexadecimal::written(arriving.hash.finish().as_ref()),
            }),
            Err(refused) => {
                let invalid = |reason| Error::Invalid { field: declared.name, reason };
                // What came so far is of no use; if it cannot be removed now, upkeep does.
                let _later = self.drop_pieces(arriving.file).await;
                Err(match refused {
                    Refused::Because(reason) => invalid(reason),
                    Refused::Failed(error) => error,
                })
            }
        }
    }

    /// The content of a file whose record was shown: piece by piece, each proved before it is given.
    pub fn file_content(&self, file: &StoredFile) -> impl Stream<Item = Result<Bytes>> + Send + 'static {
        let (context, file, pieces) = (self.clone(), file.id, file.pieces);
        futures_util::stream::iter(0..pieces).then(move |number| {
            let context = context.clone();
            async move { context.piece(file, number).await }
        })
    }

    async fn piece(&self, file: Uuid, number: u32) -> Result<Bytes> {
        let organisation = self.principal.organisation().uuid();
        let wanted = sql("SELECT content FROM file_chunks
             WHERE organisation_id = $1 AND file_id = $2 AND number = $3 AND attached_at IS NOT NULL");
        let wanted = wanted.bind(organisation).bind(file).bind(i64::from(number));
        let found = fetch(self, wanted, Action::Download).await?;
        let row = found.first().ok_or(Error::NotFound)?;
        let ring = self.keys.ring(organisation).await?;
        let sealed = Sealed::from_bytes(row.bytes("content")?);
        let plain = ring.open(Purpose::Field, &self.place_of_piece(file, number), &sealed)?;
        Ok(Bytes::copy_from_slice(&plain))
    }

    async fn drop_pieces(&self, file: Uuid) -> Result<()> {
        let mut transaction = begin(self, Action::Update).await?;
        sql("DELETE FROM file_chunks WHERE organisation_id = $1 AND file_id = $2 AND attached_at IS NULL")
            .bind(self.principal.organisation().uuid())
            .bind(file)
            .execute(&mut transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    fn place_of_piece(&self, file: Uuid, number: u32) -> Binding {
        Binding {
            environment: self.keys.environment(),
            organisation: self.principal.organisation().uuid(),
            entity: PIECE.0,
            field: PIECE.1,
            row: piece_id(file, number),
        }
    }
}

impl Statement {
    /// The file in a field of one row, to be handed out: the event is that of a download. No file, and one that is hidden,
    /// are the same [`Error::NotFound`].
    pub async fn file(
        self,
        context: &Context,
        entity: &'static Entity,
        field: &'static str,
    ) -> Result<StoredFile> {
        let read = |row: &Unsealed<'_>| row.field::<Option<StoredFile>>(field);
        let found = self.read(context, entity, Action::Download, Some(1), read).await?.pop();
        found.and_then(|shown| shown.value().cloned().flatten()).ok_or(Error::NotFound)
    }

    /// Puts a kept file into a field of the record that is changed, or takes away the one that is there. What was there
    /// before goes in the same transaction.
    pub fn attach(
        self,
        context: &Context,
        entity: &'static Entity,
        field: &'static str,
        record: Uuid,
        file: Option<&StoredFile>,
    ) -> Self {
        let organisation = context.principal.organisation().uuid();
        let id = i64::from(entity.field(field).map_or(0, |field| field.id));
        let value = file.map_or(Value::Null(crate::store::Kind::Json), |file| file.json().into());
        let former = sql("DELETE FROM file_chunks
             WHERE organisation_id = $1 AND record_id = $2 AND entity = $3 AND field = $4 AND attached_at IS NOT NULL");
        let former = former.bind(organisation).bind(record).bind(i64::from(entity.id)).bind(id);
        let statement = self.field(field, value).also(former);
        let Some(file) = file else { return statement };
        statement.also(
            sql("UPDATE file_chunks SET attached_at = $1 WHERE organisation_id = $2 AND file_id = $3 AND record_id = $4")
                .bind(context.clock.now())
                .bind(organisation)
                .bind(file.id)
                .bind(record),
        )
    }
}

/// A file while it comes in.
struct Arriving<'a> {
    context: &'a Context,
    record: Uuid,
    entity: u32,
    field: u32,
    file: Uuid,
    hash: Hash,
    size: u64,
    pieces: u32,
    kind: Option<FileKind>,
}

/// Why a file is not kept.
enum Refused {
    /// What its sender can put right.
    Because(&'static str),
    /// What they cannot.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl Arriving<'_> {
    async fn take(
        &mut self,
        content: impl Stream<Item = Result<Bytes, Interrupted>>,
    ) -> Result<FileKind, Refused> {
        let mut content = std::pin::pin!(content);
        let mut piece = Zeroizing::new(Vec::with_capacity(CHUNK));
        while let Some(bytes) = content.next().await {
            let bytes =
                bytes.map_err(|Interrupted| Refused::Because("did not arrive whole. Send it again"))?;
            self.size += bytes.len() as u64;
            if self.size > LARGEST {
                return Err(Refused::Because("is larger than 25 MB"));
            }
            self.hash.update(&bytes);
            let mut rest: &[u8] = &bytes;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(CHUNK - piece.len()));
                piece.extend_from_slice(now);
                rest = later;
                if piece.len() == CHUNK {
                    self.keep(&piece).await?;
                    piece.clear();
                }
            }
        }
        if !piece.is_empty() {
            self.keep(&piece).await?;
        }
        self.kind.ok_or(Refused::Because("is empty"))
    }

    /// Seals one piece. The first tells what the file is, before anything of it is kept.
    async fn keep(&mut self, piece: &[u8]) -> Result<(), Refused> {
        if self.kind.is_none() {
            let known = FileKind::sniff(piece);
            self.kind = Some(known.ok_or(Refused::Because(
                "is not of a type that is kept here: PDF, JPEG, PNG, WebP, HEIC, TIFF or DICOM",
            ))?);
        }
        let context = self.context;
        let organisation = context.principal.organisation().uuid();
        let ring = context.keys.ring(organisation).await?;
        let place = context.place_of_piece(self.file, self.pieces);
        let sealed = ring.seal(Purpose::Field, &place, piece)?;
        let mut transaction = begin(context, Action::Update).await?;
        sql("INSERT INTO file_chunks
                 (id, organisation_id, record_id, entity, field, file_id, number, content, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(place.row)
        .bind(organisation)
        .bind(self.record)
        .bind(i64::from(self.entity))
        .bind(i64::from(self.field))
        .bind(self.file)
        .bind(i64::from(self.pieces))
        .bind(sealed.into_bytes())
        .bind(context.clock.now())
        .execute(&mut transaction)
        .await?;
        transaction.commit().await?;
        self.pieces += 1;
        Ok(())
    }
}

/// The id of a piece follows from its file and its number, so that what binds a piece to its row binds it to both.
fn piece_id(file: Uuid, number: u32) -> Uuid {
    let mut hash = Hash::new(&SHA256);
    hash.update(file.as_bytes());
    hash.update(&number.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finish().as_ref()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl From<Interrupted> for Error {
    fn from(Interrupted: Interrupted) -> Self {
        Self::Store(StoreError::Aborted)
    }
}
