//! How mutants ended, counted.

use anyhow::ensure;
use serde_json::Value;

use super::table::Mutant;

/// How a mutant ended.
pub(super) enum End {
    /// Broken checks, from outside and by looking at files.
    Killed {
        outside: Vec<String>,
        files: Vec<String>,
    },
    Survived,
    /// The verifier could not go on, or the mutant does not build.
    Unclear(String),
}

/// How many were noticed, and by what.
#[derive(Default)]
pub(super) struct Score {
    outside: usize,
    files: usize,
    left: Vec<&'static str>,
    untried: Vec<&'static str>,
    /// Killed by one check alone: whatever is like them and a little different may live.
    narrowly: Vec<String>,
}

impl Score {
    pub(super) fn count(&mut self, mutant: &Mutant, end: End) {
        eprintln!("{:<32} {}", mutant.name, told(&end));
        match end {
            End::Killed { outside, files } => {
                if let ([only], []) | ([], [only]) = (outside.as_slice(), files.as_slice()) {
                    self.narrowly.push(format!("{} ({only})", mutant.name));
                }
                if outside.is_empty() { self.files += 1 } else { self.outside += 1 }
            }
            End::Survived | End::Unclear(_) => self.left.push(mutant.name),
        }
    }

    pub(super) fn pass_over(&mut self, mutant: &Mutant) {
        self.untried.push(mutant.name);
    }

    /// Prints the score. `whole` says that every check was made, not only those until the first broken one.
    pub(super) fn tell(&self, chosen: usize, whole: bool) -> anyhow::Result<()> {
        let Self { outside, files, left, untried, narrowly } = self;
        let (killed, tried) = (outside + files, chosen - untried.len());
        eprintln!("{killed} of {tried} mutants killed: {outside} from outside, {files} by looking at files");
        if whole && !narrowly.is_empty() {
            eprintln!("by one check alone: {}", narrowly.join(", "));
        }
        if !untried.is_empty() {
            eprintln!("not tried, for want of time: {}", untried.join(", "));
        }
        ensure!(left.is_empty(), "not killed: {}", left.join(", "));
        Ok(())
    }
}

pub(super) fn told(end: &End) -> String {
    match end {
        End::Killed { outside, files } => {
            let first: Vec<&str> = outside.iter().chain(files).take(4).map(String::as_str).collect();
            format!("killed by {} checks: {}", outside.len() + files.len(), first.join(", "))
        }
        End::Survived => "SURVIVED".to_owned(),
        End::Unclear(why) => format!("UNCLEAR: {why}"),
    }
}

/// Which groups look at nothing but what the app answers.
const OUTSIDE: [&str; 7] = ["edge", "pages", "identity", "tokens", "access", "integrity", "documents"];

/// How a verification ended, by its report; `errors` is what it said beside it.
pub(super) fn ended(report: &Value, errors: &str) -> End {
    let Some(checks) = report["checks"].as_array() else {
        let last = || errors.lines().last().unwrap_or("it said nothing");
        let why = report["error"].as_str().unwrap_or_else(last);
        return End::Unclear(format!("it was not verified: {why}"));
    };
    let name = |check: &Value| check["id"].as_str().unwrap_or_default().to_owned();
    let broken: Vec<&Value> = checks.iter().filter(|check| check["result"]["outcome"] == "broken").collect();
    let is_outside = |check: &&&Value| OUTSIDE.iter().any(|group| check["group"] == *group);
    let (outside, files): (Vec<&Value>, Vec<&Value>) = broken.iter().partition(|check| is_outside(check));
    if !broken.is_empty() {
        return End::Killed {
            outside: outside.into_iter().map(name).collect(),
            files: files.into_iter().map(name).collect(),
        };
    }
    let undecided: Vec<String> =
        checks.iter().filter(|check| check["result"]["outcome"] == "undecided").map(name).collect();
    if undecided.is_empty() {
        End::Survived
    } else {
        End::Unclear(format!("undecided: {}", undecided.join(", ")))
    }
}
