//! Sealed archives in a bucket of Amazon S3.

use std::fmt;
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use control_plane::Platform;
use control_plane::processors::{self, Data};
use control_plane::residency::{Kept, Region};
use control_plane::seams::{Archives, ArchivesError, Pending, archive_name};

use crate::failure::silence;
use crate::settings::Settings;

/// The bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketSettings {
    /// Its name.
    pub bucket: String,
    /// The ARN of the KMS key that S3 encrypts by; without it, the account's own key for S3.
    pub key: Option<String>,
    /// What the names of its objects begin with, such as `healthcoder/`.
    pub prefix: String,
    /// How large a part is at least. S3 takes 5 MiB at least, and 10,000 parts at most.
    pub part: u64,
}

impl BucketSettings {
    /// This bucket, with parts of 8 MiB.
    #[must_use]
    pub fn new(bucket: impl Into<String>) -> Self {
        Self { bucket: bucket.into(), key: None, prefix: "archives/".to_owned(), part: 8 << 20 }
    }
}

/// Why S3 did not do it. It says codes and names of ours, never a text of an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum S3Error {
    /// There is no such object or bucket.
    #[error("there is no such object in the bucket, or no such bucket ({0})")]
    Missing(String),
    /// Too much at a time; it goes better later.
    #[error("Amazon S3 is asked too much at a time ({0})")]
    Throttled(String),
    /// The credentials are not known, have run out, or may not.
    #[error(
        "Amazon S3 denies the call ({0}): see to the credentials and the policies of bucket, key and role"
    )]
    Denied(String),
    /// No answer, or one that AWS itself calls its own fault.
    #[error("Amazon S3 does not answer ({0})")]
    Unreachable(String),
    /// It answers what it should not.
    #[error("Amazon S3 refuses ({0})")]
    Refused(String),
    /// The bucket is not where the operator says.
    #[error(
        "the bucket lies in {found}, and the platform was told {told}: archives stay in the region that is told"
    )]
    Elsewhere {
        /// Where it lies.
        found: String,
        /// Where it should.
        told: String,
    },
    /// What came back, or what was kept, is not what was sent.
    #[error("the archive was altered where it was kept")]
    Altered,
    /// A file on this machine failed.
    #[error("a file of the platform failed: {0}")]
    File(std::io::ErrorKind),
}

impl From<std::io::Error> for S3Error {
    fn from(error: std::io::Error) -> Self {
        Self::File(error.kind())
    }
}

impl From<S3Error> for ArchivesError {
    fn from(error: S3Error) -> Self {
        match error {
            S3Error::Missing(_) => Self::Missing,
            S3Error::Altered => Self::Altered,
            S3Error::Denied(_) | S3Error::Refused(_) | S3Error::Elsewhere { .. } => {
                Self::Refused(error.to_string())
            }
            S3Error::Throttled(_) | S3Error::Unreachable(_) | S3Error::File(_) => {
                Self::Unavailable(error.to_string())
            }
        }
    }
}

/// What a failure of a call means, by the codes of the S3 API reference, "Error responses".
pub(crate) fn judged<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> S3Error {
    let SdkError::ServiceError(_) = error else {
        return S3Error::Unreachable(silence(error).to_owned());
    };
    // `HEAD` has no body, so no code.
    let code = error.code().unwrap_or("no code").to_owned();
    match code.as_str() {
        "NoSuchKey" | "NoSuchBucket" | "NoSuchUpload" | "NoSuchVersion" | "NotFound" => {
            S3Error::Missing(code)
        }
        "SlowDown" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => {
            S3Error::Throttled(code)
        }
        "AccessDenied"
        | "AccountProblem"
        | "AllAccessDisabled"
        | "ExpiredToken"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "KMS.DisabledException"
        | "SignatureDoesNotMatch" => S3Error::Denied(code),
        "PreconditionFailed" | "InvalidRange" | "BadDigest" | "XAmzContentSHA256Mismatch" => S3Error::Altered,
        "InternalError" | "ServiceUnavailable" | "RequestTimeout" | "OperationAborted" => {
            S3Error::Unreachable(code)
        }
        _ => S3Error::Refused(code),
    }
}

/// Archives in a bucket.
#[derive(Clone)]
pub struct S3Archives {
    pub(crate) client: Client,
    pub(crate) settings: BucketSettings,
    region: Region,
    platform: Platform,
}

impl fmt::Debug for S3Archives {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("S3Archives")
            .field("settings", &self.settings)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

impl S3Archives {
    /// Opens the bucket: it must be there, and in the region that the operator told. The register of sub-processors is
    /// asked before each archive that is sent (HC-13), here too.
    ///
    /// # Errors
    /// Why it is not used.
    pub async fn open(
        platform: &Platform,
        settings: &Settings,
        bucket: BucketSettings,
    ) -> Result<Self, ArchivesError> {
        let loaded = settings.load(settings.patience * 10).await;
        let configuration = aws_sdk_s3::config::Builder::from(&loaded)
            // Another address than AWS's has one name for all buckets.
            .force_path_style(settings.address.is_some())
            .build();
        let archives = Self {
            client: Client::from_conf(configuration),
            settings: bucket,
            region: settings.region.clone(),
            platform: platform.clone(),
        };
        archives.permitted().await?;
        archives.in_its_region().await?;
        Ok(archives)
    }

    async fn permitted(&self) -> Result<(), ArchivesError> {
        let permit = processors::permit(&self.platform, "aws", Data::Health).await;
        permit.map(drop).map_err(|refusal| ArchivesError::Refused(refusal.to_string()))
    }

    async fn in_its_region(&self) -> Result<(), S3Error> {
        let asked = self.client.get_bucket_location().bucket(&self.settings.bucket).send().await;
        let answer = asked.map_err(|error| judged(&error))?;
        // The two regions that are older than the names of regions.
        let found = match answer.location_constraint().map_or("", |found| found.as_str()) {
            "" => "us-east-1",
            "EU" => "eu-west-1",
            found => found,
        };
        if found == self.region.as_str() {
            return Ok(());
        }
        Err(S3Error::Elsewhere { found: found.to_owned(), told: self.region.to_string() })
    }

    pub(crate) fn object(&self, name: &str) -> Result<String, ArchivesError> {
        archive_name(name).map(|name| format!("{}{name}", self.settings.prefix))
    }

    /// Every version and delete marker of objects whose names begin so: object and version.
    async fn versions(&self, beginning: &str) -> Result<Vec<(String, String)>, S3Error> {
        let (mut found, mut after) = (Vec::new(), (None, None));
        loop {
            let asked = self.client.list_object_versions().bucket(&self.settings.bucket).prefix(beginning);
            let asked = asked.set_key_marker(after.0).set_version_id_marker(after.1);
            let page = asked.send().await.map_err(|error| judged(&error))?;
            let versions = page.versions().iter().map(|version| (version.key(), version.version_id()));
            let markers = page.delete_markers().iter().map(|marker| (marker.key(), marker.version_id()));
            for (object, version) in versions.chain(markers) {
                let (Some(object), Some(version)) = (object, version) else { continue };
                found.push((object.to_owned(), version.to_owned()));
            }
            if page.is_truncated() != Some(true) {
                return Ok(found);
            }
            after = (page.next_key_marker, page.next_version_id_marker);
        }
    }

    /// Every upload that was begun and not ended, of objects whose names begin so: object and upload.
    async fn uploads(&self, beginning: &str) -> Result<Vec<(String, String)>, S3Error> {
        let (mut found, mut after) = (Vec::new(), (None, None));
        loop {
            let asked = self.client.list_multipart_uploads().bucket(&self.settings.bucket).prefix(beginning);
            let asked = asked.set_key_marker(after.0).set_upload_id_marker(after.1);
            let page = asked.send().await.map_err(|error| judged(&error))?;
            for upload in page.uploads() {
                let (Some(object), Some(id)) = (upload.key(), upload.upload_id()) else { continue };
                found.push((object.to_owned(), id.to_owned()));
            }
            if page.is_truncated() != Some(true) {
                return Ok(found);
            }
            after = (page.next_key_marker, page.next_upload_id_marker);
        }
    }

    /// Ends what a killed process left of uploads to this object, so that its parts are not kept for ever.
    async fn sweep(&self, object: &str) -> Result<(), S3Error> {
        for (of, upload) in self.uploads(object).await? {
            if of == object {
                self.abort(object, &upload).await?;
            }
        }
        Ok(())
    }

    /// Ends an upload and has its parts removed.
    pub(crate) async fn abort(&self, object: &str, upload: &str) -> Result<(), S3Error> {
        let asked = self.client.abort_multipart_upload().bucket(&self.settings.bucket);
        match asked.key(object).upload_id(upload).send().await.map_err(|error| judged(&error)) {
            Ok(_) | Err(S3Error::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn remove_all(&self, object: &str) -> Result<(), S3Error> {
        self.sweep(object).await?;
        for (of, version) in self.versions(object).await? {
            if of != object {
                continue;
            }
            let asked = self.client.delete_object().bucket(&self.settings.bucket);
            match asked.key(object).version_id(version).send().await.map_err(|error| judged(&error)) {
                Ok(_) | Err(S3Error::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Archives for S3Archives {
    fn place(&self) -> Kept {
        Kept { by: format!("Amazon S3, bucket {}", self.settings.bucket), region: Some(self.region.clone()) }
    }

    fn keep<'a>(&'a self, name: &'a str, file: &'a Path) -> Pending<'a, (), ArchivesError> {
        Box::pin(async move {
            let object = self.object(name)?;
            self.permitted().await?;
            self.sweep(&object).await?;
            Ok(self.upload(&object, file).await?)
        })
    }

    fn fetch<'a>(&'a self, name: &'a str, file: &'a Path) -> Pending<'a, (), ArchivesError> {
        Box::pin(async move { Ok(self.download(&self.object(name)?, file).await?) })
    }

    fn remove<'a>(&'a self, name: &'a str) -> Pending<'a, (), ArchivesError> {
        Box::pin(async move { Ok(self.remove_all(&self.object(name)?).await?) })
    }

    fn names<'a>(&'a self, prefix: &'a str) -> Pending<'a, Vec<String>, ArchivesError> {
        Box::pin(async move {
            let beginning = self.object(prefix)?;
            let mut objects = self.versions(&beginning).await?;
            // An upload that was cut off counts: it is to be removed with the rest.
            objects.extend(self.uploads(&beginning).await?);
            let names = objects.iter().filter_map(|(object, _)| object.strip_prefix(&self.settings.prefix));
            let mut names: Vec<_> = names.map(str::to_owned).collect();
            names.sort();
            names.dedup();
            Ok(names)
        })
    }
}
