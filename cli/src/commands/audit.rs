use std::path::Path;

use serde_json::json;

use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;
use crate::project::{Cache, build, subcommand};

/// Verifies the audit log of a project by the project's own binary: nobody else opens its database.
pub(crate) fn verify(target: &Path, witness: Option<&Path>, progress: Progress) -> Result<Outcome, Failure> {
    if !target.join("app.yaml").is_file() {
        return Err(Failure::input(format!("{} holds no generated project", target.display())));
    }
    let project = target.canonicalize()?;
    let binary = build(&project, &Cache::open()?, progress)?;
    let mut words = vec!["verify-audit".to_owned()];
    if let Some(witness) = witness {
        words.push(format!("--witness={}", witness.display()));
    }
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let text = subcommand(&binary, &project, &words)?;
    Ok(Outcome { json: json!({ "verified": true, "report": text }), text })
}
