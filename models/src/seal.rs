//! Keyed hashes, by which a text is known again and not guessed.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use aws_lc_rs::{hmac, rand};
use zeroize::Zeroizing;

/// Makes keyed hashes (HMAC-SHA-256). A short text cannot be guessed back from one without the key, as it could from
/// a plain hash. The key cannot be printed.
pub struct Seal(hmac::Key);

/// The length of a key, in bytes.
const LENGTH: usize = 32;

impl Seal {
    /// By this key.
    pub fn new(key: &[u8; LENGTH]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// By the key in this file (mode 0600), which is made from the system's randomness where there is none.
    ///
    /// # Errors
    /// The file cannot be read or made, or is no key.
    pub fn kept_in(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let key: &[u8; LENGTH] = bytes.as_slice().try_into().map_err(|_| {
                    io::Error::new(io::ErrorKind::InvalidData, "this file is to hold a key of 32 bytes")
                })?;
                Ok(Self::new(key))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::made_in(path),
            Err(error) => Err(error),
        }
    }

    fn made_in(path: &Path) -> io::Result<Self> {
        let mut key = Zeroizing::new([0; LENGTH]);
        rand::fill(&mut *key).map_err(|_| io::Error::other("the system gives no randomness"))?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(&*key)?;
        file.sync_all()?;
        Ok(Self::new(&key))
    }

    /// The keyed hash of a text, as 64 hexadecimal digits.
    pub fn of(&self, text: &[u8]) -> String {
        use std::fmt::Write as _;
        let tag = hmac::sign(&self.0, text);
        tag.as_ref().iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}
