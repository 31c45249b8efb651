//! A generated project that is changed and built, and what verifies it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::Mutants;
use super::joint::{self, Bodies};
use super::score::{End, ended};
use super::table::Mutant;
use crate::process::{cargo, root, shown};
use crate::test::FEATURES;

/// A program, or why there is none.
pub(super) type Built = Result<PathBuf, String>;

/// A generated project, and what verifies it.
pub(super) struct Bench<'a> {
    /// It is changed, and built.
    project: PathBuf,
    /// The same as it is generated: what the verifier reads.
    told: PathBuf,
    /// Where programs lie that are verified.
    programs: PathBuf,
    package: String,
    healthcoder: PathBuf,
    wanted: &'a Mutants,
}

impl<'a> Bench<'a> {
    pub(super) fn set_up(wanted: &'a Mutants) -> anyhow::Result<Self> {
        let text = fs::read_to_string(root().join("generator/goldens/home-bp/app.yaml"))?;
        let spec = spec::check(&text, &spec::Lock::default())
            .map_err(|problems| anyhow::anyhow!("the golden's spec is not valid:\n{problems}"))?;
        let files = generator::generate(&spec, &text)?;
        let folder = root().join("target/mutants");
        let (project, told) = (folder.join("home-bp"), folder.join("home-bp-unchanged"));
        let programs = folder.join("programs");
        for former in [&project, &programs] {
            // What an interrupted run left changed.
            if former.exists() {
                fs::remove_dir_all(former)?;
            }
        }
        fs::create_dir_all(&programs)?;
        for folder in [&project, &told] {
            generator::write(&files, folder, generator::Edits::Overwrite)?;
        }
        let manifest = fs::read_to_string(project.join("Cargo.toml"))?;
        let package = manifest.lines().find_map(|line| line.strip_prefix("name = "));
        let package = package.context("the project has a name")?.trim_matches('"').to_owned();
        let mut build = cargo();
        build.args(["build", "--quiet", "--workspace", "--bins", "--tests"]).args(FEATURES);
        crate::process::run(&mut build)?;
        // A copy, which no other build replaces while it runs.
        let healthcoder = programs.join("healthcoder");
        fs::copy(root().join("target/debug/healthcoder"), &healthcoder)?;
        Ok(Self { project, told, programs, package, healthcoder, wanted })
    }

    fn text(&self, mutant: &Mutant) -> anyhow::Result<(PathBuf, String)> {
        let path = self.project.join(mutant.file);
        let text = fs::read_to_string(&path).with_context(|| format!("{}: {}", mutant.name, mutant.file))?;
        Ok((path, text))
    }

    /// What a mutant changes in the bodies of functions, if it changes nothing else.
    pub(super) fn bodies(&self, mutant: &Mutant) -> anyhow::Result<Option<Bodies>> {
        if !mutant.file.ends_with(".rs") {
            return Ok(None);
        }
        let (_, text) = self.text(mutant)?;
        joint::changed_bodies(&text, &mutant.applied(&text)?).with_context(|| mutant.name)
    }

    /// One program that is every one of these, by the name of its file, or the honest one; why there is none, where it does not
    /// build.
    pub(super) fn together(&self, mutants: &[(&'static Mutant, Bodies)]) -> anyhow::Result<Built> {
        let mut files: BTreeMap<&str, Vec<(&str, &Bodies)>> = BTreeMap::new();
        for (mutant, bodies) in mutants {
            files.entry(mutant.file).or_default().push((mutant.name, bodies));
        }
        let mut written = BTreeMap::new();
        for (file, changed) in files {
            let path = self.project.join(file);
            let text = fs::read_to_string(&path)?;
            written.insert(path, (text.clone(), joint::beside(&text, changed)?));
            let crate_root = joint::root_of(&self.project, file)?;
            let text = fs::read_to_string(&crate_root)?;
            let entry = written.entry(crate_root).or_insert_with(|| (text.clone(), text));
            if !entry.1.ends_with(joint::IS_MUTANT) {
                entry.1.push_str(joint::IS_MUTANT);
            }
        }
        for (path, (_, changed)) in &written {
            fs::write(path, changed)?;
        }
        let built = self.build();
        for (path, (text, _)) in &written {
            fs::write(path, text)?;
        }
        built
    }

    /// The program once more, under a name: a mutant's, or nobody's.
    pub(super) fn named(&self, program: &Path, name: &str) -> anyhow::Result<PathBuf> {
        let own = self.programs.join(name);
        fs::hard_link(program, &own)?;
        Ok(own)
    }

    /// The program of one mutant; why there is none, where it does not build.
    pub(super) fn alone(&self, mutant: &Mutant) -> anyhow::Result<Built> {
        let (path, text) = self.text(mutant)?;
        fs::write(&path, mutant.applied(&text)?)?;
        let built = self.build();
        fs::write(&path, text)?;
        built
    }

    /// Builds the project as it stands; why not, where it does not build.
    pub(super) fn build(&self) -> anyhow::Result<Built> {
        let target = root().join("target");
        let mut build = cargo();
        build.current_dir(&self.project).env("CARGO_TARGET_DIR", &target).args([
            "build",
            "--quiet",
            "--config",
            "profile.dev.package.safeguards.opt-level=0",
            "--config",
            "profile.dev.package.exporter.opt-level=0",
        ]);
        let output = build.output().with_context(|| shown(&build))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let mut lines = said.lines().skip_while(|line| !line.starts_with("error"));
            let error: Vec<&str> = lines.by_ref().take(2).map(str::trim).collect();
            let error = if error.is_empty() { "it does not build".to_owned() } else { error.join(" ") };
            return Ok(Err(error));
        }
        // A copy, which the next build does not replace while it runs.
        static BUILDS: AtomicU32 = AtomicU32::new(0);
        let own = self.programs.join(format!("program-{}", BUILDS.fetch_add(1, Ordering::Relaxed)));
        fs::copy(target.join("debug").join(&self.package), &own)?;
        Ok(Ok(own))
    }

    /// Verifies a program, which may not be there; one that was tried is removed, since each is some hundred megabytes.
    pub(super) fn verified(&self, program: &Built) -> anyhow::Result<End> {
        let program = match program {
            Ok(program) => program,
            Err(why) => return Ok(End::Unclear(why.clone())),
        };
        let mut verify = std::process::Command::new(&self.healthcoder);
        verify.arg("--json").arg("verify").arg(&self.told).arg("--program").arg(program);
        if self.wanted.until_broken {
            verify.arg("--until-broken");
        }
        for check in &self.wanted.only {
            verify.arg("--only").arg(check);
        }
        if let Some(address) = &self.wanted.database_url {
            verify.arg("--database-url").arg(address);
        }
        let output = verify.output().with_context(|| shown(&verify))?;
        fs::remove_file(program)?;
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        Ok(ended(&report, &String::from_utf8_lossy(&output.stderr)))
    }
}

impl Mutant {
    /// The file's text as the mutant has it.
    pub(super) fn applied(&self, text: &str) -> anyhow::Result<String> {
        let mut changed = text.to_owned();
        for (from, to) in self.changes {
            ensure!(changed.contains(from), "`{}` does not apply any more to {}", self.name, self.file);
            changed = changed.replacen(from, to, 1);
        }
        Ok(changed)
    }
}
