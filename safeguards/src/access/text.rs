//! The words of a tenant statement: just enough of SQL's grammar to know which tables and columns it speaks of.

/// A word, a mark or a slot, and how deep in parentheses it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) depth: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name or a number.
    Word,
    /// `$1`.
    Parameter,
    /// `{visible}`, without the braces.
    Slot,
    /// `'…'`.
    Quote,
    /// `:person`, without the colon.
    Context,
    /// Anything else, blanks too; joined together the texts are the statement again.
    Other,
}

impl Token<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(word)
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        self.kind == Kind::Other && self.text == mark
    }

    fn is_blank(&self) -> bool {
        self.kind == Kind::Other && self.text.trim().is_empty()
    }
}

/// Cuts a text into tokens. What is not closed runs to the end.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let (mut rest, mut depth) = (text, 0usize);
    while let Some(first) = rest.chars().next() {
        let name = |from: usize| from + rest[from..].find(|c: char| !is_word(c)).unwrap_or(rest.len() - from);
        let (kind, length) = match first {
            c if is_word(c) => (Kind::Word, name(0)),
            '$' => (Kind::Parameter, name(1)),
            '\'' => (Kind::Quote, rest[1..].find('\'').map_or(rest.len(), |end| end + 2)),
            '{' => (Kind::Slot, rest.find('}').map_or(rest.len(), |end| end + 1)),
            ':' if rest.starts_with("::") => (Kind::Other, 2),
            ':' => (Kind::Context, name(1)),
            c => (Kind::Other, c.len_utf8()),
        };
        let (mut text, after) = rest.split_at(length);
        match kind {
            Kind::Slot => text = text.trim_matches(['{', '}']),
            Kind::Context => text = &text[1..],
            Kind::Other if text == ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        tokens.push(Token { kind, text, depth });
        if kind == Kind::Other && text == "(" {
            depth += 1;
        }
        rest = after;
    }
    tokens
}

/// The tokens without blanks.
pub(super) fn words(text: &str) -> Vec<Token<'_>> {
    tokens(text).into_iter().filter(|token| !token.is_blank()).collect()
}

/// The highest `$n`; `None` for a parameter that is no number.
pub(super) fn parameters(words: &[Token<'_>]) -> Option<usize> {
    let mut highest = 0;
    for word in words.iter().filter(|word| word.kind == Kind::Parameter) {
        highest = highest.max(word.text[1..].parse().ok()?);
    }
    Some(highest)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_statement_is_its_words() {
        let text = "SELECT a, {reach} FROM t WHERE (b = $12 AND c = ':x {y} $9') AND d::text = :person";
        let words = words(text);
        let of = |kind| words.iter().filter(|w| w.kind == kind).map(|w| w.text).collect::<Vec<_>>();
        assert_eq!(of(Kind::Slot), ["reach"]);
        assert_eq!(of(Kind::Parameter), ["$12"]);
        assert_eq!(of(Kind::Context), ["person"]);
        assert_eq!(of(Kind::Quote), ["':x {y} $9'"]);
        assert_eq!(parameters(&words), Some(12));
        assert_eq!(words.iter().find(|w| w.is("b")).map(|w| w.depth), Some(1));
        assert_eq!(words.iter().find(|w| w.is("d")).map(|w| w.depth), Some(0));
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_a_panic(text in any::<String>()) {
            let _ = parameters(&words(&text));
        }
    }
}
