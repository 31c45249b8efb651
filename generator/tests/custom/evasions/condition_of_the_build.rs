// tries: leaves code out of what is tested
// finds: attribute: `#[cfg]`

#[cfg(not(debug_assertions))]
pub fn only_in_production() {}
