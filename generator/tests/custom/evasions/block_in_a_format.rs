// tries: puts a whole program into an argument
// finds: macro: `include_str!`

pub fn shown() -> String {
    format!("{}", {
        fn inner() -> &'static str {
            include_str!("/etc/passwd")
        }
        inner()
    })
}
