//! What a password must be (CF-16, CL-5).
//!
//! Twelve characters from three classes, fifteen where no second factor is used, 128 at most; no
//! obvious sequence, no part of the e-mail's user name, no word that leaked passwords are made of, no
//! word of this app. Text is brought to NFKC first, and a character is a Unicode code point, as NIST
//! SP 800-63B-4 §3.1.1.2 says. That section advises against composition rules; the three classes are
//! the promise of CF-16, where we deviate. There is no forced expiry, and pasting is never prevented.
//!
//! Screening needs no third party: a leaked password long enough to reach the list check is, nearly
//! always, a common word with decoration, so decoration is taken off before the embedded list is asked.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::email::EmailAddress;

/// The fewest characters with a second factor.
pub const SHORTEST_WITH_SECOND_FACTOR: usize = 12;
/// The fewest characters without one (NIST SP 800-63B-4 §3.1.1.2).
pub const SHORTEST_ALONE: usize = 15;
/// The most characters: a bound on work, not on strength.
pub const LONGEST: usize = 128;

const KEYBOARD_ROWS: [&str; 4] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop"];

static COMMON_WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("common_words.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// A password as a person typed it, in NFKC. `Debug` prints `[secret]`; the memory is wiped on drop.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Normalises. Input over 1,024 bytes is cut there, so that no one makes us normalise a book; what
    /// is cut is longer than [`LONGEST`] in any script and is refused as too long.
    pub fn new(typed: &str) -> Self {
        let mut end = typed.len().min(1_024);
        while !typed.is_char_boundary(end) {
            end -= 1;
        }
        Self(Zeroizing::new(typed[..end].nfkc().collect()))
    }

    /// How many characters it has.
    pub(super) fn characters(&self) -> usize {
        self.0.chars().count()
    }

    /// The bytes that are hashed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([secret])")
    }
}

/// One thing that is wrong with a password, in words that say how to put it right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PasswordFault {
    /// Under the least length.
    #[error("use at least {least} characters")]
    TooShort {
        /// The least length that applies here.
        least: usize,
    },
    /// Over [`LONGEST`].
    #[error("use at most {LONGEST} characters")]
    TooLong,
    /// Fewer than three of: small letters, capital letters, digits, anything else.
    #[error("mix at least three of: small letters, capital letters, digits, other characters")]
    TooFewClasses,
    /// A run such as `1234`, `aaaa` or `qwert`.
    #[error("leave out sequences such as 1234, aaaa or qwerty")]
    Sequence,
    /// A part of the e-mail address.
    #[error("leave out the name in your e-mail address")]
    ContainsUserName,
    /// Made of a word that is in many leaked passwords, or of this app's own words.
    #[error("choose something else: this is among the first that an attacker tries")]
    Common,
}

/// The rules that hold for one person.
#[derive(Clone, Debug)]
pub struct PasswordPolicy<'a> {
    /// The person's address.
    pub email: &'a EmailAddress,
    /// Names of the app and the organisation.
    pub context: &'a [&'a str],
    /// True if a second factor is in use, or must be enrolled before anything else.
    pub second_factor: bool,
}

impl PasswordPolicy<'_> {
    /// Every fault at once; empty means that the password may be set.
    pub fn faults(&self, password: &Password) -> Vec<PasswordFault> {
        let text = password.0.as_str();
        let length = text.chars().count();
        let least = if self.second_factor { SHORTEST_WITH_SECOND_FACTOR } else { SHORTEST_ALONE };
        let lower = Zeroizing::new(text.to_lowercase());
        let mut faults = Vec::new();
        let mut check = |wrong: bool, fault| {
            if wrong {
                faults.push(fault);
            }
        };
        check(length < least, PasswordFault::TooShort { least });
        check(length > LONGEST, PasswordFault::TooLong);
        check(classes(text) < 3, PasswordFault::TooFewClasses);
        check(has_sequence(&lower), PasswordFault::Sequence);
        check(self.contains_user_name(&lower), PasswordFault::ContainsUserName);
        check(self.is_common(&lower), PasswordFault::Common);
        faults
    }

    fn contains_user_name(&self, lower: &str) -> bool {
        let plain = Zeroizing::new(undecorated(lower));
        let user = self.email.user_name();
        let parts = user.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() >= 4);
        let whole = Some(user).filter(|user| user.chars().count() >= 3);
        parts.chain(whole).any(|part| lower.contains(part) || plain.contains(part))
    }

    fn is_common(&self, lower: &str) -> bool {
        let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
        let undecorated = Zeroizing::new(undecorated(bare));
        if [lower, bare, undecorated.as_str()].into_iter().any(is_common_word) {
            return true;
        }
        // What is left of it once this app's own words are out must still be worth something.
        let mut rest = undecorated.to_string();
        let mut found = false;
        let domain = self.email.domain().split('.').next().unwrap_or_default();
        let names =
            self.context.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric())).chain([domain]);
        for word in names.map(str::to_lowercase).filter(|word| word.chars().count() >= 4) {
            found |= rest.contains(&word);
            rest = rest.replace(&word, "");
        }
        found && (rest.chars().count() < 8 || is_common_word(&rest))
    }
}

fn is_common_word(text: &str) -> bool {
    if COMMON_WORDS.contains(text) {
        return true;
    }
    // "passwordpassword": a common word said again.
    let length = text.len();
    (4..=length / 2).any(|unit| {
        length.is_multiple_of(unit)
            && text.is_char_boundary(unit)
            && COMMON_WORDS.contains(&text[..unit])
            && text.as_bytes().chunks(unit).all(|chunk| chunk == &text.as_bytes()[..unit])
    })
}

/// Undoes the digits and signs that stand for letters: `p@55w0rd` is `password`.
fn undecorated(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            other => other,
        })
        .collect()
}

fn classes(text: &str) -> usize {
    let is_other = |c: char| !c.is_lowercase() && !c.is_uppercase() && !c.is_numeric();
    [
        text.chars().any(char::is_lowercase),
        text.chars().any(char::is_uppercase),
        text.chars().any(char::is_numeric),
        text.chars().any(is_other),
    ]
    .into_iter()
    .filter(|present| *present)
    .count()
}

/// Four equal characters, four digits that count up or down, or letters in the order of the alphabet or
/// of a keyboard row: five anywhere, four where they start the row (`abcd`, `qwer`), since words such
/// as "property" hold four by chance.
fn has_sequence(lower: &str) -> bool {
    let chars: Zeroizing<Vec<char>> = Zeroizing::new(lower.chars().collect());
    let steps = |window: &[char], by: i64| {
        window.windows(2).all(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])) == by)
    };
    let fours = chars.windows(4).any(|four| {
        let digits = four.iter().all(char::is_ascii_digit);
        steps(four, 0) || (digits && (steps(four, 1) || steps(four, -1)))
    });
    let fives = chars
        .windows(5)
        .any(|five| five.iter().all(|c| c.is_alphabetic()) && (steps(five, 1) || steps(five, -1)));
    let rows = KEYBOARD_ROWS.iter().chain(&["abcdefghijklmnopqrstuvwxyz"]).any(|row| {
        let backwards: String = row.chars().rev().collect();
        lower.contains(&row[..4])
            || [row, backwards.as_str()]
                .into_iter()
                .any(|row| (0..=row.len() - 5).any(|at| lower.contains(&row[at..at + 5])))
    });
    fours || fives || rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(text: &str) -> Vec<PasswordFault> {
        let email = EmailAddress::parse("maria.lopez-j@sunrise.example").unwrap();
        let policy = PasswordPolicy {
            email: &email,
            context: &["Peptide Clinic", "Sunrise Health"],
            second_factor: true,
        };
        policy.faults(&Password::new(text))
    }

    /// CF-16: each rule of the policy, by an example that breaks that rule and no other.
    #[test]
    fn each_rule_is_kept() {
        use PasswordFault::*;
        for (text, expected) in [
            ("Wren-lamp-42x", vec![]),
            ("tall Wren lamp", vec![]),
            ("Ωδέ-ψυχή-στον", vec![]),
            ("Wren-lamp-4", vec![TooShort { least: 12 }]),
            ("wren-lamp-quill", vec![TooFewClasses]),
            ("wrenlampquill9", vec![TooFewClasses]),
            ("Wren-lamp-1234", vec![Sequence]),
            ("Wren-lamp-9876", vec![Sequence]),
            ("Wren-lamp-xxxx7", vec![Sequence]),
            ("Wren-asdf-lamp7", vec![Sequence]),
            ("Wren-vcxzlkjhg7", vec![Sequence]),
            ("Property-lamp7", vec![]),
            ("Wren-maria-lamp7", vec![ContainsUserName]),
            ("Wren-L0PEZ-lamp7", vec![ContainsUserName]),
            ("Password!2#9(6", vec![Common]),
            ("P@55w0rd!2#9(6", vec![Common]),
            ("Dragondragon!9", vec![Common]),
            ("Sunrise-Clinic-7", vec![Common]),
            ("Sunrise-wren-lamp7", vec![]),
        ] {
            assert_eq!(faults(text), expected, "{text}");
        }
        assert_eq!(faults(&format!("Wren-7{}", "ab".repeat(61))), vec![], "128 characters");
        assert_eq!(faults(&format!("Wren-7{}x", "ab".repeat(61))), vec![TooLong], "129 characters");
        assert!(faults(&"ﬃ-A7".repeat(100_000)).contains(&TooLong));
    }

    /// CF-16: without a second factor, fifteen.
    #[test]
    fn fifteen_where_no_second_factor_is_used() {
        let email = EmailAddress::parse("ana@clinic.example").unwrap();
        let policy = PasswordPolicy { email: &email, context: &[], second_factor: false };
        assert_eq!(
            policy.faults(&Password::new("Wren-lamp-42xy")),
            vec![PasswordFault::TooShort { least: 15 }]
        );
        assert_eq!(policy.faults(&Password::new("Wren-lamp-42xyz")), vec![]);
    }

    /// NIST SP 800-63B-4 §3.1.1.2: the same characters by another keyboard are the same password.
    #[test]
    fn passwords_are_normalised() {
        assert_eq!(Password::new("e\u{301}té").as_bytes(), Password::new("ét\u{e9}").as_bytes());
        assert_eq!(Password::new("Ｗren").as_bytes(), b"Wren");
    }

    /// CL-5: nothing made of one of the thousand words most used gets by, however decorated.
    #[test]
    fn common_words_are_screened() {
        assert_eq!(COMMON_WORDS.len(), 8_000);
        for word in ["password", "welcome", "letmein", "football", "iloveyou", "sunshine", "princess"] {
            let capital = format!("{}{}", word[..1].to_uppercase(), &word[1..]);
            for decorated in [
                format!("{capital}!2#9(6)8"),
                format!("#9(6)8{capital}"),
                format!("{capital}{word}!9"),
                format!("##{capital}2#26!"),
            ] {
                assert!(faults(&decorated).contains(&PasswordFault::Common), "{decorated}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged_without_panic(text in "\\PC{0,200}") {
            let _ = faults(&text);
        }

        /// CF-16: no password under twelve characters is ever taken.
        #[test]
        fn short_ones_never_pass(text in "\\PC{0,11}") {
            let normal: String = text.nfkc().collect();
            prop_assume!(normal.chars().count() < 12);
            prop_assert!(!faults(&text).is_empty());
        }

        /// CF-16: the user name is found wherever it stands and in whatever case.
        #[test]
        fn the_user_name_is_always_found(before in "[a-zA-Z0-9-]{0,20}", after in "[a-zA-Z0-9-]{0,20}", capital: bool) {
            let name = if capital { "LOPEZ" } else { "lopez" };
            let found = faults(&format!("{before}{name}{after}"));
            prop_assert!(found.contains(&PasswordFault::ContainsUserName));
        }
    }
}
