//! What a founder's own code does at its times, in the rounds of the app.
//!
//! Custom code is given a viewer that is nobody in particular, in one role of the spec and with the entities that its schedule
//! names ([`Schedule`]); all that it reads and writes passes the policy and the log like anybody's. A schedule that fails,
//! panics or takes too long does not keep others from theirs.

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::{App, AppError, Services};
use crate::access::{Context, Principal, Run, is_closed};
use crate::audit::{AuditContext, Purpose};
use crate::identity::{OrganisationId, PersonId, RoleName, Session};
use crate::pages::Zone;
use crate::slice::{Schedule, Viewer};
use crate::store::sql;
use crate::web::Entry;

/// How long one run may take; its lease is longer.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(5 * 60);

/// What custom code answers, later.
pub type Scheduled = Pin<Box<dyn Future<Output = crate::slice::Result<()>> + Send>>;

/// What custom code does by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedules {
    pub(super) when: fn() -> Vec<Schedule>,
    pub(super) what: fn(Viewer, &'static str) -> Scheduled,
}

impl App {
    /// When custom code does something by itself, and what: it is told the schedule by its name.
    pub const fn schedules(
        mut self,
        when: fn() -> Vec<Schedule>,
        what: fn(Viewer, &'static str) -> Scheduled,
    ) -> Self {
        self.schedules = Some(Schedules { when, what });
        self
    }

    /// The schedules; none where custom code has none.
    pub(super) fn scheduled(&self) -> Vec<Schedule> {
        self.schedules.map_or_else(Vec::new, |schedules| (schedules.when)())
    }

    /// What is wrong with the schedules, in words for whoever wrote them.
    pub(super) fn schedule_problems(&self) -> Vec<String> {
        let schedules = self.scheduled();
        let mut found: Vec<String> =
            schedules.iter().flat_map(|schedule| schedule.problems(self.roles, self.entities)).collect();
        let mut known = BTreeSet::new();
        for schedule in &schedules {
            if !known.insert(schedule.name()) {
                found.push(format!("there are two schedules of the name “{}”", schedule.name()));
            }
        }
        found
    }

    /// Does what is due in every organisation, and tells how much that was.
    ///
    /// # Errors
    /// The database or the audit log failed. What was done before is done; what failed in custom code is told to the operator
    /// and is no error of the round.
    pub async fn keep_schedules(&self, services: &Services) -> Result<usize, AppError> {
        let (Some(schedules), Some(front)) = (self.schedules, self.front) else { return Ok(0) };
        let due = (schedules.when)();
        if due.is_empty() || services.settings.read_only.is_some() {
            return Ok(0);
        }
        let mut done = 0;
        let open = sql("SELECT id FROM organisations WHERE closed_at IS NULL ORDER BY id");
        for row in open.fetch_all(&services.store).await? {
            let organisation = OrganisationId::new(row.uuid("id")?);
            for schedule in &due {
                let Some(session) = self.session_for(services, schedule, organisation) else { continue };
                match self.keep(services, (schedule, front.zone), session).await {
                    Ok(kept) => done += usize::from(kept),
                    // Its records are only read for now: what is due is due when they are written again.
                    Err(error) if is_closed(&error) => {}
                    Err(error) => return Err(AppError::Own(Box::new(error))),
                }
            }
        }
        Ok(done)
    }

    /// Does what one schedule asks for in one organisation, if it is due and nobody else is at it.
    async fn keep(
        &self,
        services: &Services,
        (schedule, zone): (&Schedule, Zone),
        session: Session,
    ) -> crate::access::Result<bool> {
        let (Some(schedules), Some(front)) = (self.schedules, self.front) else { return Ok(false) };
        let itself: Context = (*session).clone();
        let period = schedule.period(services.clock.now(), zone);
        let Some(run) = Run::take(&itself, schedule.name(), period).await? else { return Ok(false) };
        // In a task of its own, which ends with this one: what panics there is a failure here.
        let mut work = JoinSet::new();
        work.spawn((schedules.what)(Viewer::of(session, front), schedule.name()));
        let ended = tokio::time::timeout(LONGEST, work.join_next()).await;
        let done = matches!(ended, Ok(Some(Ok(Ok(())))));
        if !done {
            let failed = Entry::Happened { what: "schedule-failed", count: None };
            services.log.write(services.clock.now(), &failed);
        }
        run.end(&itself, done).await?;
        Ok(done)
    }

    /// Whoever the schedule acts as, in an organisation.
    fn session_for(
        &self,
        services: &Services,
        schedule: &Schedule,
        organisation: OrganisationId,
    ) -> Option<Session> {
        let role = self.roles.iter().find(|role| role.name == schedule.role())?;
        let nobody = PersonId::new(uuid::Uuid::nil());
        let reaches = schedule.entities().iter().map(|entity| entity.name).collect();
        let principal = Principal::new(nobody, organisation, vec![RoleName::from(role)], Purpose::Operations);
        let circumstances =
            AuditContext::system(Arc::clone(&services.clock), organisation.uuid(), schedule.name());
        Some(Session::of_the_app(&services.identity, principal.within(reaches), circumstances))
    }
}
