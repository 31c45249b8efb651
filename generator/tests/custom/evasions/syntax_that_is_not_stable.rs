// tries: uses syntax that is not read
// finds: syntax: no syntax that is read here

pub fn made() -> u8 {
    builtin # deref(1)
}
