// tries: gives a name a harmless meaning outside and another inside
// finds: path: `std::fs`

mod text {
    pub fn read(_: &str) -> u8 {
        0
    }
}

pub fn passwords() -> usize {
    let harmless = text::read("x");
    {
        use std::fs as text;
        text::read("/etc/passwd").map_or(usize::from(harmless), |bytes| bytes.len())
    }
}
