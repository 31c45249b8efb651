//! Links what every generated app links, so that it is compiled once.

fn main() -> std::process::ExitCode {
    safeguards::App::new("Sample", env!("CARGO_PKG_VERSION")).run()
}
