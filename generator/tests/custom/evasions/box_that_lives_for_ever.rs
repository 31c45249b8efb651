// tries: the same by a box
// finds: member: `leak`

pub fn forever(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}
