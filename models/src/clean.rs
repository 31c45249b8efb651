//! Text of strangers, made fit for a terminal.

/// At most `longest` characters of a text, without control, direction-changing or line-breaking characters.
pub(crate) fn shown(text: &str, longest: usize) -> String {
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut shown: String = text.chars().take(longest).map(|c| if hostile(c) { ' ' } else { c }).collect();
    if text.chars().nth(longest).is_some() {
        shown.push('…');
    }
    shown
}

/// A provider's word for an error, such as `rate_limit_error`: what could be anything else is not repeated.
pub(crate) fn word(text: &str) -> Option<String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    (plain && !text.is_empty() && text.len() <= 64).then(|| text.to_owned())
}
