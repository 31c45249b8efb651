// tries: reads the environment, where secrets may be
// finds: path: `std::env::vars`

pub fn secrets() -> usize {
    std::env::vars().count()
}
