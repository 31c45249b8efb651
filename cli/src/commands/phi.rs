//! The PHI gate from the command line: what in a text identifies somebody.

use std::io::Read;

use deidentify::Finding;
use serde_json::{Value, json};

use crate::commands::source::text;
use crate::outcome::{Failure, Outcome};

/// The longest text that is scanned, in bytes.
const LONGEST: u64 = 64 * 1024 * 1024;

/// Scans standard input. `start` and `end` count characters (Unicode scalar values), as most languages index text.
pub(crate) fn scan() -> Result<Outcome, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::input("the text has over 64 MiB: scan it in parts"));
    }
    let text = text(bytes, "standard input")?;
    let (lines, findings) = shown(&text, deidentify::scan(&text));
    let text = match lines.len() {
        0 => "nothing was found that identifies somebody".to_owned(),
        _ => lines.join("\n"),
    };
    Ok(Outcome { text, json: json!({ "findings": findings }) })
}

/// What was found in a text: for people, a line each, and for programs.
pub(super) fn shown(text: &str, findings: Vec<Finding>) -> (Vec<String>, Vec<Value>) {
    let (mut lines, mut values) = (Vec::new(), Vec::new());
    let (mut at, mut characters) = (0, 0);
    for finding in findings {
        characters += text[at..finding.range.start].chars().count();
        at = finding.range.start;
        let found = &text[finding.range];
        let end = characters + found.chars().count();
        lines.push(format!("{characters}-{end}  {}  {found}", finding.kind));
        values.push(json!({ "kind": finding.kind.as_str(), "text": found, "start": characters, "end": end }));
    }
    (lines, values)
}
