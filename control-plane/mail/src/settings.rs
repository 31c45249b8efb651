//! What the operator tells of the mail server.

use std::net::IpAddr;
use std::time::Duration;

use control_plane::Secret;
use lettre::message::Mailbox;

/// How the mail server is reached.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its host name: its certificate must be for it.
    pub host: String,
    /// Its port: 587 (STARTTLS) and 465 (TLS from the first byte) are usual.
    pub port: u16,
    /// User and password, where it wants them.
    pub user: Option<(String, Secret)>,
    /// The sender, such as `Health Coder <no-reply@dashboard.example>`.
    pub from: String,
    /// The certificate of an authority of one's own (PEM), trusted besides the public ones.
    pub authority: Option<String>,
    /// How long one message may take.
    pub timeout: Duration,
}

/// Why mail cannot be sent so, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The register's permit is another company's.
    #[error("the permit of the register of sub-processors is not the mail server's")]
    Permit,
    /// The host is none.
    #[error(
        "`{0}` is no host name of a mail server; give it without port and scheme, such as smtp.example.org"
    )]
    Host(String),
    /// The sender is none.
    #[error("`{0}` is no sender; write it like no-reply@example.org or Name <no-reply@example.org>")]
    From(String),
    /// A password would go over the wire in the clear.
    #[error(
        "a mail server on loopback is spoken to without TLS, so no password is sent to it: take user and password out, \
         or give the authority of its certificate"
    )]
    PasswordInTheClear,
    /// The authority's certificate is none.
    #[error("the authority's certificate is not one in PEM form")]
    Authority,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls,
}

impl Settings {
    /// The usual ones: STARTTLS on port 587, half a minute a message.
    pub fn new(host: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 587,
            user: None,
            from: from.into(),
            authority: None,
            timeout: Duration::from_secs(30),
        }
    }

    /// Whether it is spoken to in the clear: on loopback alone, where nothing leaves the machine, and unless an authority is
    /// told, by which one says that it has a certificate.
    pub(crate) fn clear(&self) -> bool {
        let loopback = self.host.parse::<IpAddr>().map_or(self.host == "localhost", |ip| ip.is_loopback());
        loopback && self.authority.is_none()
    }

    /// The sender, if everything is as it should be.
    pub(crate) fn check(&self) -> Result<Mailbox, SettingsError> {
        let lawful = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | ':');
        let name = self.host.chars().all(lawful) && !self.host.is_empty();
        let address = !self.host.contains(':') || self.host.parse::<IpAddr>().is_ok();
        if !name || !address {
            return Err(SettingsError::Host(self.host.clone()));
        }
        if self.authority.as_ref().is_some_and(|pem| !pem.contains("-----BEGIN CERTIFICATE-----")) {
            return Err(SettingsError::Authority);
        }
        if self.clear() && self.user.is_some() {
            return Err(SettingsError::PasswordInTheClear);
        }
        self.from.parse().map_err(|_| SettingsError::From(self.from.clone()))
    }
}
