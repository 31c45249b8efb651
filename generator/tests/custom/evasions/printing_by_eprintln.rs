// tries: prints a value
// finds: macro: `eprintln!` prints

pub fn show(name: &str) {
    let _ = eprintln!("{name}");
}
