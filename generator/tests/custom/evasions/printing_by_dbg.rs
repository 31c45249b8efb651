// tries: prints a value
// finds: macro: `dbg!` prints

pub fn show(name: &str) {
    let _ = dbg!(name);
}
