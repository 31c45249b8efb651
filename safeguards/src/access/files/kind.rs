//! What a file is, told by its first bytes.

use serde::{Deserialize, Serialize};

/// The types of files that are kept; there are no others. None of them is run by a browser, and all are handed out as
/// attachments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// ISO 32000.
    #[serde(rename = "application/pdf")]
    Pdf,
    /// ISO/IEC 10918.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// ISO/IEC 15948.
    #[serde(rename = "image/png")]
    Png,
    /// RFC 9649.
    #[serde(rename = "image/webp")]
    Webp,
    /// ISO/IEC 23008-12, what telephones photograph in.
    #[serde(rename = "image/heic")]
    Heic,
    /// What scanners and fax machines write.
    #[serde(rename = "image/tiff")]
    Tiff,
    /// Medical images, DICOM PS3.10.
    #[serde(rename = "application/dicom")]
    Dicom,
}

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Pdf, Self::Jpeg, Self::Png, Self::Webp, Self::Heic, Self::Tiff, Self::Dicom];

    /// The kind of a file that begins with these bytes.
    #[must_use]
    pub fn sniff(start: &[u8]) -> Option<Self> {
        let brand = |brands: &[&[u8]]| start.get(8..12).is_some_and(|brand| brands.contains(&brand));
        match start {
            _ if start.starts_with(b"%PDF-") => Some(Self::Pdf),
            _ if start.starts_with(b"\xff\xd8\xff") => Some(Self::Jpeg),
            _ if start.starts_with(b"\x89PNG\r\n\x1a\n") => Some(Self::Png),
            _ if start.starts_with(b"RIFF") && brand(&[b"WEBP"]) => Some(Self::Webp),
            _ if start.get(4..8) == Some(b"ftyp") && brand(&[b"heic", b"heix", b"mif1", b"msf1"]) => {
                Some(Self::Heic)
            }
            _ if start.starts_with(b"II*\0") || start.starts_with(b"MM\0*") => Some(Self::Tiff),
            _ if start.get(128..132) == Some(b"DICM") => Some(Self::Dicom),
            _ => None,
        }
    }

    /// Its media type.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
            Self::Heic => "image/heic",
            Self::Tiff => "image/tiff",
            Self::Dicom => "application/dicom",
        }
    }

    fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Webp => &["webp"],
            Self::Heic => &["heic", "heif"],
            Self::Tiff => &["tif", "tiff"],
            Self::Dicom => &["dcm", "dicom"],
        }
    }

    /// The name under which it is kept: no folders, nothing invisible, at most 120 letters, and an ending that says what it
    /// is, so that `scan.exe` goes out as `scan.exe.pdf`.
    pub(super) fn named(self, sent: &str) -> String {
        let last = sent.rsplit(['/', '\\']).next().unwrap_or_default();
        let shown =
            |letter: &char| !letter.is_control() && !is_hidden(*letter) && !"\"<>|:*?".contains(*letter);
        let mut name: String = last.chars().filter(shown).take(120).collect();
        name = name.trim().trim_start_matches('.').to_owned();
        let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        if name.is_empty() {
            name.push_str("file");
        }
        if !ending.is_some_and(|ending| self.endings().contains(&ending.as_str())) {
            name.push('.');
            name.push_str(self.endings()[0]);
        }
        name
    }
}

/// Marks that turn the direction of text or cannot be seen: `fdp.exe` must not read `exe.pdf`.
fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CF-18: nothing that a browser or a desktop would run is taken for a document, whatever it is called.
    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        let mut dicom = vec![0; 128];
        dicom.extend(b"DICM");
        let cases: [(&[u8], Option<FileKind>); 14] = [
            (b"%PDF-1.7\n", Some(FileKind::Pdf)),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", Some(FileKind::Jpeg)),
            (b"\x89PNG\r\n\x1a\n\0", Some(FileKind::Png)),
            (b"RIFF\x24\0\0\0WEBPVP8 ", Some(FileKind::Webp)),
            (b"\0\0\0\x18ftypheic\0\0\0\0", Some(FileKind::Heic)),
            (b"II*\0\x08\0\0\0", Some(FileKind::Tiff)),
            (&dicom, Some(FileKind::Dicom)),
            (b"", None),
            (b"MZ\x90\0", None),
            (b"\x7fELF\x02", None),
            (b"<!doctype html><script>alert(1)</script>%PDF-", None),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", None),
            (b"RIFF\x24\0\0\0WAVEfmt ", None),
            (b"\0\0\0\x18ftypisom\0\0\0\0", None),
        ];
        for (start, kind) in cases {
            assert_eq!(FileKind::sniff(start), kind, "{start:?}");
        }
    }

    #[test]
    fn a_name_says_what_the_file_is_and_leads_nowhere() {
        let cases = [
            ("scan.pdf", "scan.pdf"),
            ("Scan.PDF", "Scan.PDF"),
            ("scan.exe", "scan.exe.pdf"),
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\Users\\ana\\mri.pdf", "mri.pdf"),
            ("", "file.pdf"),
            (".htaccess", "htaccess.pdf"),
            ("a\r\nX-Evil: 1\".pdf", "aX-Evil 1.pdf"),
            ("fdp.\u{202e}exe", "fdp.exe.pdf"),
            ("análisis de sangre.pdf", "análisis de sangre.pdf"),
        ];
        for (sent, kept) in cases {
            assert_eq!(FileKind::Pdf.named(sent), kept, "{sent:?}");
        }
        assert!(FileKind::Png.named(&"x".repeat(500)).len() < 130);
    }
}
