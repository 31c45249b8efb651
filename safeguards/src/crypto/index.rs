use super::DataKey;
use aws_lc_rs::hmac;
use std::fmt;

/// A keyed hash by which an equal value can be found (HMAC-SHA-256, 32 bytes). Prints `[sealed]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlindIndex([u8; 32]);

impl BlindIndex {
    /// The bytes to store and to look up.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealed]")
    }
}

pub(super) fn of(key: &DataKey, normalised: &str) -> BlindIndex {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
    let tag = hmac::sign(&key, normalised.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(tag.as_ref());
    BlindIndex(bytes)
}

/// How a value is brought to one form before it is indexed, so that what a person means as equal is equal.
/// There is no rule for names, birth dates or sex, and so no index over them: too few values exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Normal {
    /// Case is folded; dots and plus-tags stay, since they may be other mailboxes.
    Email,
    /// `+` and digits, as in E.164; ten digits, or eleven after a 1, are a number of the United States.
    Phone,
    /// A medical record number: letters and digits, upper case; leading zeros count.
    RecordNumber,
    /// A health plan member number: as a record number.
    MemberNumber,
}

impl Normal {
    /// The one form of `value`, or `None` when it is not a value of the kind at all.
    pub fn apply(self, value: &str) -> Option<String> {
        match self {
            Self::Email => email(value),
            Self::Phone => phone(value),
            Self::RecordNumber | Self::MemberNumber => number(value),
        }
    }
}

fn email(value: &str) -> Option<String> {
    let (mailbox, domain) = value.trim().rsplit_once('@')?;
    let domain = domain.trim_end_matches('.');
    let bad = |c: char| c.is_whitespace() || c.is_control();
    if mailbox.is_empty() || domain.is_empty() || mailbox.contains(bad) || domain.contains(bad) {
        return None;
    }
    Some(format!("{}@{}", mailbox.to_lowercase(), domain.to_lowercase()))
}

fn phone(value: &str) -> Option<String> {
    let value = value.trim();
    // An extension is dialled after the call stands; it is not part of the number.
    let value = value.split(['x', 'X', '#', ';', 'e']).next()?.trim();
    let mut digits = String::new();
    for c in value.chars().filter(|c| !matches!(c, '+' | '\u{ff0b}')) {
        match digit(c) {
            Some(d) => digits.push(d),
            None if c.is_whitespace() || "-.()/\u{2010}\u{2011}\u{2013}".contains(c) => {}
            None => return None,
        }
    }
    let international = value.starts_with(['+', '\u{ff0b}']);
    let digits = match (international, digits.strip_prefix("00"), digits.len()) {
        (true, _, _) => digits,
        (false, Some(rest), _) => rest.to_owned(),
        (false, None, 10) => format!("1{digits}"),
        (false, None, _) => digits,
    };
    (7..=15).contains(&digits.len()).then(|| format!("+{digits}"))
}

/// Digits as people type them in Latin, full-width, Arabic and Persian writing.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => return Some(c),
        '\u{ff10}'..='\u{ff19}' => 0xff10,
        '\u{0660}'..='\u{0669}' => 0x0660,
        '\u{06f0}'..='\u{06f9}' => 0x06f0,
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
}

fn number(value: &str) -> Option<String> {
    // Only ASCII is folded: beyond it, folding twice is not folding once.
    let number: String =
        value.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase()).collect();
    (!number.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_meaning_has_one_form() {
        let cases = [
            (Normal::Email, " Ana.Ruiz+lab@Example.ORG. ", Some("ana.ruiz+lab@example.org")),
            (Normal::Email, "ana at example", None),
            (Normal::Email, "a b@example.org", None),
            (Normal::Phone, "(555) 010-0199", Some("+15550100199")),
            (Normal::Phone, "1-555-010-0199 x12", Some("+15550100199")),
            (Normal::Phone, "+1 555 010 0199 ext. 4", Some("+15550100199")),
            (Normal::Phone, "0049 30 1234567", Some("+49301234567")),
            (Normal::Phone, "+49 30 1234567", Some("+49301234567")),
            (Normal::Phone, "\u{0665}\u{0665}\u{0665} 010 0199", Some("+15550100199")),
            (Normal::Phone, "call me", None),
            (Normal::Phone, "123", None),
            (Normal::RecordNumber, " ab-00 12.3 ", Some("AB00123")),
            (Normal::RecordNumber, "0012", Some("0012")),
            (Normal::MemberNumber, "--", None),
        ];
        for (rule, value, normal) in cases {
            assert_eq!(rule.apply(value).as_deref(), normal, "{rule:?} of {value:?}");
        }
    }

    #[test]
    fn an_index_prints_nothing() {
        let index = of(&DataKey::from_slice(&[1; 32]).unwrap(), "+15550100199");
        assert_eq!(format!("{index:?}"), "[sealed]");
    }

    proptest! {
        /// The one form is a fixed point: what was found once is found again.
        #[test]
        fn normal_forms_stay(value in any::<String>()) {
            for rule in [Normal::Email, Normal::Phone, Normal::RecordNumber, Normal::MemberNumber] {
                if let Some(once) = rule.apply(&value) {
                    prop_assert_eq!(rule.apply(&once), Some(once));
                }
            }
        }

        #[test]
        fn punctuation_does_not_matter(digits in "[2-9][0-9]{9}") {
            let written = format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..]);
            prop_assert_eq!(Normal::Phone.apply(&written), Some(format!("+1{digits}")));
        }
    }
}
