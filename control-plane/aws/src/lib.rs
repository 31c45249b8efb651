//! Root keys in AWS KMS, and archives in Amazon S3.
//!
//! **Keys.** Each environment has a KMS key of its own. It never leaves KMS; what it wraps (organisation keys) is bound to
//! purpose, environment and organisation by the *encryption context*, without which KMS does not unwrap it. The key agent
//! alone speaks to KMS, so no app, and not the platform's own process either, can. An environment keeps the key that it
//! began with: a record in its folder of keys says which that is, and where.
//!
//! **The end of a key.** KMS erases no key at once: it is disabled the moment its deletion is scheduled, and gone after a
//! waiting period of 7 to 30 days, in which whoever administers the AWS account could call that off. The certificate of
//! destruction says so, and until when.
//!
//! **Archives** are sealed before they come here. They are uploaded in parts under SSE-KMS, each part with a checksum, and
//! the whole with the SHA-256 of the sealed file, which is compared on the way back. A failed upload is aborted; what a
//! killed process left is swept by the next one of the same name and at the latest when the archive is removed. Removing
//! takes every version. A bucket in another region than the one that the operator told is refused at the start.
//!
//! **Calls** are repeated by the SDK a bounded number of times where that may help, and end in one of a few kinds
//! ([`KmsError`], [`S3Error`]). No text of an answer is passed on, only its code.
//!
//! **Credentials** come from where AWS programs look for them: the environment, the profile, the web identity of a
//! container, the role of the machine. None is a setting of ours.

mod archives;
mod failure;
mod key;
mod root_keys;
mod settings;
mod transfer;

pub use archives::{BucketSettings, S3Archives, S3Error};
pub use failure::KmsError;
pub use key::KmsKey;
pub use root_keys::KmsRootKeys;
pub use settings::{Settings, SettingsError, Waiting};
