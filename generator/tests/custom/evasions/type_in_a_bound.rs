// tries: names a forbidden trait as a bound
// finds: path: `std::io::Write`

pub fn fill<W: std::io::Write>(mut to: W) -> bool {
    to.flush().is_ok()
}
