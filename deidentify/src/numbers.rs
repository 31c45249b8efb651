//! Numbers that name a person or a thing of theirs: (G) to (M), (P), (Q), (R). By their checksum where there is one,
//! by their shape where it is rare, and otherwise by the words before them.

use std::ops::Range;
use std::sync::LazyLock;

use crate::folded::Folded;
use crate::pattern::{Pattern, add, before, compiled};
use crate::{Finding, Kind};

/// What may stand between a cue and its number: `no.`, `#`, `is`, a colon.
macro_rules! cued {
    ($cue:literal) => {
        concat!(
            r"(?i)\b(?:",
            $cue,
            r#")\b(?:['"]|\s|:|=|\#|-|/|\(|,|\b(?:number|num|no|nr|n[º°o]|id|ids|is|was|were|de)\b\.?)*(?P<id>[a-z0-9][a-z0-9./-]*[0-9][a-z0-9]*(?:[./-][a-z0-9]+)*)\b"#
        )
    };
}

/// The same for numbers that are written in groups.
macro_rules! cued_in_groups {
    ($cue:literal) => {
        concat!(cued!($cue), r"(?P<rest>(?:\s\d{2,6}\b){0,4})")
    };
}

macro_rules! patterns {
    ($($name:ident: $pattern:expr;)*) => { $(static $name: Pattern = LazyLock::new(|| compiled($pattern));)* };
}

patterns! {
    SOCIAL_SECURITY: r"\b\d{3}[- ]\d{2}[- ]\d{4}\b";
    SOCIAL_SECURITY_SAID: r"(?i)\b(?:ssn|ss\s?#|social(?:\ssecurity)?|seguro\ssocial)(?:\s|:|=|\#|\b(?:number|no|is|es)\b\.?)*(?P<id>\d{9}|\d{3}[- .]?\d{2}[- .]?\d{4})\b";
    MEDICAL_RECORD: cued!(r"mrns?|medical\srecords?|chart|hospital|record|patient\s(?:id|number|no)|historia(?:\scl[ií]nica)?|expediente|nhs");
    MEDICAL_RECORD_JOINED: r"(?i)\bmrn(?P<id>\d{5,})\b";
    // The Medicare Beneficiary Identifier: CMS, "Understanding the MBI format"; S, L, O, I, B and Z never stand in it.
    MEDICARE: r"\b(?i-u:[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d-?[AC-HJKMNP-RT-Y]{2}\d{2})\b";
    HEALTH_PLAN: cued_in_groups!(r"members?(?:\sid|\snumber|\sno)|subscribers?(?:\sid|\snumber)?|policy|insurance(?:\sid|\smember(?:\sid)?|\spolicy|\snumber)|beneficiary|medicaid|medicare|group(?:\sid|\snumber|\sno)|health\splan|insurer\smember\sid|p[oó]liza");
    ACCOUNT: cued_in_groups!(r"accounts?|acct|invoice|claim|checking|savings|routing|iban|cuenta");
    CARD: r"\b\d(?:[ -]?\d){12,18}\b";
    IBAN: r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,3})?\b";
    LICENSE: cued!(r"licen[sc]es?|driver'?s?\slicen[sc]e|licencia|certificate|certification|passport|pasaporte|dea|npi|permit");
    DEA: r"\b[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}\b";
    VIN: r"\b[A-HJ-NPR-Z0-9]{17}\b";
    VEHICLE: cued!(r"vin|(?:licen[sc]e\s)?plates?|vehicle|matr[ií]cula");
    PLATE: r"(?i)\bplates?\b(?:\s|:|\b(?:number|no|is)\b\.?)*(?P<id>[a-z0-9]{1,4}[ -]?[a-z0-9]{2,5})\b";
    DEVICE: cued!(r"serial|s/n|sn|device(?:\sid)|imei|udi|implant\sid|n[uú]mero\sde\sserie");
    UNIQUE_DEVICE: r"\(01\)\s?\d{14}(?:\s?\(\d{2}\)\s?[A-Za-z0-9-]+)*";
    HARDWARE_ADDRESS: r"\b(?i:[0-9a-f]{2})(?:[:-](?i:[0-9a-f]{2})){5}\b";
    BIOMETRIC: cued!(r"fingerprint|voiceprint|voice\sprint|retina(?:l\sscan)?|iris(?:\sscan)?|face\sid|palm\sprint|dna\sprofile");
    PHOTO: r"(?i)\b[\w-]+\.(?:jpe?g|png|heic|gif|tiff?|bmp|webp|dcm)\b";
    PHOTO_DATA: r"\bdata:image/[a-z+]+;base64,[A-Za-z0-9+/=]+";
    OTHER: cued!(r"(?:study|case|patient|subject|participant|accession|confirmation|tracking|reference|file|encounter|visit|specimen|sample)\s(?:id|ids|number|no|code|identifier|accession(?:\snumber)?)|identifier|accession");
}

pub(crate) fn find(folded: &Folded, found: &mut Vec<Finding>) {
    let text = folded.text();
    let any = |_: &str, _: &Range<usize>| true;
    let number = |value: &str, _: &Range<usize>| is_number(value);
    add(text, &SOCIAL_SECURITY, Kind::SocialSecurity, found, |value, _| is_social_security(value));
    add(text, &SOCIAL_SECURITY_SAID, Kind::SocialSecurity, found, any);
    add(text, &MEDICAL_RECORD_JOINED, Kind::MedicalRecord, found, any);
    add(text, &UNIQUE_DEVICE, Kind::Device, found, any);
    add(text, &HARDWARE_ADDRESS, Kind::Device, found, any);
    add(text, &CARD, Kind::Account, found, |value, range| {
        passes_luhn(value) && !is_phone_device(text, range)
    });
    add(text, &CARD, Kind::Device, found, |value, range| passes_luhn(value) && is_phone_device(text, range));
    add(text, &IBAN, Kind::Account, found, |value, _| is_iban(value));
    add(text, &MEDICARE, Kind::HealthPlan, found, |value, _| {
        value.bytes().any(|byte| byte.is_ascii_uppercase())
    });
    add(text, &VIN, Kind::Vehicle, found, |value, _| is_vehicle(value));
    add(text, &DEA, Kind::License, found, |value, _| is_dea(value));
    for (pattern, kind) in [
        (&MEDICAL_RECORD, Kind::MedicalRecord),
        (&HEALTH_PLAN, Kind::HealthPlan),
        (&ACCOUNT, Kind::Account),
        (&LICENSE, Kind::License),
        (&VEHICLE, Kind::Vehicle),
        (&PLATE, Kind::Vehicle),
        (&DEVICE, Kind::Device),
        (&BIOMETRIC, Kind::Biometric),
        (&OTHER, Kind::Other),
    ] {
        add(text, pattern, kind, found, number);
    }
    add(text, &PHOTO, Kind::Photo, found, any);
    add(text, &PHOTO_DATA, Kind::Photo, found, any);
}

/// At least four digits, or three and a letter: `bed 4` and `level 12` name nobody.
fn is_number(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let letters = value.bytes().filter(u8::is_ascii_alphabetic).count();
    let measured = value.ends_with("mg") || value.ends_with("ml") || value.ends_with("mcg");
    !measured && (digits >= 4 || (digits >= 2 && letters >= 2 && digits + letters >= 5))
}

/// Numbers that were never given out are none (SSA, "Social Security Number Randomization").
fn is_social_security(value: &str) -> bool {
    let area = &value[..3];
    let digits: Vec<&str> = value.split(['-', ' ']).collect();
    area != "000"
        && area != "666"
        && !area.starts_with('9')
        && digits.iter().all(|part| part.bytes().any(|digit| digit != b'0'))
}

fn digits(value: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    value.chars().filter_map(|character| character.to_digit(10))
}

/// ISO/IEC 7812-1, annex B.
fn passes_luhn(value: &str) -> bool {
    let sum: u32 = digits(value)
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, digit) => digit,
            (_, digit) => digit * 2 - if digit > 4 { 9 } else { 0 },
        })
        .sum();
    sum.is_multiple_of(10) && digits(value).any(|digit| digit != 0)
}

fn is_phone_device(text: &str, range: &Range<usize>) -> bool {
    before(text, range.start, 16).to_lowercase().contains("imei")
}

/// ISO 13616: the four leading characters last, letters as 10 to 35, modulo 97.
fn is_iban(value: &str) -> bool {
    let plain: Vec<u8> = value.bytes().filter(u8::is_ascii_alphanumeric).collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let (head, rest) = plain.split_at(4);
    let remainder = rest.iter().chain(head).fold(0_u32, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    remainder == 1
}

/// 49 CFR 565.15: the ninth character is the weighted sum modulo 11.
fn is_vehicle(value: &str) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let worth = |character: char| match character {
        '0'..='9' => character.to_digit(10),
        'A'..='H' => Some(character as u32 - 'A' as u32 + 1),
        'J'..='N' => Some(character as u32 - 'J' as u32 + 1),
        'P' => Some(7),
        'R' => Some(9),
        'S'..='Z' => Some(character as u32 - 'S' as u32 + 2),
        _ => None,
    };
    let sum: Option<u32> = value
        .chars()
        .zip(WEIGHTS)
        .map(|(character, weight)| worth(character).map(|worth| worth * weight))
        .sum();
    let check = value.chars().nth(8);
    let mixed = value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_uppercase());
    mixed && sum.is_some_and(|sum| check == char::from_digit(sum % 11, 10).or(Some('X')))
}

/// 21 CFR 1306.05 and the agency's check digit: odd places plus twice the even ones end in the seventh digit.
fn is_dea(value: &str) -> bool {
    let digits: Vec<u32> = digits(&value[2..]).collect();
    let [a, b, c, d, e, f, check] = digits[..] else { return false };
    (a + c + e + 2 * (b + d + f)) % 10 == check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_tell_numbers_from_noise() {
        assert!(passes_luhn("4242 4242 4242 4242") && !passes_luhn("4242 4242 4242 4241"));
        assert!(is_iban("DE89 3704 0044 0532 0130 00") && !is_iban("DE88 3704 0044 0532 0130 00"));
        assert!(is_vehicle("1M8GDM9AXKP042788") && !is_vehicle("1M8GDM9A1KP042788"));
        assert!(is_dea("AB1234563") && !is_dea("AB1234564"));
        assert!(is_social_security("219-09-9999") && !is_social_security("000-12-3456"));
    }
}
