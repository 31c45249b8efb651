// tries: keeps it in a static that changes
// finds: syntax: keeps what one request left

pub static mut SEEN: Vec<String> = Vec::new();
