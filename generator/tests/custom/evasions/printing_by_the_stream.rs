// tries: prints by the stream itself
// finds: path: `std::io::stdout`

use std::fmt::Write as _;

pub fn show(name: &str) {
    let mut text = String::new();
    let _ = write!(text, "{name}");
    let _ = std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes());
}
