use std::path::{Path, PathBuf};

use generator::{Edits, Generated, Past, Project};
use planner::Difference;
use serde_json::json;
use spec::ValidatedSpec;

use super::source::{locked, read, valid_spec};
use crate::arguments::Generate;
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;

/// Generates a project from a spec file. Stable ids are those of the folder's `app.lock`, if it has one, and so are the
/// migrations: a project that is there evolves.
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
    buildable(spec)?;
    let project = match Former::read(dir)? {
        None => generator::generate(spec, text).map_err(anyhow::Error::from)?,
        Some(former) => {
            let difference = former.difference(spec);
            if difference.is_grave() {
                return Err(Failure::input(format!(
                    "this deletes values or lets somebody see more than before:\n{difference}\n\nSee it through with `healthcoder change \
                     --spec FILE --dir {}`, which asks first",
                    dir.display()
                )));
            }
            former.evolve(spec, text)?
        }
    };
    let step = progress.step("generating the project");
    match generator::write(&project, dir, Edits::Keep) {
        Ok(written) => step.done(&format!("generated {} files in {}", written.files, dir.display())),
        Err(error) => {
            step.failed();
            return Err(error.into());
        }
    }
    Ok(dir.canonicalize()?)
}

/// What the generator cannot build is an error, never left out.
pub(super) fn buildable(spec: &ValidatedSpec) -> Result<(), Failure> {
    let not_yet = generator::unbuildable(spec);
    if not_yet.is_empty() {
        return Ok(());
    }
    let lines: Vec<_> = not_yet.iter().map(|wish| format!("  {}", wish.problem())).collect();
    Err(Failure::input(format!(
        "this spec says what cannot be built yet; take it out, or wait for the version that can:\n{}",
        lines.join("\n")
    )))
}

/// What a project was, before a change.
pub(super) struct Former {
    pub(super) spec: ValidatedSpec,
    pub(super) generated: Generated,
}

impl Former {
    /// What the project in a folder was generated from; none where there is none.
    pub(super) fn read(dir: &Path) -> Result<Option<Self>, Failure> {
        let Some(generated) = generator::generated(dir)? else { return Ok(None) };
        let lock =
            generated.lock.parse().map_err(|problem| Failure::input(format!("app.lock: {problem}")))?;
        let spec = spec::check(&generated.spec, &lock).map_err(|problems| {
            anyhow::anyhow!(
                "what {} was generated from is no valid spec for this version:\n{problems}",
                dir.display()
            )
        })?;
        Ok(Some(Self { spec, generated }))
    }

    /// What the project in a folder was generated from; a folder that remembers nothing is refused.
    pub(super) fn of(dir: &Path) -> Result<Self, Failure> {
        let none = || {
            Failure::input(format!(
                "{} holds no project that remembers what it was generated from",
                dir.display()
            ))
        };
        Self::read(dir)?.ok_or_else(none)
    }

    /// What differs, in people's words.
    pub(super) fn difference(&self, after: &ValidatedSpec) -> Difference {
        Difference::of(&self.spec, after)
    }

    /// The project of the changed spec.
    pub(super) fn evolve(&self, spec: &ValidatedSpec, text: &str) -> Result<Project, Failure> {
        let past = Past { spec: &self.spec, migrations: &self.generated.migrations };
        generator::evolve(&past, spec, text).map_err(|error| match error {
            generator::Error::Change(_) => Failure::input(error.to_string()),
            other => other.into(),
        })
    }
}
