//! `cargo xtask mutants`: whether the verifier fails when a safeguard is missing.
//!
//! Each mutant is one change of a generated project or of the library in it, by exact text: a change that does not
//! apply any more is an error, so that the table follows the code. The project is built with it (at opt 0, in the
//! workspace's own target folder), verified, and put back. A mutant is killed when a check says *broken*; one that only
//! stops the verifier (*undecided*), or does not build, is told apart and counts for nothing. While one is verified, the
//! next is built.

mod choice;
mod later;
mod table;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::ScopedJoinHandle;
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::process::{cargo, root, shown};
use crate::test::FEATURES;
use table::Mutant;

/// Every mutant.
fn all() -> impl Iterator<Item = &'static Mutant> {
    table::MUTANTS.iter().chain(later::MUTANTS)
}

/// Which mutants to try.
#[derive(Args)]
pub(crate) struct Mutants {
    /// Mutants by name; all of them by default.
    names: Vec<String>,
    /// Of these, so many at random: others after each commit, the same until the next.
    #[arg(long, value_name = "COUNT")]
    random: Option<usize>,
    /// And those whose file has changed since a revision, at most as many again.
    #[arg(long, value_name = "REVISION")]
    touched: Option<String>,
    /// Begin no other mutant after so many minutes; those that were not tried are named.
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u64>,
    /// End each verification at the first check that is broken: faster, and says less.
    #[arg(long)]
    until_broken: bool,
    /// Only list them.
    #[arg(long)]
    list: bool,
    /// Run only the checks whose name begins so, to look at one faster.
    #[arg(long, value_name = "CHECK")]
    only: Vec<String>,
    /// Try them on PostgreSQL: an administrator's address. Without it, those that only its rows tell are left out.
    #[arg(long, value_name = "URL", env = "HEALTHCODER_VERIFY_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
}

/// How a mutant ended.
enum End {
    /// Broken checks, from outside and by looking at files.
    Killed {
        outside: Vec<String>,
        files: Vec<String>,
    },
    Survived,
    /// The verifier could not go on, or the mutant does not build.
    Unclear(String),
}

impl Mutants {
    /// Tries mutants one after the other, and prints the score.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let chosen = chosen(self)?;
        if self.list {
            for mutant in &chosen {
                eprintln!("{:<32} {:<52} {}", mutant.name, mutant.file, mutant.breaks);
            }
            return Ok(());
        }
        let bench = Bench::set_up(self)?;
        let unchanged = bench.verified(&bench.built()?)?;
        ensure!(
            matches!(unchanged, End::Survived),
            "the unchanged project is not green: {}",
            told(&unchanged)
        );
        let mut score = Score::default();
        #[expect(clippy::disallowed_methods, reason = "how long this may take is real time")]
        let began = Instant::now();
        std::thread::scope(|scope| {
            let mut verifying: Option<(&Mutant, ScopedJoinHandle<'_, anyhow::Result<End>>)> = None;
            for mutant in &chosen {
                if self.minutes.is_some_and(|minutes| began.elapsed().as_secs() > minutes * 60) {
                    score.untried.push(mutant.name);
                    continue;
                }
                let program = bench.changed(mutant)?;
                if let Some((former, verifying)) = verifying.take() {
                    score.count(former, ended_thread(verifying)?);
                }
                let bench = &bench;
                verifying = Some((mutant, scope.spawn(move || bench.verified(&program))));
            }
            if let Some((last, verifying)) = verifying {
                score.count(last, ended_thread(verifying)?);
            }
            anyhow::Ok(())
        })?;
        score.tell(chosen.len())
    }
}

fn ended_thread(verifying: ScopedJoinHandle<'_, anyhow::Result<End>>) -> anyhow::Result<End> {
    verifying.join().map_err(|_| anyhow::anyhow!("the verification panicked"))?
}

/// How many were noticed, and by what.
#[derive(Default)]
struct Score {
    outside: usize,
    files: usize,
    left: Vec<&'static str>,
    untried: Vec<&'static str>,
    /// Killed by one check alone: whatever is like them and a little different may live.
    narrowly: Vec<String>,
}

impl Score {
    fn count(&mut self, mutant: &Mutant, end: End) {
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

    fn tell(&self, chosen: usize) -> anyhow::Result<()> {
        let Self { outside, files, left, untried, narrowly } = self;
        let (killed, tried) = (outside + files, chosen - untried.len());
        eprintln!("{killed} of {tried} mutants killed: {outside} from outside, {files} by looking at files");
        if !narrowly.is_empty() {
            eprintln!("by one check alone: {}", narrowly.join(", "));
        }
        if !untried.is_empty() {
            eprintln!("not tried, for want of time: {}", untried.join(", "));
        }
        ensure!(left.is_empty(), "not killed: {}", left.join(", "));
        Ok(())
    }
}

fn chosen(wanted: &Mutants) -> anyhow::Result<Vec<&'static Mutant>> {
    let unknown = wanted.names.iter().find(|name| !all().any(|mutant| mutant.name == **name));
    if let Some(name) = unknown {
        bail!("there is no mutant `{name}`: `cargo xtask mutants --list` names them");
    }
    let fits = |mutant: &&Mutant| {
        let named = wanted.names.is_empty() || wanted.names.iter().any(|name| name == mutant.name);
        named && (wanted.list || wanted.database_url.is_some() || !mutant.postgres)
    };
    let fitting: Vec<&'static Mutant> = all().filter(fits).collect();
    if wanted.random.is_none() && wanted.touched.is_none() {
        return Ok(fitting);
    }
    let mut names: BTreeSet<&str> = BTreeSet::new();
    if let Some(count) = wanted.random {
        names.extend(choice::at_random(&fitting, count, &choice::revision("HEAD")?));
    }
    if let Some(since) = &wanted.touched {
        let most = wanted.random.unwrap_or(usize::MAX);
        let touched = fitting.iter().filter(|mutant| !names.contains(mutant.name)).copied();
        let changed = choice::changed_since(since)?;
        let touched: Vec<&Mutant> = touched.filter(|mutant| changed.contains(&source(mutant.file))).collect();
        names.extend(choice::at_random(&touched, most, &choice::revision("HEAD")?));
    }
    Ok(fitting.into_iter().filter(|mutant| names.contains(mutant.name)).collect())
}

/// Where a file of the project comes from, from the workspace's root: the golden, or the library.
fn source(file: &str) -> PathBuf {
    match file.strip_prefix("crates/") {
        Some(of_library) => PathBuf::from(of_library),
        None => Path::new("generator/goldens/home-bp").join(file),
    }
}

fn told(end: &End) -> String {
    match end {
        End::Killed { outside, files } => {
            let first: Vec<&str> = outside.iter().chain(files).take(4).map(String::as_str).collect();
            format!("killed by {} checks: {}", outside.len() + files.len(), first.join(", "))
        }
        End::Survived => "SURVIVED".to_owned(),
        End::Unclear(why) => format!("UNCLEAR: {why}"),
    }
}

/// A program, or why there is none.
type Built = Result<PathBuf, String>;

/// A generated project, and what verifies it.
struct Bench<'a> {
    /// It is changed, and built.
    project: PathBuf,
    /// The same as it is generated: what the verifier reads.
    told: PathBuf,
    package: String,
    healthcoder: PathBuf,
    wanted: &'a Mutants,
}

impl<'a> Bench<'a> {
    fn set_up(wanted: &'a Mutants) -> anyhow::Result<Self> {
        let text = fs::read_to_string(root().join("generator/goldens/home-bp/app.yaml"))?;
        let spec = spec::check(&text, &spec::Lock::default())
            .map_err(|problems| anyhow::anyhow!("the golden's spec is not valid:\n{problems}"))?;
        let files = generator::generate(&spec, &text)?;
        let project = root().join("target/mutants/home-bp");
        if project.exists() {
            // What an interrupted run left changed.
            fs::remove_dir_all(&project)?;
        }
        let told = root().join("target/mutants/home-bp-unchanged");
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
        let healthcoder = project.with_extension("healthcoder");
        let _former = fs::remove_file(&healthcoder);
        fs::copy(root().join("target/debug/healthcoder"), &healthcoder)?;
        Ok(Self { project, told, package, healthcoder, wanted })
    }

    /// The program of a mutant; why there is none, where it does not build.
    fn changed(&self, mutant: &Mutant) -> anyhow::Result<Built> {
        let path = self.project.join(mutant.file);
        let text = fs::read_to_string(&path).with_context(|| format!("{}: {}", mutant.name, mutant.file))?;
        let mut changed = text.clone();
        for (from, to) in mutant.changes {
            ensure!(changed.contains(from), "`{}` does not apply any more to {}", mutant.name, mutant.file);
            changed = changed.replacen(from, to, 1);
        }
        fs::write(&path, changed)?;
        let built = self.built();
        fs::write(&path, text)?;
        built
    }

    /// Builds the project as it stands; why not, where it does not build.
    fn built(&self) -> anyhow::Result<Built> {
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
            let error = said.lines().find(|line| line.starts_with("error")).unwrap_or("it does not build");
            return Ok(Err(error.to_owned()));
        }
        // A copy, which the next build does not replace while it runs.
        static BUILDS: AtomicU32 = AtomicU32::new(0);
        let number = BUILDS.fetch_add(1, Ordering::Relaxed);
        let own = self.project.with_extension(format!("program-{}", number % 2));
        let _former = fs::remove_file(&own);
        fs::copy(target.join("debug").join(&self.package), &own)?;
        Ok(Ok(own))
    }

    fn verified(&self, program: &Built) -> anyhow::Result<End> {
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
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        Ok(ended(&report, &String::from_utf8_lossy(&output.stderr)))
    }
}

/// Which groups look at nothing but what the app answers.
const OUTSIDE: [&str; 7] = ["edge", "pages", "identity", "tokens", "access", "integrity", "documents"];

fn ended(report: &Value, errors: &str) -> End {
    let Some(checks) = report["checks"].as_array() else {
        let last = errors.lines().last().unwrap_or("it said nothing");
        return End::Unclear(format!("it was not verified: {last}"));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Each mutant still applies to what is generated and vendored, so that the table follows the code.
    #[test]
    fn each_mutant_applies() {
        let names: BTreeSet<&str> = all().map(|mutant| mutant.name).collect();
        assert_eq!(names.len(), all().count(), "two mutants have one name");
        assert!(names.len() >= 40);
        let mut stale = Vec::new();
        for mutant in all() {
            let path = root().join(source(mutant.file));
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for (from, to) in mutant.changes {
                if !text.contains(from) {
                    stale.push(format!("{} does not apply to {}", mutant.name, mutant.file));
                }
                assert_ne!(from, to, "{} changes nothing", mutant.name);
            }
        }
        assert!(stale.is_empty(), "{}", stale.join("\n"));
    }
}
