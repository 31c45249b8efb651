//! Text to a marked tree: every value and key with the place where it stands.
//!
//! YAML and JSON become the same tree. Reading refuses what could hurt before it
//! is built: more than [`LARGEST`] bytes, deeper than [`DEEPEST`] levels, aliases (which explode),
//! tags, several documents, and a key said twice. Scalars stay text: the type that wants them reads
//! them, so that `no-show`, `no` and `1.0` are what was written.

mod json;

use crate::problem::{Kind, Pointer, Problem, Span};
use saphyr_parser::{Event, Parser, ScalarStyle, Span as Mark};
use std::collections::HashSet;

/// The largest spec, in bytes: 1 MB.
pub const LARGEST: usize = 1_000_000;
/// The deepest nesting; the language itself needs eight levels.
pub const DEEPEST: usize = 24;

/// A spec's text with its marked tree.
#[derive(Clone, Debug)]
pub struct Source {
    root: Node,
}

/// A value of the document and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) content: Content,
    pub(crate) span: Span,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Nothing: an empty value, `~` or `null`.
    Nothing,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Span,
}

impl Source {
    /// Reads the text; `Err` holds the one reason why there is no tree.
    pub(crate) fn read(text: &str) -> Result<(Self, Vec<Problem>), Problem> {
        if text.len() > LARGEST {
            return Err(syntax(
                Span::default(),
                format!("a spec has at most 1 MB; this text has {} bytes", text.len()),
            )
            .help("split the product into several apps, or move long texts out of the spec"));
        }
        if let Some(at) = text.find('\0') {
            return Err(syntax(
                Span { start: at, end: at + 1, line: 1, column: 1 },
                "a spec is text; this holds a NUL byte",
            ));
        }
        if json::is_json(text) {
            let mut duplicates = Vec::new();
            let root = json::read(text, &mut duplicates)?;
            return Ok((Self { root }, duplicates));
        }
        let mut reader = Reader::new(text);
        let root = reader.document()?;
        Ok((Self { root }, reader.duplicates))
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }

    /// Where a pointer stands in the text: its key, or its value in a list; of the nearest place
    /// above when the pointer names something that is missing.
    pub fn span(&self, pointer: &Pointer) -> Span {
        let mut node = &self.root;
        let mut span = Span { end: self.root.span.start, ..self.root.span };
        for step in pointer.steps() {
            match &node.content {
                Content::Map(entries) => match entries.iter().find(|(key, _)| key.text == step) {
                    Some((key, value)) => {
                        span = key.span;
                        if let Content::Scalar(_) = value.content {
                            span = value.span;
                        }
                        node = value;
                    }
                    None => break,
                },
                Content::List(items) => match step.parse::<usize>().ok().and_then(|i| items.get(i)) {
                    Some(item) => {
                        span = item.span;
                        node = item;
                    }
                    None => break,
                },
                _ => break,
            }
        }
        span
    }
}

fn syntax(span: Span, message: impl Into<String>) -> Problem {
    let mut problem = Problem::new(&Pointer::root(), Kind::Syntax, message);
    problem.span = Some(span);
    problem
}

fn duplicate(key: &str, span: Span) -> Problem {
    let mut problem = syntax(span, format!("`{}` is said twice here", crate::decode::shown(key)));
    problem.kind = Kind::Duplicate;
    problem.help("keep one of the two")
}

struct Reader<'t> {
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    text: &'t str,
    /// The last place where a character index was turned into a byte offset: (character, byte).
    reached: (usize, usize),
    duplicates: Vec<Problem>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self { parser: Parser::new_from_str(text), text, reached: (0, 0), duplicates: Vec::new() }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok((event, mark))) => Ok((event, self.span(mark))),
            Some(Err(error)) => {
                let at = *error.marker();
                let start = self.byte(at.index());
                let span = Span {
                    start,
                    end: (start + 1).min(self.text.len()),
                    line: at.line(),
                    column: at.col() + 1,
                };
                Err(syntax(span, format!("this is not YAML: {}", error.info())).help(
                    "check the indentation, and put quotes around text that holds `: ` or begins with a sign",
                ))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The parser counts characters, an editor and `miette` count bytes.
    fn byte(&mut self, index: usize) -> usize {
        if index < self.reached.0 {
            self.reached = (0, 0);
        }
        let (from, start) = self.reached;
        let byte =
            self.text[start..].char_indices().nth(index - from).map_or(self.text.len(), |(i, _)| start + i);
        self.reached = (index, byte);
        byte
    }

    fn span(&mut self, mark: Mark) -> Span {
        let start = self.byte(mark.start.index());
        let end = self.byte(mark.end.index()).max(start);
        self.reached = (mark.start.index(), start);
        let end = start + self.text[start..end].trim_end().len();
        Span { start, end, line: mark.start.line(), column: mark.start.col() + 1 }
    }

    fn document(&mut self) -> Result<Node, Problem> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
                _ if root.is_some() => {
                    return Err(syntax(span, "a spec is one document; a second begins here"));
                }
                event => root = Some(self.node(event, span, 0)?),
            }
        }
        root.ok_or_else(|| {
            syntax(Span::default(), "the spec is empty").help("begin with `app: The name of your product`")
        })
    }

    fn node(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Node, Problem> {
        if depth > DEEPEST {
            return Err(syntax(span, format!("this is nested more than {DEEPEST} levels deep")));
        }
        let tag = match &event {
            Event::Scalar(_, _, _, tag) | Event::SequenceStart(_, tag) | Event::MappingStart(_, tag) => {
                tag.is_some()
            }
            _ => false,
        };
        if tag {
            return Err(syntax(span, "tags (`!…`) are not part of the language").help("leave the tag out"));
        }
        let content = match event {
            Event::Alias(_) => {
                return Err(
                    syntax(span, "aliases (`*…`) are not part of the language").help("write the value out")
                );
            }
            Event::Scalar(text, ScalarStyle::Plain, ..) if matches!(&*text, "" | "~" | "null") => {
                Content::Nothing
            }
            Event::Scalar(text, ..) => Content::Scalar(text.into_owned()),
            Event::SequenceStart(..) => self.list(depth)?,
            Event::MappingStart(..) => self.map(depth)?,
            _ => return Err(syntax(span, "a value was expected here")),
        };
        Ok(Node { content, span })
    }

    fn list(&mut self, depth: usize) -> Result<Content, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::List(items)),
                (event, span) => items.push(self.node(event, span, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Content, Problem> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut seen = HashSet::new();
        loop {
            let (text, span) = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Content::Map(entries)),
                (Event::Scalar(text, ..), span) => (text.into_owned(), span),
                (_, span) => return Err(syntax(span, "a key is a plain word or a text")),
            };
            let (event, value_span) = self.next()?;
            let value = self.node(event, value_span, depth + 1)?;
            if seen.insert(text.clone()) {
                entries.push((Key { text, span }, value));
            } else {
                self.duplicates.push(duplicate(&text, span));
            }
        }
    }
}
