//! The lint of custom code: what stands below `src/custom/` is read before it is built.
//!
//! A founder's own code, or what a model wrote for them, may compute, ask the app's slices for records and answer with
//! pages. It may not reach past them: no SQL of its own, no record that the log does not know of, no network, process, file
//! or environment, no `unsafe`, no printing, no crate that was not agreed on.
//!
//! **It is a list of what is allowed.** Each path is resolved, through the file's `use` trees, modules and globs, to
//! something of custom code itself, to the prelude, or to a name on the list of [`offered`](self). What does not resolve is
//! refused, with the reason and with what to do instead. Macros are allowed by name, and what they are given is parsed and
//! read like other code. So a rename, a re-export or a way round is no way past: at its end stands a name that is not offered.
//!
//! **It is for the founder's good, not a boundary.** It knows names and no types, so it cannot promise that no program gets
//! past it. Founder's code is untrusted where it runs: the sandbox stands outside its process, and holds with the lint
//! turned off. What the lint gives is an early word, in plain language, at the line where it matters.
//!
//! It reads `src/custom/` whole; of the rest of the project, what decides which code is built: the manifest, build scripts,
//! cargo's configuration, files below `src/` that were not generated. Generated files that were edited by hand are not
//! read: they show their SQL, and whoever edits them answers for it.

mod attributes;
mod carried;
mod code;
mod crates;
mod macros;
mod manifest;
mod names;
mod offered;
mod reasons;
mod size;
mod sources;
mod tree;

use std::collections::BTreeMap;
use std::fmt;

pub use carried::{CustomCode, LONGEST_CODE, LONGEST_FILE, MOST_FILES};
pub use sources::Sources;

/// Where custom code lives in a project.
pub const FOLDER: &str = "src/custom";

/// Which rule a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// A name that custom code is not offered.
    Path,
    /// A macro off the list, or one whose arguments cannot be read.
    Macro,
    /// An attribute off the list.
    Attribute,
    /// Syntax that custom code does not use.
    Syntax,
    /// A field or a method behind which the audited doors end.
    Member,
    /// A file or a link that does not belong where it lies.
    File,
    /// The project's manifest.
    Manifest,
}

impl Rule {
    /// Its name, for programs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Macro => "macro",
            Self::Attribute => "attribute",
            Self::Syntax => "syntax",
            Self::Member => "member",
            Self::File => "file",
            Self::Manifest => "manifest",
        }
    }
}

/// One thing that is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, in the project.
    pub file: String,
    /// From 1; 0 where it is about the whole file.
    pub line: usize,
    /// From 1; 0 where it is about the whole file.
    pub column: usize,
    /// Which rule.
    pub rule: Rule,
    /// What is wrong, in words.
    pub message: String,
    /// What to do instead.
    pub instead: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        write!(f, ": {}. {}", self.message, self.instead)
    }
}

/// The most findings that are told at once, and the most letters of each: a name may be as long as its file.
const MOST_TOLD: usize = 200;
const LONGEST_TOLD: usize = 600;

/// Findings as their author reads them, a line each.
#[must_use]
pub fn lines(found: &[Finding]) -> Vec<String> {
    let told = |finding: &Finding| {
        let line = finding.to_string();
        match line.char_indices().nth(LONGEST_TOLD) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line,
        }
    };
    let mut lines: Vec<String> = found.iter().take(MOST_TOLD).map(told).collect();
    if found.len() > MOST_TOLD {
        lines.push(format!("and {} more", found.len() - MOST_TOLD));
    }
    lines
}

/// The same as one text.
#[must_use]
pub fn told(found: &[Finding]) -> String {
    lines(found).join("\n")
}

/// Everything that is refused of a project, in the order of its files and lines; nothing where all is well.
#[must_use]
pub fn check(sources: &Sources) -> Vec<Finding> {
    aside(|| findings(sources))
}

/// Reads on a stack of its own: how deep a text nests is bounded, by more than the stack of whoever asks.
fn aside(read: impl FnOnce() -> Vec<Finding> + Send) -> Vec<Finding> {
    std::thread::scope(|scope| {
        let reading = std::thread::Builder::new().stack_size(size::STACK);
        let reading = reading.spawn_scoped(scope, read);
        match reading.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(findings)) => findings,
            // What could not be read was not found to be well.
            _ => vec![Finding::of_file(FOLDER, Rule::File, "it could not be read", UNREAD)],
        }
    })
}

const UNREAD: &str = "This is a fault of the lint: report it, with the code";

impl Finding {
    fn of_file(
        file: impl Into<String>,
        rule: Rule,
        message: impl Into<String>,
        instead: impl Into<String>,
    ) -> Self {
        Self { file: file.into(), line: 0, column: 0, rule, message: message.into(), instead: instead.into() }
    }
}

fn findings(sources: &Sources) -> Vec<Finding> {
    let mut found = tree::check(sources);
    found.extend(manifest::check(sources));
    let mut files = BTreeMap::new();
    for (path, text) in sources.rust_files() {
        match size::parsed(text) {
            Ok(file) => {
                files.insert(path, file);
            }
            Err(refusal) => found.push(refusal.of(path)),
        }
    }
    let names = names::Names::of(&files);
    let slices = names::slices(sources);
    for (path, file) in &files {
        found.extend(code::check(path, file, &names, &slices));
    }
    found.sort();
    found.dedup();
    found
}
