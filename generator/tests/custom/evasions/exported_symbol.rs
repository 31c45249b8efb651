// tries: takes the place of a function of the system
// finds: attribute: `#[no_mangle]`

#[no_mangle]
pub fn malloc(_: usize) -> usize {
    0
}
