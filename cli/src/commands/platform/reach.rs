//! Whom a project's app may reach: its owner attests a host, or withdraws it, after a fresh second factor.

use serde_json::json;

use super::ends::proved;
use super::providers::environment;
use crate::arguments::{OfEnvironment, Reach};
use crate::outcome::{Failure, Outcome};
use crate::platform::client::{Client, word};

/// Lists, attests or withdraws.
pub(crate) fn run(command: &Reach) -> Result<Outcome, Failure> {
    let mut client = Client::signed_in()?;
    match command {
        Reach::List { of } => list(&mut client, of),
        Reach::Attest { of, who, host, agreement } => attest(&mut client, of, [who, host, agreement]),
        Reach::Withdraw { of, host } => withdraw(&mut client, of, host),
    }
}

fn place(client: &mut Client, of: &OfEnvironment) -> Result<String, Failure> {
    Ok(format!("{}/outward", environment(client, of)?))
}

fn list(client: &mut Client, of: &OfEnvironment) -> Result<Outcome, Failure> {
    let at = place(client, of)?;
    let ways = client.get(&at)?;
    let lines: Vec<String> = ways
        .as_array()
        .into_iter()
        .flatten()
        .map(|way| {
            let since = word(way, "attested_at")?;
            let day = since.get(..10).unwrap_or(since);
            let (who, to, agreement) = (word(way, "processor")?, word(way, "to")?, word(way, "agreement")?);
            Ok(format!("{who}  {to}  {agreement}, since {day}"))
        })
        .collect::<anyhow::Result<_>>()?;
    let text = if lines.is_empty() {
        "nobody: the app has no network, and reaches no host that is not attested".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(Outcome { text, json: ways })
}

fn attest(
    client: &mut Client,
    of: &OfEnvironment,
    [who, host, agreement]: [&String; 3],
) -> Result<Outcome, Failure> {
    let at = place(client, of)?;
    let new = json!({ "processor": who, "address": host, "agreement": agreement });
    let answer = proved(client, |client| client.post(&at, &new))?;
    Ok(Outcome { text: format!("the app may reach {host}\nNext: healthcoder providers set"), json: answer })
}

fn withdraw(client: &mut Client, of: &OfEnvironment, host: &str) -> Result<Outcome, Failure> {
    let at = place(client, of)?;
    let ways = client.get(&at)?;
    let wanted =
        if host.contains(':') { host.to_lowercase() } else { format!("{}:443", host.to_lowercase()) };
    let Some(way) = ways.as_array().into_iter().flatten().find(|way| way["to"] == wanted.as_str()) else {
        return Err(Failure::input(format!(
            "{wanted} is not attested there: `healthcoder reach list` names the hosts that are"
        )));
    };
    let gone = format!("{at}/{}", word(way, "id")?);
    proved(client, |client| client.delete(&gone))?;
    Ok(Outcome {
        text: format!("the app reaches {wanted} no longer"),
        json: json!({ "withdrawn": way["id"] }),
    })
}
