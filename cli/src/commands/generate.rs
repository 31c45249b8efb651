use std::path::{Path, PathBuf};

use generator::Edits;
use serde_json::json;
use spec::ValidatedSpec;

use super::source::{locked, read, valid_spec};
use crate::arguments::Generate;
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;

/// Generates a project from a spec file. Stable ids are those of the folder's `app.lock`, if it has one.
pub(crate) fn run(arguments: &Generate, progress: Progress) -> Result<Outcome, Failure> {
    let spec = valid_spec(&arguments.spec, &locked(&arguments.dir)?)?;
    let dir = project(&spec, &read(&arguments.spec)?, &arguments.dir, progress)?;
    let text = format!("{}\nNext: healthcoder run --dir {}", dir.display(), dir.display());
    Ok(Outcome { text, json: json!({ "dir": dir }) })
}

/// Writes the project of a spec, whose text becomes its `app.yaml`, and returns its folder. What the generator
/// cannot build is an error, never left out.
pub(crate) fn project(
    spec: &ValidatedSpec,
    text: &str,
    dir: &Path,
    progress: Progress,
) -> Result<PathBuf, Failure> {
    let not_yet = generator::unbuildable(spec);
    if !not_yet.is_empty() {
        let lines: Vec<_> = not_yet.iter().map(|wish| format!("  {}", wish.problem())).collect();
        return Err(Failure::input(format!(
            "this spec says what cannot be built yet; take it out, or wait for the version that can:\n{}",
            lines.join("\n")
        )));
    }
    let step = progress.step("generating the project");
    let written = generator::generate(spec, text)
        .map_err(anyhow::Error::from)
        .and_then(|project| Ok(generator::write(&project, dir, Edits::Keep)?));
    match written {
        Ok(written) => step.done(&format!("generated {} files in {}", written.files, dir.display())),
        Err(error) => {
            step.failed();
            return Err(error.into());
        }
    }
    Ok(dir.canonicalize()?)
}
