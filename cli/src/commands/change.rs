//! `healthcoder change`: a new version of an app that has records.
//!
//! Nothing is written before the change is known to be one that can be made; the code is built and the migration is run on a
//! copy of the data before anybody is told that it is done; and if either fails, every file is as it was.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use generator::{Edits, Project};
use serde_json::{Value, json};
use spec::change::{Difference, Effect};
use tempfile::TempDir;

use super::generate::{Former, buildable};
use super::source::{locked, read, valid_spec};
use crate::arguments::Change;
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;
use crate::project::{Cache, build, subcommand};

/// Folders of a project that hold no version of it.
const NO_VERSION: [&str; 4] = ["backups", "data", "target", ".git"];

/// Changes an app to what the spec says.
pub(crate) fn run(arguments: &Change, progress: Progress) -> Result<Outcome, Failure> {
    let dir = &arguments.dir;
    let former = Former::read(dir)?.ok_or_else(|| {
        Failure::input(format!(
            "{} holds no project that remembers what it was generated from",
            dir.display()
        ))
    })?;
    let path = arguments.spec.clone().unwrap_or_else(|| dir.join("app.yaml"));
    let text = read(&path)?;
    let spec = valid_spec(&path, &locked(dir)?)?;
    buildable(&spec)?;
    let difference = former.difference(&spec);
    let project = former.evolve(&spec, &text)?;
    if text == former.generated.spec {
        return Ok(Outcome { text: "nothing differs".into(), json: told(&difference, &[], false) });
    }
    let migrations: Vec<&str> = project
        .files
        .keys()
        .filter(|path| path.starts_with("migrations/") && !former.generated.migrations.contains_key(*path))
        .map(String::as_str)
        .collect();
    if arguments.plan {
        return Ok(Outcome { text: summary(&difference), json: told(&difference, &migrations, false) });
    }
    progress.say(&summary(&difference));
    let is_grave = difference.loses() || difference.widens();
    if is_grave {
        confirmed(&spec.model().app, arguments.confirm.as_deref())?;
    }
    let dir = dir.canonicalize()?;
    let cache = Cache::open()?;
    let has_data = dir.join("data/app.db").is_file();
    let backup =
        if is_grave && has_data { Some(back_up(&dir, &cache, &migrations, progress)?) } else { None };

    let saved = Saved::of(&dir)?;
    if let Err(failure) = made(&project, &dir, &cache, has_data, progress) {
        saved.restore(&dir)?;
        return Err(failure);
    }
    let mut text = format!("{}\nNext: healthcoder run --dir {}", dir.display(), dir.display());
    let mut json = told(&difference, &migrations, true);
    if let Some(backup) = backup {
        text = format!(
            "{text}\nA backup from before lies in {}; its passphrase lies beside it",
            backup.display()
        );
        json["backup"] = json!(backup);
    }
    Ok(Outcome { text, json })
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

fn summary(difference: &Difference) -> String {
    if difference.changes.is_empty() {
        return "No record, field or right differs.".into();
    }
    let mut text = format!("What changes:\n{difference}");
    if difference.widens() {
        text.push_str("\n!  lets somebody reach more than before");
    }
    if difference.loses() {
        text.push_str("\n!! deletes what is recorded");
    }
    text
}

fn told(difference: &Difference, migrations: &[&str], changed: bool) -> Value {
    let changes: Vec<_> = difference
        .changes
        .iter()
        .map(|change| {
            let effect = match change.effect {
                Effect::Keeps => "keeps",
                Effect::Widens => "widens access",
                Effect::Loses => "loses data",
            };
            json!({ "effect": effect, "said": change.said })
        })
        .collect();
    json!({ "changed": changed, "changes": changes, "migrations": migrations })
}

/// Who deletes or opens something names the app.
fn confirmed(app: &str, given: Option<&str>) -> Result<(), Failure> {
    let wanted = format!(
        "this deletes values or lets somebody see more: confirm it by the app's name, --confirm {app:?}"
    );
    let answer = match given {
        Some(given) => given.to_owned(),
        None if std::io::stdin().is_terminal() => {
            eprint!("Type the app's name to go on ({app}): ");
            std::io::stderr().flush()?;
            let mut answer = String::new();
            std::io::stdin().lock().read_line(&mut answer)?;
            answer
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
