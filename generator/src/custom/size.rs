//! How long and how deep a file may be, so that reading it ends, and ends well.
//!
//! The parser, the visitor and the destructors of the tree recurse once for each level of nesting. A level needs a token, so
//! the tokens that stand before a place, in its own group and in those around it, bound how deep it lies. A comma or a
//! semicolon begins anew, except after what nests without a group: `<`, `|` and `=>`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::{Finding, Rule};

/// The stack of the thread that reads. It is address space; what is not used is not taken.
pub(super) const STACK: usize = 512 << 20;
/// Bytes of a file.
const LONGEST: usize = 512 << 10;
/// Groups within groups.
const GROUPS: usize = 100;
/// Tokens on the way to a place.
const DEEPEST: usize = 6_000;

/// Why a file is not read at all.
pub(super) struct Refusal {
    at: Option<Span>,
    rule: Rule,
    message: String,
    instead: &'static str,
}

impl Refusal {
    /// As a finding of this file.
    pub(super) fn of(self, path: &str) -> Finding {
        let mut finding = Finding::of_file(path, self.rule, self.message, self.instead);
        if let Some(span) = self.at {
            let start = span.start();
            (finding.line, finding.column) = (start.line, start.column + 1);
        }
        finding
    }
}

/// A file that was read.
pub(super) struct Parsed {
    pub(super) tree: syn::File,
    /// Words of the language that custom code does without, wherever they stand.
    pub(super) words: Vec<(&'static str, Span)>,
}

/// Reads a file.
pub(super) fn parsed(text: &str) -> Result<Parsed, Refusal> {
    let refused = |at, message: String, instead| Refusal { at, rule: Rule::Syntax, message, instead };
    if text.len() > LONGEST {
        let message = format!("it is longer than {} KiB", LONGEST >> 10);
        return Err(refused(None, message, "Split it into modules of src/custom"));
    }
    if let Some(line) = text.lines().position(|line| line.chars().any(turns)) {
        let message =
            "it holds a character that turns the direction of reading, so code looks unlike what it does";
        let mut refusal = refused(None, message.to_owned(), "Write the character as an escape");
        refusal.message = format!("line {}: {message}", line + 1);
        return Err(refusal);
    }
    let read = |error: &dyn std::fmt::Display, at| {
        refused(
            Some(at),
            format!("this is no Rust that can be read: {error}"),
            "Let `cargo check` say where it goes wrong",
        )
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let tokens: TokenStream =
        text.parse().map_err(|error: proc_macro2::LexError| read(&error, error.span()))?;
    if let Some(at) = too_deep(&tokens, 0, 0) {
        return Err(refused(
            Some(at),
            "this nests too deep to be read".to_owned(),
            "Give parts of it names of their own",
        ));
    }
    let mut words = Vec::new();
    find_words(&tokens, &mut words);
    let tree = syn::parse2(tokens).map_err(|error| read(&error, error.span()))?;
    Ok(Parsed { tree, words })
}

/// Both are keywords, so no honest name is one of them; what a macro is given is looked through, too.
fn find_words(tokens: &TokenStream, found: &mut Vec<(&'static str, Span)>) {
    for token in tokens.clone() {
        match token {
            TokenTree::Group(group) => find_words(&group.stream(), found),
            TokenTree::Ident(word) => {
                found.extend(
                    ["unsafe", "extern"]
                        .into_iter()
                        .filter(|known| word == *known)
                        .map(|known| (known, word.span())),
                );
            }
            _ => {}
        }
    }
}

/// Unicode's marks of direction (Trojan Source, CVE-2021-42574).
fn turns(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{061c}')
}

/// The first place that lies too deep.
fn too_deep(tokens: &TokenStream, groups: usize, before: usize) -> Option<Span> {
    // What a separator ends, and what it does not.
    let (mut ending, mut staying) = (0, 0);
    let mut attribute = false;
    for token in tokens.clone() {
        match &token {
            TokenTree::Group(group) => {
                // An attribute is no level; a file may have many, one for each line of documentation.
                let level = usize::from(!(attribute && group.delimiter() == Delimiter::Bracket));
                ending += level;
                if groups + level > GROUPS {
                    return Some(group.span());
                }
                if let Some(deep) = too_deep(&group.stream(), groups + level, before + ending + staying) {
                    return Some(deep);
                }
                attribute = false;
            }
            TokenTree::Punct(mark) => match mark.as_char() {
                ';' => (ending, staying) = (0, 0),
                ',' => ending = 0,
                '<' | '|' => staying += 1,
                '#' => attribute = true,
                '!' if attribute => {}
                _ => ending += 1,
            },
            _ => {
                attribute = false;
                ending += 1;
            }
        }
        if before + ending + staying > DEEPEST {
            return Some(token.span());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custom::{Sources, check};

    /// What nests is refused or read to its end, in every way that syntax can nest, by a thread that lives.
    #[test]
    fn what_nests_without_end_is_refused_or_read() {
        let ways = [
            ("!", 100_000, "{}std::fs::read"),
            ("-#[a] ", 50_000, "{}std::fs::read"),
            ("&", 5_900, "{}std::fs::read"),
            ("1 + ", 2_900, "{}std::fs::read"),
            (".a()", 1_900, "std::fs::read{}"),
            (" as u8", 2_900, "std::fs::read{}"),
            ("|a, b| ", 2_000, "{}std::fs::read"),
            ("return ", 5_900, "{}std::fs::read"),
            ("x = ", 2_900, "{}std::fs::read"),
            ("else if a {} ", 1_400, "if a {} {} else if std::fs::read {}"),
            ("for A {} in ", 1_900, "{}std::fs::read {}"),
            ("(", 99, "{}std::fs::read"),
            ("{", 100_000, "{}std::fs::read"),
            ("vec![", 48, "{}std::fs::read"),
            ("Vec::<", 2_400, "{}std::fs::File"),
            ("M::<A, ", 50_000, "{}std::fs::File"),
        ];
        for (part, count, around) in ways {
            let opened = part.repeat(count);
            let closing = match part.chars().last() {
                Some('(') => ")",
                Some('[') => "]",
                Some('<') => ">",
                _ if part.starts_with("M::<") => ">",
                _ if part == "{" => "}",
                _ => "",
            };
            let body = format!("{}{}", around.replacen("{}", &opened, 1), closing.repeat(count));
            let body = if around.starts_with("if") {
                around.replacen("{} else if std", &format!("{opened} else if std"), 1)
            } else {
                body
            };
            let found = check(&Sources::of([("src/custom/mod.rs", format!("fn f() {{ {body}; }}"))]));
            assert!(!found.is_empty(), "{part:?} {count}");
            assert!(
                found.iter().all(|finding| finding.message != "it could not be read"),
                "{part:?} {count}"
            );
        }
    }

    #[test]
    fn long_tables_and_many_functions_are_no_depth() {
        let table = format!("const A: &[(u8, &str)] = &[{}];", "(1, \"one\"), ".repeat(4_000));
        let functions = "/// One.\n/// Two.\npub fn f(a: u8) -> u8 { a }\n".repeat(400);
        for text in [table, functions] {
            assert!(parsed(&text).is_ok());
        }
    }
}
