// tries: names a forbidden type in a pattern
// finds: path: `std::net::IpAddr

pub fn private(text: &str) -> bool {
    matches!(text.parse(), Ok(std::net::IpAddr::V4(_)))
}
