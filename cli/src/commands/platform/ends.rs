//! The end of a project on the platform: begun, called off, and what is taken home of it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use exporter::{Archive, Passphrase};
use serde_json::{Value, json};

use super::login::ask;
use crate::arguments::{Fetch, Home, OfProject};
use crate::outcome::{Failure, Outcome};
use crate::platform::client::{Client, project, word};

/// Ends a project, or calls its end off.
pub(crate) fn cancel(
    arguments: &OfProject,
    confirm: Option<&str>,
    call_off: bool,
) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    let project = project(&mut client, &arguments.project)?;
    let (id, name) = (word(&project, "id")?, word(&project, "name")?);
    if call_off {
        let departure = under_way(&mut client, id)?;
        client.post(&format!("/api/departures/{}/return", word(&departure, "id")?), &json!({}))?;
        return Ok(Outcome {
            text: format!("called off: {name} is as it was"),
            json: json!({ "returned": true }),
        });
    }
    let typed = match confirm {
        Some(typed) => typed.to_owned(),
        None => {
            eprintln!(
                "This ends {name}: from now on nothing can be changed, for 30 days everything can be taken home, and \
                 then it is destroyed."
            );
            ask("Type its name to end it: ", false)?
        }
    };
    let ended = client.post(&format!("/api/projects/{id}/end"), &json!({ "name": typed }))?;
    let until = word(&ended, "window_ends_at")?;
    Ok(Outcome {
        text: format!(
            "{name} ends: everything can be taken home until {until}\n\
             Next: healthcoder export fetch {} --to archive.zip --passphrase-to archive.passphrase",
            word(&project, "label")?
        ),
        json: ended,
    })
}

/// The project's end that is under way.
fn under_way(client: &mut Client, project: &str) -> Result<Value, Failure> {
    let all = client.get("/api/departures")?;
    let found = all.as_array().into_iter().flatten().find(|departure| {
        departure["project"] == project
            && matches!(departure["state"].as_str(), Some("window" | "destroying"))
    });
    found
        .cloned()
        .ok_or_else(|| Failure::input("this project does not end: `healthcoder cancel` would end it"))
}

/// Brings the archive home with its passphrase, and verifies it before anything is confirmed.
pub(crate) fn fetch(fetch: &Fetch) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    let project = project(&mut client, &fetch.project.project)?;
    let departure = under_way(&mut client, word(&project, "id")?)?;
    let archive = departure["archives"].get(0).ok_or_else(|| {
        Failure::input(
            "its archive is not made yet, or nothing ever served in production: try again in a minute",
        )
    })?;
    let at =
        format!("/api/departures/{}/archives/{}", word(&departure, "id")?, word(archive, "environment")?);
    let mut brought = bring(&mut client, &at, &at, archive, &fetch.home)?;
    if fetch.confirm {
        client.post(&format!("{at}/receipt"), &json!({ "sha256": archive["sha256"] }))?;
    }
    brought.json["confirmed"] = json!(fetch.confirm);
    Ok(brought)
}

/// Downloads an archive and what opens it, which lie at these places of the platform, and verifies it.
pub(super) fn bring(
    client: &mut Client,
    at: &str,
    file_at: &str,
    archive: &Value,
    home: &Home,
) -> Result<Outcome, Failure> {
    let opened = proved(client, |client| client.post(&format!("{at}/passphrase"), &json!({})))?;
    let passphrase = word(&opened, "passphrase")?;
    let mut file = private(&home.to)?;
    proved(client, |client| client.download(file_at, &mut file))?;
    file.sync_all().map_err(anyhow::Error::from)?;
    let mut secret = private(&home.passphrase_to)?;
    writeln!(secret, "{passphrase}").and_then(|()| secret.sync_all()).map_err(anyhow::Error::from)?;

    let key = word(archive, "signed_by")?;
    let file = fs::File::open(&home.to).map_err(anyhow::Error::from)?;
    let verified = Archive::open(file, Some(Passphrase::new(passphrase.to_owned())))
        .and_then(|mut archive| archive.verify(Some(key)))
        .map_err(|error| anyhow::anyhow!("{} is not as it was written: {error}", home.to.display()))?;
    Ok(Outcome {
        text: format!(
            "{} holds {} records in {} tables, and is as it was written (key {key})\n\
             Next: healthcoder export restore {} --passphrase-file {} --dir NEW-FOLDER",
            home.to.display(),
            verified.rows,
            verified.tables,
            home.to.display(),
            home.passphrase_to.display()
        ),
        json: json!({
            "archive": home.to, "sha256": archive["sha256"], "signed_by": key,
            "rows": verified.rows, "tables": verified.tables,
        }),
    })
}

/// Asks; where the platform wants to know anew who it is, asks the person, and then once more.
pub(super) fn proved<T>(
    client: &mut Client,
    mut call: impl FnMut(&mut Client) -> Result<T, Failure>,
) -> Result<T, Failure> {
    match call(client) {
        Err(Failure::Input { json, .. }) if json["problem"]["code"] == "prove-again" => {
            let password = ask("Password: ", true)?;
            let code = ask("Security code: ", false)?;
            client.post("/identity/session/proof", &json!({ "password": password, "code": code }))?;
            call(client)
        }
        done => done,
    }
}

/// A new file for its owner alone.
fn private(path: &Path) -> Result<fs::File, Failure> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.with_context(|| format!("{} cannot be made", path.display())).map_err(Failure::from)
}
