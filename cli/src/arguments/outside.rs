//! What of a platform lies or works outside its machine, as its operator tells it.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;
use control_plane::residency::Region;

const AWS: &str =
    "Amazon Web Services (a build with `--features aws`; credentials come from where AWS programs look)";
const MAIL: &str = "E-mail (a build with `--features mail`; without it, notices are put into DIR/mailbox)";

#[derive(Debug, Args)]
pub(crate) struct Outside {
    /// The region in which this machine stands, such as eu-central-1; it is shown to founders with their data.
    #[arg(long, value_name = "REGION", env = "HEALTHCODER_REGION")]
    pub(crate) region: Option<Region>,
    #[command(flatten)]
    pub(crate) aws: Aws,
    #[command(flatten)]
    pub(crate) mail: Mail,
}

#[derive(Debug, Args)]
pub(crate) struct Aws {
    /// The region of root keys and archives.
    #[arg(long, value_name = "REGION", env = "HEALTHCODER_AWS_REGION", help_heading = AWS)]
    pub(crate) aws_region: Option<Region>,
    /// Keep the root key of each new environment in KMS; environments that began with a key file keep it.
    #[arg(long, env = "HEALTHCODER_AWS_KEYS", requires = "aws_region", value_parser = FalseyValueParser::new(), help_heading = AWS)]
    pub(crate) aws_keys: bool,
    /// How many days a destroyed key waits, disabled, before KMS deletes it: 7 to 30.
    #[arg(long, value_name = "DAYS", env = "HEALTHCODER_AWS_KEY_WAITING", default_value_t = 7, value_parser = clap::value_parser!(u8).range(7..=30), help_heading = AWS)]
    pub(crate) aws_key_waiting: u8,
    /// Keep archives in this S3 bucket, which lies in the region, instead of DIR/archives.
    #[arg(long, value_name = "BUCKET", env = "HEALTHCODER_AWS_ARCHIVES", requires = "aws_region", help_heading = AWS)]
    pub(crate) aws_archives: Option<String>,
    /// The ARN of the KMS key that S3 encrypts archives by; without it, the account's own key for S3.
    #[arg(long, value_name = "ARN", env = "HEALTHCODER_AWS_ARCHIVES_KEY", requires = "aws_archives", help_heading = AWS)]
    pub(crate) aws_archives_key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Mail {
    /// The mail server that notices are handed to (SMTP). TLS is demanded, but of loopback.
    #[arg(long, value_name = "NAME", env = "HEALTHCODER_SMTP_HOST", requires = "smtp_from", help_heading = MAIL)]
    pub(crate) smtp_host: Option<String>,
    /// Its port; TLS begins with the first byte on 465, by STARTTLS on every other.
    #[arg(long, value_name = "PORT", env = "HEALTHCODER_SMTP_PORT", default_value_t = 587, help_heading = MAIL)]
    pub(crate) smtp_port: u16,
    /// The sender, such as "Health Coder <no-reply@dashboard.example>".
    #[arg(long, value_name = "SENDER", env = "HEALTHCODER_SMTP_FROM", requires = "smtp_host", help_heading = MAIL)]
    pub(crate) smtp_from: Option<String>,
    /// The user at the mail server.
    #[arg(long, value_name = "USER", env = "HEALTHCODER_SMTP_USER", requires = "smtp_password_file", help_heading = MAIL)]
    pub(crate) smtp_user: Option<String>,
    /// A file that only you can read (mode 600), with the user's password.
    #[arg(long, value_name = "FILE", env = "HEALTHCODER_SMTP_PASSWORD_FILE", requires = "smtp_user", help_heading = MAIL)]
    pub(crate) smtp_password_file: Option<PathBuf>,
    /// The certificate (PEM) of an authority of your own that the mail server's is from.
    #[arg(long, value_name = "FILE", env = "HEALTHCODER_SMTP_AUTHORITY", requires = "smtp_host", help_heading = MAIL)]
    pub(crate) smtp_authority: Option<PathBuf>,
}

/// What the key agent is told by the platform that starts it.
#[derive(Clone, Debug, Args)]
pub(crate) struct AgentKeys {
    /// Keep root keys in KMS, in this region.
    #[arg(long, requires = "permit")]
    pub(crate) kms_region: Option<Region>,
    /// How many days a destroyed key waits.
    #[arg(long, default_value_t = 7)]
    pub(crate) kms_waiting: u8,
    /// The register's permit.
    #[arg(long)]
    pub(crate) permit: Option<String>,
}

impl AgentKeys {
    /// As the agent's command line.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = vec!["--kms-waiting".to_owned(), self.kms_waiting.to_string()];
        if let Some(region) = &self.kms_region {
            words.extend(["--kms-region".to_owned(), region.to_string()]);
        }
        if let Some(permit) = &self.permit {
            words.extend(["--permit".to_owned(), permit.clone()]);
        }
        words
    }
}
