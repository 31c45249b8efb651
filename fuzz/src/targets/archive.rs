//! Whatever file is given as an archive is verified or refused: no panic, and nothing is taken on trust.

use std::io::Cursor;

/// What a run is given.
pub type Input = Vec<u8>;

/// One run; what must not be, panics.
pub fn run(bytes: Input) {
    let bytes = bytes.as_slice();
    if let Ok(mut archive) = exporter::Archive::open(Cursor::new(bytes), None) {
        // Nobody forges a signature by flipping bytes.
        assert!(
            archive.verify(Some("0000000000000000000000000000000000000000000000000000000000000000")).is_err()
        );
    }
}
