// tries: calls a type parameter like a crate
// finds: path: is the name of a crate

#[allow(non_camel_case_types)]
pub fn read<std: Clone>(value: std) -> std {
    value.clone()
}
