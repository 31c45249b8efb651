//! New and removed templates are noticed too, not only edits of known ones.

fn main() {
    println!("cargo::rerun-if-changed=src/project");
}
