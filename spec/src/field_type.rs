//! The compact type of a field: `clinical decimal kg 20..300, required, queryable`.
//!
//! ```text
//! [class] ["list of"] kind [unit] [min..max] {"," flag}
//! ```
//! A field without a class is clinical, and says so; a link has none.

use crate::{
    decode::{listed, shown, text_type, unknown_word, words},
    name::Name,
    problem::{Complaint, Kind as Mistake},
};
use rust_decimal::Decimal;
use std::{fmt, str::FromStr};

words! {
    /// How much a value tells about a person, from nothing to everything: the strictest class of an
    /// expression's inputs is the class of its result.
    pub enum Class: "a PHI class" {
        /// Tells nothing about a patient.
        None = "none",
        /// Clinical, and therefore sealed unless declared `queryable`.
        #[default]
        Clinical = "clinical",
        /// Free text, in which anything may stand.
        Narrative = "narrative",
        /// One of the 18 Safe Harbor identifiers (45 CFR 164.514(b)(2)).
        Identifier = "identifier",
    }
}

words! {
    /// A label that narrows every grant which does not name the field.
    pub enum Sensitivity: "a sensitivity label" {
        /// Substance use disorder records (42 CFR Part 2).
        #[default]
        Part2 = "part2",
        /// Psychotherapy notes (45 CFR 164.501).
        Psychotherapy = "psychotherapy",
        /// What a minor may keep from a representative.
        Minor = "minor",
        /// Reproductive health care.
        Reproductive = "reproductive",
    }
}

words! {
    /// A code system; a release may follow, as in `icd-10-cm@2026`.
    pub enum CodeSystem: "a code set" {
        /// Diagnoses.
        #[default]
        Icd10Cm = "icd-10-cm",
        /// Procedures.
        Cpt = "cpt",
        /// Dental procedures.
        Cdt = "cdt",
        /// Clinical terms.
        Snomed = "snomed",
        /// Observations.
        Loinc = "loinc",
        /// Medicines.
        RxNorm = "rxnorm",
        /// Vaccines.
        Cvx = "cvx",
        /// Medicine packages.
        Ndc = "ndc",
    }
}

/// One of the values of a `one of a | b | c`, as written and shown: any short text without `|`, `,`,
/// quotes or line breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Choice(Box<str>);

impl Choice {
    /// The value as stored and shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Choice {
    fn default() -> Self {
        Self("unnamed".into())
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Choice {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let bad = |c: char| {
            crate::decode::is_hostile(c)
                || matches!(c, '|' | ',' | '"' | '\'' | '`' | '\\' | '\n' | '\t' | ';')
        };
        if text.is_empty() || text.chars().count() > 60 || text.chars().any(bad) {
            return Err(Complaint::new(Mistake::Shape, format!("`{}` cannot be a choice", shown(text)))
                .help("a choice is a short text without quotes, commas, semicolons, `|` or `\\`"));
        }
        Ok(Self(text.into()))
    }
}

text_type!(Choice, "one of a field's choices or a lifecycle's states", None);

/// What a field holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// One line.
    #[default]
    Text,
    /// Many lines.
    LongText,
    /// A person's name.
    PersonName,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A postal address.
    Address,
    /// A web address.
    Url,
    /// A medical record number.
    Mrn,
    /// An insurer's member id.
    MemberId,
    /// A social security number.
    Ssn,
    /// A whole number.
    Integer,
    /// A number with decimals.
    Decimal,
    /// An amount of money; the unit is its currency, by default USD.
    Money,
    /// Yes or no.
    Boolean,
    /// A calendar day.
    Date,
    /// A time of day.
    Time,
    /// A point in time.
    Moment,
    /// A length of time.
    Duration,
    /// Something that people upload: a document, a photo, a medical image.
    File,
    /// One of a closed set of values.
    OneOf(Vec<Choice>),
    /// A code of a code system, of a release if one is said.
    Code(CodeSystem, Option<Box<str>>),
    /// A link to an entity's record, or to a person of a role.
    Link(Name),
}

/// The kinds that are one or two fixed words, longest first.
const WORDS: &[(&str, Kind)] = &[
    ("long text", Kind::LongText),
    ("member id", Kind::MemberId),
    ("text", Kind::Text),
    ("name", Kind::PersonName),
    ("email", Kind::Email),
    ("phone", Kind::Phone),
    ("address", Kind::Address),
    ("url", Kind::Url),
    ("mrn", Kind::Mrn),
    ("ssn", Kind::Ssn),
    ("integer", Kind::Integer),
    ("decimal", Kind::Decimal),
    ("money", Kind::Money),
    ("boolean", Kind::Boolean),
    ("date", Kind::Date),
    ("time", Kind::Time),
    ("moment", Kind::Moment),
    ("duration", Kind::Duration),
    ("file", Kind::File),
];

impl Kind {
    /// Whether a blind index would resist guessing: only these may be `searchable`.
    pub fn has_entropy(&self) -> bool {
        matches!(self, Self::Email | Self::Phone | Self::Mrn | Self::MemberId | Self::Ssn)
    }

    /// Whether this is one of the 18 Safe Harbor identifiers whatever the spec calls it.
    pub fn identifies(&self) -> bool {
        self.has_entropy() || matches!(self, Self::PersonName | Self::Address)
    }

    /// Whether values have a unit and a range.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Money)
    }

    /// Whether this is a link.
    pub fn is_link(&self) -> bool {
        matches!(self, Self::Link(_))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(choices) => {
                f.write_str("one of ")?;
                for (i, choice) in choices.iter().enumerate() {
                    write!(f, "{}{choice}", if i > 0 { " | " } else { "" })?;
                }
                Ok(())
            }
            Self::Code(system, None) => write!(f, "{system}"),
            Self::Code(system, Some(release)) => write!(f, "{system}@{release}"),
            Self::Link(target) => write!(f, "link {target}"),
            kind => {
                let word = WORDS.iter().find(|(_, known)| known == kind).map_or("", |(word, _)| word);
                f.write_str(word)
            }
        }
    }
}

/// The least and the greatest value, both allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The least value, if there is one.
    pub min: Option<Decimal>,
    /// The greatest value, if there is one.
    pub max: Option<Decimal>,
}

impl FromStr for Range {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let complaint = || {
            Complaint::new(Mistake::Shape, format!("`{}` is not a range", shown(text)))
                .help("a range is written `0..10`, `0..` or `..10`")
        };
        let (min, max) = text.split_once("..").ok_or_else(complaint)?;
        let bound = |text: &str| match text {
            "" => Ok(None),
            text => text.parse::<Decimal>().map(Some).map_err(|_| complaint()),
        };
        let range = Self { min: bound(min)?, max: bound(max)? };
        match (range.min, range.max) {
            (None, None) => Err(complaint()),
            (Some(min), Some(max)) if min > max => {
                Err(Complaint::new(Mistake::Shape, format!("the range `{text}` is empty"))
                    .help(format!("write `{max}..{min}`")))
            }
            _ => Ok(range),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(min) = self.min {
            write!(f, "{min}")?;
        }
        f.write_str("..")?;
        if let Some(max) = self.max {
            write!(f, "{max}")?;
        }
        Ok(())
    }
}

/// A field's class, kind, unit, range and flags. `Display` writes what `FromStr` reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldType {
    /// How much the value tells about a person; a link has none of its own.
    pub class: Class,
    /// Whether it holds several values.
    pub list: bool,
    /// What it holds.
    pub kind: Kind,
    /// The unit that is shown with the number.
    pub unit: Option<String>,
    /// The least and greatest number.
    pub range: Option<Range>,
    /// Must be filled in.
    pub required: bool,
    /// Exact look-up of a sealed identifier by a blind index.
    pub searchable: bool,
    /// A clinical value that the database may see, to sort and compare it.
    pub queryable: bool,
    /// No two records of an organisation have the same value.
    pub unique: bool,
    /// Narrows every grant that does not name the field.
    pub sensitivity: Option<Sensitivity>,
    /// The value of a new record, in the words of the spec: `now`, `140`, `active`.
    pub default: Option<String>,
}

impl FieldType {
    /// A type of this class and kind, without unit, range or flags.
    pub fn new(class: Class, kind: Kind) -> Self {
        Self { class, kind, ..Self::default() }
    }
}

const FLAGS: &[&str] = &["required", "searchable", "queryable", "unique"];

impl FromStr for FieldType {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let mut out = Self::default();
        let mut parts = text.split(',').map(str::trim);
        let head = out.take_trailing_flags(parts.next().unwrap_or_default());
        for part in parts {
            out.flag(part)?;
        }
        let (class, rest) = match head.split_once(' ').unwrap_or((head, "")) {
            (word, rest) if word.parse::<Class>().is_ok() => (word.parse::<Class>().ok(), rest.trim()),
            _ => (None, head),
        };
        let rest = match rest.strip_prefix("list of ") {
            Some(rest) => {
                out.list = true;
                rest.trim()
            }
            None => rest,
        };
        let rest = out.kind_and_rest(class, rest)?;
        out.unit_and_range(rest)?;
        out.class = match (class, &out.kind) {
            (Some(Class::None) | None, Kind::Link(_)) => Class::None,
            (Some(class), Kind::Link(_)) => {
                return Err(Complaint::new(
                    Mistake::Shape,
                    format!("a link has no PHI class, but this says `{class}`"),
                )
                .help(format!("write `{}`", out.kind)));
            }
            (Some(class), _) => class,
            (None, _) => {
                return Err(Complaint::new(Mistake::Shape, format!("`{}` says no PHI class", shown(head)))
                    .help(format!(
                        "write `clinical {head}`; or `identifier`, `narrative` or `none` if it is that"
                    )));
            }
        };
        Ok(out)
    }
}

impl FieldType {
    /// Flags may follow the type without a comma, since a comma ends a value in `{ … }`.
    fn take_trailing_flags<'t>(&mut self, head: &'t str) -> &'t str {
        let mut head = head.trim();
        if head.contains("one of ") {
            return head;
        }
        while let Some((rest, last)) = head.rsplit_once(' ') {
            if !FLAGS.contains(&last) || self.flag(last).is_err() {
                break;
            }
            head = rest.trim_end();
        }
        head
    }

    fn flag(&mut self, flag: &str) -> Result<(), Complaint> {
        match flag {
            "required" => self.required = true,
            "searchable" => self.searchable = true,
            "queryable" => self.queryable = true,
            "unique" => self.unique = true,
            other => {
                if let Some(default) = other.strip_prefix("default ") {
                    self.default = Some(default.trim().to_owned());
                } else if let Ok(sensitivity) = other.parse() {
                    self.sensitivity = Some(sensitivity);
                } else {
                    let known = [
                        "required",
                        "searchable",
                        "queryable",
                        "unique",
                        "default …",
                        "part2",
                        "psychotherapy",
                        "minor",
                        "reproductive",
                    ];
                    return Err(unknown_word(other, "a flag of a field", &known));
                }
            }
        }
        Ok(())
    }

    fn kind_and_rest<'t>(&mut self, class: Option<Class>, rest: &'t str) -> Result<&'t str, Complaint> {
        if rest.is_empty() {
            self.kind = if class == Some(Class::Narrative) { Kind::LongText } else { Kind::Text };
            return Ok("");
        }
        if let Some(choices) = rest.strip_prefix("one of ") {
            let choices = choices.split('|').map(Choice::from_str).collect::<Result<Vec<_>, _>>()?;
            if let Some(twice) = choices.iter().enumerate().find(|(i, choice)| choices[..*i].contains(choice))
            {
                return Err(Complaint::new(
                    Mistake::Duplicate,
                    format!("the choice `{}` is said twice", twice.1),
                ));
            }
            self.kind = Kind::OneOf(choices);
            return Ok("");
        }
        if let Some(target) = rest.strip_prefix("link ") {
            self.kind = Kind::Link(target.trim().parse()?);
            return Ok("");
        }
        for (word, kind) in WORDS {
            match rest.strip_prefix(word) {
                Some("") => {
                    self.kind = kind.clone();
                    return Ok("");
                }
                Some(more) if more.starts_with(' ') => {
                    self.kind = kind.clone();
                    return Ok(more.trim());
                }
                _ => {}
            }
        }
        let (word, more) = rest.split_once(' ').unwrap_or((rest, ""));
        let (system, release) = word.split_once('@').map_or((word, None), |(s, r)| (s, Some(r)));
        if let Ok(system) = system.parse() {
            if release.is_some_and(|r| {
                r.is_empty()
                    || r.len() > 20
                    || !r.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
            }) {
                return Err(Complaint::new(
                    Mistake::Shape,
                    format!("`{}` has no release that can be named", shown(word)),
                ));
            }
            self.kind = Kind::Code(system, release.map(Into::into));
            return Ok(more.trim());
        }
        let mut known: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
        known.extend(CodeSystem::ALL.iter().map(|system| system.word()));
        known.extend(["one of", "link"]);
        if class.is_none() {
            known.extend(Class::ALL.iter().map(|class| class.word()));
        }
        Err(unknown_word(word, "a kind of value", &known))
    }

    fn unit_and_range(&mut self, rest: &str) -> Result<(), Complaint> {
        let (unit, range) = match rest.rsplit_once(' ') {
            Some((unit, range)) if range.contains("..") => (unit.trim(), Some(range)),
            None if rest.contains("..") => ("", Some(rest)),
            _ => (rest, None),
        };
        self.range = range.map(str::parse).transpose()?;
        if !unit.is_empty() {
            if unit.chars().count() > 20
                || unit.chars().any(|c| crate::decode::is_hostile(c) || "\"'`\\<>{}".contains(c))
            {
                return Err(Complaint::new(Mistake::Shape, format!("`{}` is not a unit", shown(unit))));
            }
            self.unit = Some(unit.to_owned());
        }
        if self.kind == Kind::File
            && (self.list || self.required || self.searchable || self.queryable || self.unique)
        {
            return Err(Complaint::new(
                Mistake::Shape,
                "a file is one file, put to a record that is there already: it is not required, unique, searchable, queryable or a list",
            )
            .help("for several files, make an entity of one `file` that is `part of` the record"));
        }
        if !self.kind.is_number() && (self.unit.is_some() || self.range.is_some()) {
            let numbers = ["integer", "decimal", "money"];
            return Err(Complaint::new(
                Mistake::Shape,
                format!("`{}` has no unit and no range: `{}` is left over", self.kind, shown(rest)),
            )
            .help(format!("only {} have them; flags come after a comma", listed(&numbers))));
        }
        Ok(())
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = !self.list
            && match self.class {
                Class::Identifier => self.kind == Kind::Text,
                Class::Narrative => self.kind == Kind::LongText,
                _ => false,
            };
        match (&self.kind, short) {
            (Kind::Link(_), _) => {}
            (_, true) => write!(f, "{}", self.class)?,
            (_, false) => write!(f, "{} ", self.class)?,
        }
        if self.list {
            f.write_str("list of ")?;
        }
        if !short {
            write!(f, "{}", self.kind)?;
        }
        if let Some(unit) = &self.unit {
            write!(f, " {unit}")?;
        }
        if let Some(range) = self.range {
            write!(f, " {range}")?;
        }
        let flags = [
            (self.required, "required"),
            (self.searchable, "searchable"),
            (self.queryable, "queryable"),
            (self.unique, "unique"),
        ];
        for (_, word) in flags.iter().filter(|(set, _)| *set) {
            write!(f, ", {word}")?;
        }
        if let Some(sensitivity) = self.sensitivity {
            write!(f, ", {sensitivity}")?;
        }
        if let Some(default) = &self.default {
            write!(f, ", default {default}")?;
        }
        Ok(())
    }
}

text_type!(
    FieldType,
    "a field's type, such as `clinical decimal kg 20..300, queryable`: [identifier|narrative|clinical|none] [list of] kind [unit] [min..max] {, required|searchable|queryable|unique|default …|part2|psychotherapy|minor|reproductive}; kinds are text, long text, name, email, phone, address, url, mrn, member id, ssn, integer, decimal, money, boolean, date, time, moment, duration, file, one of a | b, link entity, icd-10-cm, cpt, cdt, snomed, loinc, rxnorm, cvx, ndc",
    None
);
