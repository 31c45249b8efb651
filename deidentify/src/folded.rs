//! The text as it is searched: compatibility forms, dashes, quotes and spaces made plain, invisible characters left
//! out, and for each byte where it stood. A full-width digit or a zero-width space hides nothing.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// A text made plain.
pub(crate) struct Folded {
    text: String,
    /// For each byte of `text`, the bytes of the original character that it came from.
    from: Vec<(usize, usize)>,
}

impl Folded {
    pub(crate) fn new(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), from: Vec::new() };
        for (start, character) in original.char_indices() {
            let place = (start, start + character.len_utf8());
            if is_invisible(character) {
                continue;
            }
            match plain(character) {
                Some(plain) => folded.push(plain, place),
                None => std::iter::once(character).nfkc().for_each(|part| folded.push(part, place)),
            }
        }
        folded
    }

    fn push(&mut self, character: char, place: (usize, usize)) {
        self.text.push(character);
        self.from.resize(self.text.len(), place);
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes of the original that a range of the plain text came from.
    pub(crate) fn original(&self, range: Range<usize>) -> Range<usize> {
        let start = self.from.get(range.start).map_or(0, |place| place.0);
        let end =
            range.end.checked_sub(1).and_then(|last| self.from.get(last)).map_or(start, |place| place.1);
        start..end
    }
}

fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e007f}'
    )
}

fn plain(character: char) -> Option<char> {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Some('-'),
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '`' | '\u{b4}' => Some('\''),
        '\u{201c}'..='\u{201f}' | '\u{2033}' => Some('"'),
        '\n' | '\r' => Some('\n'),
        other if other.is_whitespace() => Some(' '),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_found_where_it_stands() {
        let original = "tel １２３\u{200b}4 end";
        let folded = Folded::new(original);
        assert_eq!(folded.text(), "tel 1234 end");
        assert_eq!(&original[folded.original(4..8)], "１２３\u{200b}4");
    }
}
