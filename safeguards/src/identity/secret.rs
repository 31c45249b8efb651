//! Secrets that leave the app once: session tokens, refresh tokens, one-time links.
//!
//! A token is 256 random bits from the operating system. At rest stands only its SHA-256: the entropy
//! makes a slow hash needless (NIST SP 800-63B-4 §3.1.2.2 asks for one below 112 bits only), and a
//! lookup by the hash compares nothing that timing could reveal of the token.

use std::fmt;

use aws_lc_rs::{digest, rand};
use zeroize::Zeroizing;

use crate::hexadecimal;

/// A bearer secret in the clear. `Debug` prints `[secret]`; the memory is wiped on drop.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

/// The SHA-256 of a [`Token`]: what a row holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

/// The operating system gave no randomness. Nothing can be issued then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no randomness")]
pub struct NoRandomness;

/// Fills an array from the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0_u8; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

impl Token {
    /// Makes a new one: 64 hexadecimal digits.
    pub fn random() -> Result<Self, NoRandomness> {
        let bytes = Zeroizing::new(random::<32>()?);
        Ok(Self(Zeroizing::new(hexadecimal::written(bytes.as_slice()))))
    }

    /// Takes what a client sent. Anything but 64 lower-case hexadecimal digits is no token, so a lookup
    /// is never made for it.
    pub fn parse(text: &str) -> Option<Self> {
        let shaped =
            text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        shaped.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The secret itself, for the one answer that hands it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.as_bytes())
    }
}

impl TokenHash {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut hash = [0_u8; 32];
        hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
        Self(hash)
    }

    /// The 32 bytes, to bind them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token([secret])")
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn tokens_differ_and_read_back() {
        let tokens: Vec<Token> = (0..1_000).map(|_| Token::random().unwrap()).collect();
        let distinct: HashSet<&str> = tokens.iter().map(Token::reveal).collect();
        assert_eq!(distinct.len(), tokens.len());
        for token in &tokens {
            assert_eq!(Token::parse(token.reveal()).unwrap().hash(), token.hash());
        }
    }

    #[test]
    fn only_the_exact_shape_is_a_token() {
        let good = "0123456789abcdef".repeat(4);
        assert!(Token::parse(&good).is_some());
        for bad in [
            "",
            &good[1..],
            &format!("{good}0"),
            &good.to_uppercase(),
            &good.replace('a', "g"),
            &good.replace("01", "é"),
        ] {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
    }

    /// HC-6: neither a token nor its hash reaches a log by way of `Debug`.
    #[test]
    fn debug_shows_nothing() {
        let token = Token::random().unwrap();
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token([secret]) TokenHash([secret])");
    }
}
