//! Archives on their way to S3 and back, one part in memory at a time.

use std::io::SeekFrom;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, ServerSideEncryption};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::archives::{S3Archives, S3Error, judged};

/// The SHA-256 of the whole archive, among an object's own data: S3's checksum of several parts is one of checksums.
const WHOLE: &str = "sha256";
/// The most parts that S3 takes.
const MOST_PARTS: u64 = 10_000;
/// How often a download that breaks off goes on where it was.
const DOWNLOADS: u32 = 4;

impl S3Archives {
    /// Uploads a file in parts. Where it fails, nothing of it stays.
    pub(crate) async fn upload(&self, object: &str, file: &Path) -> Result<(), S3Error> {
        let mut file = File::open(file).await?;
        let (digest, bytes) = digest_of(&mut file).await?;
        file.seek(SeekFrom::Start(0)).await?;
        let asked = self
            .client
            .create_multipart_upload()
            .bucket(&self.settings.bucket)
            .key(object)
            .server_side_encryption(ServerSideEncryption::AwsKms)
            .set_ssekms_key_id(self.settings.key.clone())
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .content_type("application/zip")
            .metadata(WHOLE, &digest);
        let begun = asked.send().await.map_err(|error| judged(&error))?;
        let upload =
            begun.upload_id().ok_or_else(|| S3Error::Refused("an upload without an id".to_owned()))?;
        match self.parts(object, upload, &mut file, bytes, &digest).await {
            Ok(()) => self.is_kept(object, bytes).await,
            Err(error) => {
                // What cannot be aborted now is swept before the next try, and when the archive is removed.
                let _aborted = self.abort(object, upload).await;
                Err(error)
            }
        }
    }

    async fn parts(
        &self,
        object: &str,
        upload: &str,
        file: &mut File,
        bytes: u64,
        digest: &str,
    ) -> Result<(), S3Error> {
        let size = self.settings.part.max(bytes.div_ceil(MOST_PARTS));
        let (mut whole, mut sent, mut parts) = (Context::new(&SHA256), 0, Vec::new());
        while sent < bytes || parts.is_empty() {
            let mut part = Vec::new();
            (&mut *file).take(size).read_to_end(&mut part).await?;
            whole.update(&part);
            sent += part.len() as u64;
            let number = i32::try_from(parts.len() + 1).unwrap_or(i32::MAX);
            let cut_short = part.is_empty() && bytes > 0;
            if cut_short {
                return Err(S3Error::Altered);
            }
            let asked = self
                .client
                .upload_part()
                .bucket(&self.settings.bucket)
                .key(object)
                .upload_id(upload)
                .part_number(number)
                .checksum_algorithm(ChecksumAlgorithm::Sha256)
                .body(ByteStream::from(part));
            let answer = asked.send().await.map_err(|error| judged(&error))?;
            let done = CompletedPart::builder()
                .part_number(number)
                .set_e_tag(answer.e_tag)
                .set_checksum_sha256(answer.checksum_sha256);
            parts.push(done.build());
        }
        // The file is the platform's own, and nobody else writes it; a disk may.
        if hex(whole) != digest {
            return Err(S3Error::Altered);
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let asked = self.client.complete_multipart_upload().bucket(&self.settings.bucket).key(object);
        let asked = asked.upload_id(upload).multipart_upload(parts);
        asked.send().await.map(drop).map_err(|error| judged(&error))
    }

    /// It is there, whole, and encrypted as was asked for.
    async fn is_kept(&self, object: &str, bytes: u64) -> Result<(), S3Error> {
        let asked = self.client.head_object().bucket(&self.settings.bucket).key(object).send().await;
        let kept = asked.map_err(|error| judged(&error))?;
        let whole = kept.content_length().and_then(|length| u64::try_from(length).ok()) == Some(bytes);
        let sealed = kept.server_side_encryption() == Some(&ServerSideEncryption::AwsKms);
        let by = self.settings.key.as_deref().is_none_or(|key| kept.ssekms_key_id() == Some(key));
        if whole && sealed && by { Ok(()) } else { Err(S3Error::Altered) }
    }

    /// Downloads into a file, which is there whole and as it was kept, or not at all.
    pub(crate) async fn download(&self, object: &str, to: &Path) -> Result<(), S3Error> {
        let mut name = to.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let draft = to.with_file_name(name);
        let mut file = File::create(&draft).await?;
        let brought = self.bring(object, &mut file).await;
        drop(file);
        match brought {
            Ok(()) => Ok(tokio::fs::rename(&draft, to).await?),
            Err(error) => {
                // What is left of it is of no use, and the next try writes over it.
                let _removed = tokio::fs::remove_file(&draft).await;
                Err(error)
            }
        }
    }

    async fn bring(&self, object: &str, file: &mut File) -> Result<(), S3Error> {
        let first = self.ask(object, 0, None).await?;
        let digest = first.metadata().and_then(|data| data.get(WHOLE)).cloned();
        let digest = digest.ok_or(S3Error::Altered)?;
        let bytes = first.content_length().and_then(|length| u64::try_from(length).ok());
        let (bytes, version) = (bytes.ok_or(S3Error::Altered)?, first.e_tag.clone());
        let (mut whole, mut written, mut answer) = (Context::new(&SHA256), 0_u64, first);
        for attempt in 1.. {
            while let Ok(Some(part)) = answer.body.try_next().await {
                whole.update(&part);
                file.write_all(&part).await?;
                written += part.len() as u64;
            }
            if written >= bytes {
                break;
            }
            if attempt >= DOWNLOADS {
                return Err(S3Error::Unreachable("the download breaks off".to_owned()));
            }
            // The same version of it, from where it broke off.
            answer = self.ask(object, written, version.clone()).await?;
        }
        file.sync_all().await?;
        if written == bytes && hex(whole) == digest { Ok(()) } else { Err(S3Error::Altered) }
    }

    async fn ask(
        &self,
        object: &str,
        from: u64,
        version: Option<String>,
    ) -> Result<GetObjectOutput, S3Error> {
        let asked = self.client.get_object().bucket(&self.settings.bucket).key(object);
        let asked = asked.set_range((from > 0).then(|| format!("bytes={from}-"))).set_if_match(version);
        asked.send().await.map_err(|error| judged(&error))
    }
}

async fn digest_of(file: &mut File) -> Result<(String, u64), S3Error> {
    let (mut context, mut part, mut bytes) = (Context::new(&SHA256), vec![0; 1 << 16], 0);
    loop {
        match file.read(&mut part).await? {
            0 => return Ok((hex(context), bytes)),
            read => {
                context.update(&part[..read]);
                bytes += read as u64;
            }
        }
    }
}

fn hex(context: Context) -> String {
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
