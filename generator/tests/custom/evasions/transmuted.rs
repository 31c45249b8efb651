// tries: reads a value as another
// finds: path: `std::mem::transmute`

pub fn number() -> bool {
    let _ = std::mem::transmute::<u32, f32>;
    true
}
