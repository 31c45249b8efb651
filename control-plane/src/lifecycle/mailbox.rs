//! E-mail into a folder: the embedded default, where no mail server is configured.
//!
//! Each message is one file in the form of RFC 5322, named by the digest of its `Message-ID`, so that the same
//! message sent twice is there once. It holds no health information, and what it names is not in its name.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use time::format_description::well_known::Rfc2822;

use crate::seams::{Notice, NoticeError, Notices, Pending};

/// The folder of messages.
#[derive(Clone, Debug)]
pub struct Mailbox {
    folder: PathBuf,
    /// The right part of a `Message-ID`, and of the sender's address.
    host: String,
}

impl Mailbox {
    /// A mailbox in `folder`, which is made when the first message comes. `host` is the dashboard's.
    #[must_use]
    pub fn new(folder: &Path, host: &str) -> Self {
        Self { folder: folder.to_owned(), host: host.to_owned() }
    }

    fn put(&self, notice: &Notice) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let name: String = digest(&SHA256, notice.id.as_bytes()).as_ref()[..16]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = self.folder.join(format!("{name}.eml"));
        if path.exists() {
            return Ok(());
        }
        let draft = self.folder.join(format!(".{name}.{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(self.message(notice)?.as_bytes())?;
        file.sync_all()?;
        // A link never replaces: of two senders at once, one message stays.
        let linked = fs::hard_link(&draft, &path);
        fs::remove_file(&draft)?;
        match linked {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => fs::File::open(&self.folder)?.sync_all(),
        }
    }

    fn message(&self, notice: &Notice) -> io::Result<String> {
        let date = notice.written_at.format(&Rfc2822).map_err(io::Error::other)?;
        let header = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
        let (host, to) = (&self.host, notice.to.as_str());
        let mut text = format!(
            "Date: {date}\r\nFrom: Health Coder <no-reply@{host}>\r\nTo: {to}\r\nMessage-ID: <{id}@{host}>\r\n\
             Subject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n",
            id = header(&notice.id),
            subject = notice.subject.as_str(),
        );
        for paragraph in &notice.paragraphs {
            text.push_str(&format!("\r\n{}\r\n", paragraph.as_str()));
        }
        Ok(text)
    }
}

impl Notices for Mailbox {
    fn send<'a>(&'a self, notice: &'a Notice) -> Pending<'a, (), NoticeError> {
        Box::pin(async move {
            self.put(notice)
                .map_err(|error| NoticeError::Later(format!("the mailbox cannot be written: {error}")))
        })
    }
}
