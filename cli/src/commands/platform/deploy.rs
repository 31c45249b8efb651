//! From a prompt, a spec or a project's folder to a preview on the platform: the plan is shown, approved, built and opened.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use generator::custom::{CustomCode, FOLDER, told};
use serde_json::{Value, json};

use crate::arguments::Deploy;
use crate::commands::source::{self, prompt_of};
use crate::outcome::{Failure, Outcome};
use crate::platform::client::{Client, project, word};
use crate::progress::Progress;

/// Plans, asks, builds and says where it serves.
pub(crate) fn run(arguments: &Deploy, progress: Progress) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    let (project, version) = match (&arguments.spec, &arguments.dir) {
        (Some(path), _) => submitted(&mut client, arguments, &json!({ "spec": source::read(path)? }))?,
        (None, Some(dir)) => submitted(&mut client, arguments, &of_folder(dir, progress)?)?,
        (None, None) => planned(&mut client, arguments)?,
    };
    let at = format!("/api/projects/{project}/versions/{version}");
    let read = client.get(&at)?;
    progress.say(&summary(&read));
    if read["changes"]["wants_confirmation"] == true && arguments.confirm.is_none() {
        return Err(Failure::input(
            "this deletes or opens what is recorded in production: `--confirm` with the app's name says that you mean it",
        ));
    }
    if !arguments.yes {
        approve(word(&read, "digest")?)?;
    }
    let begun = client
        .post(&format!("{at}/approve"), &json!({ "digest": read["digest"], "confirm": arguments.confirm }))?;
    let build = word(&begun, "build")?.to_owned();
    let address = follow(&mut client, &format!("/api/projects/{project}/builds/{build}"), progress)?;
    let text = format!("{address}\nNext: healthcoder open {project}");
    Ok(Outcome {
        text,
        json: json!({ "project": project, "version": version, "build": build, "address": address }),
    })
}

fn planned(client: &mut Client, arguments: &Deploy) -> Result<(String, String), Failure> {
    let body = json!({ "prompt": prompt_of(arguments.prompt.as_deref(), arguments.prompt_file.as_deref())? });
    let path = match &arguments.project {
        None => "/api/projects".to_owned(),
        Some(name) => format!("/api/projects/{}/prompts", word(&project(client, name)?, "id")?),
    };
    let answer = client.post(&path, &body)?;
    if let Some(why) = answer["not_an_app"].as_str() {
        return Err(Failure::input(why));
    }
    let blocked: Vec<&str> =
        answer["blocked"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !blocked.is_empty() {
        let listed: Vec<String> = blocked.iter().map(|sentence| format!("  • {sentence}")).collect();
        return Err(Failure::input(format!(
            "Nothing was planned. These sentences restrict something, and were not understood:\n{}\n\
             Say them in other words (who may see or do what, and with which records), or take them out.",
            listed.join("\n")
        )));
    }
    Ok((word(&answer, "project")?.to_owned(), word(&answer, "version")?.to_owned()))
}

fn submitted(client: &mut Client, arguments: &Deploy, body: &Value) -> Result<(String, String), Failure> {
    let Some(name) = &arguments.project else {
        return Err(Failure::input("--spec and --dir want --project: a new project begins with a prompt"));
    };
    let project = word(&project(client, name)?, "id")?.to_owned();
    let answer = client.post(&format!("/api/projects/{project}/versions"), body)?;
    Ok((project, word(&answer, "version")?.to_owned()))
}

/// A project's spec with its custom code. What else was edited there is generated anew on the platform, which is said.
fn of_folder(dir: &Path, progress: Progress) -> Result<Value, Failure> {
    let spec = source::read(&dir.join("app.yaml"))?;
    let code = CustomCode::read(dir)
        .with_context(|| format!("{} cannot be read", dir.join(FOLDER).display()))?
        .map_err(|found| Failure::input(format!("nothing was sent:\n{}", told(&found))))?;
    let edited = generator::edited(dir)?;
    if !edited.is_empty() {
        progress.say(&format!(
            "These files were edited here, and are generated anew on the platform: {}. Move the edits to {FOLDER}.",
            edited.join(", ")
        ));
    }
    Ok(json!({ "spec": spec, "custom": code.files() }))
}

/// The plan in lines: who may do what, then where health information is.
fn summary(read: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| {
        value.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
    };
    let mut lines = vec![format!("{}\n\nWho may do what; the rest is denied", text(&read["plan"]["app"]))];
    for line in read["plan"]["access"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {}: {} {}, {}; fields: {}",
            text(&line["role"]),
            list(&line["actions"]),
            text(&line["entity"]),
            text(&line["records"]),
            text(&line["fields"])
        ));
    }
    lines.push("\nWhere health information is".to_owned());
    for field in read["plan"]["phi"].as_array().into_iter().flatten() {
        lines.push(format!(
            "  {}: {} ({}, {}), seen by {}",
            text(&field["entity"]),
            text(&field["field"]),
            text(&field["class"]),
            text(&field["kept"]),
            list(&field["viewed_by"])
        ));
    }
    let sentences = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|said| format!("  • {said}"))
            .collect()
    };
    let code = read["custom"].as_object().into_iter().flatten();
    let code: Vec<String> = code
        .map(|(path, text)| format!("  {path} ({} lines)", text.as_str().unwrap_or_default().lines().count()))
        .collect();
    if !code.is_empty() {
        lines.push(format!(
            "\nCustom code, which the lint has read and which the sandbox holds\n{}",
            code.join("\n")
        ));
    }
    let changes = &read["changes"];
    for (title, said) in [
        ("What it changes of what there is", &changes["changes"]),
        ("Shown to somebody who does not see it today", &changes["opens"]),
        ("Recorded, and deleted", &changes["deletes"]),
        ("Custom code that is new", &changes["custom"]["added"]),
        ("Custom code that is changed", &changes["custom"]["changed"]),
        ("Custom code that is removed", &changes["custom"]["removed"]),
    ] {
        let said = sentences(said);
        if !said.is_empty() {
            lines.push(format!("\n{title}\n{}", said.join("\n")));
        }
    }
    lines.join("\n")
}

fn approve(digest: &str) -> Result<(), Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::input("read the plan above; `--yes` approves it"));
    }
    eprint!("\nApprove this plan ({}) and build it? [y/N] ", digest.get(..8).unwrap_or(digest));
    std::io::stderr().flush().map_err(anyhow::Error::from)?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(anyhow::Error::from)?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::input("not approved; the plan waits in your dashboard"))
    }
}

/// Shows the build as it goes, and says where it serves.
fn follow(client: &mut Client, build: &str, progress: Progress) -> Result<String, Failure> {
    let mut address = None;
    let mut failure = None;
    let mut step = None;
    client.follow(&format!("{build}/events"), |kind, event| match kind {
        "phase" => progress.say(event["name"].as_str().unwrap_or_default()),
        "progress" => {
            let total = event["total"].as_u64().unwrap_or(1);
            let step = step.get_or_insert_with(|| progress.counted("compiling", total));
            step.advance(event["now"].as_str().unwrap_or_default());
        }
        "diagnostic" => progress.say(event["message"].as_str().unwrap_or_default()),
        "serving" => address = event["address"].as_str().map(str::to_owned),
        "failed" => failure = event["why"].as_str().map(str::to_owned),
        _ => {}
    })?;
    match (address, failure) {
        (Some(address), _) => {
            if let Some(step) = &step {
                step.done("it is up");
            }
            Ok(address)
        }
        (None, why) => {
            if let Some(step) = &step {
                step.failed();
            }
            let why = why.unwrap_or_else(|| "the build was called off".into());
            Err(Failure::Failed(anyhow::anyhow!("{why}")))
        }
    }
}
