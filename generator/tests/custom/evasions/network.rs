// tries: opens a connection
// finds: path: `std::net::TcpStream::connect` reaches the network

pub fn call() -> bool {
    std::net::TcpStream::connect("203.0.113.7:443").is_ok()
}
