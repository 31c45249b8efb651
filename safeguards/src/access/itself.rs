//! What an app does by itself: rules that follow from what is written and from what is missing, and tasks that are passed
//! on when nobody does them.
//!
//! A rule is judged where its values are written, in the same transaction and before anybody is answered ([`Rule`]); or it
//! watches a list, which a [`round`] asks once a minute ([`Watch`]). What it waits for begins and ends: from when until when
//! it holds of a record is one row of `rule_episodes`, of which at most one has no end. Its tasks are made in the
//! transaction that writes that row, so that they are made once an episode, whatever is killed and however many processes
//! look. When it no longer holds, the episode ends, and its open tasks say since when; a person closes them.
//!
//! The app acts under a role of its own, [`ITSELF`], which no spec can declare and no person can have. It is granted in
//! `access.rs` beside the others, and by row-level security: to list what a rule reads, to make tasks, to pass them on.
//! Nothing that it reads leaves the app but the address to which a message goes; what it writes is in the
//! audit log, as the system's doing.

use std::collections::BTreeSet;
use std::sync::Arc;

use time::{Duration, OffsetDateTime, PrimitiveDateTime};
use uuid::Uuid;

use super::context::{Context, Principal};
use super::descriptor::{Action, Entity};
use super::error::Result;
use super::expand::{Composer, Expanded, SCHEMA_OF_CONDITIONS, Slot, wrong};
use super::fence::with_tables;
use super::outgoing::{LONGEST_WAIT, Waiting};
use super::policy::Reach;
use super::read::Opened;
use super::row::Unsealed;
use super::statement::{Given, Statement, begin};
use super::text::Kind;
use super::write::Write;
use crate::audit::{AuditContext, Purpose};
use crate::identity::{OrganisationId, PersonId, Role, RoleName};
use crate::pages::Zone;
use crate::store::{Text, Transaction, sql};

/// The role of the app itself. A spec's names hold no colon, so nobody can be given it.
pub const ITSELF: &str = ":itself";
static ROLE: Role = Role::named(ITSELF);

/// Who is responsible for a task: its owners at first, else those whom it passes on to.
const FIRST: &str = "first";
const ELSE: &str = "else";

/// What follows when a condition begins to hold of a row that somebody writes.
#[derive(Debug)]
pub struct Rule {
    /// The name in the spec; by it the rule knows its episodes again.
    pub name: &'static str,
    /// The fields that it reads. It is judged when one of them is written.
    pub reads: &'static [&'static str],
    /// Whether it holds.
    pub holds: fn(row: &Unsealed<'_>) -> Result<bool>,
    /// What it found, for whoever does the task.
    pub why: fn(row: &Unsealed<'_>) -> Result<String>,
    /// The tasks that it makes.
    pub raises: &'static [Raises],
    /// The messages that it sends.
    pub tells: &'static [Tells],
}

/// What follows when a record enters a list.
#[derive(Debug)]
pub struct Watch {
    /// The name in the spec.
    pub name: &'static str,
    /// The entity that is listed.
    pub entity: &'static Entity,
    /// The list, as the app itself asks it.
    pub listed: fn(moment: &Moment) -> Statement,
    /// What it means to be in the list, for whoever does the task.
    pub why: &'static str,
    /// The tasks that it makes.
    pub raises: &'static [Raises],
    /// The messages that it sends.
    pub tells: &'static [Tells],
}

/// A task that a rule makes, and whose it is: a column of the rule's row, or a query in parentheses that goes up from it.
#[derive(Debug)]
pub struct Raises {
    /// The task.
    pub task: &'static Task,
    /// The column or query.
    pub about: &'static str,
}

/// A message that a rule sends, and whose it is: a column of the rule's row, or a query in parentheses that goes up from it.
#[derive(Debug)]
pub struct Tells {
    /// The message, by its name in the spec.
    pub message: &'static str,
    /// The ways by which it goes: `email`, `sms`.
    pub ways: &'static [&'static str],
    /// The column or query.
    pub about: &'static str,
}

/// What somebody has to do about a record.
#[derive(Debug)]
pub struct Task {
    /// Its entity, with the fields `why`, `responsible` (`first` or `else`), `due at`, `escalated at` and `settled at`, and a `status` that is
    /// `open` first.
    pub entity: &'static Entity,
    /// The field that names what it is about.
    pub about: &'static str,
    /// The role that does it.
    pub owner: &'static str,
    /// The role that it passes on to.
    pub fallback: &'static str,
    /// After how many minutes it is due.
    pub minutes: i64,
    /// Makes one.
    pub made: fn() -> Statement,
    /// Changes one that is open.
    pub changed: fn() -> Statement,
}

/// When a list is asked, and on whose clocks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The moment.
    pub now: OffsetDateTime,
    /// The time zone of the app.
    pub zone: Zone,
}

impl Moment {
    /// The day, on the clocks of the zone.
    pub fn today(&self) -> time::Date {
        self.zone.date(self.now)
    }

    /// So many days and minutes ago: days by the clocks of the zone, whose days have 23 or 25 hours at times.
    pub fn ago(&self, days: i64, minutes: i64) -> OffsetDateTime {
        let then = self.now - Duration::minutes(minutes);
        if days == 0 {
            return then;
        }
        let local = then.to_offset((self.zone.offset_at)(then));
        let day = local.date().saturating_sub(Duration::days(days));
        let earlier = PrimitiveDateTime::new(day, local.time());
        self.zone.moment(earlier).unwrap_or(then - Duration::days(days))
    }
}

/// What a round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Episodes that began, with their tasks.
    pub begun: usize,
    /// Episodes that ended.
    pub ended: usize,
    /// Tasks that were passed on.
    pub passed_on: usize,
    /// Messages that were sent.
    pub told: usize,
}

impl std::ops::AddAssign for Round {
    fn add_assign(&mut self, other: Self) {
        self.begun += other.begun;
        self.ended += other.ended;
        self.passed_on += other.passed_on;
        self.told += other.told;
    }
}

impl Context {
    /// The app itself, in the same organisation.
    pub(crate) fn itself(&self) -> Self {
        let organisation = self.principal.organisation();
        let request = self.circumstances.request;
        let system = AuditContext::system(Arc::clone(&self.clock), organisation.uuid(), "rules");
        Self {
            principal: acting_for(organisation),
            circumstances: AuditContext { request, ..system },
            ..self.clone()
        }
    }
}

#[cfg(feature = "testing")]
impl Context {
    /// The app itself, for tests of what it does by itself.
    pub fn itself_for_test(&self) -> Self {
        self.itself()
    }
}

/// The principal of the app itself.
pub(crate) fn acting_for(organisation: OrganisationId) -> Principal {
    let nobody = PersonId::new(Uuid::nil());
    Principal::new(nobody, organisation, vec![RoleName::from(&ROLE)], Purpose::Operations)
}

/// Judges a rule of a row that was written, in the transaction that writes it.
pub(super) async fn judge(
    itself: &Context,
    transaction: &mut Transaction,
    entity: &'static Entity,
    rule: &'static Rule,
    id: Uuid,
) -> Result<()> {
    transaction.act_as(&itself.policy(Action::List)).await?;
    let follows = Follows { rule: rule.name, entity, raises: rule.raises, tells: rule.tells };
    let ways = follows.ways();
    let Some((why, about)) = look(itself, transaction, entity, (rule.reads, &ways), id, |row| {
        if (rule.holds)(row)? { (rule.why)(row).map(Some) } else { Ok(None) }
    })
    .await?
    else {
        return Ok(());
    };
    match why {
        Some(why) => drop(follows.enter(itself, transaction, id, &why, &about).await?),
        None => drop(leave(itself, transaction, (rule.name, rule.raises), id).await?),
    }
    Ok(())
}

/// Looks through an app's lists and tasks once, in one organisation.
///
/// # Errors
/// The database or the audit log failed; what was done before is done, and the rest is done by the next round.
pub async fn round(
    itself: &Context,
    watches: &'static [Watch],
    tasks: &'static [&'static Task],
    zone: Zone,
) -> Result<Round> {
    let mut done = Round::default();
    let moment = Moment { now: itself.clock.now(), zone };
    for watch in watches {
        done += watched(itself, watch, &moment).await?;
    }
    for task in tasks {
        done.passed_on += passed_on(itself, task).await?;
    }
    Ok(done)
}

async fn watched(itself: &Context, watch: &'static Watch, moment: &Moment) -> Result<Round> {
    let listed = (watch.listed)(moment).ids(itself, watch.entity).await?;
    let follows =
        Follows { rule: watch.name, entity: watch.entity, raises: watch.raises, tells: watch.tells };
    let (ways, rule) = (follows.ways(), (watch.name, watch.raises));
    let mut known = BTreeSet::new();
    let mut transaction = begin(itself, Action::List).await?;
    let open = sql(
        "SELECT record_id FROM rule_episodes WHERE organisation_id = $1 AND rule = $2 AND ended_at IS NULL",
    )
    .bind(itself.principal.organisation().uuid())
    .bind(watch.name)
    .fetch_all(&mut transaction)
    .await?;
    transaction.rollback().await?;
    for row in open {
        known.insert(row.uuid("record_id")?);
    }
    let mut done = Round::default();
    for id in listed.iter().filter(|id| !known.contains(id)) {
        let mut transaction = begin(itself, Action::List).await?;
        let found = look(itself, &mut transaction, watch.entity, (&[], &ways), *id, |_| Ok(())).await?;
        let Some((_, about)) = found else {
            transaction.rollback().await?;
            continue;
        };
        done.begun += usize::from(follows.enter(itself, &mut transaction, *id, watch.why, &about).await?);
        transaction.commit().await?;
    }
    for id in known.iter().filter(|id| !listed.contains(id)) {
        let mut transaction = begin(itself, Action::List).await?;
        done.ended += usize::from(leave(itself, &mut transaction, rule, *id).await?);
        transaction.commit().await?;
    }
    Ok(done)
}

/// What the app itself reads of a row, and where ways from it lead; nothing of a row that is gone.
pub(crate) async fn look<T>(
    itself: &Context,
    transaction: &mut Transaction,
    entity: &'static Entity,
    (reads, ways): (&[&'static str], &[&'static str]),
    id: Uuid,
    read: impl Fn(&Unsealed<'_>) -> Result<T>,
) -> Result<Option<(T, Vec<Option<Uuid>>)>> {
    let table = entity.table;
    let mut composer = Composer::after(0, itself.store.is_postgres());
    composer.push("SELECT ");
    for name in reads {
        let field = entity.field(name).ok_or_else(|| wrong(&format!("{name} is not declared")))?;
        composer.push(&format!("{table}.{}, ", field.column));
    }
    composer.push(&format!(
        "CAST(1 AS BIGINT) AS reach, {table}.id AS reach_id, {table}.version AS reach_version"
    ));
    for (at, way) in ways.iter().enumerate() {
        composer.push(", ");
        composer.up(entity, way)?;
        composer.push(&format!(" AS about_{at}"));
    }
    composer.push(&format!(" FROM {table} WHERE {table}.id = "));
    composer.slot(Slot::Id);
    composer.push(&format!(" AND {table}.organisation_id = "));
    composer.slot(Slot::Organisation);
    let values = Given { id, ..Given::of(itself) }.values(&composer.slots, &[]);
    let text = Text::composed(composer.text);
    let rows = crate::store::Statement::composed(text.clone(), values).fetch_all(transaction).await?;
    let expanded =
        Expanded { text, own: 0, slots: Vec::new(), reach: Reach::whole(), reaches: true, capped: false };
    let opened = Opened { context: itself, entity, expanded: &expanded, rows: &rows };
    let Some(found) = opened.read(read).await?.pop() else { return Ok(None) };
    let mut about = Vec::with_capacity(ways.len());
    for at in 0..ways.len() {
        about.push(rows[0].optional_uuid(&format!("about_{at}"))?);
    }
    Ok(Some((found, about)))
}

/// What follows from a rule, once an episode.
struct Follows {
    rule: &'static str,
    entity: &'static Entity,
    raises: &'static [Raises],
    tells: &'static [Tells],
}

impl Follows {
    /// The ways to whom the tasks are about, then to whom the messages go.
    fn ways(&self) -> Vec<&'static str> {
        let tasks = self.raises.iter().map(|raised| raised.about);
        tasks.chain(self.tells.iter().map(|told| told.about)).collect()
    }

    /// Begins an episode, makes its tasks and has its messages wait; tells whether it was not begun before.
    async fn enter(
        &self,
        itself: &Context,
        transaction: &mut Transaction,
        record: Uuid,
        why: &str,
        about: &[Option<Uuid>],
    ) -> Result<bool> {
        let (organisation, now, episode) =
            (itself.principal.organisation().uuid(), itself.clock.now(), itself.ids.next());
        let begun = sql(
            "INSERT INTO rule_episodes (id, organisation_id, rule, record_id, began_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organisation_id, rule, record_id) WHERE ended_at IS NULL DO NOTHING",
        );
        let begun = begun.bind(episode).bind(organisation).bind(self.rule).bind(record).bind(now);
        if begun.execute(&mut *transaction).await? == 0 {
            return Ok(false);
        }
        let (tasks, people) = about.split_at(self.raises.len());
        for (raised, about) in self.raises.iter().zip(tasks) {
            // A link that is empty leads to nobody; what is part of something always leads there.
            let Some(about) = about else { continue };
            let (task, id) = (raised.task, itself.ids.next());
            let made = (task.made)()
                .field(task.about, *about)
                .field("why", why)
                .field("responsible", FIRST)
                .field("due at", now + Duration::minutes(task.minutes));
            Write::within(&made, itself, transaction, (task.entity, Action::Create), (id, 0)).await?;
            sql("INSERT INTO episode_tasks (id, organisation_id, episode_id, made_in) VALUES ($1, $2, $3, $4)")
                .bind(id)
                .bind(organisation)
                .bind(episode)
                .bind(task.entity.table)
                .execute(&mut *transaction)
                .await?;
        }
        for (told, recipient) in self.tells.iter().zip(people) {
            for way in told.ways {
                let waiting = Waiting {
                    message: told.message,
                    way,
                    entity: self.entity,
                    record,
                    recipient: *recipient,
                    occasion: episode.to_string(),
                    said_at: None,
                    packet: None,
                    secret: None,
                    until: now + LONGEST_WAIT,
                };
                waiting.write(itself, transaction).await?;
            }
        }
        Ok(true)
    }
}

/// Ends the episode that is open, if one is; its open tasks say since when it is over, and stay open.
async fn leave(
    itself: &Context,
    transaction: &mut Transaction,
    (rule, raises): (&'static str, &'static [Raises]),
    record: Uuid,
) -> Result<bool> {
    let (organisation, now) = (itself.principal.organisation().uuid(), itself.clock.now());
    let open = sql("SELECT id FROM rule_episodes
         WHERE organisation_id = $1 AND rule = $2 AND record_id = $3 AND ended_at IS NULL");
    let open = open.bind(organisation).bind(rule).bind(record).fetch_optional(&mut *transaction).await?;
    let Some(episode) = open.map(|row| row.uuid("id")).transpose()? else { return Ok(false) };
    let ended = sql("UPDATE rule_episodes SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL");
    if ended.bind(episode).bind(now).execute(&mut *transaction).await? == 0 {
        return Ok(false);
    }
    for raised in raises {
        let task = raised.task;
        let made = sql("SELECT id FROM episode_tasks WHERE episode_id = $1 AND made_in = $2");
        for row in made.bind(episode).bind(task.entity.table).fetch_all(&mut *transaction).await? {
            let id = row.uuid("id")?;
            transaction.act_as(&itself.policy(Action::List)).await?;
            let Some(version) = version_of(itself, transaction, task.entity, id).await? else { continue };
            let settled = (task.changed)().field("settled at", now);
            let action = (task.entity, Action::Move("settle"));
            // A task that somebody closes at this moment is closed, and needs no word more.
            Write::within(&settled, itself, transaction, action, (id, version)).await?;
        }
    }
    Ok(true)
}

/// The version of a task that is open.
async fn version_of(
    itself: &Context,
    transaction: &mut Transaction,
    entity: &Entity,
    id: Uuid,
) -> Result<Option<i64>> {
    let table = entity.table;
    let mut composer = Composer::after(0, itself.store.is_postgres());
    composer.push(&format!("SELECT version FROM {table} WHERE status = 'open' AND id = "));
    composer.slot(Slot::Id);
    composer.push(" AND organisation_id = ");
    composer.slot(Slot::Organisation);
    let values = Given { id, ..Given::of(itself) }.values(&composer.slots, &[]);
    let found = crate::store::Statement::composed(Text::composed(composer.text), values);
    let row = found.fetch_optional(transaction).await?;
    Ok(row.map(|row| row.integer("version")).transpose()?)
}

/// Passes tasks on that are due, or whose role nobody has who may view the record; tells how many.
async fn passed_on(itself: &Context, task: &'static Task) -> Result<usize> {
    let mut transaction = begin(itself, Action::List).await?;
    let late = late(itself, task)?.fetch_all(&mut transaction).await?;
    transaction.rollback().await?;
    let mut passed_on = 0;
    for row in late {
        let changed = (task.changed)().field("responsible", ELSE).field("escalated at", itself.clock.now());
        let (id, version) = (row.uuid("id")?, row.integer("version")?);
        let mut transaction = begin(itself, Action::List).await?;
        let action = (task.entity, Action::Move("escalate"));
        let rows = Write::within(&changed, itself, &mut transaction, action, (id, version)).await?;
        transaction.commit().await?;
        // Somebody was quicker: then it is theirs, or the next round's.
        passed_on += usize::try_from(rows).unwrap_or_default();
    }
    Ok(passed_on)
}

/// Open tasks that its owners have not done in time, or that none of them could do.
fn late(itself: &Context, task: &'static Task) -> Result<crate::store::Statement> {
    let table = task.entity.table;
    let mut composer = Composer::after(1, itself.store.is_postgres());
    composer.push(&format!(
        "SELECT id, version FROM {table} WHERE status = 'open' AND responsible = 'first' AND {table}.organisation_id = "
    ));
    composer.slot(Slot::Organisation);
    composer.push(" AND (due_at <= ");
    composer.slot(Slot::Now);
    composer.push(
        " OR NOT EXISTS (SELECT 1 FROM memberships duty JOIN people somebody ON somebody.id = duty.person_id
              WHERE duty.role = $1 AND somebody.suspended_at IS NULL AND duty.organisation_id = ",
    );
    composer.slot(Slot::Organisation);
    composer.push(" AND (FALSE");
    let views = task.entity.grants.iter().filter(|grant| grant.role == task.owner);
    for grant in views.filter(|grant| grant.actions.contains(&Action::View)) {
        composer.push(" OR (");
        for (token, is_table) in with_tables(grant.rows) {
            match (token.kind, token.text) {
                // Whoever is asked about stands in the place of whoever asks.
                (Kind::Context, "person") => composer.push("duty.person_id"),
                (Kind::Context, "organisation") => composer.slot(Slot::Organisation),
                (Kind::Context, "now") => composer.slot(Slot::Now),
                (Kind::Word, name) if is_table && itself.store.is_postgres() => {
                    composer.push(&format!("{SCHEMA_OF_CONDITIONS}.{name}"));
                }
                (_, text) => composer.push(text),
            }
        }
        composer.push(")");
    }
    composer.push(&format!("))) ORDER BY {table}.id LIMIT 500"));
    let mut values = vec![task.owner.into()];
    values.extend(Given::of(itself).values(&composer.slots, &[]));
    Ok(crate::store::Statement::composed(Text::composed(composer.text), values))
}

/// Whether a round could not be made because records are only read at present.
#[cfg(feature = "tenant")]
pub(crate) fn is_closed(error: &super::error::Error) -> bool {
    use super::error::Error;

    matches!(error, Error::Forbidden | Error::Store(crate::store::StoreError::Forbidden))
}
