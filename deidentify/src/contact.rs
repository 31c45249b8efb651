//! Telephone and fax numbers, electronic mail, addresses of the web and of the internet: (D), (E), (F), (N), (O).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use crate::folded::Folded;
use crate::pattern::{Pattern, add, after, before, compiled};
use crate::{Finding, Kind};

static EMAIL: Pattern = LazyLock::new(|| {
    compiled(
        r"(?i)\b[a-z0-9._%+'-]+\s?(?:@|\(at\)|\[at\])\s?[a-z0-9-]+(?:(?:\.|\s?\(dot\)\s?|\s?\[dot\]\s?)[a-z0-9-]+)+",
    )
});

static URL: Pattern = LazyLock::new(|| {
    compiled(r#"(?i)\b(?:(?:https?|ftp|wss?)://|www\.)[^\s<>"{}|\\^]*[^\s<>"{}|\\^.,;:!?')\]]"#)
});

/// A host name with a path, and profile handles of well-known sites.
static BARE_URL: Pattern = LazyLock::new(|| {
    compiled(
        r#"(?i)\b(?:[a-z0-9-]+\.)+(?:com|org|net|edu|gov|info|health|care|clinic|io|app|me|us|co|dev|example)/[^\s<>"{}|\\^]*[^\s<>"{}|\\^.,;:!?')\]]"#,
    )
});

/// Ten digits of the North American plan, written in groups; extension included.
static NORTH_AMERICAN: Pattern = LazyLock::new(|| {
    compiled(
        r"(?ix)(?:\+?1[\s.-]?)? (?:\(\s?[2-9]\d{2}\s?\)\s?-?|\b[2-9]\d{2}[\s.-]) [2-9]\d{2}[\s.-]\d{4}\b
          (?:\s?(?:x|ext\.?|extension)\s?\d{1,6}\b)?",
    )
});

/// `+` and a country code (ITU-T E.164), in any grouping.
static INTERNATIONAL: Pattern = LazyLock::new(|| compiled(r"\+[1-9]\d{0,2}(?:[\s./-]?\(?\d{1,5}\)?){2,6}\b"));

/// Seven digits or more after a word that says what they are.
static SAID: Pattern = LazyLock::new(|| {
    compiled(
        r"(?ix)\b(?:phone|telephone|tel|cell|mobile|pager|whatsapp|text|call|fax|ring|dial|number|contact|tel[eé]fono|m[oó]vil|llam[oóe]\w*)
          (?:\s\((?:home|work|mobile|cell)\))? \.? (?:\s?(?:number|no\.?|back|me|us|him|her|is|at|on|al|:|=|\#|-))* \s?
          (?P<id>\(?\d{3}\)?[\s.-]?\d{3,4}[\s.-]?\d{0,4}\b)",
    )
});

static IPV4: Pattern = LazyLock::new(|| compiled(r"\b(?:\d{1,3}\.){3}\d{1,3}\b"));
static IPV6: Pattern = LazyLock::new(|| compiled(r"(?i)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}"));

pub(crate) fn find(folded: &Folded, found: &mut Vec<Finding>) {
    let text = folded.text();
    add(text, &EMAIL, Kind::Email, found, |_, _| true);
    add(text, &URL, Kind::Url, found, |_, _| true);
    add(text, &BARE_URL, Kind::Url, found, |_, _| true);
    for pattern in [&NORTH_AMERICAN, &INTERNATIONAL, &SAID] {
        for captures in pattern.captures_iter(text) {
            let range = crate::pattern::identifier(&captures);
            let digits = text[range.clone()].bytes().filter(u8::is_ascii_digit).count();
            if (7..=16).contains(&digits) && stands_alone(text, range.start, range.end) {
                let kind = if is_fax(text, range.start) { Kind::Fax } else { Kind::Phone };
                found.push(Finding { kind, range });
            }
        }
    }
    add(text, &IPV4, Kind::IpAddress, found, |address, range| {
        let said_version = before(text, range.start, 12).trim_end().to_lowercase();
        let version = ["version", " v", "release"].iter().any(|word| said_version.ends_with(word));
        !version
            && stands_alone(text, range.start, range.end)
            && address
                .parse::<Ipv4Addr>()
                .is_ok_and(|address| !address.is_loopback() && !address.is_unspecified())
    });
    add(text, &IPV6, Kind::IpAddress, found, |address, range| {
        address.len() >= 4
            && stands_alone(text, range.start, range.end)
            && address
                .parse::<Ipv6Addr>()
                .is_ok_and(|address| !address.is_loopback() && !address.is_unspecified())
    });
}

/// No digit or letter goes on to the left or right: it is no part of a longer number.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let left = text[..start].chars().next_back();
    let right = text[end..].chars().next();
    !left.is_some_and(char::is_alphanumeric) && !right.is_some_and(char::is_alphanumeric)
}

fn is_fax(text: &str, start: usize) -> bool {
    let said = before(text, start, 24).to_lowercase();
    let fax = said.rfind("fax");
    let phone = ["phone", "tel", "cell", "mobile", "call"].iter().filter_map(|word| said.rfind(word)).max();
    fax.is_some_and(|fax| phone.is_none_or(|phone| phone < fax))
        || after(text, start, 32).to_lowercase().contains("(fax)")
}
