// tries: ends the app
// finds: path: `std::process::exit`

pub fn end() {
    std::process::exit(0)
}
