//! The doors: every word of a spec that gets into a file passes one of these functions.
//!
//! Names are `spec::Name`s and have doors of their own (`snake`, `pascal`, …). Free text (labels,
//! hints, the app's description) may hold anything, so it only ever becomes a literal, a comment
//! line or a Markdown line, each by the function that knows how that language ends such a thing.

/// A Rust string literal, quotes included.
pub fn rust_literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            // Text-direction marks and invisible characters could make code read unlike it runs.
            other if hidden(other) => literal.push_str(&other.escape_unicode().to_string()),
            other => literal.push(other),
        }
    }
    literal.push('"');
    literal
}

/// An SQL string literal, quotes included. Both databases read a doubled quote as a quote, and neither
/// reads a backslash as an escape (`standard_conforming_strings` is on).
pub fn sql_literal(text: &str) -> String {
    format!("'{}'", one_line(text).replace('\'', "''"))
}

/// A comment's text: one line, nothing that ends a comment or turns the reading direction.
pub fn comment(text: &str) -> String {
    one_line(text).replace("*/", "* /").replace("/*", "/ *")
}

/// One line of Markdown in which the text stands as itself.
pub fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '!' | '&') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// A TOML basic string, quotes included.
pub fn toml_literal(text: &str) -> String {
    // JSON's escapes are a subset of TOML's, except that TOML has no `\/`, which serde_json never writes.
    serde_json::Value::from(one_line(text)).to_string()
}

fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_whitespace() || hidden(c) { ' ' } else { c }).collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Control characters, zero-width characters, and the marks of CVE-2021-42574 ("Trojan Source").
fn hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_rust_literal_reads_back_as_the_text(text in any::<String>()) {
            let literal: syn::LitStr = syn::parse_str(&rust_literal(&text)).unwrap();
            prop_assert_eq!(literal.value(), text);
        }

        #[test]
        fn a_comment_stays_one_line(text in any::<String>()) {
            let file = format!("/* {} */\n// {}\nfn main() {{}}\n", comment(&text), comment(&text));
            prop_assert_eq!(syn::parse_file(&file).unwrap().items.len(), 1);
        }

        #[test]
        fn an_sql_literal_has_paired_quotes(text in any::<String>()) {
            let literal = sql_literal(&text);
            let inner = &literal[1..literal.len() - 1];
            prop_assert!(!inner.replace("''", "").contains('\''));
            prop_assert!(!inner.contains('\n') && !inner.contains('\0'));
        }
    }

    #[test]
    fn text_that_would_run_stays_text() {
        assert_eq!(rust_literal("\"); evil(); //"), r#""\"); evil(); //""#);
        assert_eq!(rust_literal("a\u{202e}b"), r#""a\u{202e}b""#);
        assert_eq!(sql_literal("'; DROP TABLE patients; --"), "'''; DROP TABLE patients; --'");
        assert_eq!(comment("end */ fn evil() {}\nnext"), "end * / fn evil() {} next");
        assert_eq!(markdown("<script> | `x`"), "\\<script\\> \\| \\`x\\`");
    }
}
