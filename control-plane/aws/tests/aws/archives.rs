//! HC-12: sealed archives in S3: whole or not at all, on both ways, and every version gone in the end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use control_plane::processors;
use control_plane::seams::{Archives, ArchivesError};
use control_plane::testing::{TestPlatform, platform_on};
use control_plane_aws::{BucketSettings, S3Archives};

use crate::cloud::{Cloud, Fault, REGION};

const BUCKET: &str = "healthcoder-archives";
const NAME: &str = "0198c1b2-archive.zip";
const LASTING: usize = 99;
/// Two whole parts of 5 MiB, and one that is shorter.
const BYTES: usize = (10 << 20) + 4711;

struct Scene {
    cloud: Cloud,
    platform: TestPlatform,
    archives: S3Archives,
    account: Client,
    folder: tempfile::TempDir,
}

fn bucket() -> BucketSettings {
    let key = Some("arn:aws:kms:eu-central-1:123456789012:key/4711".to_owned());
    BucketSettings { key, part: 5 << 20, ..BucketSettings::new(BUCKET) }
}

impl Scene {
    async fn new() -> Self {
        let (cloud, platform) = (Cloud::start().await, platform_on("sqlite").await);
        let loaded = cloud.administrator().await;
        let account = aws_sdk_s3::config::Builder::from(&loaded).force_path_style(true).build();
        let account = Client::from_conf(account);
        let here = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(REGION))
            .build();
        account.create_bucket().bucket(BUCKET).create_bucket_configuration(here).send().await.unwrap();
        let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let kept = account.put_bucket_versioning().bucket(BUCKET).versioning_configuration(versioned);
        kept.send().await.unwrap();
        processors::attest(&platform.platform, "aws", "AWS BAA of 2 March 2026", false).await.unwrap();
        let archives = S3Archives::open(&platform.platform, &cloud.settings(), bucket()).await.unwrap();
        Self { cloud, platform, archives, account, folder: tempfile::tempdir().unwrap() }
    }

    /// An archive on disk, whose bytes are all different enough.
    fn file(&self, seed: u8) -> PathBuf {
        let path = self.folder.path().join(format!("{seed}.zip"));
        let mut state = u32::from(seed) + 1;
        let bytes: Vec<u8> = (0..BYTES)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            })
            .collect();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    async fn keep(&self, file: &Path) -> Result<(), ArchivesError> {
        self.archives.keep(NAME, file).await
    }

    async fn fetch(&self) -> Result<Vec<u8>, ArchivesError> {
        let to = self.folder.path().join("home.zip");
        drop(std::fs::remove_file(&to));
        let fetched = self.archives.fetch(NAME, &to).await;
        assert_eq!(fetched.is_ok(), to.exists(), "whole or not at all");
        assert!(!self.folder.path().join("home.zip.part").exists());
        fetched.map(|()| std::fs::read(to).unwrap())
    }

    /// What the account pays for: versions and delete markers, and uploads that were begun.
    async fn left(&self) -> (usize, usize) {
        let versions = self.account.list_object_versions().bucket(BUCKET).send().await.unwrap();
        let uploads = self.account.list_multipart_uploads().bucket(BUCKET).send().await.unwrap();
        (versions.versions().len() + versions.delete_markers().len(), uploads.uploads().len())
    }
}

/// Kept in parts under SSE-KMS, brought back byte by byte, replaced, and in the end gone with every version.
#[tokio::test]
async fn hc_12_an_archive_comes_back_as_it_was_and_goes_with_every_version() {
    let scene = Scene::new().await;
    let (first, second) = (scene.file(1), scene.file(2));
    scene.keep(&first).await.unwrap();
    let begun = scene.cloud.heard("CreateMultipartUpload").remove(0);
    for header in [
        "x-amz-server-side-encryption: aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id: arn:aws:kms:eu-central-1:123456789012:key/4711",
        "x-amz-checksum-algorithm: sha256",
    ] {
        assert!(begun.lines().any(|line| line == header), "{header}: {begun}");
    }
    let parts = scene.cloud.heard("UploadPart");
    assert_eq!(parts.len(), 3);
    assert!(parts.iter().all(|part| part.contains("x-amz-checksum-sha256: ")), "{parts:?}");
    assert!(scene.fetch().await.unwrap() == std::fs::read(&first).unwrap());
    scene.keep(&second).await.unwrap();
    assert!(scene.fetch().await.unwrap() == std::fs::read(&second).unwrap());

    // Another's object, whose name begins with ours, stays.
    scene.archives.keep(&format!("{NAME}.other"), &first).await.unwrap();
    assert_eq!(scene.archives.names("0198c1b2").await.unwrap(), [NAME, &format!("{NAME}.other")]);
    let marked = scene.account.delete_object().bucket(BUCKET).key(format!("archives/{NAME}"));
    marked.send().await.unwrap();
    assert_eq!(scene.left().await, (4, 0), "two versions, a marker, and the other's");
    for _ in 0..2 {
        scene.archives.remove(NAME).await.unwrap();
        assert_eq!(scene.left().await, (1, 0));
    }
    assert_eq!(scene.fetch().await.unwrap_err(), ArchivesError::Missing);
    assert_eq!(scene.archives.place().to_string(), "Amazon S3, bucket healthcoder-archives (eu-central-1)");
    for name in ["", "../x", ".x", "a/b"] {
        assert!(matches!(scene.archives.remove(name).await, Err(ArchivesError::Refused(_))), "{name}");
    }
}

/// A fault for every call of an upload: what passes is ridden out; after what lasts, no part is left, and the archive that
/// was there before is the one that is there.
#[tokio::test]
async fn an_upload_that_fails_leaves_nothing() {
    let scene = Scene::new().await;
    let (before, file) = (scene.file(1), scene.file(2));
    scene.keep(&before).await.unwrap();
    for operation in
        ["ListMultipartUploads", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"]
    {
        for fault in [Fault::Answer(503, "SlowDown"), Fault::Answer(500, "InternalError"), Fault::Cut] {
            scene.cloud.spoil(operation, fault, LASTING);
            let kept = scene.keep(&file).await;
            assert!(matches!(kept, Err(ArchivesError::Unavailable(_))), "{operation}, {fault:?}: {kept:?}");
            scene.cloud.mend();
            assert_eq!(scene.left().await, (1, 0), "{operation}, {fault:?}");
        }
        scene.cloud.spoil(operation, Fault::Answer(403, "AccessDenied"), LASTING);
        let Err(ArchivesError::Refused(words)) = scene.keep(&file).await else { panic!("{operation}") };
        assert!(words.contains("AccessDenied") && !words.contains("secret"), "{words}");
        scene.cloud.mend();
        assert_eq!(scene.left().await, (1, 0), "{operation}");
    }
    assert!(scene.fetch().await.unwrap() == std::fs::read(&before).unwrap());
    for operation in ["CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "HeadObject"] {
        scene.cloud.spoil(operation, Fault::Cut, 1);
        scene.keep(&file).await.unwrap();
    }
    assert!(scene.fetch().await.unwrap() == std::fs::read(&file).unwrap());
}

/// A process that is killed between two parts leaves an upload; the next one of that name ends it, and so does removal.
#[tokio::test]
async fn an_upload_that_was_killed_is_swept() {
    let scene = Scene::new().await;
    let file = scene.file(1);
    for then in ["keep", "remove"] {
        scene.cloud.spoil("CompleteMultipartUpload", Fault::Silence, LASTING);
        let parts = scene.cloud.heard("UploadPart").len() + 3;
        let killed = async {
            while scene.cloud.heard("UploadPart").len() < parts {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            kept = scene.keep(&file) => panic!("{kept:?}"),
            () = killed => {}
        }
        scene.cloud.mend();
        assert_eq!(scene.left().await.1, 1, "it is what a killed process leaves");
        assert!(scene.archives.names("0198c1b2").await.unwrap().contains(&NAME.to_owned()));
        match then {
            "keep" => scene.keep(&file).await.unwrap(),
            _ => scene.archives.remove(NAME).await.unwrap(),
        }
        assert_eq!(scene.left().await, (usize::from(then == "keep"), 0), "{then}");
    }
}

/// A download that breaks off goes on where it was; one that never ends, or was altered, is not there.
#[tokio::test]
async fn a_download_is_whole_or_it_is_not_there() {
    let scene = Scene::new().await;
    let file = scene.file(1);
    scene.keep(&file).await.unwrap();
    scene.cloud.spoil("GetObject", Fault::CutBody(3_000_000), 2);
    assert!(scene.fetch().await.unwrap() == std::fs::read(&file).unwrap());
    assert!(scene.cloud.heard("GetObject").last().unwrap().contains("range: bytes=6000000-"));

    scene.cloud.spoil("GetObject", Fault::CutBody(1000), LASTING);
    assert!(matches!(scene.fetch().await, Err(ArchivesError::Unavailable(_))));
    scene.cloud.mend();
    scene.cloud.spoil("GetObject", Fault::Altered, 1);
    assert_eq!(scene.fetch().await.unwrap_err(), ArchivesError::Altered);
    for (fault, unavailable) in
        [(Fault::Answer(403, "AccessDenied"), false), (Fault::Answer(503, "SlowDown"), true)]
    {
        scene.cloud.spoil("GetObject", fault, LASTING);
        let fetched = scene.fetch().await.map(drop);
        assert_eq!(matches!(fetched, Err(ArchivesError::Unavailable(_))), unavailable, "{fetched:?}");
        assert_eq!(matches!(fetched, Err(ArchivesError::Refused(_))), !unavailable, "{fetched:?}");
        scene.cloud.mend();
    }
    for operation in ["ListObjectVersions", "DeleteObject"] {
        scene.cloud.spoil(operation, Fault::Answer(403, "AccessDenied"), LASTING);
        assert!(matches!(scene.archives.remove(NAME).await, Err(ArchivesError::Refused(_))), "{operation}");
        scene.cloud.mend();
    }
    assert_eq!(
        scene.left().await,
        (1, 0),
        "what could not be removed is still there, and was not said to be gone"
    );
}

/// HC-7, HC-13: a bucket in another region, none at all, or one at a company with whom no agreement is attested is not
/// used; and once the attestation is withdrawn, nothing more is sent, while what is there can be fetched and removed.
#[tokio::test]
async fn hc_13_no_bucket_is_used_that_should_not_be() {
    let scene = Scene::new().await;
    let open = async |settings: &control_plane_aws::Settings, bucket: BucketSettings| {
        S3Archives::open(&scene.platform.platform, settings, bucket).await.map(drop)
    };
    let mut elsewhere = scene.cloud.settings();
    elsewhere.region = "us-west-2".parse().unwrap();
    let Err(ArchivesError::Refused(words)) = open(&elsewhere, bucket()).await else { panic!("elsewhere") };
    assert!(words.contains("eu-central-1") && words.contains("us-west-2"), "{words}");
    let none = BucketSettings { bucket: "healthcoder-none".into(), ..bucket() };
    assert_eq!(open(&scene.cloud.settings(), none).await, Err(ArchivesError::Missing));
    scene.cloud.spoil("GetBucketLocation", Fault::Answer(403, "AccessDenied"), 1);
    assert!(matches!(open(&scene.cloud.settings(), bucket()).await, Err(ArchivesError::Refused(_))));

    let file = scene.file(1);
    scene.keep(&file).await.unwrap();
    processors::withdraw(&scene.platform.platform, "aws").await.unwrap();
    let calls = scene.cloud.heard("UploadPart").len();
    assert!(matches!(open(&scene.cloud.settings(), bucket()).await, Err(ArchivesError::Refused(_))));
    assert!(matches!(scene.keep(&file).await, Err(ArchivesError::Refused(_))));
    assert_eq!(scene.cloud.heard("UploadPart").len(), calls);
    assert!(scene.fetch().await.is_ok());
    scene.archives.remove(NAME).await.unwrap();
    assert_eq!(scene.left().await, (0, 0));
}
