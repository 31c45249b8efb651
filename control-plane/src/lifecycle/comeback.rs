//! Taking a departure back: every gate stands as it stood, and what was made for the way out goes.

use super::departure::{Departure, Lifecycle};
use super::errand::{Errand, remove_file};
use super::work::{Leaving, PATIENCE, RETURN, Told, failed, io_later, later};
use crate::operations::{Ended, Next, Patience, Pending, Step, StepError, Work};
use crate::seams::{EnvironmentKind, Gate, Wording, Words};

/// Takes departures back.
#[derive(Clone, Debug)]
pub struct ReturnWork(pub Lifecycle);

impl Work for ReturnWork {
    fn kind(&self) -> &'static str {
        RETURN
    }

    fn steps(&self) -> &'static [&'static str] {
        &["open", "forget"]
    }

    fn patience(&self) -> Patience {
        PATIENCE
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            let departure = self.0.departure(step).await?;
            match step.name() {
                "open" => self.open(step, &departure).await,
                "forget" => self.forget(step, &departure).await,
                other => Err(StepError::Refused(format!("a return has no step `{other}`"))),
            }
        })
    }
}

impl ReturnWork {
    /// Every gate stands again as subscription and agreement say.
    async fn open(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let standing = self.0.billing.standing(departure.account).await;
        let standing = standing.map_err(|error| StepError::Later(error.to_string()))?;
        if departure.organisation.is_none() {
            for Leaving { id, kind } in self.0.leaving(departure).await? {
                let gate = match kind {
                    EnvironmentKind::Preview => Gate::ReadAndWrite,
                    EnvironmentKind::Production => standing.production,
                };
                self.0.host.gate(id, gate).await.map_err(later)?;
            }
        }
        step.go_on(Next::Step("forget")).await
    }

    /// Archives that nobody needs any more are copies of records: they go, keys first.
    async fn forget(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        for archive in self.0.archives_of(departure.account, departure.id).await.map_err(failed)? {
            remove_file(&self.0.passphrase_file(&archive.name)).map_err(io_later)?;
        }
        let names = self.0.archives.names(&departure.id.to_string()).await;
        for name in names.map_err(|error| StepError::Later(error.to_string()))? {
            remove_file(&self.0.passphrase_file(&name)).map_err(io_later)?;
            self.0.archives.remove(&name).await.map_err(|error| StepError::Later(error.to_string()))?;
        }
        Errand::sweep(&self.0.platform.configuration.data, &departure.id.to_string()).map_err(io_later)?;
        let app = self.0.name_of(departure).await?;
        let words = Told {
            subject: Wording::of(&[Words::App(&app), Words::Ours(" stays")]),
            paragraphs: vec![Wording::of(&[Words::Ours(
                "Its end is called off, and everything is as it was.",
            )])],
        };
        self.0.notify(departure, &format!("departure-{}-returned", departure.id), &words).await?;
        step.go_on(Next::Done).await
    }
}
