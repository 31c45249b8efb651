//! The operation that carries a departure out, step by step: the window, up to the point of no return.

use std::io;

use safeguards::identity::EmailAddress;
use safeguards::sql;

use super::departure::{Cause, Departure, DepartureState, Lifecycle};
use super::error::DepartureError;
use super::reminders;
use super::writing::{Made, Order};
use crate::ids::{DepartureId, EnvironmentId};
use crate::notices::AppName;
use crate::operations::{Ended, Next, Patience, Pending, Step, StepError, Work};
use crate::residency::{self, What};
use crate::seams::{EnvironmentKind, Gate, HostError, Notice, NoticeError, Wording, Words};

/// The kind of operation that carries a departure out.
pub(super) const DEPARTURE: &str = "departure";
/// The kind of operation that takes it back.
pub(super) const RETURN: &str = "return";
/// How long a hold is waited for before it is looked at again; lifting it wakes the operation at once.
const HELD: time::Duration = time::Duration::days(1);

/// The key of a departure's operation.
pub(super) fn key(departure: DepartureId) -> String {
    format!("{DEPARTURE}:{departure}")
}

/// Carries departures out.
#[derive(Clone, Debug)]
pub struct DepartureWork(pub Lifecycle);

/// An environment that departs.
pub(super) struct Leaving {
    pub(super) id: EnvironmentId,
    pub(super) kind: EnvironmentKind,
}

/// What is done is never given up: somebody has asked for an end, and it comes.
pub(super) const PATIENCE: Patience =
    Patience { attempts: None, first: time::Duration::seconds(2), longest: time::Duration::minutes(30) };

impl Work for DepartureWork {
    fn kind(&self) -> &'static str {
        DEPARTURE
    }

    fn steps(&self) -> &'static [&'static str] {
        &["close", "archive", "remind", "decide", "keys", "archives", "data", "source", "certify", "tell"]
    }

    fn patience(&self) -> Patience {
        PATIENCE
    }

    fn step<'a>(&'a self, step: &'a Step) -> Pending<'a, Ended> {
        Box::pin(async move {
            let departure = self.0.departure(step).await?;
            match step.name() {
                "close" => self.close(step, &departure).await,
                "archive" => self.archive(step, &departure).await,
                "remind" => self.remind(step, &departure).await,
                "decide" => self.decide(step, &departure).await,
                "keys" => self.keys(step, &departure).await,
                "archives" => self.archives(step, &departure).await,
                "data" => self.data(step, &departure).await,
                "source" => self.source(step, &departure).await,
                "certify" => self.certify(step, &departure).await,
                "tell" => self.tell(step, &departure).await,
                other => Err(StepError::Refused(format!("a departure has no step `{other}`"))),
            }
        })
    }
}

impl DepartureWork {
    /// Shows records and lets nothing be changed.
    async fn close(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        if departure.organisation.is_none() {
            for environment in self.0.leaving(departure).await? {
                self.0.host.gate(environment.id, Gate::ExportWindow).await.map_err(later)?;
            }
        }
        step.go_on(Next::Step("archive")).await
    }

    /// Has the tenant's own binary write the archive, and keeps it sealed. What opens it goes into the folder of keys.
    async fn archive(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let mut made = Vec::new();
        for environment in self.0.to_archive(departure).await.map_err(failed)? {
            made.push(self.archive_of(departure, environment).await?);
        }
        let now = self.0.platform.clock.now();
        let mut transaction = step.begin().await?;
        for archive in made {
            let place = self.0.archives.place();
            residency::record(
                &self.0.platform,
                &mut transaction,
                archive.environment,
                What::Archives,
                &place,
            )
            .await?;
            sql("INSERT INTO departure_archives (departure_id, environment_id, name, bytes, sha256, signed_by, head,
                     made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING")
            .bind(departure.id)
            .bind(archive.environment)
            .bind(archive.name)
            .bind(archive.bytes)
            .bind(archive.sha256)
            .bind(archive.summary.signed_by)
            .bind(archive.summary.head)
            .bind(now)
            .execute(&mut transaction)
            .await?;
        }
        step.end(transaction, Next::Step("remind")).await
    }

    async fn archive_of(&self, departure: &Departure, environment: EnvironmentId) -> Result<Made, StepError> {
        let order = Order {
            name: format!("{}-{environment}.zip", departure.id),
            environment,
            account: departure.account,
            project: departure.project,
            organisation: departure.organisation.map(|(_, organisation)| organisation),
        };
        self.0.write_archive(&order).await
    }

    /// Tells how many days are left, each of its times once.
    async fn remind(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let rows = sql("SELECT days FROM departure_reminders WHERE departure_id = $1")
            .bind(departure.id)
            .fetch_all(&self.0.platform.store)
            .await?;
        let told = rows.iter().map(|row| row.integer("days")).collect::<Result<Vec<_>, _>>()?;
        let now = self.0.platform.clock.now();
        let plan = reminders::plan(now, departure.window_ends_at, &told);
        if let Some(days) = plan.tell {
            self.0
                .notify(
                    departure,
                    &format!("departure-{}-{days}", departure.id),
                    &self.words(departure, days).await?,
                )
                .await?;
        }
        let mut transaction = step.begin().await?;
        let told = plan.tell.map(|days| (days, Some(now)));
        for (days, at) in told.into_iter().chain(plan.skip.into_iter().map(|days| (days, None))) {
            sql("INSERT INTO departure_reminders (departure_id, days, told_at) VALUES ($1, $2, $3)
                 ON CONFLICT DO NOTHING")
            .bind(departure.id)
            .bind(days)
            .bind(at)
            .execute(&mut transaction)
            .await?;
        }
        let next = match now < departure.window_ends_at {
            true => Next::StepAt("remind", plan.next),
            false => Next::Step("decide"),
        };
        step.end(transaction, next).await
    }

    async fn words(&self, departure: &Departure, days: i64) -> Result<Told, StepError> {
        let name = self.0.name_of(departure).await?;
        let (app, ends) = (Words::App(&name), Words::Moment(departure.window_ends_at));
        let left = if days == 1 { " day is left" } else { " days are left" };
        let (cause, changed) = match departure.cause {
            Cause::Owner => {
                ([app, Words::Ours(" was cancelled.")].to_vec(), "call it off on the same page before then.")
            }
            Cause::Account => (
                vec![
                    Words::Ours("The plan or the agreement that kept "),
                    app,
                    Words::Ours(" in production has ended."),
                ],
                "subscribe or sign again before then.",
            ),
        };
        let until = [
            Words::Ours(" Until "),
            ends,
            Words::Ours(" (UTC) its records can be read, and nothing can be changed."),
        ];
        Ok(Told {
            subject: Wording::of(&[
                app,
                Words::Ours(": "),
                Words::Number(days),
                Words::Ours(left),
                Words::Ours(" to take everything home"),
            ]),
            paragraphs: vec![
                Wording::of(&[cause.as_slice(), until.as_slice()].concat()),
                Wording::of(&[Words::Ours(
                    "Download the archive and confirm it on this page. It holds the records as JSON and SQL, the \
                     audit log and the source.",
                )]),
                Wording::of(&[
                    Words::Ours(
                        "After that day everything is destroyed for good, keys first. If you change your mind, ",
                    ),
                    Words::Ours(changed),
                ]),
            ],
        })
    }

    /// The point of no return: the window is over, and no hold stands.
    async fn decide(&self, step: &Step, departure: &Departure) -> Result<Ended, StepError> {
        let now = self.0.platform.clock.now();
        let mut transaction = step.begin().await?;
        // The row is locked first, so that whoever places a hold or comes back at this moment has done so or waits.
        sql("UPDATE departures SET state = state WHERE id = $1")
            .bind(departure.id)
            .execute(&mut transaction)
            .await?;
        let begun = sql("UPDATE departures SET state = 'destroying' WHERE id = $1 AND state = 'window'
             AND window_ends_at <= $2 AND NOT EXISTS (SELECT 1 FROM legal_holds h
                 WHERE h.project_id = departures.project_id AND h.lifted_at IS NULL)")
        .bind(departure.id)
        .bind(now)
        .execute(&mut transaction)
        .await?;
        if begun == 1 {
            self.0.stop_copies(&mut transaction, departure).await?;
        }
        let next = match (begun, departure.state) {
            (1, _) => Next::Step("keys"),
            (_, DepartureState::Window) if now < departure.window_ends_at => {
                Next::StepAt("remind", departure.window_ends_at)
            }
            (_, DepartureState::Window) => Next::StepAt("decide", now + HELD),
            _ => Next::Done,
        };
        step.end(transaction, next).await
    }
}

/// A notice, before it has an id and an address.
pub(super) struct Told {
    pub(super) subject: Wording,
    pub(super) paragraphs: Vec<Wording>,
}

impl Lifecycle {
    pub(super) async fn departure(&self, step: &Step) -> Result<Departure, StepError> {
        let id: DepartureId = step.request("departure")?;
        let account = step.operation().account;
        let account = account.ok_or_else(|| StepError::Refused("the operation names no account".into()))?;
        self.find(account, id).await.map_err(failed)
    }

    /// The environments that depart: all that the project has, or its production alone.
    pub(super) async fn leaving(&self, departure: &Departure) -> Result<Vec<Leaving>, StepError> {
        let rows = sql("SELECT id, kind FROM environments WHERE project_id = $1 AND destroyed_at IS NULL
             AND (kind = 'production' OR $2) ORDER BY id")
        .bind(departure.project)
        .bind(departure.cause == Cause::Owner)
        .fetch_all(&self.platform.store)
        .await?;
        let leaving = |row: &safeguards::store::Row| -> Result<Leaving, StepError> {
            let kind = EnvironmentKind::parse(&row.text("kind")?).unwrap_or(EnvironmentKind::Production);
            Ok(Leaving { id: EnvironmentId::new(row.uuid("id")?), kind })
        };
        rows.iter().map(leaving).collect()
    }

    pub(super) async fn name_of(&self, departure: &Departure) -> Result<AppName, StepError> {
        let row = sql("SELECT name FROM projects WHERE id = $1")
            .bind(departure.project)
            .fetch_one(&self.platform.store)
            .await?;
        Ok(AppName::of(&row)?)
    }

    /// Tells every owner of the account, once each.
    pub(super) async fn notify(
        &self,
        departure: &Departure,
        id: &str,
        words: &Told,
    ) -> Result<(), StepError> {
        let owners = self.platform.identity.addresses_in(departure.account.into(), "owner").await;
        let owners = owners.map_err(|error| StepError::Later(error.to_string()))?;
        let page = format!("/departures/{}", departure.id);
        let page = Wording::of(&[Words::Page(&self.platform.configuration, &page)]);
        for (number, to) in owners.into_iter().enumerate() {
            let notice = self.notice(format!("{id}-{number}"), to, words, &page);
            match self.notices.send(&notice).await {
                // An address that takes no mail must not keep records alive for ever.
                Ok(()) | Err(NoticeError::Refused(_)) => {}
                Err(NoticeError::Later(words)) => return Err(StepError::Later(words)),
            }
        }
        Ok(())
    }

    fn notice(&self, id: String, to: EmailAddress, words: &Told, page: &Wording) -> Notice {
        let mut paragraphs = words.paragraphs.clone();
        paragraphs.push(page.clone());
        let written_at = self.platform.clock.now();
        Notice { id, to, written_at, subject: words.subject.clone(), paragraphs }
    }
}

pub(super) fn later(error: HostError) -> StepError {
    StepError::Later(error.to_string())
}

pub(super) fn io_later(error: io::Error) -> StepError {
    StepError::Later(format!("a file of the platform failed: {error}"))
}

pub(super) fn failed(error: DepartureError) -> StepError {
    match error {
        DepartureError::Store(error) => StepError::Store(error),
        other => StepError::Later(other.to_string()),
    }
}
