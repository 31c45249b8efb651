//! Root keys, one an environment: in a file each, or with a key service of the cloud.

use std::pin::Pin;
use std::sync::Arc;

use safeguards::crypto::{FileKeyService, KeyError, KeyService};
use uuid::Uuid;

use crate::host::folders::{Folders, private_folder};

/// What is answered later.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyError>> + Send + 'a>>;

/// The root keys of all environments. With a cloud's key service, `open` is a client for the environment's own key.
pub trait RootKeys: Send + Sync {
    /// Makes the environment's root key; where it has one, that stays.
    fn create(&self, environment: Uuid) -> Pending<'_, ()>;

    /// The service that wraps and unwraps by the environment's root key.
    fn open(&self, environment: Uuid) -> Pending<'_, Arc<dyn KeyService>>;

    /// Destroys it, and with it everything that it wraps (NIST SP 800-88, cryptographic erase). It may be repeated.
    fn destroy(&self, environment: Uuid) -> Pending<'_, ()>;
}

/// A root key file for each environment, in the host's folder of keys.
#[derive(Clone, Debug)]
pub struct FileRootKeys(pub Folders);

impl FileRootKeys {
    fn path(&self, environment: Uuid) -> std::path::PathBuf {
        self.0.keys(environment).join("root.key")
    }
}

impl RootKeys for FileRootKeys {
    fn create(&self, environment: Uuid) -> Pending<'_, ()> {
        Box::pin(async move {
            let path = self.path(environment);
            private_folder(&self.0.keys(environment))
                .map_err(|source| KeyError::File { path: path.clone(), source })?;
            FileKeyService::open_or_create(&path).map(drop)
        })
    }

    fn open(&self, environment: Uuid) -> Pending<'_, Arc<dyn KeyService>> {
        Box::pin(async move {
            match FileKeyService::open(&self.path(environment)) {
                Ok(service) => Ok(Arc::new(service) as Arc<dyn KeyService>),
                Err(KeyError::File { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    Err(KeyError::Missing)
                }
                Err(error) => Err(error),
            }
        })
    }

    fn destroy(&self, environment: Uuid) -> Pending<'_, ()> {
        Box::pin(async move {
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
                _ => Ok(()),
            }
        })
    }
}
