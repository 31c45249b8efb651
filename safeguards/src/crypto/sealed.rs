use std::fmt;
use uuid::Uuid;

/// A ciphertext as it lies in a column: version, generation, nonce, ciphertext and tag. Prints `[sealed]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes the bytes of a column. They prove themselves when they are opened.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes to store, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

/// Where a sealed value stands, by stable ids. It is authenticated with the value, so that nothing opens elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Binding {
    /// The environment (tenant).
    pub environment: Uuid,
    /// The organisation (covered entity); nil is the environment itself.
    pub organisation: Uuid,
    /// The entity's stable id, from `app.lock`; the library's own tables count down from `u32::MAX`.
    pub entity: u32,
    /// The field's stable id.
    pub field: u32,
    /// The row's id.
    pub row: Uuid,
}

impl Binding {
    pub(super) fn bytes(&self, purpose: &[u8], generation: u32) -> Vec<u8> {
        encode(&[
            purpose,
            &generation.to_be_bytes(),
            self.environment.as_bytes(),
            self.organisation.as_bytes(),
            &self.entity.to_be_bytes(),
            &self.field.to_be_bytes(),
            self.row.as_bytes(),
        ])
    }
}

/// Length-prefixed, so that no two lists of parts have the same encoding ("ab"+"c" is not "a"+"bc").
pub(super) fn encode(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 4).sum());
    for part in parts {
        let length = u32::try_from(part.len()).expect("a part is an id or a short name");
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// CF-5: the encoding is injective, else a value could open in two places.
        #[test]
        fn different_parts_encode_differently(
            a in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..4), 0..4),
            b in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..4), 0..4),
        ) {
            let bytes = |parts: &[Vec<u8>]| encode(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(a == b, bytes(&a) == bytes(&b));
        }
    }
}
