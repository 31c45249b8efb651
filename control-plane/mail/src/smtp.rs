//! One connection a message: notices are few, and a connection that is kept dies unnoticed.

use std::fmt;
use std::time::SystemTime;

use control_plane::processors::Permit;
use control_plane::seams::{Notice, NoticeError, Notices, Pending};
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};

use crate::settings::{Settings, SettingsError};

/// The port on which TLS begins with the first byte (RFC 8314).
const IMPLICIT: u16 = 465;

/// A mail server.
pub struct Smtp {
    transport: SmtpTransport,
    from: Mailbox,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Smtp").field("from", &self.from).finish_non_exhaustive()
    }
}

/// `Auto-Submitted: auto-generated` (RFC 3834), so that nobody's absence is answered to us.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

impl Smtp {
    /// A client by these settings, on the register's permit (HC-13). Nothing is sent yet.
    ///
    /// # Errors
    /// [`SettingsError`] says in words which setting is wrong.
    pub fn new(settings: &Settings, permit: &Permit) -> Result<Self, SettingsError> {
        if permit.key() != "mail" {
            return Err(SettingsError::Permit);
        }
        let from = settings.check()?;
        let tls = match settings.clear() {
            true => Tls::None,
            false if settings.port == IMPLICIT => Tls::Wrapper(parameters(settings)?),
            false => Tls::Required(parameters(settings)?),
        };
        let mut builder = SmtpTransport::builder_dangerous(&settings.host)
            .port(settings.port)
            .timeout(Some(settings.timeout))
            .tls(tls);
        if let Some((user, password)) = &settings.user {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// The message that a notice is: the same one each time.
    fn message(&self, notice: &Notice) -> Result<Message, NoticeError> {
        let unlawful = |_| NoticeError::Refused("the notice cannot be written as a message".to_owned());
        let to = notice.to.as_str().parse().map_err(unlawful)?;
        let mut body = String::new();
        for paragraph in &notice.paragraphs {
            if !body.is_empty() {
                body.push_str("\r\n\r\n");
            }
            body.push_str(paragraph.as_str());
        }
        body.push_str("\r\n");
        let part = SinglePart::builder()
            .header(ContentType::TEXT_PLAIN)
            .header(ContentTransferEncoding::QuotedPrintable)
            .body(body);
        Message::builder()
            .date(SystemTime::from(notice.written_at))
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(format!("<{}@{}>", notice.id, self.from.email.domain())))
            .subject(notice.subject.as_str())
            .header(AutoSubmitted)
            .singlepart(part)
            .map_err(|_| NoticeError::Refused("the notice cannot be written as a message".to_owned()))
    }
}

impl Notices for Smtp {
    fn send<'a>(&'a self, notice: &'a Notice) -> Pending<'a, (), NoticeError> {
        Box::pin(async move {
            let message = self.message(notice)?;
            let transport = self.transport.clone();
            let sent = tokio::task::spawn_blocking(move || transport.send(&message).map(drop));
            let sent =
                sent.await.map_err(|_| NoticeError::Later("the mail server: its client ended".to_owned()))?;
            sent.map_err(|error| judged(&error))
        })
    }
}

fn parameters(settings: &Settings) -> Result<TlsParameters, SettingsError> {
    let mut builder = TlsParameters::builder(settings.host.clone());
    if let Some(authority) = &settings.authority {
        let authority = Certificate::from_pem(authority.as_bytes()).map_err(|_| SettingsError::Authority)?;
        builder = builder.add_root_certificate(authority);
    }
    builder.build().map_err(|_| SettingsError::Tls)
}

/// A refusal of this message or this address is for good (RFC 5321, 4.2.3; RFC 3463). Everything else is the server's or
/// its operator's to mend, a wrong password too, and the notice waits for it.
fn judged(error: &Error) -> NoticeError {
    let Some(code) = error.status() else {
        let why = match () {
            () if error.is_timeout() => "it does not answer in time",
            () if error.is_tls() => "its TLS or its certificate is not as it should be",
            () => "it cannot be reached, or broke off",
        };
        return NoticeError::Later(format!("the mail server: {why}"));
    };
    let words = format!("the mail server answered {code}");
    match u16::from(code) {
        550..=554 | 556 => NoticeError::Refused(words),
        _ => NoticeError::Later(words),
    }
}
