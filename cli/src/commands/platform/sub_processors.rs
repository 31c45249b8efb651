use control_plane::{Platform, processors};
use serde_json::json;

use super::serve::{configuration, runtime};
use crate::arguments::{Place, SubProcessors};
use crate::outcome::{Failure, Outcome};
use crate::platform::clock::clock;

/// Reads or changes the register, on the platform's own database.
pub(crate) fn run(place: &Place, command: &SubProcessors) -> Result<Outcome, Failure> {
    let configuration = configuration(place)?;
    runtime()?.block_on(async {
        let platform = Platform::open(configuration, clock()).await?;
        let done = change(&platform, command).await;
        platform.close().await;
        done
    })
}

async fn change(platform: &Platform, command: &SubProcessors) -> Result<Outcome, Failure> {
    match command {
        SubProcessors::List => {}
        SubProcessors::Attest { key, agreement, keeps_nothing } => {
            processors::attest(platform, key, agreement, *keeps_nothing)
                .await
                .map_err(|refusal| Failure::input(refusal.to_string()))?;
        }
        SubProcessors::Withdraw { key } => processors::withdraw(platform, key)
            .await
            .map_err(|refusal| Failure::input(refusal.to_string()))?,
    }
    let register = processors::register(platform).await?;
    let lines: Vec<String> = register
        .iter()
        .map(|line| {
            let agreement = match &line.attestation {
                Some(attested) => format!("{} (since {})", attested.agreement, attested.attested_at.date()),
                None => "no agreement attested".to_owned(),
            };
            format!("{}  {}  {agreement}", line.processor.key, line.processor.name)
        })
        .collect();
    Ok(Outcome { text: lines.join("\n"), json: json!(register) })
}
