use std::net::SocketAddr;
use std::path::Path;

use serde_json::json;

use super::lint;
use crate::arguments::Run;
use crate::outcome::{Failure, Outcome, print};
use crate::progress::Progress;
use crate::project::{Cache, build, serve};

/// Reads the project's own code, unless told not to, and serves it.
pub(crate) fn run(wanted: &Run, json: bool, progress: Progress) -> Result<Outcome, Failure> {
    if !wanted.no_lint {
        lint::passed(&wanted.dir)?;
    }
    served(&wanted.dir, wanted.serving.listen, json, progress)
}

/// Builds the project, serves it, prints its URL once it is healthy, and stays until it ends.
pub(crate) fn served(
    dir: &Path,
    listen: SocketAddr,
    json: bool,
    progress: Progress,
) -> Result<Outcome, Failure> {
    if !dir.join("app.yaml").is_file() {
        return Err(Failure::input(format!(
            "{} holds no generated project: `healthcoder new` makes one, `--dir` names one",
            dir.display()
        )));
    }
    let dir = dir.canonicalize()?;
    let binary = build(&dir, &Cache::open()?, progress)?;
    let served = serve(&binary, &dir, listen, progress)?;
    print(&if json { json!({ "url": served.url }).to_string() } else { served.url.clone() });
    progress.say("Press Ctrl-C to stop.");
    served.wait()?;
    Ok(Outcome { text: String::new(), json: json!({ "stopped": true }) })
}
