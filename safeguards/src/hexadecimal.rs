//! Bytes as hexadecimal digits, in lower case, and back.

/// Two digits for each byte.
pub(crate) fn written<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.map(|half| char::from(DIGITS[usize::from(half)])).collect()
}

/// The bytes of two digits each, in either case; none where anything else stands among them.
pub(crate) fn read(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let bytes: Vec<u8> = (0..=255).collect();
        assert_eq!(read(&written(&bytes)), Some(bytes));
        assert_eq!(written(&[0, 15, 160, 255]), "000fa0ff");
        for wrong in ["0", "0g", "+1", "-1", " 1", "é", "0x10"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
