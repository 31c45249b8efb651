// tries: keeps what one person saw for the next
// finds: path: `std::sync::Mutex`

use std::sync::Mutex;

pub static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
