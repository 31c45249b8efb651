// tries: calls a module like a crate
// finds: path: is the name of a crate

mod std {
    pub mod fs {
        pub fn read() {}
    }
}

pub fn innocent() {
    std::fs::read()
}
