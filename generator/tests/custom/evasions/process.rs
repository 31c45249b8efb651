// tries: starts a program
// finds: path: `std::process::Command

pub fn run() -> bool {
    std::process::Command::new("id").output().is_ok()
}
