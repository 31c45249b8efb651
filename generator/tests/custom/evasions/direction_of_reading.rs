// tries: turns the direction of reading, so that code looks like a comment
// finds: syntax: turns the direction

pub fn allowed(role: &str) -> bool {
    role == "nurse{U+202E}" /* {U+2066}only nurses{U+2069} */
}
