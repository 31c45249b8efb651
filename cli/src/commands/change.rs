//! `healthcoder change`: a new version of an app that has records.
//!
//! Nothing is written before the change is known to be one that can be made; the code is built and the migration is run on a
//! copy of the data before anybody is told that it is done; and if either fails, every file is as it was.

use std::collections::BTreeSet;
use std::fs;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;
use generator::{Edits, Project};
use planner::{Difference, Question};
use serde_json::{Value, json};
use spec::ValidatedSpec;
use tempfile::TempDir;

use super::generate::{Former, buildable};
use super::history;
use super::lint;
use super::plan::unplanned;
use super::platform::login::ask;
use super::source::{locked, prompt_of, read, valid_spec};
use crate::arguments::Change;
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;
use crate::project::{Cache, build, subcommand};

/// Folders of a project that hold no version of it.
const NO_VERSION: [&str; 4] = ["backups", "data", "target", ".git"];

/// Changes an app to what a prompt or a spec says.
pub(crate) fn run(arguments: &Change, progress: Progress) -> Result<Outcome, Failure> {
    let dir = &arguments.changing.dir;
    let former = Former::of(dir)?;
    let wish = wished(arguments, &former)?;
    let how =
        How { plan: arguments.changing.plan, confirm: arguments.changing.confirm.as_deref(), undoes: None };
    see_through(dir, &former, &wish, &how, progress)
}

/// How a change is made.
pub(super) struct How<'a> {
    /// Only say what it is.
    pub(super) plan: bool,
    /// The app's name, typed.
    pub(super) confirm: Option<&'a str>,
    /// The state that it goes back to; a change forward keeps the state before it.
    pub(super) undoes: Option<&'a history::State>,
}

/// Brings a project from what it was to what is wanted, or leaves every file as it was.
pub(super) fn see_through(
    dir: &Path,
    former: &Former,
    wish: &Wish,
    how: &How<'_>,
    progress: Progress,
) -> Result<Outcome, Failure> {
    let difference = former.difference(&wish.spec);
    if wish.text == former.generated.spec {
        let text = "nothing differs from what the app was generated from".to_owned();
        return Ok(Outcome { text, json: told(&difference, wish, &[], false) });
    }
    buildable(&wish.spec)?;
    let project = former.evolve(&wish.spec, &wish.text)?;
    let is_new =
        |path: &&String| path.starts_with("migrations/") && !former.generated.migrations.contains_key(*path);
    let migrations: Vec<&str> = project.files.keys().filter(is_new).map(String::as_str).collect();
    let summary = format!("{difference}{}", wish.remarks());
    if how.plan {
        return Ok(Outcome { text: summary, json: told(&difference, wish, &migrations, false) });
    }
    progress.say(&summary);
    if difference.is_grave() {
        confirmed(&wish.spec.model().app, how.confirm)?;
    }
    let dir = dir.canonicalize()?;
    let cache = Cache::open()?;
    let has_data = dir.join("data/app.db").is_file();
    let backup = if difference.is_grave() && has_data {
        Some(back_up(&dir, &cache, &migrations, progress)?)
    } else {
        None
    };
    let saved = Saved::of(&dir)?;
    let made = remembered(&dir, former, how.undoes, backup.as_deref())
        .and_then(|()| made(&project, &dir, &cache, has_data, progress));
    if let Err(failure) = made {
        saved.restore(&dir)?;
        return Err(failure);
    }
    let mut text = format!("{}\nNext: healthcoder run --dir {}", dir.display(), dir.display());
    let mut json = told(&difference, wish, &migrations, true);
    if let Some(backup) = backup {
        text = format!("{text}\nA backup from before lies in {}, its passphrase beside it", backup.display());
        json["backup"] = json!(backup);
    }
    Ok(Outcome { text, json })
}

/// Keeps the state before a change, or forgets the one that is gone back to.
fn remembered(
    dir: &Path,
    former: &Former,
    undoes: Option<&history::State>,
    backup: Option<&Path>,
) -> Result<(), Failure> {
    match undoes {
        Some(state) => state.forget()?,
        None => history::keep(dir, &former.generated.spec, backup)?,
    }
    Ok(())
}

/// What is wanted.
pub(super) struct Wish {
    pub(super) spec: ValidatedSpec,
    pub(super) text: String,
    pub(super) questions: Vec<Question>,
    pub(super) not_understood: Vec<String>,
    /// Of a change that is taken back: what it deleted, which stays deleted.
    pub(super) comes_back_empty: Vec<String>,
}

impl Wish {
    /// A spec, of which there is nothing to say.
    pub(super) fn plain(spec: ValidatedSpec, text: String) -> Self {
        Self { spec, text, questions: Vec::new(), not_understood: Vec::new(), comes_back_empty: Vec::new() }
    }

    fn remarks(&self) -> String {
        let questions = self
            .questions
            .iter()
            .map(|question| format!("\n?  {} (taken: {})", question.ask, question.default));
        let rest = self.not_understood.iter().map(|said| format!("\n-  not understood: {said}"));
        let empty = self.comes_back_empty.iter().map(|said| format!("\n-  comes back empty: {said}"));
        questions.chain(rest).chain(empty).collect()
    }
}

fn wished(arguments: &Change, former: &Former) -> Result<Wish, Failure> {
    let lock = locked(&arguments.changing.dir)?;
    if arguments.prompt.is_none() && arguments.prompt_file.is_none() {
        let path = arguments.spec.clone().unwrap_or_else(|| arguments.changing.dir.join("app.yaml"));
        let (spec, text) = (valid_spec(&path, &lock)?, read(&path)?);
        return Ok(Wish::plain(spec, text));
    }
    unedited(&arguments.changing.dir, former)?;
    let words = prompt_of(arguments.prompt.as_deref(), arguments.prompt_file.as_deref())?;
    let changed = planner::change(&former.spec, &words).map_err(unplanned)?;
    let text = planner::without_retired(&changed.text);
    let spec = spec::check(&text, &lock).map_err(|problems| {
        Failure::input(format!("without what is to go, the rest does not hold:\n{problems}"))
    })?;
    Ok(Wish {
        questions: changed.questions,
        not_understood: changed.not_understood,
        ..Wish::plain(spec, text)
    })
}

/// Refuses a project whose app.yaml says more than the app does.
pub(super) fn unedited(dir: &Path, former: &Former) -> Result<(), Failure> {
    if read(&dir.join("app.yaml"))? == former.generated.spec {
        return Ok(());
    }
    Err(Failure::input(
        "app.yaml was edited since the app was generated: see that through first, with `healthcoder change` and no words",
    ))
}

/// Writes the new version, builds it, and runs its migration on a copy of the data.
fn made(
    project: &Project,
    dir: &Path,
    cache: &Cache,
    has_data: bool,
    progress: Progress,
) -> Result<(), Failure> {
    generator::write(project, dir, Edits::Merge).map_err(|error| match error {
        generator::WriteError::Conflicts(_) => Failure::input(error.to_string()),
        other => other.into(),
    })?;
    lint::passed(dir)?;
    let binary = build(dir, cache, progress)?;
    if has_data {
        let step = progress.step("trying the migration on a copy of the data");
        let copy = tempfile::tempdir()?;
        copy_tree(&dir.join("data"), copy.path(), &[])?;
        let words = format!("--data-dir={}", copy.path().display());
        if subcommand(&binary, dir, &["migrate", &words]).is_err() {
            step.failed();
            return Err(Failure::input(
                "the records do not fit the changed spec (the reason stands above); nothing was changed",
            ));
        }
        step.done("the migration fits the records");
    }
    Ok(())
}

/// Takes everything home into `backups/`, sealed under a passphrase of its own, by the version that is there now.
fn back_up(dir: &Path, cache: &Cache, migrations: &[&str], progress: Progress) -> Result<PathBuf, Failure> {
    let binary = build(dir, cache, progress)?;
    let folder = dir.join("backups");
    fs::create_dir_all(&folder)?;
    let newest =
        migrations.last().and_then(|path| Path::new(path).file_stem()).and_then(|name| name.to_str());
    let name = format!("before-{}", newest.unwrap_or("the-change"));
    let free = (0..)
        .map(|number| if number == 0 { name.clone() } else { format!("{name}-{number}") })
        .find(|name| !folder.join(format!("{name}.zip")).exists())
        .context("no name is free")?;
    let (archive, passphrase) =
        (folder.join(format!("{free}.zip")), folder.join(format!("{free}.passphrase")));
    let step = progress.step("taking a backup");
    let words = [
        "export".to_owned(),
        format!("--to={}", archive.display()),
        format!("--new-passphrase-file={}", passphrase.display()),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let Err(error) = subcommand(&binary, dir, &words) {
        step.failed();
        return Err(error.into());
    }
    step.done(&format!("backup in {}", archive.display()));
    Ok(archive)
}

fn told(difference: &Difference, wish: &Wish, migrations: &[&str], changed: bool) -> Value {
    let asked: Vec<_> = wish
        .questions
        .iter()
        .map(|question| json!({ "about": question.about, "ask": question.ask, "default": question.default }))
        .collect();
    json!({
        "changed": changed,
        "changes": difference.said,
        "loses": difference.losses,
        "widens": difference.widened,
        "questions": asked,
        "not understood": wish.not_understood,
        "comes back empty": wish.comes_back_empty,
        "migrations": migrations,
        "spec": wish.spec.document().to_json(),
    })
}

/// Who deletes or opens something names the app.
fn confirmed(app: &str, given: Option<&str>) -> Result<(), Failure> {
    let wanted = format!(
        "this deletes values or lets somebody see more: confirm it by the app's name, --confirm {app:?}"
    );
    let answer = match given {
        Some(given) => given.to_owned(),
        None if std::io::stdin().is_terminal() => {
            ask(&format!("Type the app's name to go on ({app}): "), false)?
        }
        None => return Err(Failure::input(wanted)),
    };
    if answer.trim() == app { Ok(()) } else { Err(Failure::input(wanted)) }
}

/// A project's files before the change, data apart.
struct Saved(TempDir);

impl Saved {
    fn of(dir: &Path) -> anyhow::Result<Self> {
        let saved = tempfile::tempdir()?;
        copy_tree(dir, saved.path(), &NO_VERSION)?;
        Ok(Self(saved))
    }

    /// Puts everything back, and takes away what came since; what is to be merged by hand stays.
    fn restore(&self, dir: &Path) -> anyhow::Result<()> {
        let before: BTreeSet<PathBuf> = files(self.0.path(), &[])?.into_iter().collect();
        for path in files(dir, &NO_VERSION)? {
            if !before.contains(&path) && !path.starts_with(".healthcoder/conflicts") {
                fs::remove_file(dir.join(&path))?;
            }
        }
        copy_tree(self.0.path(), dir, &[])
    }
}

fn copy_tree(from: &Path, to: &Path, without: &[&str]) -> anyhow::Result<()> {
    for path in files(from, without)? {
        let (source, target) = (from.join(&path), to.join(&path));
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        // Left alone where it is the same, so that cargo does not compile it anew.
        if fs::read(&target).ok() != fs::read(&source).ok() {
            fs::copy(&source, &target).with_context(|| format!("{} cannot be copied", source.display()))?;
        }
    }
    Ok(())
}

/// Every file below a folder, by its path from there; not those in folders of these names at its top.
fn files(folder: &Path, without: &[&str]) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(inner) = open.pop() {
        let here = folder.join(&inner);
        for entry in fs::read_dir(&here).with_context(|| format!("{} cannot be read", here.display()))? {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !without.iter().any(|name| path == Path::new(name)) {
                    open.push(path);
                }
            } else if kind.is_file() {
                found.push(path);
            }
        }
    }
    Ok(found)
}
