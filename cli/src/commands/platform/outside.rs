//! Where root keys and archives lie and how notices are told: on this machine, or by services that this build has and
//! the operator told of. Each is asked for on the permit of the register of sub-processors.

use std::sync::Arc;

use control_plane::Platform;
use control_plane::host::Folders;
use control_plane::host::key_agent::{FileRootKeys, RootKeys};
use control_plane::lifecycle::{ArchiveFolder, Mailbox};
use control_plane::residency::{Kept, Residency};
use control_plane::seams::{Archives, Notices};

use crate::arguments::{AgentKeys, Aws, Mail, Outside};
use crate::outcome::Failure;

/// What a founder is told of where the data of their next environment will lie.
pub(super) fn residency(outside: &Outside) -> Residency {
    let here = Kept::here(outside.region.clone());
    let keys = match (outside.aws.aws_keys, &outside.aws.aws_region) {
        (true, Some(region)) => Kept { by: "AWS KMS".to_owned(), region: Some(region.clone()) },
        _ => here.clone(),
    };
    Residency { records: here, keys }
}

#[cfg(feature = "aws")]
async fn permit(platform: &Platform, key: &str) -> Result<control_plane::processors::Permit, Failure> {
    use control_plane::processors::{Data, permit};
    permit(platform, key, Data::Health).await.map_err(|refusal| Failure::input(refusal.to_string()))
}

#[cfg(feature = "aws")]
fn aws(region: &control_plane::residency::Region) -> control_plane_aws::Settings {
    #[cfg_attr(not(debug_assertions), expect(unused_mut, reason = "tests alone change it"))]
    let mut settings = control_plane_aws::Settings::new(region.clone());
    // Tests alone have another address, and tests run debug builds; whoever answers there gets no credentials.
    #[cfg(debug_assertions)]
    if let Ok(address) = std::env::var("HEALTHCODER_AWS_ADDRESS") {
        settings.address = Some(address);
    }
    settings
}

#[cfg(not(feature = "aws"))]
fn without_aws() -> Failure {
    Failure::input(
        "this `healthcoder` was built without Amazon Web Services: build it with `--features aws`, or take \
         --aws-keys and --aws-archives out",
    )
}

/// What the key agent is told of where root keys lie.
pub(super) async fn keys(platform: &Platform, told: &Aws) -> Result<AgentKeys, Failure> {
    let kms_waiting = told.aws_key_waiting;
    if !told.aws_keys {
        return Ok(AgentKeys { kms_region: None, kms_waiting, permit: None });
    }
    #[cfg(not(feature = "aws"))]
    {
        let _unused = platform;
        Err(without_aws())
    }
    #[cfg(feature = "aws")]
    {
        let permit = permit(platform, "aws").await?.hand_over().to_owned();
        Ok(AgentKeys { kms_region: told.aws_region.clone(), kms_waiting, permit: Some(permit) })
    }
}

/// In the key agent: the root keys, where it was told that they lie.
pub(super) async fn root_keys(folders: &Folders, told: &AgentKeys) -> Result<Arc<dyn RootKeys>, Failure> {
    let Some(region) = &told.kms_region else { return Ok(Arc::new(FileRootKeys(folders.clone()))) };
    #[cfg(not(feature = "aws"))]
    {
        let _unused = region;
        Err(without_aws())
    }
    #[cfg(feature = "aws")]
    {
        use control_plane_aws::{KmsRootKeys, Waiting};
        let permit = told.permit.as_deref().and_then(control_plane::processors::Permit::taken_over);
        let permit = permit.ok_or_else(|| Failure::input("the key agent was handed no permit"))?;
        let wrong = |error: control_plane_aws::SettingsError| Failure::input(error.to_string());
        let waiting = Waiting::days(told.kms_waiting).map_err(wrong)?;
        let clock = Arc::new(safeguards::SystemClock);
        let roots = KmsRootKeys::open(&aws(region), waiting, folders.clone(), clock, &permit).await;
        Ok(Arc::new(roots.map_err(wrong)?))
    }
}

/// Where archives lie.
pub(super) async fn archives(platform: &Platform, outside: &Outside) -> Result<Arc<dyn Archives>, Failure> {
    let told = &outside.aws;
    let (Some(bucket), Some(region)) = (&told.aws_archives, &told.aws_region) else {
        let folder = ArchiveFolder::new(&platform.configuration.archives_folder());
        return Ok(Arc::new(folder.in_region(outside.region.clone())));
    };
    #[cfg(not(feature = "aws"))]
    {
        let _unused = (bucket, region);
        Err(without_aws())
    }
    #[cfg(feature = "aws")]
    {
        use control_plane_aws::{BucketSettings, S3Archives};
        let bucket = BucketSettings { key: told.aws_archives_key.clone(), ..BucketSettings::new(bucket) };
        let archives = S3Archives::open(platform, &aws(region), bucket).await;
        Ok(Arc::new(archives.map_err(|error| Failure::input(error.to_string()))?))
    }
}

/// How notices are told.
pub(super) struct Mailing {
    /// What a step of an operation hands them to.
    pub(super) told: Arc<dyn Notices>,
    /// What those that wait in the outbox are handed to.
    pub(super) server: Arc<dyn Notices>,
}

/// How notices are told.
pub(super) async fn mailing(platform: &Platform, told: &Mail) -> Result<Mailing, Failure> {
    let configuration = &platform.configuration;
    let (Some(host), Some(from)) = (&told.smtp_host, &told.smtp_from) else {
        let mailbox = Mailbox::new(&configuration.mailbox_folder(), &configuration.dashboard_host);
        // What waits for a mail server that the operator has taken out since goes into the folder, too.
        let mailbox: Arc<dyn Notices> = Arc::new(mailbox);
        return Ok(Mailing { told: Arc::clone(&mailbox), server: mailbox });
    };
    #[cfg(not(feature = "mail"))]
    {
        let _unused = (host, from);
        Err(Failure::input(
            "this `healthcoder` was built without e-mail: build it with `--features mail`, or take --smtp-host out",
        ))
    }
    #[cfg(feature = "mail")]
    {
        use control_plane::notices::Outbox;
        use control_plane::processors::{Data, permit};
        use control_plane_mail::{Secret, Settings, Smtp};
        let mut settings = Settings::new(host, from);
        settings.port = told.smtp_port;
        if let (Some(user), Some(file)) = (&told.smtp_user, &told.smtp_password_file) {
            settings.user = Some((user.clone(), Secret::new(&private_text(file)?)));
        }
        if let Some(file) = &told.smtp_authority {
            settings.authority = Some(text(file)?);
        }
        let permit = permit(platform, "mail", Data::Account).await;
        let permit = permit.map_err(|refusal| Failure::input(refusal.to_string()))?;
        let smtp = Smtp::new(&settings, &permit).map_err(|error| Failure::input(error.to_string()))?;
        Ok(Mailing { told: Arc::new(Outbox(platform.clone())), server: Arc::new(smtp) })
    }
}

#[cfg(feature = "mail")]
fn text(file: &std::path::Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::input(format!("{}: {error}", file.display())))
}

/// A secret from a file of the operator's own.
#[cfg(feature = "mail")]
fn private_text(file: &std::path::Path) -> Result<String, Failure> {
    use std::os::unix::fs::PermissionsExt;
    let read =
        std::fs::metadata(file).map_err(|error| Failure::input(format!("{}: {error}", file.display())))?;
    if read.permissions().mode() & 0o077 != 0 {
        return Err(Failure::input(format!(
            "others can read {}: `chmod 600` it, and change the password",
            file.display()
        )));
    }
    text(file)
}
