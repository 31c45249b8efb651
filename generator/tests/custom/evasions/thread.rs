// tries: does something that outlives the request
// finds: path: `std::thread::spawn` outlives

pub fn later() {
    std::thread::spawn(|| ());
}
