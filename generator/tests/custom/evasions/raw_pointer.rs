// tries: reads memory by an address
// finds: syntax: a raw pointer

pub fn address(text: &str) -> usize {
    text as *const str as *const u8 as usize
}
