//! What the operator tells of AWS, and how patient its clients are.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, SdkConfig};
use aws_sdk_kms::config::Credentials;
use control_plane::residency::Region;

/// How many days KMS lets a key wait before it is gone: at least 7, at most 30.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting(i32);

impl Waiting {
    /// The shortest that KMS allows.
    pub const SHORTEST: Self = Self(7);

    /// So many days.
    ///
    /// # Errors
    /// KMS allows 7 to 30.
    pub fn days(days: u8) -> Result<Self, SettingsError> {
        match days {
            7..=30 => Ok(Self(days.into())),
            _ => Err(SettingsError::Waiting(days)),
        }
    }

    pub(crate) fn whole_days(self) -> i32 {
        self.0
    }
}

/// How AWS is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The region of keys and bucket.
    pub region: Region,
    /// Another address than AWS's own, for tests.
    pub address: Option<String>,
    /// How often a call is tried in all.
    pub attempts: u32,
    /// How long one attempt of a call may take; a part of an archive takes ten times as long.
    pub patience: Duration,
}

/// Why AWS cannot be used so, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The register's permit is another company's, or for less.
    #[error("the permit of the register of sub-processors is not for health information at AWS")]
    Permit,
    /// The waiting period is none.
    #[error("KMS lets a key wait 7 to 30 days before it is gone, not {0}")]
    Waiting(u8),
}

impl Settings {
    /// The usual patience: three attempts of three seconds, within what the key agent waits for.
    #[must_use]
    pub fn new(region: Region) -> Self {
        Self { region, address: None, attempts: 3, patience: Duration::from_secs(3) }
    }

    /// Clients by these settings. Nothing is asked of AWS yet.
    pub(crate) async fn load(&self, patience: Duration) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(2))
            .operation_attempt_timeout(patience)
            .build();
        let retries = RetryConfig::standard()
            .with_max_attempts(self.attempts)
            .with_initial_backoff(Duration::from_millis(100))
            .with_max_backoff(Duration::from_secs(1));
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(aws_config::Region::new(self.region.as_str().to_owned()))
            .retry_config(retries)
            .timeout_config(timeouts);
        if let Ok(name) = AppName::new("healthcoder") {
            loader = loader.app_name(name);
        }
        if let Some(address) = &self.address {
            // Whoever answers there is not AWS, and gets no credentials of ours.
            let nobody = Credentials::new("test", "test", None, None, "another address than AWS's own");
            loader = loader.endpoint_url(address).credentials_provider(nobody);
        }
        loader.load().await
    }
}
