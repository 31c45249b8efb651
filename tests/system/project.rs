//! Generated projects, kept between runs and built into one target folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use generator::vendored;
use generator::{Edits, Project as Files};
use spec::{Lock, ValidatedSpec};

use crate::healthcoder::{Ended, cargo, ended, root};

/// A project on disk.
pub(crate) struct Project {
    /// Where it lies.
    pub(crate) folder: PathBuf,
    package: String,
    /// One test at a time builds: cargo would make the others wait anyhow, and then call them slow.
    turn: Option<File>,
}

impl Project {
    /// What the planner makes of a shared prompt.
    pub(crate) fn of_prompt(prompt: &str) -> Self {
        Self::changed(prompt, prompt, |_| {})
    }

    /// The same under another name, with its files changed before they are written.
    pub(crate) fn changed(prompt: &str, name: &str, change: impl FnOnce(&mut Files)) -> Self {
        let (spec, text) = planned(prompt);
        Self::generated(&spec, &text, name, change)
    }

    /// What becomes of a spec that was written by hand, `tests/system/specs/<name>.yaml`.
    pub(crate) fn of_spec(name: &str) -> Self {
        let path = root().join("tests/system/specs").join(name).with_extension("yaml");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::written(&text, name, |_| {})
    }

    /// What is generated from the text of a spec.
    pub(crate) fn written(text: &str, name: &str, change: impl FnOnce(&mut Files)) -> Self {
        Self::generated(&checked(name, text), text, name, change)
    }

    fn generated(spec: &ValidatedSpec, text: &str, name: &str, change: impl FnOnce(&mut Files)) -> Self {
        let mut files = generator::generate(spec, text)
            .unwrap_or_else(|error| panic!("{name} is not generated: {error}"));
        change(&mut files);

        let turn = turn(&base());
        let folder = apps().join(name);
        generator::write(&files, &folder, Edits::Overwrite)
            .unwrap_or_else(|error| panic!("{name} is not written: {error}"));
        let package = package(&files.files["Cargo.toml"]).to_owned();
        is_built_next(&package, &folder);
        Self { folder, package, turn: Some(turn) }
    }

    /// Runs cargo on the project, with what all projects share compiled once.
    pub(crate) fn cargo(&self, words: &[&str], variables: &[(&str, &str)]) -> Ended {
        let (words, rest) = match words.iter().position(|word| *word == "--") {
            Some(at) => words.split_at(at),
            None => (words, [].as_slice()),
        };
        let mut command = cargo();
        command.current_dir(&self.folder).args(words);
        if words.first() != Some(&"fmt") {
            share(&mut command);
            // clippy looks for its settings in the folders above, and those are not the project's.
            command.env("CLIPPY_CONF_DIR", &self.folder);
        }
        command.args(rest).env_remove("TEST_DATABASE_URL").envs(variables.iter().copied());
        ended(&mut command)
    }

    /// Builds the app, and gives its program to whoever wants to run it.
    pub(crate) fn build(&self) -> PathBuf {
        let built = self.cargo(&["build", "--quiet"], &[]);
        assert_eq!(built.code, Some(0), "{} does not build:\n{}", self.folder.display(), built.errors);
        let program = target().join("debug").join(&self.package);
        // A copy of its own, which no other build replaces while it runs.
        let own = self.folder.with_extension("program");
        let _ = fs::remove_file(&own);
        fs::copy(&program, &own).unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        own
    }

    /// Builds it for the last time, so that others may build while its program runs.
    pub(crate) fn built(&mut self) -> PathBuf {
        let program = self.build();
        self.turn = None;
        program
    }
}

/// What the planner makes of a shared prompt, and its text.
pub(crate) fn planned(prompt: &str) -> (ValidatedSpec, String) {
    let path = root().join("planner/fixtures").join(prompt).join("prompt.md");
    let words = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let plan = planner::plan(&words).unwrap_or_else(|error| panic!("{prompt} is not planned: {error}"));
    (checked(prompt, &plan.text), plan.text)
}

/// A spec that is valid and can be built.
fn checked(name: &str, text: &str) -> ValidatedSpec {
    let spec = spec::check(text, &Lock::default())
        .unwrap_or_else(|problems| panic!("{name} is not valid:\n{problems}\n\n{text}"));
    let not_yet = generator::unbuildable(&spec);
    assert!(not_yet.is_empty(), "{name} says what cannot be built yet: {not_yet:?}");
    spec
}

/// The package's name, out of a manifest.
pub(crate) fn package(manifest: &str) -> &str {
    let name = manifest.lines().find_map(|line| line.strip_prefix("name = "));
    name.expect("a package has a name").trim_matches('"')
}

/// The workspace's own target folder: what apps stand on was mostly compiled for these tests already.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target folder")
}

/// A cache for `healthcoder` itself that shares what these tests have compiled.
pub(crate) fn cache() -> PathBuf {
    let base = base();
    let place = base.join("target");
    if !place.exists() {
        // Of two tests at once, the faster one makes it.
        let _ = std::os::unix::fs::symlink(target(), &place);
    }
    base
}

/// A folder for what is compiled once and kept between runs of these tests.
pub(crate) fn kept(name: &str) -> PathBuf {
    let folder = base().join(name);
    fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

fn base() -> PathBuf {
    let base = target().join("generated");
    fs::create_dir_all(&base).expect("the target folder is writable");
    base
}

/// Where the projects lie: not in the target folder, in whose paths cargo would remember the files of the project that was
/// built last under a name, and look at those instead of another project's.
fn apps() -> PathBuf {
    root().join(".generated")
}

/// Two projects whose packages have one name are one package to cargo: where another was built last, this one is new.
fn is_built_next(package: &str, folder: &Path) {
    let last = kept("built-last").join(package);
    if fs::read_to_string(&last).is_ok_and(|last| Path::new(&last) == folder) {
        return;
    }
    let main = File::options().append(true).open(folder.join("src/main.rs")).expect("an app has a main file");
    main.set_modified(SystemTime::now()).expect("the file is ours");
    fs::write(last, folder.to_str().expect("the path is text")).expect("the target folder is writable");
}

fn turn(base: &Path) -> File {
    let lock = File::create(base.join("turn.lock")).expect("the target folder is writable");
    lock.lock().expect("files can be locked");
    lock
}

/// One target folder for all, and one copy of the library: cargo tells copies apart by where they lie.
fn share(command: &mut Command) {
    let folder = base().join("crates").join(vendored::digest());
    if !folder.is_dir() {
        unpack(&folder);
    }
    let paths: Vec<String> = vendored::CRATES
        .iter()
        .map(|name| format!("{:?}", folder.join(name).display().to_string()))
        .collect();
    command.env("CARGO_TARGET_DIR", target()).arg("--config").arg(format!("paths = [{}]", paths.join(", ")));
}

/// Unpacks beside the place and moves into it, so that a kill leaves no half copy.
fn unpack(folder: &Path) {
    let parent = folder.parent().expect("the folder has a parent");
    fs::create_dir_all(parent).expect("the target folder is writable");
    let staging = tempfile::tempdir_in(parent).expect("the target folder is writable");
    for (path, text) in vendored::files() {
        let target = staging.path().join(path.strip_prefix("crates/").unwrap_or(&path));
        fs::create_dir_all(target.parent().expect("a file lies in a folder")).expect("a folder can be made");
        fs::write(target, text).expect("a file can be written");
    }
    fs::rename(staging.keep(), folder).expect("whoever unpacks holds the turn");
}
