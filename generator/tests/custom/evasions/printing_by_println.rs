// tries: prints a value
// finds: macro: `println!` prints

pub fn show(name: &str) {
    let _ = println!("{name}");
}
