//! The one door through which a name becomes an identifier in Rust, SQL or a URL.

use crate::{
    library,
    problem::{Complaint, Kind},
};
use std::{fmt, str::FromStr};

/// What entities, fields, roles, places and all other parts of a spec are called: lower-case words
/// joined by single spaces or hyphens, the first beginning with a letter, at most 40 characters.
/// What people read is a `label`, which may be any text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Box<str>);

impl Name {
    /// The longest name, in characters; with a suffix it still fits PostgreSQL's 63 bytes.
    pub const LONGEST: usize = 40;

    /// As written: `sales rep`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For Rust variables and modules, and for SQL columns: `sales_rep`. A word that is reserved in
    /// Rust or SQL gets an underscore behind it: `type_`, `order_`.
    pub fn snake(&self) -> String {
        escaped(self.words_joined())
    }

    /// As [`Name::snake`], but for identifiers with a suffix, where no word is reserved.
    pub(crate) fn words_joined(&self) -> String {
        self.words().collect::<Vec<_>>().join("_")
    }

    /// For SQL tables and Rust modules of an entity: `sales_reps`. Where the library has a table of that name, another:
    /// `incident_records`.
    pub fn table(&self) -> String {
        let plural = plural(&self.words_joined());
        if library::TABLES.contains(&plural.as_str()) {
            return format!("{}_records", self.words_joined());
        }
        escaped(plural)
    }

    /// For Rust types: `SalesRep`.
    pub fn pascal(&self) -> String {
        let pascal: String = self.words().map(capital).collect();
        if RESERVED_TYPES.contains(&pascal.as_str()) { pascal + "Record" } else { pascal }
    }

    /// For URLs and file names: `sales-rep`.
    pub fn kebab(&self) -> String {
        self.words().collect::<Vec<_>>().join("-")
    }

    /// For the URL of an entity's list: `sales-reps`.
    pub fn plural_kebab(&self) -> String {
        plural(&self.kebab())
    }

    /// For people: `Sales rep`.
    pub fn title(&self) -> String {
        capital(&spoken(&self.0))
    }

    /// For people, several: `Sales reps`.
    pub fn plural_title(&self) -> String {
        capital(&plural(&spoken(&self.0)))
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split([' ', '-'])
    }
}

impl FromStr for Name {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let fits = text.len() <= Self::LONGEST
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.split([' ', '-']).all(|word| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            });
        if fits {
            return Ok(Self(text.into()));
        }
        let shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
        let complaint = Complaint::new(
            Kind::Name,
            format!(
                "`{shown}` cannot be a name: names are lower-case words (a–z, 0–9) with single spaces, at most 40 characters"
            ),
        );
        Err(match suggestion(text) {
            Some(name) => complaint.help(format!("call it `{name}`; a `label` may be any text")),
            None => complaint.help("choose a plain name and put the text that people read in `label`"),
        })
    }
}

impl Default for Name {
    fn default() -> Self {
        Self("unnamed".into())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

/// A proper name near to what was written: letters without their accents, other signs as spaces.
fn suggestion(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut before_lower = false;
    for c in text.chars().take(200) {
        if c.is_uppercase() && before_lower {
            out.push(' ');
        }
        before_lower = c.is_lowercase();
        match plain(c) {
            Some(letters) => out.push_str(letters),
            None if c.is_ascii_alphanumeric() => out.push(c.to_ascii_lowercase()),
            None => out.push(' '),
        }
    }
    let mut words = out.split_whitespace().skip_while(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let mut name = words.next()?.to_owned();
    name.truncate(Name::LONGEST);
    for word in words {
        if name.len() + word.len() + 1 > Name::LONGEST {
            break;
        }
        name = name + " " + word;
    }
    Some(name)
}

fn plain(c: char) -> Option<&'static str> {
    Some(match c.to_lowercase().next()? {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => "a",
        'é' | 'è' | 'ê' | 'ë' => "e",
        'í' | 'ì' | 'î' | 'ï' => "i",
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' | 'ø' => "o",
        'ú' | 'ù' | 'û' | 'ü' => "u",
        'ñ' => "n",
        'ç' => "c",
        'ß' => "ss",
        'æ' => "ae",
        _ => return None,
    })
}

/// The words as people write them: what is an acronym in a clinic stands in capitals.
fn spoken(words: &str) -> String {
    let written = |word: &str| ACRONYMS.iter().find(|known| known.eq_ignore_ascii_case(word)).copied();
    let mut spoken = String::with_capacity(words.len());
    for part in words.split_inclusive([' ', '-']) {
        let word = part.trim_end_matches([' ', '-']);
        spoken.push_str(written(word).unwrap_or(word));
        spoken.push_str(&part[word.len()..]);
    }
    spoken
}

/// Acronyms that are no word of their own, so that none is shouted by mistake (`or`, `pt`, `it` and `do` are words).
const ACRONYMS: &[&str] = &[
    "A1c", "ABO", "ADHD", "BAA", "BMI", "BP", "CBC", "CDT", "CGM", "CKD", "COPD", "COVID", "CPAP", "CPT",
    "CT", "CVX", "DEA", "DNA", "DOB", "DVT", "ECG", "EDD", "EEG", "eGFR", "EKG", "EMG", "ENT", "FEV1",
    "FHIR", "FVC", "GAD", "GCS", "GFR", "GP", "HbA1c", "HCG", "HDL", "HIV", "HPV", "HR", "ICD", "ICU", "ID",
    "INR", "IOP", "IUD", "IV", "IVF", "LDL", "LMP", "LOINC", "MMR", "MRI", "MRN", "NDC", "NICU", "NPI",
    "OCT", "PDF", "PHQ", "PIN", "PSA", "PTSD", "QR", "RBC", "RNA", "ROM", "SMS", "SNOMED", "SOAP", "SpO2",
    "SSN", "STD", "STI", "TB", "TSH", "UDI", "URL", "UTI", "UV", "VIN", "WBC",
];

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + chars.as_str())
}

/// The English plural of the last word; anything unusual is said with `plural` in the spec.
fn plural(word: &str) -> String {
    let irregular = [
        ("person", "people"),
        ("child", "children"),
        ("diagnosis", "diagnoses"),
        ("series", "series"),
        ("staff", "staff"),
        ("vitals", "vitals"),
    ];
    for (one, many) in irregular {
        if let Some(start) = word.strip_suffix(one) {
            return format!("{start}{many}");
        }
    }
    let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| word.ends_with(suffix));
    if ends(&["ay", "ey", "oy", "uy"]) {
        format!("{word}s")
    } else if let Some(start) = word.strip_suffix('y') {
        format!("{start}ies")
    } else if let Some(start) = word.strip_suffix("sis") {
        format!("{start}ses")
    } else if ends(&["s", "x", "z", "ch", "sh"]) {
        format!("{word}es")
    } else {
        format!("{word}s")
    }
}

fn escaped(identifier: String) -> String {
    if RESERVED.binary_search(&identifier.as_str()).is_ok() { identifier + "_" } else { identifier }
}

/// Rust's keywords, the words that PostgreSQL 17 or SQLite 3 reserve, and the names that a
/// generated slice uses itself. Sorted.
const RESERVED: &[&str] = &[
    "abort",
    "abstract",
    "action",
    "add",
    "after",
    "all",
    "alter",
    "always",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "async",
    "attach",
    "authorization",
    "autoincrement",
    "await",
    "become",
    "before",
    "begin",
    "between",
    "binary",
    "both",
    "box",
    "break",
    "by",
    "cascade",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "commit",
    "concurrently",
    "conflict",
    "const",
    "constraint",
    "continue",
    "core",
    "crate",
    "create",
    "cross",
    "current",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "database",
    "default",
    "deferrable",
    "deferred",
    "delete",
    "desc",
    "detach",
    "distinct",
    "do",
    "drop",
    "dyn",
    "each",
    "else",
    "end",
    "enum",
    "escape",
    "except",
    "exclude",
    "exclusive",
    "exists",
    "explain",
    "extern",
    "fail",
    "false",
    "fetch",
    "filter",
    "final",
    "first",
    "fn",
    "following",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "gen",
    "generated",
    "glob",
    "grant",
    "group",
    "groups",
    "having",
    "if",
    "ignore",
    "ilike",
    "immediate",
    "impl",
    "in",
    "index",
    "indexed",
    "initially",
    "inner",
    "insert",
    "instead",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "key",
    "last",
    "lateral",
    "leading",
    "left",
    "let",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "loop",
    "macro",
    "match",
    "materialized",
    "mod",
    "move",
    "mut",
    "natural",
    "no",
    "not",
    "nothing",
    "notnull",
    "null",
    "nulls",
    "of",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "others",
    "outer",
    "over",
    "overlaps",
    "override",
    "partition",
    "placing",
    "plan",
    "pragma",
    "preceding",
    "primary",
    "priv",
    "pub",
    "query",
    "raise",
    "range",
    "recursive",
    "ref",
    "references",
    "regexp",
    "reindex",
    "release",
    "rename",
    "replace",
    "restrict",
    "return",
    "returning",
    "right",
    "rollback",
    "row",
    "rows",
    "savepoint",
    "seeds",
    "select",
    "self",
    "session_user",
    "set",
    "similar",
    "some",
    "static",
    "struct",
    "super",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "temp",
    "temporary",
    "then",
    "ties",
    "to",
    "trailing",
    "trait",
    "transaction",
    "trigger",
    "true",
    "try",
    "type",
    "typeof",
    "unbounded",
    "union",
    "unique",
    "unsafe",
    "unsized",
    "update",
    "use",
    "user",
    "using",
    "vacuum",
    "values",
    "variadic",
    "verbose",
    "view",
    "virtual",
    "when",
    "where",
    "while",
    "window",
    "with",
    "without",
    "yield",
];

/// Types of the prelude and of the library that a generated type must not shadow.
const RESERVED_TYPES: &[&str] = &[
    "Action",
    "Allergies",
    "Answers",
    "AppError",
    "Arc",
    "AsMut",
    "AsRef",
    "Assignee",
    "Assignments",
    "Body",
    "Box",
    "Called",
    "Choice",
    "Class",
    "Clone",
    "Content",
    "Copy",
    "Date",
    "Debug",
    "Decimal",
    "Default",
    "Display",
    "DoubleEndedIterator",
    "Drop",
    "Entity",
    "Eq",
    "Err",
    "Error",
    "ExactSizeIterator",
    "Extend",
    "Field",
    "FileForm",
    "Fill",
    "Fn",
    "FnMut",
    "FnOnce",
    "Form",
    "FormData",
    "Found",
    "From",
    "FromIterator",
    "Future",
    "Grant",
    "Hash",
    "Id",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "IntoResponse",
    "Iterator",
    "Json",
    "Kind",
    "Known",
    "KnownAllergies",
    "KnownFile",
    "Line",
    "Link",
    "Links",
    "ListFilter",
    "Listing",
    "Looks",
    "Mask",
    "Move",
    "Names",
    "None",
    "OffsetDateTime",
    "Ok",
    "Opened",
    "OpeningHours",
    "Option",
    "Ord",
    "Page",
    "PartialEq",
    "PartialOrd",
    "Path",
    "PatientBanner",
    "Pending",
    "Person",
    "Problem",
    "Query",
    "Record",
    "Response",
    "Result",
    "Role",
    "Router",
    "Schedule",
    "Seeds",
    "Self",
    "Send",
    "Serialize",
    "Services",
    "Session",
    "Shape",
    "Shown",
    "Sized",
    "Some",
    "Span",
    "State",
    "Statement",
    "Static",
    "StatusCode",
    "Storage",
    "StoredFile",
    "String",
    "Sync",
    "Table",
    "Tabs",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Unsealed",
    "Upload",
    "Uuid",
    "Vec",
    "Version",
    "View",
    "Viewer",
    "Wanted",
    "Weekday",
    "WriteAnswers",
    "Written",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn one_name_gives_every_identifier() {
        let rep = name("sales rep");
        assert_eq!(
            [rep.snake(), rep.table(), rep.pascal(), rep.kebab(), rep.title(), rep.plural_title()],
            ["sales_rep", "sales_reps", "SalesRep", "sales-rep", "Sales rep", "Sales reps"]
        );
    }

    #[test]
    fn acronyms_stand_in_capitals() {
        let titles = ["cdt code", "icd-10 code", "date of birth", "spo2", "mrn", "vital", "id card"];
        let titles: Vec<_> = titles.iter().map(|one| name(one).title()).collect();
        assert_eq!(titles, ["CDT code", "ICD-10 code", "Date of birth", "SpO2", "MRN", "Vital", "ID card"]);
        assert_eq!(name("ecg").plural_title(), "ECGs");
    }

    #[test]
    fn reserved_words_are_escaped() {
        assert!(RESERVED.is_sorted(), "the look-up is a binary search");
        for word in ["type", "order", "user", "group", "select", "fn", "async", "self", "table", "plan"] {
            assert_eq!(name(word).snake(), format!("{word}_"));
        }
        assert_eq!(name("order").table(), "orders");
        assert_eq!(name("self").pascal(), "SelfRecord");
        assert_eq!(name("value").table(), "values_");
        assert_eq!(name("incident").table(), "incident_records");
    }

    #[test]
    fn plurals_read_as_english() {
        let many = ["allergy", "diagnosis", "person", "visit", "box", "staff", "day", "hypothesis"];
        let plurals: Vec<_> = many.iter().map(|one| name(one).plural_kebab()).collect();
        assert_eq!(
            plurals,
            ["allergies", "diagnoses", "people", "visits", "boxes", "staff", "days", "hypotheses"]
        );
    }

    #[test]
    fn hostile_names_are_refused_with_a_suggestion() {
        let cases = [
            ("Médico", Some("medico")),
            ("../../etc/passwd", Some("etc passwd")),
            ("DROP TABLE patients;--", Some("drop table patients")),
            ("patientName", Some("patient name")),
            ("\u{202e}tneitap", Some("tneitap")),
            ("مريض", None),
            ("", None),
            ("1st visit", Some("visit")),
            ("a  b", Some("a b")),
            ("name\u{0}", Some("name")),
        ];
        for (text, expected) in cases {
            let complaint = text.parse::<Name>().unwrap_err();
            assert_eq!(suggestion(text).as_deref(), expected, "{text:?}");
            assert!(!complaint.message.chars().any(|c| c.is_control() || c == '\u{202e}'), "{complaint}");
            if let Some(expected) = expected {
                assert!(expected.parse::<Name>().is_ok());
            }
        }
    }
}
