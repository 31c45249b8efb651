//! All elements of dates but the year, and ages over 89: (C).
//!
//! A date of a product, a law or a deadline is nobody's: the words beside it say so.

use std::ops::Range;
use std::sync::LazyLock;

use crate::folded::Folded;
use crate::pattern::{Pattern, add, after, before, compiled};
use crate::{Finding, Kind};

static NUMERIC: Pattern = LazyLock::new(|| {
    compiled(
        r"\b(?:(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])|(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:(?:19|20)\d{2}|\d{2}))(?:[T ]\d{2}:\d{2}(?::\d{2})?Z?)?\b",
    )
});

/// Eight digits that are a date only where a word says so.
static COMPACT: Pattern = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:dob|born|birth\w*|date|dos|nacimiento)\W{1,3}(?P<id>(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))\b",
    )
});

macro_rules! month {
    () => {
        r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)\.?"
    };
}

static MONTH_FIRST: Pattern = LazyLock::new(|| {
    compiled(concat!(
        r"(?i)\b",
        month!(),
        r"\s(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?\b(?:,?\s(?:19|20)\d{2}\b)?"
    ))
});

static DAY_FIRST: Pattern = LazyLock::new(|| {
    compiled(concat!(
        r"(?i)\b(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?(?:\s|-|\sof\s|\sde\s)",
        month!(),
        r"(?:(?:,?\s|-|\sdel?\s)(?:19|20)?\d{2}\b)?"
    ))
});

static MONTH_AND_YEAR: Pattern =
    LazyLock::new(|| compiled(concat!(r"(?i)\b", month!(), r",?\s(?:of\s|de\s)?(?:19|20)\d{2}\b")));

/// A day and a month in digits: only after a word that leads to a date, since a score looks the same.
static DAY_AND_MONTH: Pattern = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:on|since|dated|dob|born|date|seen|from|until|visit|admitted|discharged|due|el)\W{1,2}(?P<id>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01]))\b",
    )
});

static AGE: Pattern = LazyLock::new(|| {
    compiled(
        r"(?ix)\b(?:(?:aged?|turned|turns|edad(?:\sde)?)(?:\sis|:)?\s(?P<id>9\d|1[01]\d)\b
          | (?P<old>9\d|1[01]\d)(?:\s|-)?(?:years?|yrs?|y/?o|y\.o\.|yo|a[nñ]os)\b)",
    )
});

static WAS: Pattern = LazyLock::new(|| {
    compiled(
        r"(?i)\b(?:he|she|who|they|patient|resident|pt)\s(?:is|was|are)\s(?P<id>9\d|1[01]\d)\b(?:\s?[.,;]|\s(?:when|and)\b|$)",
    )
});

/// Words that make a date that of a product, a law or a calendar.
const NOBODYS: [&str; 19] = [
    "deadline",
    "launch",
    "go live",
    "goes live",
    "going live",
    "effective",
    "requires",
    "applies",
    "cfr",
    "rule",
    "release",
    "version",
    "act of",
    "compliance",
    "by the end",
    "starting",
    "fiscal",
    "rollout",
    "deprecat",
];

pub(crate) fn find(folded: &Folded, found: &mut Vec<Finding>) {
    let text = folded.text();
    let somebodys = |_: &str, range: &Range<usize>| !is_nobodys(text, range);
    for pattern in [&NUMERIC, &COMPACT, &MONTH_FIRST, &DAY_FIRST, &MONTH_AND_YEAR, &DAY_AND_MONTH] {
        add(text, pattern, Kind::Date, found, somebodys);
    }
    for captures in AGE.captures_iter(text) {
        let Some(age) = captures.name("id").or_else(|| captures.name("old")) else { continue };
        if !is_of_many(text, &age.range()) {
            found.push(Finding { kind: Kind::Date, range: age.range() });
        }
    }
    add(text, &WAS, Kind::Date, found, |_, _| true);
}

fn is_nobodys(text: &str, range: &Range<usize>) -> bool {
    let said = before(text, range.start, 48).to_lowercase();
    // Only what stands in the same sentence counts.
    let said = said.rsplit(['.', ';', '!', '?']).next().unwrap_or_default();
    NOBODYS.iter().any(|word| said.contains(word))
}

/// `patients over 90`, `18 to 99`, `aged 90 and over`: a rule, not a person.
fn is_of_many(text: &str, range: &Range<usize>) -> bool {
    let said = before(text, range.start, 24).to_lowercase();
    let bound = [
        "over", "above", "under", "than", "least", "most", "to", "and", "between", "from", "until", "age of",
        ">", "<", "=", "-",
    ];
    let after = after(text, range.end, 24).to_lowercase();
    let open = ["and over", "and older", "or over", "or older", "and above", "+", " or more", " and up"];
    let said = said.trim_end();
    bound.iter().any(|word| {
        said.strip_suffix(word).is_some_and(|rest| {
            !word.is_ascii()
                || rest.is_empty()
                || !rest.ends_with(char::is_alphanumeric)
                || !word.starts_with(char::is_alphabetic)
        })
    }) || open.iter().any(|word| after.trim_start().starts_with(word.trim_start()) || after.starts_with(word))
}
