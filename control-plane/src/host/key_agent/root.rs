//! Root keys, one an environment: in a file each, or with a key service of the cloud.

use std::pin::Pin;
use std::sync::Arc;

use safeguards::crypto::{FileKeyService, KeyError, KeyService};
use uuid::Uuid;

use crate::host::folders::{Folders, private_folder};
use crate::seams::KeyDestruction;

/// What is answered later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyError>> + Send + 'a>>;

/// A file of this name in an environment's folder of keys says that its root key lies with a key service, and with
/// which. An environment keeps the key that it began with, whatever the platform is told later.
pub const KEPT_ELSEWHERE: &str = "key-service.json";

/// The root keys of all environments. With a cloud's key service, `open` is a client for the environment's own key.
pub trait RootKeys: Send + Sync {
    /// Makes the environment's root key; where it has one, that stays.
    fn create(&self, environment: Uuid) -> Pending<'_, ()>;

    /// The service that wraps and unwraps by the environment's root key.
    fn open(&self, environment: Uuid) -> Pending<'_, Arc<dyn KeyService>>;

    /// Destroys it, and with it everything that it wraps (NIST SP 800-88, cryptographic erase). It may be repeated, and
    /// says each time what became of it.
    fn destroy(&self, environment: Uuid) -> Pending<'_, KeyDestruction>;
}

/// A root key file for each environment, in the host's folder of keys.
#[derive(Clone, Debug)]
pub struct FileRootKeys(pub Folders);

impl FileRootKeys {
    fn path(&self, environment: Uuid) -> std::path::PathBuf {
        self.0.keys(environment).join("root.key")
    }

    /// Whether the environment's root key lies in a file.
    #[must_use]
    pub fn holds(&self, environment: Uuid) -> bool {
        self.path(environment).exists()
    }

    /// A second root key beside one that lies elsewhere would open nothing, and its end would pass for the other's.
    fn ours(&self, environment: Uuid) -> Result<(), KeyError> {
        if self.0.keys(environment).join(KEPT_ELSEWHERE).exists() {
            return Err(KeyError::Refused(
                "this environment's root key lies with a key service that the platform was not told of at its start"
                    .to_owned(),
            ));
        }
        Ok(())
    }
}

impl RootKeys for FileRootKeys {
    fn create(&self, environment: Uuid) -> Pending<'_, ()> {
        Box::pin(async move {
            self.ours(environment)?;
            let path = self.path(environment);
            private_folder(&self.0.keys(environment))
                .map_err(|source| KeyError::File { path: path.clone(), source })?;
            FileKeyService::open_or_create(&path).map(drop)
        })
    }

    fn open(&self, environment: Uuid) -> Pending<'_, Arc<dyn KeyService>> {
        Box::pin(async move {
            self.ours(environment)?;
            match FileKeyService::open(&self.path(environment)) {
                Ok(service) => Ok(Arc::new(service) as Arc<dyn KeyService>),
                Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    Err(KeyError::Missing)
                }
                Err(error) => Err(error),
            }
        })
    }

    fn destroy(&self, environment: Uuid) -> Pending<'_, KeyDestruction> {
        Box::pin(async move {
            self.ours(environment)?;
            let path = self.path(environment);
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(KeyError::File { path, source });
                }
                _ => {}
            }
            // The name is gone for good only when its folder is on disk.
            match std::fs::File::open(self.0.keys(environment)).and_then(|folder| folder.sync_all()) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    Err(KeyError::File { path, source })
                }
                _ => Ok(KeyDestruction::Erased),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HC-12: where the key lies with a service that this start was not told of, no second key is made, and nobody is
    /// told that the key is erased.
    #[tokio::test]
    async fn hc_12_a_file_never_stands_in_for_a_key_that_lies_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let folders = Folders::open(folder.path()).unwrap();
        let (roots, environment) = (FileRootKeys(folders.clone()), Uuid::from_u128(1));
        private_folder(&folders.keys(environment)).unwrap();
        std::fs::write(folders.keys(environment).join(KEPT_ELSEWHERE), "{}").unwrap();
        assert!(matches!(roots.create(environment).await, Err(KeyError::Refused(_))));
        assert!(matches!(roots.open(environment).await.map(drop), Err(KeyError::Refused(_))));
        assert!(matches!(roots.destroy(environment).await, Err(KeyError::Refused(_))));
        assert!(!roots.holds(environment));
    }
}
