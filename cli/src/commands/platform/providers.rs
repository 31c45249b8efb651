//! How a project's app calls whom it may reach: its AI providers and its identity provider. A key comes from a file or from
//! standard input, goes to the platform, and comes back from nowhere.

use std::path::Path;

use control_plane::Secret;
use serde_json::{Value, json};

use super::ends::proved;
use super::login::ask;
use crate::arguments::{Environment, NewProvider, OfEnvironment, Providers};
use crate::commands::source;
use crate::outcome::{Failure, Outcome};
use crate::platform::client::{Client, project, word};

/// Lists, sets or withdraws.
pub(crate) fn run(command: &Providers) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    match command {
        Providers::List { of } => list(&mut client, of),
        Providers::Set { of, key_file, authority, provider } => {
            set(&mut client, of, key_file.as_deref(), authority.as_deref(), provider)
        }
        Providers::Withdraw { of, who } => withdraw(&mut client, of, who),
    }
}

fn place(client: &mut Client, of: &OfEnvironment) -> Result<String, Failure> {
    Ok(format!("{}/providers", environment(client, of)?))
}

/// Where the platform has an environment of a project.
pub(super) fn environment(client: &mut Client, of: &OfEnvironment) -> Result<String, Failure> {
    let project = project(client, &of.project.project)?;
    let kind = match of.environment {
        Environment::Preview => "preview",
        Environment::Production => "production",
    };
    Ok(format!("/api/projects/{}/environments/{kind}", word(&project, "id")?))
}

fn list(client: &mut Client, of: &OfEnvironment) -> Result<Outcome, Failure> {
    let at = place(client, of)?;
    let set = client.get(&at)?;
    let lines: Vec<String> = set
        .as_array()
        .into_iter()
        .flatten()
        .map(|provider| {
            let settings = &provider["settings"];
            let how = match word(settings, "kind")? {
                "sign-in" => format!("OpenID Connect, as {}", word(settings, "client_id")?),
                _ => format!("{}, {}", word(settings, "wire")?, word(settings, "model")?),
            };
            let key = if provider["has_key"] == true { "with a key" } else { "without a key" };
            Ok(format!("{}  {}  {how}, {key}", word(provider, "processor")?, word(provider, "to")?))
        })
        .collect::<anyhow::Result<_>>()?;
    let text = if lines.is_empty() {
        "nobody is set: AI actions are answered by the app itself, and people sign in by password".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(Outcome { text, json: set })
}

fn set(
    client: &mut Client,
    of: &OfEnvironment,
    key_file: Option<&Path>,
    authority: Option<&Path>,
    provider: &NewProvider,
) -> Result<Outcome, Failure> {
    let mut new = match provider {
        NewProvider::Model { processor, wire, address, model, input_price, output_price } => json!({
            "kind": "model", "processor": processor, "wire": wire, "address": address, "model": model,
            "input_price": input_price, "output_price": output_price,
        }),
        NewProvider::SignIn { issuer, client_id, roles, roles_claim, name } => json!({
            "kind": "sign-in", "issuer": issuer, "client_id": client_id, "roles": roles, "roles_claim": roles_claim,
            "name": name,
        }),
    };
    if let Some(path) = authority {
        new["authority"] = source::read(path)?.into();
    }
    let key = key_file.map(key).transpose()?;
    if let Some(key) = &key {
        new["key"] = Value::String(key.expose().to_owned());
    }
    let at = place(client, of)?;
    let answer = proved(client, |client| client.post(&at, &new))?;
    let who = new["processor"].as_str().unwrap_or("sign-in");
    Ok(Outcome {
        text: format!("{who} is set, and the app runs with it; its key is not shown again"),
        json: answer,
    })
}

/// A file's text; of standard input one line, so that who asks for a password after it can still be answered.
fn key(path: &Path) -> Result<Secret, Failure> {
    let text = if path.as_os_str() == "-" { ask("Key: ", true)? } else { source::read(path)? };
    Ok(Secret::new(&text))
}

fn withdraw(client: &mut Client, of: &OfEnvironment, who: &str) -> Result<Outcome, Failure> {
    let at = place(client, of)?;
    let set = client.get(&at)?;
    let mut found = set.as_array().into_iter().flatten();
    let Some(provider) = found.find(|provider| provider["processor"] == who) else {
        return Err(Failure::input(format!(
            "`{who}` is not set there: `healthcoder providers list` names who is, as the spec does"
        )));
    };
    let gone = format!("{at}/{}", word(provider, "id")?);
    proved(client, |client| client.delete(&gone))?;
    Ok(Outcome {
        text: format!("{who} is withdrawn, and its key erased; take the key back where you got it, too"),
        json: json!({ "withdrawn": provider["id"] }),
    })
}
