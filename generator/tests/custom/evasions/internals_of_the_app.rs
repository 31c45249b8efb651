// tries: calls what the slices do not offer
// finds: path: `crate::seed::seed`

pub fn again() -> bool {
    let _ = crate::seed::seed;
    true
}
