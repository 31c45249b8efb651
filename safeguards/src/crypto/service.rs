use super::{DataKey, KeyError, WrappedKey};
use std::pin::Pin;
use time::OffsetDateTime;
use uuid::Uuid;

/// A boxed future, so that the service can be a trait object (a file, KMS, or the key agent's pipe).
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyError>> + Send + 'a>>;

/// For whom a key service works. It is authenticated with every wrapped key (KMS calls it the encryption context).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyContext {
    /// The environment (tenant).
    pub environment: Uuid,
    /// The organisation (covered entity); nil is the environment itself.
    pub organisation: Uuid,
}

impl KeyContext {
    pub(super) fn bytes(&self) -> Vec<u8> {
        super::sealed::encode(&[
            b"organisation key",
            self.environment.as_bytes(),
            self.organisation.as_bytes(),
        ])
    }
}

/// What an operator may know of a root key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyDescription {
    /// `file`, `aws-kms`, `key-agent`.
    pub service: &'static str,
    /// The root key that wraps now: an id or ARN, never the key.
    pub root: String,
    /// How many root keys can unwrap.
    pub roots: usize,
    /// When the root keys are destroyed, if that is scheduled.
    pub destruction: Option<OffsetDateTime>,
}

/// Wraps and unwraps organisation keys by the environment's root key.
pub trait KeyService: Send + Sync {
    /// A new organisation key, in the clear for use and wrapped for storage.
    fn generate<'a>(&'a self, context: &'a KeyContext) -> Pending<'a, (DataKey, WrappedKey)>;

    /// The key in the clear. Another context than the one it was wrapped for is [`KeyError::Broken`].
    fn unwrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, DataKey>;

    /// The same key under the newest root key. The data that it sealed stays as it is.
    fn rewrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, WrappedKey>;

    /// Adds a root key, which wraps from now on; the older ones go on unwrapping. A service whose keys rotate by
    /// themselves has nothing to do.
    fn rotate_root(&self) -> Pending<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    /// From now on nothing is unwrapped, and at `at` the root keys are gone for good.
    fn schedule_destruction<'a>(&'a self, at: OffsetDateTime) -> Pending<'a, ()>;

    /// Which key wraps now, and whether it is to be destroyed.
    fn describe<'a>(&'a self) -> Pending<'a, KeyDescription>;
}
