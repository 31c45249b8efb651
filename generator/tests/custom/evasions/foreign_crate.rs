// tries: brings a crate in under another name
// finds: syntax: `extern` reaches code

extern crate std as library;

pub fn passwords() -> Vec<u8> {
    library::fs::read("/etc/passwd").unwrap_or_default()
}
