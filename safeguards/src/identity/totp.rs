//! Time-based one-time passwords (RFC 6238 over RFC 4226) and recovery codes.
//!
//! SHA-1, six digits, thirty seconds: what every authenticator app understands. HMAC comes from
//! aws-lc-rs, so no second crypto library is linked for it; the collision weakness of SHA-1 does not
//! touch HMAC. One step of drift is taken in either direction (RFC 6238 §5.2). The step that matched
//! is returned, because a used step is written down and never matches again (CF-13).

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::secret::{NoRandomness, TokenHash, random};

const STEP_SECONDS: i64 = 30;
const DRIFT_STEPS: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// How many recovery codes a person is given at a time.
pub const RECOVERY_CODES: usize = 10;

/// The key shared with an authenticator: 160 bits, as RFC 4226 §4 recommends.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<Vec<u8>>);

/// A moment in steps of thirty seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeStep(i64);

impl TimeStep {
    /// The step of a moment.
    pub fn at(moment: OffsetDateTime) -> Self {
        Self(moment.unix_timestamp().div_euclid(STEP_SECONDS))
    }

    /// The number, to store it.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl TotpSecret {
    /// Makes a new one.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self(Zeroizing::new(random::<20>()?.to_vec())))
    }

    /// Takes the bytes that were stored (sealed) at enrolment.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to seal them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The key in base32 (RFC 4648 §6, no padding), for typing it into an authenticator by hand.
    pub fn base32(&self) -> Zeroizing<String> {
        Zeroizing::new(base32(&self.0))
    }

    /// Reads such a key, as people type it: spaces and case do not matter.
    pub fn from_base32(text: &str) -> Option<Self> {
        let (mut bits, mut count, mut bytes) = (0_u32, 0, Zeroizing::new(Vec::new()));
        for letter in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            let value = BASE32.iter().position(|known| *known == letter.to_ascii_uppercase())?;
            (bits, count) = ((bits << 5) | u32::try_from(value).ok()?, count + 5);
            if count >= 8 {
                count -= 8;
                bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
            }
        }
        (!bytes.is_empty()).then_some(Self(bytes))
    }

    /// The step whose code this is, if it is that of now or of a neighbour step. Every candidate is
    /// compared, each in constant time. Spaces within the code are forgiven.
    pub fn matching_step(&self, code: &str, now: OffsetDateTime) -> Option<TimeStep> {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).take(7).collect();
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let TimeStep(now) = TimeStep::at(now);
        let mut found = None;
        for step in now - DRIFT_STEPS..=now + DRIFT_STEPS {
            let expected = self.code(TimeStep(step), 6);
            if constant_time::verify_slices_are_equal(expected.as_bytes(), digits.as_bytes()).is_ok() {
                found = Some(TimeStep(step));
            }
        }
        found
    }

    /// RFC 4226 §5.3: HMAC, dynamic truncation, decimal digits.
    fn code(&self, step: TimeStep, digits: u32) -> Zeroizing<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.0.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[tag.len() - 1] & 0x0f);
        let word = tag[offset..offset + 4].iter().fold(0_u32, |word, byte| (word << 8) | u32::from(*byte))
            & 0x7fff_ffff;
        let width = digits as usize;
        Zeroizing::new(format!("{:0width$}", u64::from(word) % 10_u64.pow(digits)))
    }

    /// The code of this moment, as an authenticator shows it: for enrolment of demo people and tests.
    pub fn code_at(&self, moment: OffsetDateTime) -> Zeroizing<String> {
        self.code(TimeStep::at(moment), 6)
    }

    /// What an authenticator reads: `otpauth://totp/Issuer:account?secret=…&issuer=…`. The account's
    /// label is chosen by the caller; an e-mail address would end up in a photo of the screen.
    pub fn enrolment_uri(&self, issuer: &str, label: &str) -> Zeroizing<String> {
        let (issuer, label) = (percent_encoded(issuer), percent_encoded(label));
        let secret = self.base32();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{label}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            secret.as_str()
        ))
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret([secret])")
    }
}

/// A recovery code: 120 random bits as 24 letters and digits in groups of four. Above 112 bits a
/// look-up secret may be stored under a plain approved hash (NIST SP 800-63B-4 §3.1.2.2), and so a code
/// is found, and used up, by one statement.
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Makes a new one.
    pub fn random() -> Result<Self, NoRandomness> {
        Ok(Self(Zeroizing::new(base32(&random::<15>()?))))
    }

    /// Takes what a person typed: case, spaces and hyphens are forgiven, and so are 0 for O and 1 for I,
    /// which the alphabet lacks.
    pub fn parse(text: &str) -> Option<Self> {
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .take(25)
            .map(|c| match c.to_ascii_uppercase() {
                '0' => 'O',
                '1' => 'I',
                other => other,
            })
            .collect();
        let shaped = plain.len() == 24 && plain.bytes().all(|b| BASE32.contains(&b));
        shaped.then(|| Self(Zeroizing::new(plain)))
    }

    /// The code as it is shown, once: `ABCD-EFGH-…`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let groups: Vec<&str> = (0..6).map(|group| &self.0[group * 4..group * 4 + 4]).collect();
        Zeroizing::new(groups.join("-"))
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode([secret])")
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut word, mut bits) = (0_u32, 0_u32);
    for byte in bytes {
        word = (word << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(BASE32[((word >> bits) & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(BASE32[((word << (5 - bits)) & 31) as usize]));
    }
    text
}

/// RFC 3986 §2.3: everything but the unreserved characters is escaped.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rfc_secret() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890".to_vec())
    }

    fn moment(unix: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(unix).unwrap()
    }

    /// CF-13: RFC 6238, appendix B, the SHA-1 column.
    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        for (unix, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(rfc_secret().code(TimeStep::at(moment(unix)), 8).as_str(), code, "at {unix}");
        }
    }

    /// CF-13: RFC 4226, appendix D.
    #[test]
    fn the_vectors_of_rfc_4226_hold() {
        let codes = [
            "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
            "520489",
        ];
        for (counter, code) in codes.into_iter().enumerate() {
            assert_eq!(rfc_secret().code(TimeStep(counter as i64), 6).as_str(), code, "counter {counter}");
        }
    }

    /// CF-13: one step of drift is taken, two are not, and the matched step is told.
    #[test]
    fn the_window_is_one_step_each_way() {
        let secret = rfc_secret();
        let now = moment(1_700_000_010);
        let step = TimeStep::at(now).number();
        for (offset, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let code = secret.code(TimeStep(step + offset), 6);
            let found = secret.matching_step(&code, now).map(TimeStep::number);
            assert_eq!(found, taken.then_some(step + offset), "offset {offset}");
        }
    }

    #[test]
    fn what_is_no_code_matches_nothing() {
        let now = moment(59);
        let code = rfc_secret().code_at(now);
        assert!(rfc_secret().matching_step(&format!(" {} {}", &code[..3], &code[3..]), now).is_some());
        for text in ["", "12345", "1234567", "abcdef", "２８７０８２", "-87082", "28708 2 0", "287082\0"]
        {
            assert_eq!(rfc_secret().matching_step(text, now), None, "{text:?}");
        }
    }

    /// RFC 4648 §10, without padding.
    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (text, encoded) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(text.as_bytes()), encoded);
            let read = TotpSecret::from_base32(&encoded.to_lowercase());
            assert_eq!(
                read.map(|read| read.as_bytes().to_vec()),
                Some(text.as_bytes().to_vec()).filter(|b| !b.is_empty())
            );
        }
        assert!(TotpSecret::from_base32("MZXW 6YQ").is_some());
        assert!(TotpSecret::from_base32("MZXW-6YQ1").is_none());
    }

    #[test]
    fn the_enrolment_uri_escapes_what_is_not_plain() {
        let uri = rfc_secret().enrolment_uri("Peptide clinic", "PE-1&secret=x");
        assert_eq!(
            uri.as_str(),
            "otpauth://totp/Peptide%20clinic:PE-1%26secret%3Dx?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Peptide%20clinic&algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn debug_shows_nothing() {
        let code = RecoveryCode::random().unwrap();
        assert_eq!(format!("{:?} {code:?}", rfc_secret()), "TotpSecret([secret]) RecoveryCode([secret])");
    }

    proptest! {
        /// CF-13: a recovery code survives how people type it, and a changed one is another.
        #[test]
        fn recovery_codes_read_back(spaces in proptest::collection::vec(0_usize..29, 0..4), at in 0_usize..24) {
            let code = RecoveryCode::random().unwrap();
            let mut typed = code.reveal().to_lowercase();
            for space in spaces {
                typed.insert(space.min(typed.len()), ' ');
            }
            prop_assert_eq!(RecoveryCode::parse(&typed).unwrap().hash(), code.hash());
            let mut other: Vec<u8> = code.0.bytes().collect();
            other[at] = if other[at] == b'A' { b'B' } else { b'A' };
            prop_assert_ne!(RecoveryCode::parse(std::str::from_utf8(&other).unwrap()).unwrap().hash(), code.hash());
        }

        #[test]
        fn any_text_is_taken_without_panic(text in "\\PC*") {
            let _ = RecoveryCode::parse(&text);
            let _ = rfc_secret().matching_step(&text, moment(59));
        }
    }
}
