// tries: asks for what is not stable
// finds: attribute: `#[feature]`

#![feature(core_intrinsics)]

pub fn fine() {}
