// does: works on text

use std::borrow::Cow;
use std::fmt::Write;
use std::str::FromStr;

pub struct Code(String);

impl FromStr for Code {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: u32 = text.trim_start_matches('E').parse()?;
        Ok(Self(format!("E{number:04}")))
    }
}

pub fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_numeric) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::new();
    for (at, part) in text.split(|letter: char| letter.is_ascii_digit()).enumerate() {
        let _ = write!(masked, "{part}{}", if at % 2 == 0 { "·" } else { "" });
    }
    Cow::Owned(masked)
}

pub fn code(text: &str) -> Option<String> {
    text.parse::<Code>().ok().map(|Code(code)| code)
}
