// tries: reaches a file in a test, which runs where the founder works
// finds: path: `std::fs::read`

#[cfg(test)]
mod tests {
    #[test]
    fn reads() {
        assert!(std::fs::read("/etc/passwd").is_ok());
    }
}
