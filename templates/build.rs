//! New and removed files of the embedded trees are noticed too, not only edits of known ones.

fn main() {
    for folder in ["src/project", "../safeguards/src", "../safeguards/migrations", "../exporter/src"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
