// tries: gives a macro what is no expression
// finds: macro: cannot be read

pub fn shown() -> String {
    format!("{}" "twice")
}
