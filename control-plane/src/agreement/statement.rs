//! Who signed what, when and from where: the facts that the platform countersigns.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::text::AgreementText;

/// The longest name, title or organisation that is taken, in characters.
pub const LONGEST_NAME: usize = 200;

/// A person who signs for an organisation. All three are what a person typed, checked and trimmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Typed")]
pub struct Signatory {
    organisation: String,
    name: String,
    title: String,
}

/// A signatory as it was typed.
#[derive(Deserialize)]
struct Typed {
    organisation: String,
    name: String,
    title: String,
}

/// What is wrong with a signatory's answer, in words for the page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatoryError {
    /// Nothing was entered.
    #[error("enter {0}")]
    Missing(&'static str),
    /// Too much was entered.
    #[error("{0} must be 200 characters or fewer")]
    TooLong(&'static str),
    /// Something that cannot be seen, or that turns the direction of writing, was entered.
    #[error("{0} must have letters, numbers and punctuation only")]
    Unprintable(&'static str),
}

impl SignatoryError {
    /// The field of the form that it is about.
    pub fn field(&self) -> &'static str {
        let (Self::Missing(what) | Self::TooLong(what) | Self::Unprintable(what)) = self;
        FIELDS.iter().find(|(_, words)| words == what).map_or("", |(field, _)| field)
    }
}

/// The fields of the form, and how they are called in a sentence.
const FIELDS: [(&str, &str); 3] = [
    ("organisation", "the legal name of your organisation"),
    ("name", "your full name"),
    ("title", "your title"),
];

impl Signatory {
    /// The person and the organisation, or *all* that is wrong with what was typed, in the order of the form.
    ///
    /// # Errors
    /// [`SignatoryError`]s, each naming its field.
    pub fn new(organisation: &str, name: &str, title: &str) -> Result<Self, Vec<SignatoryError>> {
        let typed = [organisation, name, title];
        let fields = typed.iter().zip(FIELDS);
        let wrong: Vec<_> = fields.filter_map(|(typed, (_, what))| check(typed, what).err()).collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let [organisation, name, title] = typed.map(|typed| typed.trim().to_owned());
        Ok(Self { organisation, name, title })
    }

    /// The organisation that is bound.
    pub fn organisation(&self) -> &str {
        &self.organisation
    }

    /// The person's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The person's title there.
    pub fn title(&self) -> &str {
        &self.title
    }
}

impl TryFrom<Typed> for Signatory {
    type Error = String;

    fn try_from(typed: Typed) -> Result<Self, String> {
        Self::new(&typed.organisation, &typed.name, &typed.title)
            .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
    }
}

fn check(typed: &str, what: &'static str) -> Result<(), SignatoryError> {
    let typed = typed.trim();
    // Characters that turn the direction of writing could make a name read as another (Unicode TR 36, 2.10).
    let turns = |letter: char| matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if typed.is_empty() {
        Err(SignatoryError::Missing(what))
    } else if typed.chars().count() > LONGEST_NAME {
        Err(SignatoryError::TooLong(what))
    } else if typed.chars().any(|letter| letter.is_control() || turns(letter) || letter == '\u{feff}')
        || typed.contains(super::seal::NAME)
    {
        Err(SignatoryError::Unprintable(what))
    } else {
        Ok(())
    }
}

/// The facts of a signature, all of them under the platform's countersignature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// What was signed.
    pub agreement: AgreementName,
    /// The version of the text.
    pub version: String,
    /// SHA-256 of the text's words, in hexadecimal.
    pub text_sha256: String,
    /// The id of this signature.
    pub id: Uuid,
    /// The account at the platform that is bound.
    pub account: Uuid,
    /// Who signed, and for whom.
    pub customer: Signatory,
    /// The operator of the platform, and who signs for it.
    pub business_associate: Signatory,
    /// When it was signed, in UTC.
    #[serde(with = "time::serde::rfc3339")]
    pub signed_at: OffsetDateTime,
    /// From which network address.
    pub signed_from: IpAddr,
}

/// What may be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AgreementName {
    /// The business associate agreement.
    #[serde(rename = "business associate agreement")]
    BusinessAssociateAgreement,
}

impl Statement {
    /// The text that was signed, if this program knows it and it is word for word the same.
    pub fn text(&self) -> Option<&'static AgreementText> {
        AgreementText::of_version(&self.version).filter(|text| text.sha256() == self.text_sha256)
    }

    /// One line of printable ASCII that neither ends an HTML comment nor a line of a PDF.
    pub(super) fn to_line(&self) -> String {
        use std::fmt::Write;
        let json = serde_json::to_string(self).expect("a statement has no key that JSON cannot write");
        let mut line = String::with_capacity(json.len());
        for letter in json.chars() {
            if matches!(letter, ' '..='~') && !matches!(letter, '<' | '>' | '-' | '&') {
                line.push(letter);
            } else {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(line, "\\u{unit:04x}").expect("a string takes what is written to it");
                }
            }
        }
        line
    }

    /// Reads what [`Statement::to_line`] wrote.
    pub(super) fn from_line(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HC-4: who signs is known by name, title and organisation; all that is wrong is said at once.
    #[test]
    fn a_signatory_has_all_three_names() {
        let long = "a".repeat(201);
        let table = [
            (("Main St Clinic", "Ada Ruiz", "Owner"), vec![]),
            ((" ", "", "Owner"), vec!["enter the legal name of your organisation", "enter your full name"]),
            (("Clinic", &*long, "Owner"), vec!["your full name must be 200 characters or fewer"]),
            (
                ("Clinic", "Ada\nRuiz", "Owner"),
                vec!["your full name must have letters, numbers and punctuation only"],
            ),
            (
                ("Clinic", "Ada", "\u{202e}renwO"),
                vec!["your title must have letters, numbers and punctuation only"],
            ),
            (("Клиника", "أدا", "Owner"), vec![]),
            // It would look like a second signature in the document.
            (
                ("health-coder-agreement", "Ada", "Owner"),
                vec!["the legal name of your organisation must have letters, numbers and punctuation only"],
            ),
        ];
        for ((organisation, name, title), wanted) in table {
            let wrong = Signatory::new(organisation, name, title).err().unwrap_or_default();
            assert_eq!(
                wrong.iter().map(ToString::to_string).collect::<Vec<_>>(),
                wanted,
                "{organisation} {name}"
            );
        }
        let signatory = Signatory::new(" Clinic ", " Ada ", " Owner ").unwrap();
        assert_eq!(
            (signatory.organisation(), signatory.name(), signatory.title()),
            ("Clinic", "Ada", "Owner")
        );
    }
}
