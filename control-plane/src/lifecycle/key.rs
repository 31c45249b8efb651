//! The key by which certificates are signed: Ed25519 (RFC 8032), in a file of mode 0600 in the folder of keys.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::signature::Ed25519KeyPair;
use zeroize::Zeroizing;

/// The file's name in the folder of keys.
const FILE: &str = "certificate-signing-key";

/// Opens the key in `folder`; the first time, makes it. Of two processes at once, one wins and both open the same.
pub(super) fn open(folder: &Path) -> io::Result<Ed25519KeyPair> {
    let path = folder.join(FILE);
    if !path.try_exists()? {
        make(folder, &path)?;
    }
    if fs::metadata(&path)?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other(format!("{} can be read by others than its owner", path.display())));
    }
    let document = Zeroizing::new(fs::read(&path)?);
    Ed25519KeyPair::from_pkcs8(&document)
        .map_err(|_| io::Error::other(format!("{} holds no signing key", path.display())))
}

fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let pair = Ed25519KeyPair::generate().map_err(|_| io::Error::other("a key could not be made"))?;
    let document = pair.to_pkcs8().map_err(|_| io::Error::other("a key could not be made"))?;
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(".{FILE}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(document.as_ref())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
