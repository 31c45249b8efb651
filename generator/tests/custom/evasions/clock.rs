// tries: reads the machine's clock
// finds: path: reads the machine's clock

pub fn now() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
