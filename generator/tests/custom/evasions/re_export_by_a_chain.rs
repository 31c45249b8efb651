// tries: passes it through three modules
// finds: path: `std::process::Command`

mod a {
    pub use super::b::*;
}
mod b {
    pub use super::c::Ladder;
}
mod c {
    pub use std::process::Command as Ladder;
}

pub fn run() -> bool {
    a::Ladder::new("sh").spawn().is_ok()
}
