//! The root key of one environment, in KMS.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::{Blob, DateTime};
use aws_sdk_kms::types::{DataKeySpec, KeyMetadata, KeyState};
use safeguards::clock::Clock;
use safeguards::crypto::{DataKey, KeyContext, KeyDescription, KeyError, KeyService, Pending, WrappedKey};
use time::OffsetDateTime;

use crate::failure::{KmsError, judged};
use crate::settings::Waiting;

/// What every wrapped key says it is for. Never changed: what was wrapped is bound to it.
const PURPOSE: &str = "organisation key";

/// Wraps organisation keys by the KMS key of one environment.
#[derive(Clone)]
pub struct KmsKey {
    client: Client,
    /// The key's ARN. Alias and id alone would let a key of another account or region stand in.
    arn: String,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for KmsKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("KmsKey").field("arn", &self.arn).finish_non_exhaustive()
    }
}

impl KmsKey {
    pub(crate) fn new(client: Client, arn: String, clock: Arc<dyn Clock>) -> Self {
        Self { client, arn, clock }
    }

    /// What KMS says of the key now.
    pub(crate) async fn metadata(&self) -> Result<KeyMetadata, KmsError> {
        metadata(&self.client, &self.arn).await?.ok_or(KmsError::Missing)
    }

    /// The key, if it may be used.
    pub(crate) async fn usable(&self) -> Result<(), KmsError> {
        usable(&self.metadata().await?)
    }

    /// What the failure of a call with this key means. Of a key in a wrong state, KMS is asked which that is.
    async fn meant<E: ProvideErrorMetadata, R>(&self, error: SdkError<E, R>) -> KeyError {
        if error.code() == Some("KMSInvalidStateException") {
            let told = self.usable().await.err();
            return told.unwrap_or_else(|| KmsError::Refused("KMSInvalidStateException".to_owned())).into();
        }
        judged(&error, &self.arn).into()
    }

    /// Disables the key and has it deleted after the waiting period; when that is over.
    pub(crate) async fn schedule(&self, waiting: Waiting) -> Result<OffsetDateTime, KmsError> {
        let days = waiting.whole_days();
        // By its id: whoever ends a key has asked for it by its ARN just before.
        let id = self.arn.rsplit('/').next().unwrap_or(&self.arn);
        let asked = self.client.schedule_key_deletion().key_id(id).pending_window_in_days(days);
        match asked.send().await {
            Ok(answer) => {
                let told = answer.deletion_date().and_then(moment);
                Ok(told.unwrap_or_else(|| self.clock.now() + time::Duration::days(days.into())))
            }
            Err(error) => Err(judged(&error, &self.arn)),
        }
    }
}

/// What KMS says of a key, by its ARN or alias; none where there is none.
pub(crate) async fn metadata(client: &Client, key: &str) -> Result<Option<KeyMetadata>, KmsError> {
    match client.describe_key().key_id(key).send().await {
        Ok(answer) => Ok(answer.key_metadata),
        Err(error) => match judged(&error, key) {
            KmsError::Missing => Ok(None),
            other => Err(other),
        },
    }
}

/// Whether a key in this state may be used, or why not.
pub(crate) fn usable(metadata: &KeyMetadata) -> Result<(), KmsError> {
    match metadata.key_state() {
        Some(KeyState::Enabled) => Ok(()),
        Some(KeyState::Disabled) => {
            Err(KmsError::Disabled(metadata.arn().unwrap_or_else(|| metadata.key_id()).to_owned()))
        }
        Some(KeyState::PendingDeletion) => {
            let at = metadata.deletion_date().and_then(moment);
            Err(KmsError::Destroying(at.unwrap_or(OffsetDateTime::UNIX_EPOCH)))
        }
        Some(other) => Err(KmsError::Unreachable(format!("the key is {}", other.as_str()))),
        None => Err(KmsError::Refused("a key without a state".to_owned())),
    }
}

pub(crate) fn moment(at: &DateTime) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(at.secs()).ok()
}

/// The encryption context: KMS authenticates it with what it wraps, writes it into the AWS account's own log, and demands it
/// to unwrap. Ids only.
fn encryption_context(context: &KeyContext) -> HashMap<String, String> {
    HashMap::from([
        ("purpose".to_owned(), PURPOSE.to_owned()),
        ("environment".to_owned(), context.environment.to_string()),
        ("organisation".to_owned(), context.organisation.to_string()),
    ])
}

fn answered<T>(part: Option<T>) -> Result<T, KeyError> {
    part.ok_or_else(|| KmsError::Refused("an answer without what was asked for".to_owned()).into())
}

impl KeyService for KmsKey {
    fn generate<'a>(&'a self, context: &'a KeyContext) -> Pending<'a, (DataKey, WrappedKey)> {
        Box::pin(async move {
            let asked = self.client.generate_data_key().key_id(&self.arn).key_spec(DataKeySpec::Aes256);
            let asked = asked.set_encryption_context(Some(encryption_context(context))).send().await;
            let answer = match asked {
                Ok(answer) => answer,
                Err(error) => return Err(self.meant(error).await),
            };
            let wrapped = WrappedKey(answered(answer.ciphertext_blob)?.into_inner());
            Ok((data_key(answered(answer.plaintext)?)?, wrapped))
        })
    }

    fn unwrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, DataKey> {
        Box::pin(async move {
            let asked = self.client.decrypt().key_id(&self.arn).ciphertext_blob(Blob::new(wrapped.0.clone()));
            let asked = asked.set_encryption_context(Some(encryption_context(context))).send().await;
            match asked {
                Ok(answer) => data_key(answered(answer.plaintext)?),
                Err(error) => Err(self.meant(error).await),
            }
        })
    }

    /// Within KMS: the organisation key does not come out.
    fn rewrap<'a>(&'a self, context: &'a KeyContext, wrapped: &'a WrappedKey) -> Pending<'a, WrappedKey> {
        Box::pin(async move {
            let place = encryption_context(context);
            let asked = self
                .client
                .re_encrypt()
                .source_key_id(&self.arn)
                .destination_key_id(&self.arn)
                .ciphertext_blob(Blob::new(wrapped.0.clone()))
                .set_source_encryption_context(Some(place.clone()))
                .set_destination_encryption_context(Some(place));
            match asked.send().await {
                Ok(answer) => Ok(WrappedKey(answered(answer.ciphertext_blob)?.into_inner())),
                Err(error) => Err(self.meant(error).await),
            }
        })
    }

    /// KMS makes new key material, which wraps from now on; it rotates by itself once a year, too.
    fn rotate_root(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            match self.client.rotate_key_on_demand().key_id(&self.arn).send().await {
                Ok(_) => Ok(()),
                Err(error) => Err(self.meant(error).await),
            }
        })
    }

    /// At `at`, or as near to it as KMS lets a key wait.
    fn schedule_destruction<'a>(&'a self, at: OffsetDateTime) -> Pending<'a, ()> {
        Box::pin(async move {
            let days = (at - self.clock.now()).whole_days().clamp(7, 30);
            let waiting = u8::try_from(days).ok().and_then(|days| Waiting::days(days).ok());
            self.schedule(waiting.unwrap_or(Waiting::SHORTEST)).await?;
            Ok(())
        })
    }

    fn describe<'a>(&'a self) -> Pending<'a, KeyDescription> {
        Box::pin(async move {
            let metadata = self.metadata().await?;
            let destruction = metadata.deletion_date().and_then(moment);
            // KMS keeps every key material that it rotated out, as one key.
            Ok(KeyDescription { service: "aws-kms", root: self.arn.clone(), roots: 1, destruction })
        })
    }
}

/// A blob's bytes are wiped by the type that they are moved into.
fn data_key(plain: Blob) -> Result<DataKey, KeyError> {
    let mut bytes = plain.into_inner();
    let key = DataKey::from_slice(&bytes);
    bytes.fill(0);
    key
}
