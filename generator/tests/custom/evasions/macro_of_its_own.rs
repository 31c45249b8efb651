// tries: makes code that stands nowhere
// finds: macro: `macro_rules!`

macro_rules! reach {
    ($first:ident, $second:ident) => {
        $first::$second::read("/etc/passwd")
    };
}

pub fn passwords() -> Vec<u8> {
    reach!(std, fs).unwrap_or_default()
}
