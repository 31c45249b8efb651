//! What lies in a folder of data at its first start: files that appear whole or not at all, an id, a root
//! key, and the key of a database file.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::clock::Ids;
use crate::crypto::{FileKeyService, KeyContext, KeyError, KeyService, WrappedKey};
use crate::store::DatabaseKey;

/// Why a folder of data cannot be used. It holds no key.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A folder or file cannot be used.
    #[error("{}: {source}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The root key is gone from where data was written under it.
    #[error(
        "{} is missing, and without it nothing that was stored can be read; put it back from its own copy \
         (a new key would not open anything)", .path.display()
    )]
    RootKeyMissing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
}

impl FolderError {
    fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}

/// Makes a folder that only its owner can enter; one that exists is left as it is.
pub fn make_folder(path: &Path) -> Result<(), FolderError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(FolderError::file(path))
}

/// Writes a file (mode 0600) that appears whole or not at all. False means that there was one already,
/// which stays.
pub fn write_once(path: &Path, bytes: &[u8]) -> Result<bool, FolderError> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let written = (|| {
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        // A link, unlike a rename, fails when the name is taken.
        let linked = fs::hard_link(&draft, path);
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
            Err(error) => return Err(error),
        }
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::File::open(folder)?.sync_all()?;
        }
        Ok(true)
    })();
    written.map_err(FolderError::file(path))
}

/// The id in the file, or none where there is no file. A file without a UUID is an error.
pub fn read_id(path: &Path) -> Result<Option<Uuid>, FolderError> {
    match fs::read_to_string(path) {
        Ok(text) => match Uuid::try_parse(text.trim()) {
            Ok(id) => Ok(Some(id)),
            Err(_) => {
                Err(FolderError::file(path)(io::Error::new(io::ErrorKind::InvalidData, "it holds no UUID")))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FolderError::file(path)(error)),
    }
}

/// The id in the file, made now where there is none; true if this is the very first start here. Of two
/// processes that start at once, one makes it and both have it.
pub fn id_of(path: &Path, ids: &dyn Ids) -> Result<(Uuid, bool), FolderError> {
    if let Some(known) = read_id(path)? {
        return Ok((known, false));
    }
    let id = ids.next();
    if write_once(path, format!("{id}\n").as_bytes())? {
        return Ok((id, true));
    }
    match read_id(path)? {
        Some(id) => Ok((id, false)),
        None => Err(FolderError::file(path)(io::ErrorKind::NotFound.into())),
    }
}

/// A root key is made at the first start only: later, a missing one is a loss to be told, not replaced.
pub fn root_key(path: &Path, first_start: bool) -> Result<FileKeyService, FolderError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    if first_start {
        return Ok(FileKeyService::open_or_create(path)?);
    }
    if !path.exists() {
        return Err(FolderError::RootKeyMissing { path: path.to_owned() });
    }
    Ok(FileKeyService::open(path)?)
}

/// The key of a database file, which lies beside it, wrapped by the root key; made where there is none.
pub async fn database_key(
    database: &Path,
    keys: &dyn KeyService,
    environment: Uuid,
) -> Result<DatabaseKey, FolderError> {
    let context = KeyContext { environment, organisation: Uuid::nil() };
    let file = wrapped_key_path(database);
    if !file.exists() {
        let (_, wrapped) = keys.generate(&context).await?;
        write_once(&file, &wrapped.0)?;
    }
    let wrapped = Zeroizing::new(fs::read(&file).map_err(FolderError::file(&file))?);
    let key = keys.unwrap(&context, &WrappedKey(wrapped.to_vec())).await?;
    Ok(DatabaseKey::new(*key.expose()))
}

/// `app.db` has its key in `app.db.key`.
#[must_use]
pub fn wrapped_key_path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    name.into()
}
