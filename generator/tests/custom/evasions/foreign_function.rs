// tries: calls the system's library
// finds: syntax: `extern` reaches code

unsafe extern "C" {
    fn system(command: *const u8) -> i32;
}
