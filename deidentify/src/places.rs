//! Geographic subdivisions smaller than a state: (B).

use std::sync::LazyLock;

use crate::folded::Folded;
use crate::names::is_common;
use crate::pattern::{Pattern, add, compiled};
use crate::{Finding, Kind};

macro_rules! patterns {
    ($($name:ident: $pattern:expr;)*) => { $(static $name: Pattern = LazyLock::new(|| compiled($pattern));)* };
}

/// Names in capitals, one to three words.
macro_rules! proper {
    () => {
        r"\p{Lu}[\p{L}'.-]+(?:\s(?:de\s|del\s|la\s|of\s)?\p{Lu}[\p{L}'.-]+){0,2}"
    };
}

/// The two-letter codes of states and territories (USPS Publication 28, appendix B).
macro_rules! state {
    () => {
        r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY])"
    };
}

patterns! {
    STREET: concat!(
        r"\b\d{1,6}(?:-\d{1,4}|[A-Za-z])?\s(?:(?:N|S|E|W|NE|NW|SE|SW|North|South|East|West)\.?\s)?(?:\p{Lu}[\p{L}'.-]*\s|\d{1,3}(?:st|nd|rd|th)\s){1,4}",
        r"(?i:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|terrace|ter|circle|cir|highway|hwy|parkway|pkwy|square|sq|trail|trl|loop|row|alley|crescent|close)\b\.?",
        r"(?:,?\s(?i:apt|apartment|suite|ste|unit|floor|fl|\#)\.?\s?\#?[A-Za-z0-9-]+)?"
    );
    STREET_IN_SPANISH: concat!(
        r"\b(?i:calle|avenida|av\.|avda\.?|paseo|plaza|carretera|camino|c/)\s(?:(?i:de|del|la|las|los|el)\s){0,2}", proper!(),
        r"(?:,?\s(?:(?i:n[úu]mero|n[º°o]\.?)\s?)?\d{1,5}[A-Za-z]?\b)?"
    );
    POST_BOX: r"(?i)\bP\.?\s?O\.?\s?Box\s\d{1,7}\b";
    CITY_AND_STATE: concat!(r"\b", proper!(), r",\s", state!(), r"\b(?:\s\d{5}(?:-\d{4})?\b)?");
    ZIP: concat!(r"\b", state!(), r"\s(?P<id>\d{5}(?:-\d{4})?)\b");
    ZIP_PLUS_FOUR: r"\b\d{5}-\d{4}\b";
    ZIP_SAID: r"(?i)\b(?:zip|zipcode|postal|postcode|c[oó]digo\spostal)(?:\s|:|=|\b(?:code|is)\b)*(?P<id>\d{5}(?:-\d{4})?)\b";
    ZIP_IN_COLUMNS: r"[;,|\t]\s?(?P<id>\d{5})(?:$|[;,|\t\n])";
    HOME: concat!(
        r"\b(?i:lives?\s(?:in|near|at)|living\sin|resid(?:es|ing|ent)\s(?:in|of|at)|born\sin|moved\s(?:from|to)|originally\sfrom|comes\sfrom|native\sof|vive\sen|naci[óo]\sen|grew\sup\sin|raised\sin|commutes\sfrom)\s(?P<id>",
        proper!(), r")"
    );
    FROM_AND_TO: concat!(r"\b(?i:moved\sfrom)\s", proper!(), r"\sto\s(?P<id>", proper!(), r")");
    OFFICE: concat!(r"\bfrom\sthe\s(?P<id>", proper!(), r")\s(?i:office|branch|site|location|clinic)\b");
    DOCTOR_OF: concat!(r"\b(?:Dr|Prof)\.?\s\p{Lu}[\p{L}'-]+\sof\s(?P<id>", proper!(), r")");
    COUNTY: concat!(r"\b", proper!(), r"\s(?:County|Parish|Borough|Township|Precinct)\b");
    HOSPITAL: concat!(
        r"\b(?:(?:St\.|Saint)\s)?", proper!(),
        r"\s(?:(?:General|Memorial|Community|Regional|University|Children's|County|Veterans)\s)?(?:Hospital|Infirmary|Medical\sCenter|Health\sCenter|Hospice)\b"
    );
}

/// Words of every day before `Hospital` and `County`, in capitals at the beginning of a sentence.
const NO_PLACE: [&str; 20] = [
    "the", "our", "my", "each", "every", "a", "an", "when", "if", "for", "in", "at", "this", "that", "one",
    "local", "any", "no", "which", "all",
];

pub(crate) fn find(folded: &Folded, found: &mut Vec<Finding>) {
    let text = folded.text();
    let first = |value: &str| value.split_whitespace().next().unwrap_or_default().to_lowercase();
    for pattern in [
        &STREET,
        &STREET_IN_SPANISH,
        &POST_BOX,
        &CITY_AND_STATE,
        &ZIP,
        &ZIP_PLUS_FOUR,
        &ZIP_SAID,
        &ZIP_IN_COLUMNS,
    ] {
        add(text, pattern, Kind::Place, found, |_, _| true);
    }
    // To go live in March is to live nowhere.
    for pattern in [&HOME, &FROM_AND_TO, &OFFICE, &DOCTOR_OF] {
        add(text, pattern, Kind::Place, found, |value, _| !is_common(&first(value)));
    }
    // `Cook County` and `Mercy Hospital` begin with words of every day, `Our Hospital` names none.
    for pattern in [&COUNTY, &HOSPITAL] {
        add(text, pattern, Kind::Place, found, |value, _| !NO_PLACE.contains(&first(value).as_str()));
    }
}
