//! How a message leaves the app: a folder while one tries it out, a program of the operator's else.
//!
//! A program, and no SMTP of our own: the interface of `sendmail` is there on every server (Postfix, msmtp, a provider's
//! own), speaks TLS and keeps passwords where the operator wants them, and a gateway of short messages has no other common
//! language. It costs an app no dependency. What is handed over has the same bytes and the same `Message-ID` each time.

use std::fmt;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::Wording;
use crate::folder::make_folder;

/// How long a program may take for one message.
const PATIENCE: Duration = Duration::from_secs(60);
/// The ends of a program that are for good (sysexits.h): the address or the message is wrong.
const FOR_GOOD: [i32; 3] = [65, 67, 68];

/// The way by which a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// E-mail.
    Email,
    /// A short message to a telephone.
    Sms,
}

impl Way {
    /// As it stands in a row.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// As people read it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Email => "e-mail",
            Self::Sms => "text message",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Sms].into_iter().find(|way| way.as_str() == text)
    }
}

/// A message that is ready to leave.
pub struct Letter {
    /// Its id, the same however often it is handed over.
    pub id: Uuid,
    /// By which way it goes.
    pub way: Way,
    /// The address or number, in the one form in which such things are compared.
    pub to: String,
    /// What an e-mail says first.
    pub subject: Wording,
    /// What it says.
    pub body: Vec<Wording>,
    /// When it was written.
    pub written_at: OffsetDateTime,
}

/// An address is personal data.
impl fmt::Debug for Letter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Letter").field("id", &self.id).field("way", &self.way).finish_non_exhaustive()
    }
}

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// It may be taken later.
    Later(&'static str),
    /// It never will be.
    ForGood(&'static str),
}

/// Whether a message was taken, later.
pub type Taken<'a> = Pin<Box<dyn Future<Output = Result<(), NotTaken>> + Send + 'a>>;

/// What takes messages.
pub trait Transport: Send + Sync + fmt::Debug {
    /// Hands a message over.
    fn take<'a>(&'a self, letter: &'a Letter) -> Taken<'a>;

    /// Whether what it takes leaves the machine: then its company has to be attested (CF-23).
    fn leaves(&self) -> bool;
}

/// What takes the messages of each way; none where the operator has set up nothing.
#[derive(Clone, Debug, Default)]
pub struct Post {
    /// E-mail.
    pub email: Option<Arc<dyn Transport>>,
    /// Short messages.
    pub sms: Option<Arc<dyn Transport>>,
}

impl Post {
    /// What takes the messages of a way.
    #[must_use]
    pub fn by(&self, way: Way) -> Option<&dyn Transport> {
        match way {
            Way::Email => self.email.as_deref(),
            Way::Sms => self.sms.as_deref(),
        }
    }
}

impl Letter {
    /// The message as text (RFC 5322), with lines that end as files' do: programs of the kind of `sendmail` want them so.
    fn text(&self, from: &str) -> String {
        let date = self.written_at.replace_nanosecond(0).unwrap_or(self.written_at);
        let date = date.format(&Rfc2822).unwrap_or_default();
        let domain = from.rsplit_once('@').map_or("localhost", |(_, domain)| domain.trim_end_matches('>'));
        let body: Vec<&str> = self.body.iter().map(Wording::as_str).collect();
        let body = body.join("\n\n");
        let mut text = match self.way {
            Way::Email => format!(
                "Date: {date}\nFrom: {from}\nTo: {}\nSubject: {}\nMessage-ID: <{}@{domain}>\n\
                 Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n",
                self.to,
                encoded(self.subject.as_str()),
                self.id
            ),
            Way::Sms => format!("To: {}\nMessage-ID: <{}@{domain}>\n", self.to, self.id),
        };
        // A short message is UTF-8 as it stands; a mail server may take nothing but ASCII.
        if self.way == Way::Email && !body.is_ascii() {
            text.push_str("Content-Transfer-Encoding: base64\n\n");
            let whole = STANDARD.encode(body);
            for line in whole.as_bytes().chunks(76) {
                text.push_str(&String::from_utf8_lossy(line));
                text.push('\n');
            }
        } else {
            text.push('\n');
            text.push_str(&body);
            text.push('\n');
        }
        text
    }
}

/// A header's text: encoded words (RFC 2047), where it is more than ASCII.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words: Vec<String> = Vec::new();
    let mut part = String::new();
    for letter in text.chars() {
        // An encoded word has at most 75 characters, 63 of them of its text.
        if part.len() + letter.len_utf8() > 45 {
            words.push(std::mem::take(&mut part));
        }
        part.push(letter);
    }
    words.push(part);
    let words: Vec<String> =
        words.iter().map(|part| format!("=?utf-8?B?{}?=", STANDARD.encode(part))).collect();
    words.join("\n ")
}

/// A folder for whoever tries an app out: each message is a file that nobody else may read.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    pub(crate) from: String,
}

impl Transport for Folder {
    fn take<'a>(&'a self, letter: &'a Letter) -> Taken<'a> {
        Box::pin(async move {
            let written = || -> std::io::Result<()> {
                make_folder(&self.path).map_err(std::io::Error::other)?;
                let path = self.path.join(format!("{}.{}", letter.id, letter.way.as_str()));
                let mut file =
                    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
                file.write_all(letter.text(&self.from).as_bytes())
            };
            written().map_err(|_| NotTaken::Later("the folder for messages cannot be written"))
        })
    }

    fn leaves(&self) -> bool {
        false
    }
}

/// A program that takes a message on its standard input, as `sendmail -t -i` does.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) words: Vec<String>,
    pub(crate) from: String,
}

impl Transport for Program {
    fn take<'a>(&'a self, letter: &'a Letter) -> Taken<'a> {
        Box::pin(async move {
            let Some((program, arguments)) = self.words.split_first() else {
                return Err(NotTaken::Later("no program is named that takes messages"));
            };
            // What the app was told, passwords among it, is not the program's business.
            let mut command = tokio::process::Command::new(program);
            command.args(arguments).env_clear().kill_on_drop(true);
            command
                .envs(["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
            command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command
                .spawn()
                .map_err(|_| NotTaken::Later("the program that takes messages does not start"))?;
            let input = child.stdin.take();
            let ended = async {
                if let Some(mut input) = input {
                    // A program that has heard enough ends before it has read all; how it ended says whether it took it.
                    let _ = input.write_all(letter.text(&self.from).as_bytes()).await;
                }
                child.wait().await
            };
            match tokio::time::timeout(PATIENCE, ended).await {
                Err(_) => Err(NotTaken::Later("the program that takes messages does not end")),
                Ok(Ok(status)) if status.success() => Ok(()),
                Ok(Ok(status)) if status.code().is_some_and(|code| FOR_GOOD.contains(&code)) => {
                    Err(NotTaken::ForGood("the address was refused"))
                }
                Ok(_) => Err(NotTaken::Later("the program that takes messages failed")),
            }
        })
    }

    fn leaves(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::wording::{Code, MessageWord};
    use super::*;
    use time::macros::datetime;

    fn letter(way: Way, subject: &'static str) -> Letter {
        let code = Code::new("493021".to_owned());
        Letter {
            id: Uuid::nil(),
            way,
            to: "patient@example.org".to_owned(),
            subject: Wording::of(&[MessageWord::Ours(subject)]),
            body: vec![Wording::of(&[MessageWord::Ours("Your code: "), MessageWord::Code(&code)])],
            written_at: datetime!(2026-03-13 09:00:00.123456 UTC),
        }
    }

    /// CL-7: a message is a function of its row, whoever hands it over and how often.
    #[test]
    fn a_message_has_the_same_bytes_each_time() {
        let text = letter(Way::Email, "From Example Clinic").text("Clinic <no-reply@clinic.example>");
        assert_eq!(
            text,
            "Date: Fri, 13 Mar 2026 09:00:00 +0000\nFrom: Clinic <no-reply@clinic.example>\n\
             To: patient@example.org\nSubject: From Example Clinic\n\
             Message-ID: <00000000-0000-0000-0000-000000000000@clinic.example>\n\
             Auto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n\
             Your code: 493021\n"
        );
        assert!(letter(Way::Sms, "").text("x@clinic.example").ends_with("\n\nYour code: 493021\n"));
    }

    #[test]
    fn a_subject_beyond_ascii_is_encoded() {
        let text = letter(Way::Email, "Von Praxis Müller").text("a@b.example");
        assert!(text.contains("Subject: =?utf-8?B?"), "{text}");
        assert!(text.lines().all(|line| line.is_ascii() && line.len() <= 78), "{text}");
    }
}
