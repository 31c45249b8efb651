use std::io::IsTerminal;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde_json::json;

use super::plan::planned;
use super::platform::login::ask;
use super::source::{locked, prompt};
use super::{generate, lint, run as serve};
use crate::arguments::{Database, New};
use crate::outcome::{Failure, Outcome};
use crate::progress::Progress;
use crate::summary::summary;

/// Plans an app and generates its project; with `--run`, serves it too.
pub(crate) fn run(arguments: &New, json: bool, progress: Progress) -> Result<Outcome, Failure> {
    if arguments.run && arguments.database == Database::Postgres && std::env::var_os("DATABASE_URL").is_none()
    {
        return Err(Failure::input(
            "--database postgres --run wants DATABASE_URL, such as postgres://app@localhost/clinic",
        ));
    }
    let (plan, account) = planned(&prompt(&arguments.prompt)?, &arguments.models, progress)?;
    let dir = arguments.dir.clone().unwrap_or_else(|| folder(&plan.spec.app));
    let spec = spec::check(&plan.text, &locked(&dir)?)
        .map_err(|problems| anyhow::anyhow!("the planner made a spec that is not valid:\n{problems}"))?;
    progress.say(&summary(&plan, &spec));
    let stopping = plan.questions.iter().filter(|question| planner::stops(question)).count();
    if stopping > 0 {
        let wanted = "the prompt restricts something; somebody reads what is asked above, at a terminal";
        confirm(stopping, "Does the plan keep what the prompt restricts?", wanted)?;
    } else if !arguments.yes && !plan.questions.is_empty() {
        let wanted = "read the questions above; `--yes` takes their defaults";
        confirm(plan.questions.len(), "Go on with these defaults?", wanted)?;
    }
    let dir = generate::project(&spec, &plan.text, &dir, progress)?;
    if arguments.run {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        // The folder may have been there before, with code of its own.
        lint::passed(&dir)?;
        return serve::served(&dir, listen, json, progress);
    }
    if arguments.database == Database::Postgres {
        progress.say("The app uses PostgreSQL when DATABASE_URL names a server: .env.sample shows how.");
    }
    let text = format!("{}\nNext: healthcoder run --dir {}", dir.display(), dir.display());
    let mut json = json!({ "dir": dir, "spec": plan.spec.to_json() });
    if let Some(account) = account {
        json["planning"] = account;
    }
    Ok(Outcome { text, json })
}

/// Open questions have safe defaults; a person says yes to them, and a script says `--yes`. To a question whose safe
/// default is to stop, a person alone says yes.
fn confirm(count: usize, question: &str, wanted: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::input(format!("{count} open questions: {wanted}")));
    }
    let answer = ask(&format!("{question} [y/N] "), false)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::input(format!("stopped: {wanted}")))
    }
}

/// A folder named after the app: letters, digits and hyphens.
fn folder(app: &str) -> PathBuf {
    let words = app.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    PathBuf::from(if name.is_empty() { "app".into() } else { name })
}
