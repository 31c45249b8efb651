//! Keys, sealed fields and blind indexes (CF-5, CL-4).
//!
//! Three layers, each opened only by the one above it:
//!
//! 1. **The root** of an environment: an AWS KMS key, or one file of mode 0600 ([`FileKeyService`]), or an agent
//!    that holds either outside the app ([`AgentKeyService`]). It is reached through [`KeyService`], which is told for whom it works ([`KeyContext`]): a key that was wrapped
//!    for one organisation does not unwrap for another.
//! 2. **Organisation keys**, wrapped by the root in the table `organisation_keys`. They form a [`KeyRing`]: the
//!    newest seals, all open. Rotation is to add one; deleting an organisation's rows destroys its data
//!    (NIST SP 800-88, cryptographic erase). Organisation nil (all zeros) is the environment itself, for values that
//!    belong to a person rather than to a covered entity.
//! 3. **Purpose keys**, derived from an organisation key by HKDF-SHA-256 (RFC 5869): one for fields, one for
//!    audit payloads, one for identity secrets, and one per column for the blind index. None is ever stored.
//!
//! A value is sealed by AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce drawn by aws-lc, and is bound to
//! the place where it stands ([`Binding`]): environment, organisation, entity, field and row, by their stable
//! ids. A ciphertext copied to another row, column or clinic does not open. With random nonces a key may
//! seal 2³² values (SP 800-38D, 8.3); a ring is rotated long before that.
//!
//! ```text
//! sealed  = 1 (version) | generation, u32 big endian | nonce, 12 bytes | ciphertext | tag, 16 bytes
//! wrapped = 1 (version) | root id, u32 big endian    | nonce, 12 bytes | ciphertext | tag, 16 bytes
//! ```
//!
//! A blind index is HMAC-SHA-256 over the *normalised* value, keyed by organisation and column, so that equal
//! values of two clinics, or of two columns, do not look equal. It is offered only for kinds of high
//! entropy ([`Normal`]): an index over birth dates would be a list of birth dates. Index keys are a ring of their
//! own, so that rotating the sealing key neither breaks a look-up nor a unique constraint.
//!
//! Secrets live in types that wipe themselves and whose `Debug` prints `[secret]` or `[sealed]`. Keys and nonces
//! come from the operating system through aws-lc, never from the injected [`Ids`](crate::clock::Ids).

mod aead;
mod agent;
mod error;
mod file;
mod index;
mod keys;
mod ring;
mod sealed;
mod secret;
mod service;
mod value;

pub use agent::{AgentKeyService, answer_keys};
pub use error::KeyError;
pub use file::FileKeyService;
pub use index::{BlindIndex, Normal};
pub use keys::Keys;
pub use ring::{KeyRing, Purpose};
pub use sealed::{Binding, Sealed};
pub use secret::{DataKey, WrappedKey};
pub use service::{KeyContext, KeyDescription, KeyService, Pending};
pub use value::{canonical, parse};
