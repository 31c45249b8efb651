//! A copy of an app that goes on: asked for, waited for, and brought home.

use std::time::Duration;

use serde_json::{Value, json};

use super::ends::{bring, proved};
use super::serve::runtime;
use crate::arguments::{Environment, TakenCopy};
use crate::outcome::{Failure, Outcome};
use crate::platform::client::{Client, project, word};
use crate::progress::Progress;

/// How long is waited before the platform is asked again.
const PAUSE: Duration = Duration::from_secs(2);

/// Has a copy made, unless one waits, and brings it home with its passphrase.
pub(crate) fn take(arguments: &TakenCopy, progress: Progress) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    let project = project(&mut client, &arguments.project.project)?;
    let copies = format!("/api/projects/{}/copies", word(&project, "id")?);
    let environment = match arguments.environment {
        Environment::Preview => "preview",
        Environment::Production => "production",
    };
    let asked = json!({ "environment": environment });
    let begun = proved(&mut client, |client| client.post(&copies, &asked))?;
    let at = format!("{copies}/{}", word(&begun, "copy")?);
    let step = progress.step("the app writes its archive");
    let copy = made(&mut client, &at)?;
    step.done("the archive waits for you for seven days");
    let mut brought = bring(&mut client, &at, &format!("{at}/file"), &copy, &arguments.home)?;
    brought.json["until"] = copy["until"].clone();
    Ok(brought)
}

/// The copy, once it is made.
fn made(client: &mut Client, at: &str) -> Result<Value, Failure> {
    let runtime = runtime()?;
    loop {
        let copy = client.get(at)?;
        match word(&copy, "state")? {
            "ready" => return Ok(copy),
            // A timer is made inside the runtime that it waits on.
            "making" => runtime.block_on(async { tokio::time::sleep(PAUSE).await }),
            _ => {
                let why = copy["failure"].as_str().unwrap_or("it was removed meanwhile; ask again");
                return Err(anyhow::anyhow!("there is no copy: {why}").into());
            }
        }
    }
}
