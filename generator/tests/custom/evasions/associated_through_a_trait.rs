// tries: names a trait in brackets
// finds: path: `std::net::ToSocketAddrs`

pub fn resolve() -> bool {
    <str as std::net::ToSocketAddrs>::to_socket_addrs("example.org:443").is_ok()
}
