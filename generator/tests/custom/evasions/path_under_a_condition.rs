// tries: hides the same behind a condition
// finds: attribute: `#[cfg_attr]`

#[cfg_attr(all(), path = "/tmp/elsewhere.rs")]
mod elsewhere;
