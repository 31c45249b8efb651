// tries: names a forbidden trait behind a pointer
// finds: path: `std::any::Any`

pub fn hidden(value: Box<dyn std::any::Any>) -> bool {
    value.is::<u8>()
}
