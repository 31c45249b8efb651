// tries: imports within a constant
// finds: path: `std::env::var`

pub const LENGTH: usize = {
    #[allow(unused_imports)]
    use std::env::var;
    0
};
