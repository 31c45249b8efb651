// tries: reads a file into the documentation
// finds: attribute: `#[doc]`

#[doc = include_str!("/etc/passwd")]
pub fn documented() {}
