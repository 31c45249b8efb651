//! `cargo xtask mutants`: whether the verifier fails when a safeguard is missing.
//!
//! Each mutant is one change of a generated project or of the library in it, by exact text: a change that does not
//! apply any more is an error, so that the table follows the code. Those that change bodies of functions only are compiled
//! together ([`joint`]); each of the others is built by itself (at opt 0, in the workspace's own target folder), and put back,
//! while those before are verified. A mutant is killed when a check says *broken*; one that only stops the verifier
//! (*undecided*), or does not build, is told apart and counts for nothing.

mod bench;
mod choice;
mod joint;
mod later;
mod score;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

use anyhow::{bail, ensure};
use clap::Args;

use bench::{Bench, Built};
use score::{End, Score, told};
use table::Mutant;

/// How many verifications at once: each waits most of its time, for one code of an authenticator after the other.
const AT_ONCE: usize = 6;

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

impl Mutants {
    /// Tries mutants, and prints the score.
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let chosen = chosen(self)?;
        if self.list {
            for mutant in &chosen {
                eprintln!("{:<32} {:<52} {}", mutant.name, mutant.file, mutant.breaks);
            }
            return Ok(());
        }
        let bench = Bench::set_up(self)?;
        let (mut together, mut alone) = (Vec::new(), Vec::new());
        for mutant in &chosen {
            match bench.bodies(mutant)? {
                Some(bodies) => together.push((*mutant, bodies)),
                None => alone.push(*mutant),
            }
        }
        eprintln!("{} mutants in one program, {} by themselves", together.len(), alone.len());
        let joint = match bench.together(&together)? {
            Ok(program) => program,
            Err(why) => bail!("the mutants do not build together: {why}"),
        };
        // Under a name that is no mutant's, it is the honest one.
        let unchanged = bench.verified(&Ok(bench.named(&joint, "unchanged")?))?;
        ensure!(
            matches!(unchanged, End::Survived),
            "the unchanged project is not green: {}",
            told(&unchanged)
        );
        let score = Mutex::new(Score::default());
        let (built, waiting) = mpsc::sync_channel::<(&Mutant, Built)>(chosen.len());
        let waiting = Mutex::new(waiting);
        #[expect(clippy::disallowed_methods, reason = "how long this may take is real time")]
        let began = Instant::now();
        let over = || self.minutes.is_some_and(|minutes| began.elapsed().as_secs() > minutes * 60);
        std::thread::scope(|scope| {
            let verify = || -> anyhow::Result<()> {
                loop {
                    let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok((mutant, program)) = next else { return Ok(()) };
                    let end = if over() { None } else { Some(bench.verified(&program)?) };
                    let mut score = score.lock().unwrap_or_else(PoisonError::into_inner);
                    match end {
                        Some(end) => score.count(mutant, end),
                        None => score.pass_over(mutant),
                    }
                }
            };
            let verifying: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(verify)).collect();
            for (mutant, _) in &together {
                built.send((mutant, Ok(bench.named(&joint, mutant.name)?)))?;
            }
            for mutant in alone {
                let program = if over() { Err("no time".to_owned()) } else { bench.alone(mutant)? };
                built.send((mutant, program))?;
            }
            drop(built);
            for thread in verifying {
                thread.join().map_err(|_| anyhow::anyhow!("a verification panicked"))??;
            }
            anyhow::Ok(())
        })?;
        let score = score.into_inner().unwrap_or_else(PoisonError::into_inner);
        score.tell(chosen.len(), !self.until_broken)
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

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::process::root;

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
