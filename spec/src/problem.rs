//! What is wrong with a spec, said to the person who wrote it: where, what, and what to do next.

use std::fmt;

/// A place in the document as a JSON pointer (RFC 6901). Names keep their spaces:
/// `/entities/treatment plan/fields/tooth`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

impl Pointer {
    /// The document itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// The place one step below.
    #[must_use]
    pub fn join(&self, step: impl fmt::Display) -> Self {
        let step = step.to_string().replace('~', "~0").replace('/', "~1");
        Self(format!("{}/{step}", self.0))
    }

    /// The steps from the root, unescaped.
    pub fn steps(&self) -> impl Iterator<Item = String> + '_ {
        self.0.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"))
    }

    /// Whether this is `other` or lies below it.
    pub fn is_within(&self, other: &Pointer) -> bool {
        self.0.strip_prefix(other.0.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The pointer's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("/");
        }
        for c in self.0.chars() {
            if crate::decode::is_hostile(c) {
                write!(f, "{}", c.escape_unicode())?
            } else {
                write!(f, "{c}")?
            }
        }
        Ok(())
    }
}

/// A stretch of the source text: bytes for underlining, line and column (from 1) for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Default for Span {
    /// The beginning of the text.
    fn default() -> Self {
        Self { start: 0, end: 0, line: 1, column: 1 }
    }
}

/// Which promise of the language a problem breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The text is not YAML or JSON, or is larger, deeper or more repetitive than a spec may be.
    Syntax,
    /// A key that the language does not know.
    UnknownKey,
    /// Something that must be said is missing.
    Missing,
    /// A value that is not of the shape its key wants.
    Shape,
    /// A name that cannot be a name.
    Name,
    /// A reference to something that is not in the spec.
    Unresolved,
    /// Two things that would be one.
    Duplicate,
    /// A chain that comes back to itself.
    Cycle,
    /// An expression that does not type-check.
    Rule,
    /// Access that cannot be granted as it is written.
    Access,
    /// A safeguard that no spec can turn off (the floor).
    Floor,
    /// A construct that cannot be built yet.
    NotYet,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document.
    pub pointer: Pointer,
    /// What kind of mistake it is.
    pub kind: Kind,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do next; for the floor, the nearest safe thing.
    pub help: Option<String>,
    /// Where in the text, when the spec was read from text.
    pub span: Option<Span>,
}

impl Problem {
    /// A problem without help or span.
    pub fn new(pointer: &Pointer, kind: Kind, message: impl Into<String>) -> Self {
        Self { pointer: pointer.clone(), kind, message: message.into(), help: None, span: None }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(span) = self.span {
            write!(f, "{}:{} ", span.line, span.column)?;
        }
        write!(f, "{}: {}", self.pointer, self.message)?;
        if let Some(help) = &self.help {
            write!(f, "\n    help: {help}")?;
        }
        Ok(())
    }
}

/// Every problem of a spec, in the order of the document when it was read from text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many things are wrong.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The problems, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    pub(crate) fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }
}

impl IntoIterator for Problems {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// What is wrong with one compact string, before it is known where the string stands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Complaint {
    /// What kind of mistake it is.
    pub kind: Kind,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

impl Complaint {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn at(self, pointer: &Pointer) -> Problem {
        Problem {
            pointer: pointer.clone(),
            kind: self.kind,
            message: self.message,
            help: self.help,
            span: None,
        }
    }
}

/// The known word that a misspelt one most likely means.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.chars().count() > 60 {
        return None;
    }
    let length = word.len();
    known
        .into_iter()
        .filter(|candidate| candidate.len().abs_diff(length) <= candidate.len() / 3 + 1)
        .map(|candidate| (strsim::damerau_levenshtein(&word.to_lowercase(), candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min()
        .map(|(_, candidate)| candidate)
}
