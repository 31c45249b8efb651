//! A few files as one, for a person and not for a machine: a copy of what is kept of them.

use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::ArchiveError;

/// Puts files into one zip, in their order, each under its path. It is made in memory: it is for what one person takes home.
///
/// # Errors
/// Two files have one path.
pub fn bundle<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, ArchiveError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (path, content) in files {
        zip.start_file(path, options)?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// CL-10: any program that opens zip files opens it.
    #[test]
    fn what_goes_in_comes_out() {
        let files = [("data.json", "{}".as_bytes()), ("files/1.pdf", b"%PDF-1.7".as_slice())];
        let zip = bundle(files).expect("it is written");
        let mut zip = zip::ZipArchive::new(Cursor::new(zip)).expect("it is a zip");
        for (path, content) in files {
            let mut read = Vec::new();
            zip.by_name(path).expect("it is there").read_to_end(&mut read).expect("it is whole");
            assert_eq!(read, content, "{path}");
        }
        assert!(bundle([("a", [].as_slice()), ("a", [].as_slice())]).is_err(), "two of one path");
    }
}
