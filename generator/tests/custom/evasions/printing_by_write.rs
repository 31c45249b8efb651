// tries: gives the stream to an allowed macro
// finds: path: `std::io::stderr`

pub fn show(name: &str) {
    let _ = writeln!(std::io::stderr(), "{name}");
}
