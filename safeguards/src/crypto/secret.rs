use super::KeyError;
use std::fmt;
use zeroize::Zeroizing;

/// A 256-bit secret key in the clear. It wipes itself, prints `[secret]`, and cannot be cloned by accident.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A new key from the operating system's random numbers.
    pub fn random() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        aws_lc_rs::rand::fill(&mut bytes[..]).map_err(|_| KeyError::Random)?;
        Ok(Self(bytes))
    }

    /// The key that these 32 bytes are; the caller wipes its own copy. Any other length is [`KeyError::Broken`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KeyError> {
        let mut key = Zeroizing::new([0u8; 32]);
        if bytes.len() != key.len() {
            return Err(KeyError::Broken);
        }
        key.copy_from_slice(bytes);
        Ok(Self(key))
    }

    /// The bytes, for a cipher or a key service to use at once.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An organisation key as the key service returned it, safe to store beside the data.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(pub Vec<u8>);

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CL-4: a key is never printed.
    #[test]
    fn keys_print_nothing() {
        let key = DataKey::random().unwrap();
        assert_eq!(format!("{key:?} {key:#?}"), "[secret] [secret]");
        assert_eq!(format!("{:?}", WrappedKey(vec![1, 2])), "[sealed]");
    }

    #[test]
    fn two_keys_differ_and_a_short_one_is_refused() {
        assert_ne!(DataKey::random().unwrap().expose(), DataKey::random().unwrap().expose());
        assert!(matches!(DataKey::from_slice(&[7; 31]), Err(KeyError::Broken)));
    }
}
