use anyhow::Context;
use control_plane::billing::{Billing, PaymentError};
use control_plane::{AccountId, Configuration, Platform};
use serde_json::json;
use time::macros::format_description;
use time::{Date, Duration, OffsetDateTime, Time};

use crate::arguments::PlanGrant;
use crate::outcome::{Failure, Outcome};
use crate::platform::clock::clock;

/// Grants the BAA plan, or takes it back, where no payment provider is configured. `serve` notices by itself.
pub(crate) fn run(grant: &PlanGrant) -> Result<Outcome, Failure> {
    let until = grant.until.as_deref().map(end_of).transpose()?;
    if !grant.data.join("platform-id").is_file() {
        return Err(Failure::input(format!("{} is not the data folder of a platform", grant.data.display())));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(granted(grant, until))
}

async fn granted(grant: &PlanGrant, until: Option<OffsetDateTime>) -> Result<Outcome, Failure> {
    let platform = Platform::open(Configuration::embedded(&grant.data), clock())
        .await
        .with_context(|| format!("the platform in {} cannot be opened", grant.data.display()))?;
    let ended = change(&platform, grant, until).await;
    platform.close().await;
    ended
}

async fn change(
    platform: &Platform,
    grant: &PlanGrant,
    until: Option<OffsetDateTime>,
) -> Result<Outcome, Failure> {
    let account = AccountId::new(grant.account);
    if until.is_some_and(|until| until <= platform.clock.now()) {
        return Err(Failure::input("the last day of the grant has passed; give one to come"));
    }
    let billing = Billing::new(platform.clone(), None);
    if !billing.is_account(account).await? {
        return Err(Failure::input(format!("this platform has no account {account}")));
    }
    let changed = if grant.withdraw {
        billing.withdraw_grant(account).await
    } else {
        billing.grant(account, until).await
    };
    match changed {
        Ok(()) => {}
        Err(PaymentError::Store(error)) => return Err(error.into()),
        Err(error) => return Err(Failure::input(error.to_string())),
    }
    let text = match (grant.withdraw, &grant.until) {
        (true, _) => {
            format!("The grant of account {account} is withdrawn. Its production is read only for 30 days.")
        }
        (false, Some(day)) => format!("Account {account} has the BAA plan until the end of {day} (UTC)."),
        (false, None) => format!("Account {account} has the BAA plan."),
    };
    let json = json!({ "account": account, "plan": if grant.withdraw { "sandbox" } else { "baa" }, "until": grant.until });
    Ok(Outcome { text, json })
}

/// The end of a day, in UTC.
fn end_of(day: &str) -> Result<OffsetDateTime, Failure> {
    let day = Date::parse(day, format_description!("[year]-[month]-[day]"))
        .map_err(|_| Failure::input(format!("`{day}` is not a day; write it as 2027-03-31")))?;
    Ok(day.with_time(Time::MIDNIGHT).assume_utc() + Duration::DAY)
}
