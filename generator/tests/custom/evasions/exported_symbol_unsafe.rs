// tries: the same as the edition of today writes it
// finds: attribute: `#[unsafe]`
// finds: syntax: `unsafe` reaches memory

#[unsafe(no_mangle)]
pub fn malloc(_: usize) -> usize {
    0
}
