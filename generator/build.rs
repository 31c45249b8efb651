//! The library crates are embedded as text; cargo has to know when one of their files comes or goes.

fn main() {
    for folder in [
        "../safeguards/src",
        "../safeguards/migrations",
        "../exporter/src",
        "../models/src",
        "../deidentify/src",
        "../deidentify/data",
    ] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
