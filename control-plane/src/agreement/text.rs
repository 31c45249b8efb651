//! The published texts, word for word, and how they are read.
//!
//! A text never changes once it is published: a person has signed its SHA-256. What must change becomes a new version.
//! Texts are written in a small part of Markdown: `#` for the title, `##` for a section, paragraphs that may begin
//! with their number.

use aws_lc_rs::digest::{SHA256, digest};
use time::OffsetDateTime;
use time::macros::datetime;

/// A published version of the business associate agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgreementText {
    /// Its version: `1.0`.
    pub version: &'static str,
    /// From when it is asked for.
    pub published: OffsetDateTime,
    /// Its words.
    pub source: &'static str,
}

/// Every version of the business associate agreement, the oldest first.
pub const BAA: [AgreementText; 1] = [AgreementText {
    version: "1.0",
    published: datetime!(2026-11-26 0:00 UTC),
    source: include_str!("texts/baa-1.0.md"),
}];

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block<'a> {
    /// The title of the whole.
    Title(&'a str),
    /// A section's heading, with its number.
    Section(&'a str),
    /// A paragraph, with its number if it has one: `2.1`.
    Paragraph {
        /// The number, by which it is cited.
        number: Option<&'a str>,
        /// The words.
        words: &'a str,
    },
}

impl AgreementText {
    /// The newest version that is asked for at `now`.
    pub fn newest(now: OffsetDateTime) -> &'static Self {
        BAA.iter().rev().find(|text| text.published <= now).unwrap_or(&BAA[0])
    }

    /// A version by its number.
    pub fn of_version(version: &str) -> Option<&'static Self> {
        BAA.iter().find(|text| text.version == version)
    }

    /// SHA-256 of the words, as 64 hexadecimal digits: what a signatory signs.
    pub fn sha256(&self) -> String {
        hexadecimal(digest(&SHA256, self.source.as_bytes()).as_ref())
    }

    /// The parts of the text, in order.
    pub fn blocks(&self) -> impl Iterator<Item = Block<'static>> + use<> {
        blocks(self.source)
    }

    /// The words of the paragraph of that number.
    pub fn paragraph(&self, wanted: &str) -> Option<&'static str> {
        self.blocks().find_map(|block| match block {
            Block::Paragraph { number: Some(number), words } if number == wanted => Some(words),
            _ => None,
        })
    }
}

/// Reads a text of ours.
pub fn blocks(source: &'static str) -> impl Iterator<Item = Block<'static>> {
    source.split("\n\n").map(str::trim).filter(|part| !part.is_empty()).map(|part| {
        if let Some(section) = part.strip_prefix("## ") {
            Block::Section(section)
        } else if let Some(title) = part.strip_prefix("# ") {
            Block::Title(title)
        } else {
            match part.split_once(' ') {
                Some((number, words)) if is_number(number) => {
                    Block::Paragraph { number: Some(number), words }
                }
                _ => Block::Paragraph { number: None, words: part },
            }
        }
    })
}

/// `2.1`, and nothing else that a sentence might begin with.
fn is_number(word: &str) -> bool {
    let mut parts = word.split('.');
    let digits = |part: Option<&str>| {
        part.is_some_and(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    digits(parts.next()) && digits(parts.next()) && parts.next().is_none()
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes what is written to it");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HC-4: what was signed can be shown again, word for word. A change here breaks signatures: publish a new
    /// version instead.
    #[test]
    fn published_texts_never_change() {
        let published = BAA.map(|text| (text.version, text.sha256()));
        let recorded =
            [("1.0", "e2776475918689cb425382d36a3272a4c11ea4cbba1596af5767a4cfe002630f".to_owned())];
        assert_eq!(published, recorded);
    }

    #[test]
    fn versions_ascend_and_the_newest_is_asked_for_from_its_day() {
        assert!(BAA.windows(2).all(|pair| pair[0].published < pair[1].published));
        let last = BAA[BAA.len() - 1];
        assert_eq!(*AgreementText::newest(last.published), last);
        assert_eq!(AgreementText::of_version("1.0"), Some(&BAA[0]));
        assert_eq!(AgreementText::of_version("0.9"), None);
    }

    #[test]
    fn a_text_is_read_in_parts() {
        let parts: Vec<_> = blocks("# T\n\nWords.\n\n## 1. S\n\n1.1 First.\n\n45 CFR.\n").collect();
        assert_eq!(
            parts,
            [
                Block::Title("T"),
                Block::Paragraph { number: None, words: "Words." },
                Block::Section("1. S"),
                Block::Paragraph { number: Some("1.1"), words: "First." },
                Block::Paragraph { number: None, words: "45 CFR." },
            ]
        );
    }

    /// Paragraphs are cited by number, so none is missing or stands twice, and references lead somewhere.
    #[test]
    fn paragraphs_are_numbered_without_gaps() {
        for text in BAA {
            let mut section = 0;
            let mut last = 0;
            for block in text.blocks() {
                match block {
                    Block::Section(heading) => {
                        section += 1;
                        last = 0;
                        assert!(heading.starts_with(&format!("{section}. ")), "{heading}");
                    }
                    Block::Paragraph { number: Some(number), .. } => {
                        last += 1;
                        assert_eq!(number, format!("{section}.{last}"));
                    }
                    _ => {}
                }
            }
            assert_eq!(section, 11);
        }
    }
}
