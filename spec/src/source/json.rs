//! JSON to a marked tree. YAML 1.2 is said to contain JSON, but its tabs and surrogate pairs do not
//! survive a YAML parser; models write both.

use super::{Content, DEEPEST, Key, Node, duplicate, syntax};
use crate::problem::{Problem, Span};
use std::collections::HashSet;

/// Whether the text is JSON and is to be read as such.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Reads JSON that [`is_json`] has accepted.
pub(super) fn read(text: &str, duplicates: &mut Vec<Problem>) -> Result<Node, Problem> {
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0, duplicates };
    reader.space();
    reader.node(0)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    line: usize,
    line_start: usize,
    duplicates: &'t mut Vec<Problem>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        while let Some(c) =
            self.rest().chars().next().filter(|c| c.is_ascii_whitespace() || *c == ',' || *c == ':')
        {
            self.at += 1;
            if c == '\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    fn span_from(&self, start: usize) -> Span {
        let column = self.text[self.line_start.min(start)..start].chars().count() + 1;
        Span { start, end: self.at, line: self.line, column }
    }

    fn node(&mut self, depth: usize) -> Result<Node, Problem> {
        let start = self.at;
        if depth > DEEPEST {
            return Err(syntax(
                self.span_from(start),
                format!("this is nested more than {DEEPEST} levels deep"),
            ));
        }
        let here = self.span_from(start);
        let content = match self.rest().chars().next() {
            Some('{') => self.map(depth)?,
            Some('[') => self.list(depth)?,
            Some('"') => Content::Scalar(self.string()),
            _ => {
                let length = self
                    .rest()
                    .find(|c: char| !(c.is_alphanumeric() || "+-.".contains(c)))
                    .unwrap_or(self.rest().len());
                let word = self.rest()[..length].to_owned();
                // Valid JSON has no empty word; a step keeps the reader moving whatever comes.
                self.at += length.max(self.rest().chars().next().map_or(0, char::len_utf8));
                if word == "null" { Content::Nothing } else { Content::Scalar(word) }
            }
        };
        Ok(Node { content, span: Span { end: self.at, ..here } })
    }

    fn string(&mut self) -> String {
        let mut end = 1;
        let bytes = self.rest().as_bytes();
        while end < bytes.len() && bytes[end] != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        let end = (end + 1).min(bytes.len());
        let text = serde_json::from_str(&self.rest()[..end]).unwrap_or_default();
        self.at += end;
        text
    }

    fn ends(&mut self, sign: char) -> bool {
        self.space();
        if self.rest().starts_with(sign) {
            self.at += 1;
            return true;
        }
        self.rest().is_empty()
    }

    fn list(&mut self, depth: usize) -> Result<Content, Problem> {
        self.at += 1;
        let mut items = Vec::new();
        while !self.ends(']') {
            items.push(self.node(depth + 1)?);
        }
        Ok(Content::List(items))
    }

    fn map(&mut self, depth: usize) -> Result<Content, Problem> {
        self.at += 1;
        let mut entries = Vec::new();
        let mut seen = HashSet::new();
        while !self.ends('}') {
            let start = self.at;
            let text = self.string();
            let span = self.span_from(start);
            self.space();
            let value = self.node(depth + 1)?;
            if seen.insert(text.clone()) {
                entries.push((Key { text, span }, value));
            } else {
                self.duplicates.push(duplicate(&text, span));
            }
        }
        Ok(Content::Map(entries))
    }
}
