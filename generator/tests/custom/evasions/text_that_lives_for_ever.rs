// tries: makes text at run time that counts as the source's
// finds: member: `leak`

pub fn forever(text: String) -> &'static str {
    text.leak()
}
