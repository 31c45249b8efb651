//! Problems of a spec, as a person reads them: each with its place underlined, all at once.

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode,
};
use serde_json::{Value, json};
use spec::{Problem, Problems};

use crate::outcome::Failure;

/// The failure that a spec with problems is. `name` is the file's name; `text` is what it holds.
pub(crate) fn wrong_spec(name: &str, text: &str, problems: &Problems) -> Failure {
    let source = NamedSource::new(name, text.to_owned());
    let handler = GraphicalReportHandler::new_themed(theme());
    let mut report = String::new();
    for problem in problems.iter() {
        let shown = Shown { problem, source: &source };
        if handler.render_report(&mut report, &shown).is_err() {
            report.push_str(&format!("{problem}\n"));
        }
    }
    let count = problems.len();
    report.push_str(&format!("{name}: {count} {}\n", if count == 1 { "problem" } else { "problems" }));
    let json = json!({ "error": "the spec is wrong", "file": name, "problems": listed(problems) });
    Failure::Input { report, json }
}

/// The problems as data: pointer, line and column from 1, byte range, message, help.
fn listed(problems: &Problems) -> Vec<Value> {
    problems
        .iter()
        .map(|problem| {
            json!({
                "pointer": problem.pointer.to_string(),
                "message": problem.message,
                "help": problem.help,
                "line": problem.span.map(|span| span.line),
                "column": problem.span.map(|span| span.column),
                "start": problem.span.map(|span| span.start),
                "end": problem.span.map(|span| span.end),
            })
        })
        .collect()
}

/// Colours only for a person at a terminal who has not said NO_COLOR.
fn theme() -> GraphicalTheme {
    use std::io::IsTerminal;
    if std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    }
}

/// A problem beside the text it stands in.
struct Shown<'a> {
    problem: &'a Problem,
    source: &'a NamedSource<String>,
}

impl std::fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.problem.pointer, self.problem.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.problem.span.map(|_| self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.problem.span?;
        Some(Box::new(std::iter::once(LabeledSpan::underline(span.start..span.end))))
    }
}
