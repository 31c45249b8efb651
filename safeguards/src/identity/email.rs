//! E-mail addresses: parsed once, normalised, never printed.
//!
//! An address is an identifier of a person (45 CFR 164.514(b)(2)(i)(F)), so it is sealed at rest and
//! found by a blind index over its normalised form. Normalised means: NFKC, the whole address in lower
//! case. A local part is case-sensitive by RFC 5321 §2.4 but by no mail service in use; two accounts
//! that differ in case only would be a trap. Dots and `+tags` stay, because they differ elsewhere.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// A normalised address.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EmailAddress(String);

/// The text is no e-mail address. It says nothing of the text, which may be an address mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address; it looks like name@example.org")]
pub struct NotAnAddress;

impl EmailAddress {
    /// Parses and normalises: one `@`, no space or control character, a domain with a dot or
    /// `localhost`, at most 254 bytes (RFC 5321 §4.5.3.1.3).
    pub fn parse(text: &str) -> Result<Self, NotAnAddress> {
        if text.len() > 1_000 {
            return Err(NotAnAddress);
        }
        let normal: String = text.trim().nfkc().collect::<String>().to_lowercase();
        let (local, domain) = normal.split_once('@').ok_or(NotAnAddress)?;
        let spoiled = |part: &str| {
            part.is_empty()
                || part.starts_with('.')
                || part.ends_with('.')
                || part.contains("..")
                || part.chars().any(|c| c.is_whitespace() || c.is_control() || "@,;:<>()[]\\\"".contains(c))
        };
        let fits = normal.len() <= 254 && local.len() <= 64;
        let domain_stands = domain.contains('.') || domain == "localhost";
        if spoiled(local) || spoiled(domain) || !fits || !domain_stands {
            return Err(NotAnAddress);
        }
        Ok(Self(normal))
    }

    /// The address, to seal it, index it or send to it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn user_name(&self) -> &str {
        self.0.split_once('@').map_or("", |(local, _)| local)
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EmailAddress([sealed])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_person_has_one_form() {
        let plain = EmailAddress::parse("ana.ruiz@clinic.example").unwrap();
        for spelling in
            ["Ana.Ruiz@Clinic.Example", "  ana.ruiz@clinic.example ", "ａｎａ.ruiz@clinic.example"]
        {
            assert_eq!(EmailAddress::parse(spelling), Ok(plain.clone()), "{spelling}");
        }
        assert_eq!(plain.user_name(), "ana.ruiz");
        assert_eq!(plain.domain(), "clinic.example");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@",
            "a@",
            "@b.example",
            "a b@c.example",
            "a@b@c.example",
            "a@b",
            "a@.example",
            "a@b.",
            "a..b@c.example",
            "a@c.example\r\nBcc: x@y.example",
            "<a@c.example>",
            "\"a\"@c.example",
        ] {
            assert_eq!(EmailAddress::parse(text), Err(NotAnAddress), "{text:?}");
        }
        assert_eq!(EmailAddress::parse(&format!("{}@c.example", "a".repeat(65))), Err(NotAnAddress));
        assert_eq!(EmailAddress::parse(&"a".repeat(100_000)), Err(NotAnAddress));
    }

    /// HC-6: an address does not reach a log by way of `Debug`.
    #[test]
    fn debug_shows_nothing() {
        let address = EmailAddress::parse("ana@clinic.example").unwrap();
        assert!(!format!("{address:?}").contains("ana"));
    }

    proptest! {
        #[test]
        fn parsing_is_total_and_settles(text in "\\PC{0,40}@?\\PC{0,40}") {
            if let Ok(address) = EmailAddress::parse(&text) {
                prop_assert_eq!(EmailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
