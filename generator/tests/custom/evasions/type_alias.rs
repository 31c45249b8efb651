// tries: gives a forbidden type another name
// finds: path: `std::process::Command`

type Ladder = std::process::Command;

pub fn run() -> bool {
    Ladder::new("sh").spawn().is_ok()
}
