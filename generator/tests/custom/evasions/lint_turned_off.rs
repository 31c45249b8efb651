// tries: lets unsafe code through
// finds: attribute: `#[allow]`

#![allow(unsafe_code)]

pub fn fine() {}
