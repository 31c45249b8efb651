// tries: ends the request with a value in the message
// finds: macro: `panic!`

pub fn show(name: &str) {
    panic!("{name}")
}
