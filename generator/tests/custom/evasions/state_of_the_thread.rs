// tries: keeps it with the thread
// finds: macro: keeps what one request left

use std::cell::RefCell;

thread_local! {
    static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}
