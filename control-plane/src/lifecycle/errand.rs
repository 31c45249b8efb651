//! An errand of the tenant's own binary: a folder that is shared with its sandbox, and what is carried out of it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

/// The longest passphrase that is kept.
const LONGEST_SECRET: u64 = 4096;

/// A folder that is shared with a tenant's sandbox for one errand. What is in it goes with it.
pub(super) struct Errand(pub(super) PathBuf);

impl Errand {
    pub(super) fn make(data: &Path, name: &str) -> io::Result<Self> {
        let folder = data.join("errands").join(name);
        remove_folder(&folder)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// What errands of this name left behind when they were cut off.
    pub(super) fn sweep(data: &Path, prefix: &str) -> io::Result<()> {
        let entries = match fs::read_dir(data.join("errands")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(prefix) {
                remove_folder(&entry.path())?;
            }
        }
        Ok(())
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        // What stays is swept when the departure ends.
        let _ = remove_folder(&self.0);
    }
}

pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens what an errand left for us. It was written by the tenant's own program, which may have put something else in its
/// place, such as a link to another tenant's archive: what is not a plain file is refused.
pub(super) fn carried_out(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::other(format!("{} is no plain file", path.display())))
}

/// Moves a secret to its place, private from its first byte on.
pub(super) fn keep_secret(from: &Path, to: &Path) -> io::Result<()> {
    let mut secret = Zeroizing::new(Vec::new());
    carried_out(from)?.take(LONGEST_SECRET).read_to_end(&mut secret)?;
    if let Some(folder) = to.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = to.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&draft, to)
}

/// Copies plain files and folders; links are left out.
pub(super) fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            if entry.file_name() != "target" {
                copy_folder(&entry.path(), &target)?;
            }
        } else if kind.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

pub(super) fn digest_of(path: &Path) -> io::Result<(String, i64)> {
    let mut file = carried_out(path)?;
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 64 * 1024];
    let mut bytes = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        bytes += i64::try_from(read).unwrap_or(i64::MAX);
    }
    let sha256 = digest.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((sha256, bytes))
}
