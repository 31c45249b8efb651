use super::{DataKey, KeyContext, KeyDescription, KeyError, KeyService, Pending, WrappedKey, aead};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

const HEADER: &str = "health coder root keys 1";
const VERSION: u8 = 1;

/// A root key ring in a file that only its owner can read: what `run` and an exported project use.
///
/// The file is text, so that a person can see what it is: a header, one `key ID HEX` line per root key with the
/// newest last, and, once scheduled, `destroy RFC3339`. Its folder must not be part of data backups, or a destroyed
/// key would come back with them.
pub struct FileKeyService {
    path: PathBuf,
    roots: Mutex<Roots>,
}

#[derive(Default)]
struct Roots {
    keys: Vec<(u32, DataKey)>,
    destruction: Option<OffsetDateTime>,
}

impl FileKeyService {
    /// Makes a new root key file, mode 0600. It appears whole or not at all, and never replaces another.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let roots = Roots { keys: vec![(new_id()?, DataKey::random()?)], destruction: None };
        let draft = write_draft(path, &roots)?;
        // A link, unlike a rename, fails when the name is taken: two processes at their first start agree on one key.
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft).map_err(at(path))?;
        linked.map_err(at(path))?;
        sync_folder(path)?;
        Ok(Self { path: path.to_owned(), roots: Mutex::new(roots) })
    }

    /// Reads a root key file. One that its group or others can touch is refused: [`KeyError::Permissions`].
    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let roots = read(path)?;
        Ok(Self { path: path.to_owned(), roots: Mutex::new(roots) })
    }

    /// [`open`](Self::open), or [`create`](Self::create) where there is no file.
    pub fn open_or_create(path: &Path) -> Result<Self, KeyError> {
        match Self::open(path) {
            Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                match Self::create(path) {
                    Err(KeyError::File { source, .. })
                        if source.kind() == std::io::ErrorKind::AlreadyExists =>
                    {
                        Self::open(path)
                    }
                    other => other,
                }
            }
            other => other,
        }
    }

    /// Adds a root key, which wraps from now on; the old ones go on unwrapping. Then rewrap what they wrapped.
    pub fn rotate(&self) -> Result<(), KeyError> {
        let added = (new_id()?, DataKey::random()?);
        let mut roots = self.roots();
        roots.keys.push(added);
        if let Err(error) = replace(&self.path, &roots) {
            roots.keys.pop();
            return Err(error);
        }
        Ok(())
    }

    /// Erases the file when its scheduled time has come; says whether it did.
    pub fn destroy_if_due(&self, now: OffsetDateTime) -> Result<bool, KeyError> {
        let mut roots = self.roots();
        if roots.destruction.is_none_or(|at| at > now) {
            return Ok(false);
        }
        roots.keys.clear();
        std::fs::remove_file(&self.path).map_err(at(&self.path))?;
        sync_folder(&self.path)?;
        Ok(true)
    }

    fn roots(&self) -> MutexGuard<'_, Roots> {
        // Each change is finished before it is shown, so a panic elsewhere leaves the ring whole.
        self.roots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wrap(&self, context: &KeyContext, key: &DataKey) -> Result<WrappedKey, KeyError> {
        let roots = self.roots();
        roots.alive()?;
        let (id, root) = roots.keys.last().ok_or(KeyError::Missing)?;
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&id.to_be_bytes());
        bytes.extend_from_slice(&aead::seal(root, &context.bytes(), key.expose())?);
        Ok(WrappedKey(bytes))
    }

    fn open_key(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<DataKey, KeyError> {
        let [VERSION, a, b, c, d, body @ ..] = wrapped.0.as_slice() else { return Err(KeyError::Broken) };
        let id = u32::from_be_bytes([*a, *b, *c, *d]);
        let roots = self.roots();
        roots.alive()?;
        let (_, root) = roots.keys.iter().find(|(known, _)| *known == id).ok_or(KeyError::UnknownRoot(id))?;
        DataKey::from_slice(&aead::open(root, &context.bytes(), body)?)
    }
}

impl KeyService for FileKeyService {
    fn generate<'a>(&'a self, context: &'a KeyContext) -> Pending<'a, (DataKey, WrappedKey)> {
        Box::pin(async move {
            let key = DataKey::random()?;
            let wrapped = self.wrap(context, &key)?;
            Ok((key, wrapped))
        })
    }

    fn unwrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, DataKey> {
        Box::pin(async move { self.open_key(context, wrapped) })
    }

    fn rewrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, WrappedKey> {
        Box::pin(async move { self.wrap(context, &self.open_key(context, wrapped)?) })
    }

    fn rotate_root(&self) -> Pending<'_, ()> {
        Box::pin(async move { self.rotate() })
    }

    fn schedule_destruction<'a>(&'a self, at: OffsetDateTime) -> Pending<'a, ()> {
        Box::pin(async move {
            let mut roots = self.roots();
            let before = roots.destruction.replace(at);
            if let Err(error) = replace(&self.path, &roots) {
                roots.destruction = before;
                return Err(error);
            }
            Ok(())
        })
    }

    fn describe<'a>(&'a self) -> Pending<'a, KeyDescription> {
        Box::pin(async move {
            let roots = self.roots();
            let (id, _) = roots.keys.last().ok_or(KeyError::Missing)?;
            let root = format!("{id:08x}");
            Ok(KeyDescription {
                service: "file",
                root,
                roots: roots.keys.len(),
                destruction: roots.destruction,
            })
        })
    }
}

impl std::fmt::Debug for FileKeyService {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileKeyService").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Roots {
    fn alive(&self) -> Result<(), KeyError> {
        self.destruction.map_or(Ok(()), |at| Err(KeyError::Destroying(at)))
    }

    fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(HEADER.len() + 80 + self.keys.len() * 84));
        let _ = writeln!(text, "{HEADER}");
        for (id, key) in &self.keys {
            let _ = write!(text, "key {id:08x} ");
            for byte in key.expose() {
                let _ = write!(text, "{byte:02x}");
            }
            text.push('\n');
        }
        if let Some(at) = self.destruction {
            let _ = writeln!(text, "destroy {}", at.format(&Rfc3339).expect("a time of this era has a year"));
        }
        text
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != HEADER {
            return None;
        }
        let mut roots = Self::default();
        for line in lines {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["key", id, hex] => roots.keys.push((u32::from_str_radix(id, 16).ok()?, unhex(hex)?)),
                ["destroy", at] => roots.destruction = Some(OffsetDateTime::parse(at, &Rfc3339).ok()?),
                _ => return None,
            }
        }
        (!roots.keys.is_empty()).then_some(roots)
    }
}

fn unhex(hex: &str) -> Option<DataKey> {
    let digits = hex.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = Zeroizing::new([0u8; 32]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let nibble = |c: u8| char::from(c).to_digit(16);
        *byte = u8::try_from(nibble(pair[0])? * 16 + nibble(pair[1])?).ok()?;
    }
    DataKey::from_slice(&bytes[..]).ok()
}

fn new_id() -> Result<u32, KeyError> {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeyError::Random)?;
    Ok(u32::from_be_bytes(bytes))
}

fn read(path: &Path) -> Result<Roots, KeyError> {
    let mut file = File::open(path).map_err(at(path))?;
    // Of the open file, not of the name: what was checked is what is read.
    let metadata = file.metadata().map_err(at(path))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Permissions { path: path.to_owned(), mode });
    }
    let mut text = Zeroizing::new(String::with_capacity(8192));
    file.read_to_string(&mut text).map_err(at(path))?;
    Roots::parse(&text).ok_or_else(|| KeyError::Format(path.to_owned()))
}

fn replace(path: &Path, roots: &Roots) -> Result<(), KeyError> {
    let draft = write_draft(path, roots)?;
    std::fs::rename(&draft, path).map_err(at(path))?;
    sync_folder(path)
}

fn write_draft(path: &Path, roots: &Roots) -> Result<PathBuf, KeyError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{:08x}", new_id()?));
    let draft = path.with_file_name(name);
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).map_err(at(path))?;
    file.write_all(roots.text().as_bytes()).and_then(|()| file.sync_all()).map_err(at(path))?;
    Ok(draft)
}

fn sync_folder(path: &Path) -> Result<(), KeyError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(std::io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;
    use uuid::Uuid;

    fn context(organisation: u128) -> KeyContext {
        KeyContext { environment: Uuid::from_u128(1), organisation: Uuid::from_u128(organisation) }
    }

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    /// CL-4: the root key file is its owner's alone, from its first byte on, and is never replaced.
    #[test]
    fn a_root_key_file_is_private_and_made_once() {
        let folder = folder();
        let path = folder.path().join("root.key");
        FileKeyService::create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(FileKeyService::create(&path), Err(KeyError::File { .. })));
        FileKeyService::open_or_create(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn wider_permissions_are_refused() {
        let folder = folder();
        let path = folder.path().join("root.key");
        FileKeyService::create(&path).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o601] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let refused = FileKeyService::open(&path);
            assert!(matches!(refused, Err(KeyError::Permissions { mode: found, .. }) if found == mode));
        }
    }

    #[test]
    fn other_files_are_not_root_keys() {
        let folder = folder();
        let path = folder.path().join("root.key");
        for text in ["", "hello\n", HEADER, "health coder root keys 1\nkey 1 zz\n"] {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert!(matches!(FileKeyService::open_or_create(&path), Err(KeyError::Format(_))), "{text:?}");
        }
    }

    /// CF-5: a key wrapped for one organisation does not unwrap for another, nor in another environment.
    #[tokio::test]
    async fn a_wrapped_key_is_for_one_organisation() {
        let folder = folder();
        let service = FileKeyService::create(&folder.path().join("root.key")).unwrap();
        let (key, wrapped) = service.generate(&context(2)).await.unwrap();
        assert_eq!(service.unwrap(&context(2), &wrapped).await.unwrap().expose(), key.expose());
        assert!(matches!(service.unwrap(&context(3), &wrapped).await, Err(KeyError::Broken)));
        let elsewhere = KeyContext { environment: Uuid::from_u128(9), ..context(2) };
        assert!(matches!(service.unwrap(&elsewhere, &wrapped).await, Err(KeyError::Broken)));
        assert!(matches!(service.unwrap(&context(2), &WrappedKey(vec![])).await, Err(KeyError::Broken)));
    }

    /// Rotating the root: old wrapped keys open, rewrapped ones open by the new root alone.
    #[tokio::test]
    async fn roots_are_a_ring() {
        let folder = folder();
        let path = folder.path().join("root.key");
        let service = FileKeyService::create(&path).unwrap();
        let (key, old) = service.generate(&context(2)).await.unwrap();
        service.rotate().unwrap();
        let reopened = FileKeyService::open(&path).unwrap();
        assert_eq!(reopened.unwrap(&context(2), &old).await.unwrap().expose(), key.expose());
        let new = reopened.rewrap(&context(2), &old).await.unwrap();
        assert_ne!(new.0[..5], old.0[..5]);
        assert_eq!(reopened.unwrap(&context(2), &new).await.unwrap().expose(), key.expose());
        assert_eq!(reopened.describe().await.unwrap().roots, 2);
        let stranger = FileKeyService::create(&folder.path().join("other.key")).unwrap();
        assert!(matches!(stranger.unwrap(&context(2), &new).await, Err(KeyError::UnknownRoot(_))));
    }

    #[tokio::test]
    async fn a_scheduled_root_unwraps_nothing_and_is_erased_when_due() {
        let folder = folder();
        let path = folder.path().join("root.key");
        let service = FileKeyService::create(&path).unwrap();
        let (_, wrapped) = service.generate(&context(2)).await.unwrap();
        let due = datetime!(2026-12-01 0:00 UTC);
        service.schedule_destruction(due).await.unwrap();
        let reopened = FileKeyService::open(&path).unwrap();
        assert!(
            matches!(reopened.unwrap(&context(2), &wrapped).await, Err(KeyError::Destroying(at)) if at == due)
        );
        assert_eq!(reopened.describe().await.unwrap().destruction, Some(due));
        assert!(!reopened.destroy_if_due(datetime!(2026-11-30 0:00 UTC)).unwrap());
        assert!(reopened.destroy_if_due(due).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn a_service_prints_its_path_only() {
        let folder = folder();
        let service = FileKeyService::create(&folder.path().join("root.key")).unwrap();
        assert!(!format!("{service:?}").contains("key "));
    }
}
