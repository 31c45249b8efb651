// tries: brings a trait into scope without a name
// finds: path: `std::net::ToSocketAddrs`

use std::net::ToSocketAddrs as _;

pub fn resolve() -> bool {
    "example.org:443".to_socket_addrs().is_ok()
}
