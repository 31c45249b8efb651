use std::net::SocketAddr;

use serde_json::json;
use spec::Lock;

use super::generate;
use super::plan::offline;
use crate::outcome::{Failure, Outcome, print};
use crate::progress::Progress;
use crate::project::{Cache, build, serve, subcommand};
use crate::summary::summary;

/// What the demo asks for.
const PROMPT: &str = include_str!("../../demo.md");

/// From a prompt to a served app with obviously fake patients, and a login for each role.
pub(crate) fn run(listen: SocketAddr, json: bool, progress: Progress) -> Result<Outcome, Failure> {
    let cache = Cache::open()?;
    let project = cache.demo().join(env!("CARGO_PKG_VERSION")).join(generator::vendored::digest());
    progress.say(&format!("The prompt:\n\n    {}\n", PROMPT.trim()));
    let plan = offline(PROMPT)?;
    let spec = spec::check(&plan.text, &Lock::default())
        .map_err(|problems| anyhow::anyhow!("the demo's plan is not valid:\n{problems}"))?;
    progress.say(&summary(&plan, &spec));
    if !project.join("app.lock").is_file() {
        generate::project(&spec, &plan.text, &project, progress)?;
    }
    if !cache.target().is_dir() {
        progress.say(
            "The first run compiles the database and the cryptography: about ten minutes on two cores. \
             Later runs start in seconds.",
        );
    }
    let binary = build(&project, &cache, progress)?;
    let logins = subcommand(&binary, &project, &["seed"])?;
    let served = serve(&binary, &project, listen, progress)?;
    if json {
        print(&json!({ "url": served.url, "logins": logins.lines().collect::<Vec<_>>() }).to_string());
    } else {
        print(&format!("{}\n\n{logins}", served.url));
    }
    progress.say("Press Ctrl-C to stop.");
    served.wait()?;
    Ok(Outcome { text: String::new(), json: json!({ "stopped": true }) })
}
