//! Once a minute an app looks through its lists and tasks: what a rule waits for has begun or ended, and what nobody did is
//! passed on; and does what custom code does at its times.
//!
//! Several processes may do so at once, and one may be killed at any moment: each step is a transaction, and what was
//! missed is found by the next round. It is judged by the clock of the app's services, so that a test can move it.

use std::sync::Arc;

use super::{App, AppError, Services};
use crate::access::{self, Context, Round, Task, Watch, acting_for, is_closed, round};
use crate::audit::AuditContext;
use crate::identity::OrganisationId;
use crate::pages::Zone;
use crate::sharing;
use crate::store::sql;
use crate::web::Entry;

/// The file that tells a host of them.
const ROUNDS: &str = "makes-rounds";

/// How often.
const EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// What an app looks through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rounds {
    pub(super) watches: &'static [Watch],
    pub(super) tasks: &'static [&'static Task],
}

impl App {
    /// The lists that rules watch, and the tasks that are passed on.
    pub const fn rules(mut self, watches: &'static [Watch], tasks: &'static [&'static Task]) -> Self {
        self.rounds = Some(Rounds { watches, tasks });
        self
    }

    /// Looks through the lists and tasks of every organisation once.
    ///
    /// # Errors
    /// The database or the audit log failed. What was done before is done.
    pub async fn round(&self, services: &Services) -> Result<Round, AppError> {
        if services.settings.read_only.is_some() || !self.makes_rounds() {
            return Ok(Round::default());
        }
        let zone = self.front.map_or(Zone::UTC, |front| front.zone);
        let mut done = Round::default();
        let open = sql("SELECT id FROM organisations WHERE closed_at IS NULL ORDER BY id");
        for row in open.fetch_all(&services.store).await? {
            let itself = acting(services, OrganisationId::new(row.uuid("id")?), "rules");
            match self.round_in(services, &itself, zone).await {
                Ok(more) => done += more,
                // Its records are only read for now: what is due is due when they are written again.
                Err(error) if is_closed(&error) => {}
                Err(error) => return Err(AppError::Own(Box::new(error))),
            }
        }
        Ok(done)
    }

    /// The same in one organisation: what is missing and late, then what is to be told.
    async fn round_in(&self, services: &Services, itself: &Context, zone: Zone) -> access::Result<Round> {
        let mut done = match self.rounds {
            Some(rounds) => round(itself, rounds.watches, rounds.tasks, zone).await?,
            None => Round::default(),
        };
        if let Some(declared) = self.declared() {
            done.told = sharing::round(itself, services, &declared).await?;
        }
        Ok(done)
    }

    /// Whether it has rules, tasks, messages or schedules at all.
    fn makes_rounds(&self) -> bool {
        let rules = self.rounds.is_some_and(|rounds| !rounds.tasks.is_empty());
        rules || self.sharing.is_some() || !self.scheduled().is_empty()
    }

    /// Tells whether it makes rounds. A host that lets apps sleep learns it from a file beside the database, and wakes
    /// this one for its rounds.
    fn tell_that_it_makes_rounds(&self, services: &Services) -> bool {
        let makes = self.makes_rounds();
        let told = services.settings.data_folder.join(ROUNDS);
        // A folder that is only read keeps what was told before; the next start for writing puts it right.
        let _ = if makes { std::fs::write(told, b"") } else { std::fs::remove_file(told) };
        makes
    }

    /// Makes its rounds for as long as the app serves. What fails is told to the operator, and tried again in a minute.
    pub(super) async fn make_rounds(self, services: Services) {
        if !self.tell_that_it_makes_rounds(&services) {
            return;
        }
        let mut minutes = tokio::time::interval(EVERY);
        loop {
            // Somebody who waits for a code does not wait for the minute.
            tokio::select! {
                _ = minutes.tick() => {}
                () = services.post_waits.notified() => {}
            }
            let told = |what| {
                services.log.write(services.clock.now(), &Entry::Happened { what, count: None });
            };
            if self.round(&services).await.is_err() {
                told("rules-not-judged");
            }
            if self.keep_schedules(&services).await.is_err() {
                told("schedules-not-kept");
            }
        }
    }
}

/// The app itself, in an organisation; `part` is what of it acts, as the log names it.
pub(crate) fn acting(services: &Services, organisation: OrganisationId, part: &'static str) -> Context {
    Context {
        principal: acting_for(organisation),
        store: services.store.clone(),
        keys: services.keys.clone(),
        audit: services.audit.clone(),
        circumstances: AuditContext::system(Arc::clone(&services.clock), organisation.uuid(), part),
        clock: Arc::clone(&services.clock),
        ids: Arc::clone(&services.ids),
    }
}
