use std::ops::ControlFlow;
use std::path::Path;

use anyhow::Context;
use safeguards::store::{DatabaseAddress, Environment, provision};
use serde_json::json;
use verifier::{
    LiveOptions, Outcome as Ended, PostgresAddresses, Program, Report, Storage, Trial, Trouble, Verdict,
};

use crate::arguments::VerifyApp;
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;
use crate::project::{Cache, build};

/// Verifies a project in a throwaway instance, or an app in use.
pub(crate) fn run(wanted: &VerifyApp, progress: Progress) -> Result<Outcome, Failure> {
    if wanted.list {
        return Ok(listed());
    }
    let taken = |id: &str| wanted.only.is_empty() || wanted.only.iter().any(|start| id.starts_with(start));
    if !verifier::checks().iter().any(|check| taken(check.id)) {
        return Err(Failure::input("no check begins so: `healthcoder verify --list` names them all"));
    }
    let report = if wanted.target.contains("://") {
        let options = LiveOptions {
            url: wanted.target.clone(),
            token: wanted.token.clone(),
            project: wanted.project.clone(),
            authority: wanted.authority.clone(),
        };
        checked(&Trial::of_address(&options).map_err(failure)?, wanted, &taken, progress)
    } else {
        of_project(wanted, &taken, progress)?
    };
    written(&report, wanted)?;
    let (text, json) = (report.text(), report.json());
    if report.is_green() {
        return Ok(Outcome { text, json });
    }
    Err(Failure::Refuted { report: text, json })
}

fn listed() -> Outcome {
    let checks = verifier::checks();
    let line = |check: &verifier::Check| {
        format!("{:<34} {:<28} {}", check.id, check.promises.join(" "), check.title)
    };
    let text = checks.iter().map(line).collect::<Vec<_>>().join("\n");
    let json = json!({ "checks": checks.iter().map(verifier::described).collect::<Vec<_>>() });
    Outcome { text: format!("{text}\n\n{} checks", checks.len()), json }
}

fn of_project(
    wanted: &VerifyApp,
    taken: &dyn Fn(&str) -> bool,
    progress: Progress,
) -> Result<Report, Failure> {
    let folder = Path::new(&wanted.target);
    if !folder.join("app.yaml").is_file() {
        return Err(Failure::input(format!(
            "{} holds no generated project: `healthcoder new` makes one",
            folder.display()
        )));
    }
    let project = folder.canonicalize()?;
    let binary = match &wanted.program {
        Some(program) => program.canonicalize()?,
        None => build(&project, &Cache::open()?, progress)?,
    };
    let program = Program { binary, project };
    let Some(administrator) = &wanted.database_url else {
        return in_instance(&program, Storage::Sqlite, wanted, taken, progress);
    };
    let database = Database::made(administrator)?;
    let storage = Storage::Postgres(database.addresses.clone());
    let report = in_instance(&program, storage, wanted, taken, progress);
    database.removed()?;
    report
}

fn in_instance(
    program: &Program,
    storage: Storage,
    wanted: &VerifyApp,
    taken: &dyn Fn(&str) -> bool,
    progress: Progress,
) -> Result<Report, Failure> {
    let step = progress.step("starting an instance");
    match Trial::of_project(program, storage) {
        Ok(trial) => {
            step.done("an instance serves, with made-up people");
            Ok(checked(&trial, wanted, taken, progress))
        }
        Err(error) => {
            step.failed();
            Err(failure(error))
        }
    }
}

fn checked(trial: &Trial, wanted: &VerifyApp, taken: &dyn Fn(&str) -> bool, progress: Progress) -> Report {
    let count = verifier::checks().iter().filter(|check| taken(check.id)).count();
    let step = progress.counted("verifying", count as u64);
    let mut told = |verdict: &Verdict| {
        step.advance(verdict.check.id);
        if let Ended::Broken { saw, .. } = &verdict.outcome {
            progress.say(&format!("✗ {}: {saw}", verdict.check.id));
            if wanted.until_broken {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    };
    let report = verifier::run(trial, taken, &mut told);
    step.done(&format!("{count} checks"));
    report
}

fn written(report: &Report, wanted: &VerifyApp) -> Result<(), Failure> {
    let files = [(&wanted.junit, Report::junit as fn(&Report) -> String), (&wanted.html, Report::page)];
    for (path, write) in files {
        if let Some(path) = path {
            std::fs::write(path, write(report))
                .with_context(|| format!("{} cannot be written", path.display()))?;
        }
    }
    Ok(())
}

/// What stands before any check: a project or a token that is wrong is the input's fault.
fn failure(error: Trouble) -> Failure {
    match error {
        Trouble::Project(report) => Failure::input(report),
        other => other.into(),
    }
}

/// A database that is there for one verification.
struct Database {
    administrator: String,
    name: String,
    addresses: PostgresAddresses,
}

impl Database {
    fn made(administrator: &str) -> Result<Self, Failure> {
        let name = format!("verify_{}", std::process::id());
        let environment = Environment::new(name.clone()).context("the name is lawful")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let address = DatabaseAddress::new(administrator.to_owned());
        let made = runtime
            .block_on(provision(&address, &environment))
            .context("no database can be made: --database-url wants an administrator's address")?;
        let superuser = Some(verifier::in_database(administrator, &name));
        let addresses = PostgresAddresses {
            app: made.app.reveal().to_owned(),
            owner: made.owner.reveal().to_owned(),
            superuser,
        };
        Ok(Self { administrator: administrator.to_owned(), name, addresses })
    }

    fn removed(self) -> Result<(), Failure> {
        verifier::removed(&self.administrator, &self.name)?;
        Ok(())
    }
}
