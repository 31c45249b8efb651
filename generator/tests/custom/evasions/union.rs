// tries: reads a value as another by a union
// finds: syntax: a union

pub union Either {
    pub number: u64,
    pub real: f64,
}
