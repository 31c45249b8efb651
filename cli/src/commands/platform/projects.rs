use serde_json::{Value, json};

use crate::arguments::OfProject;
use crate::outcome::{Failure, Outcome};
use crate::platform::client::{Client, project, word};

/// Lists the account's projects.
pub(crate) fn list() -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    let projects = client.get("/api/projects")?;
    let lines: Vec<String> = projects
        .as_array()
        .into_iter()
        .flatten()
        .map(|project| Ok(format!("{}  {}", word(project, "label")?, word(project, "name")?)))
        .collect::<anyhow::Result<_>>()?;
    let text = if lines.is_empty() {
        "no projects yet\nNext: healthcoder deploy \"what your app is for\"".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(Outcome { text, json: projects })
}

/// A one-time link into the preview.
pub(crate) fn open(arguments: &OfProject) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    let project = project(&mut client, &arguments.project)?;
    let path = format!("/api/projects/{}/preview/link", word(&project, "id")?);
    let answer = client.post(&path, &json!({}))?;
    let link = word(&answer, "link")?;
    Ok(Outcome {
        text: format!("{link}\nThe link works once, and makes you an owner of the preview."),
        json: answer.clone(),
    })
}

/// The last lines that the app wrote for its operator.
pub(crate) fn logs(arguments: &OfProject, production: bool) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    let project = project(&mut client, &arguments.project)?;
    let kind = if production { "production" } else { "preview" };
    let answer = client.get(&format!("/api/projects/{}/logs/{kind}", word(&project, "id")?))?;
    let lines: Vec<&str> =
        answer["lines"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    Ok(Outcome { text: lines.join("\n"), json: answer.clone() })
}
