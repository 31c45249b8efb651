//! Generates a project from a spec: `cargo run -p generator --example generate -- app.yaml folder`.

use std::path::Path;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&arguments[1]).expect("the spec can be read");
    let spec = spec::check(&text, &spec::Lock::default()).unwrap_or_else(|problems| {
        for problem in problems.iter() {
            eprintln!("{problem:?}");
        }
        std::process::exit(2)
    });
    for wish in spec::buildable(&spec) {
        eprintln!("not yet: {wish:?}");
    }
    let project = generator::generate(&spec, &text).expect("it generates");
    let written = generator::write(&project, Path::new(&arguments[2]), generator::Edits::Overwrite);
    eprintln!("{:?}", written.expect("it is written"));
}
