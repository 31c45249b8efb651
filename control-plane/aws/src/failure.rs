//! What a failed call of KMS means.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use control_plane::seams::KeyDestruction;
use safeguards::crypto::KeyError;
use time::OffsetDateTime;

/// Why KMS did not do it. It says codes and names of keys, never a text of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KmsError {
    /// Too many calls at a time; it goes better later.
    #[error("AWS KMS is asked too much at a time ({0})")]
    Throttled(String),
    /// The credentials are not known, have run out, or may not.
    #[error("AWS KMS denies the call ({0}): see to the credentials and the policies of key and role")]
    Denied(String),
    /// Somebody has disabled the key.
    #[error("the key {0} is disabled in AWS KMS: whoever administers it can enable it")]
    Disabled(String),
    /// The key is to be deleted.
    #[error("the key is scheduled for deletion in AWS KMS at {0}")]
    Destroying(OffsetDateTime),
    /// There is no such key.
    #[error("there is no such key in AWS KMS")]
    Missing,
    /// It was not wrapped by this key for this place, or was altered.
    #[error("what was wrapped does not open by this key in this place")]
    Broken,
    /// The key lies in another region than the one that the operator told.
    #[error(
        "the key lies in {0}, and the platform was told {1}: an environment keeps the key that it began with"
    )]
    Elsewhere(String, String),
    /// No answer, or one that AWS itself calls its own fault.
    #[error("AWS KMS does not answer ({0})")]
    Unreachable(String),
    /// It answers what it should not.
    #[error("AWS KMS refuses ({0})")]
    Refused(String),
}

impl From<KmsError> for KeyError {
    fn from(error: KmsError) -> Self {
        match error {
            KmsError::Missing => Self::Missing,
            KmsError::Broken => Self::Broken,
            KmsError::Destroying(at) => Self::Destroying(at),
            // These two pass: keys that are held bridge them for a bounded time.
            KmsError::Throttled(_) | KmsError::Unreachable(_) => Self::Unavailable(error.to_string()),
            KmsError::Denied(_) | KmsError::Disabled(_) | KmsError::Elsewhere(..) | KmsError::Refused(_) => {
                Self::Refused(error.to_string())
            }
        }
    }
}

/// What a failure of a call means. Codes are those of the KMS API reference, "Common errors" and each call's own.
pub(crate) fn judged<E, R>(error: &SdkError<E, R>, key: &str) -> KmsError
where
    E: ProvideErrorMetadata,
{
    let (SdkError::ServiceError(_), Some(code)) = (error, error.code()) else {
        return KmsError::Unreachable(silence(error).to_owned());
    };
    let code = code.to_owned();
    match code.as_str() {
        "ThrottlingException" | "LimitExceededException" | "RequestLimitExceeded" | "Throttling" => {
            KmsError::Throttled(code)
        }
        "AccessDeniedException"
        | "AccessDenied"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "NotAuthorized"
        | "OptInRequired"
        | "UnrecognizedClientException" => KmsError::Denied(code),
        "DisabledException" => KmsError::Disabled(key.to_owned()),
        "NotFoundException" => KmsError::Missing,
        "InvalidCiphertextException" | "IncorrectKeyException" => KmsError::Broken,
        "DependencyTimeoutException"
        | "InternalFailure"
        | "KMSInternalException"
        | "KeyUnavailableException"
        | "ServiceUnavailable"
        | "ServiceUnavailableException" => KmsError::Unreachable(code),
        _ => KmsError::Refused(code),
    }
}

/// How nothing was heard.
pub(crate) fn silence<E, R>(error: &SdkError<E, R>) -> &'static str {
    match error {
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(_) => "no connection, or no credentials",
        SdkError::ConstructionFailure(_) => "the call cannot be made",
        _ => "an answer that is not AWS's",
    }
}

/// A key that waits for its deletion.
pub(crate) fn scheduled(region: &str, key: &str, until: OffsetDateTime) -> KeyDestruction {
    KeyDestruction::Scheduled {
        service: "AWS KMS".to_owned(),
        region: region.to_owned(),
        key: key.to_owned(),
        until,
    }
}
