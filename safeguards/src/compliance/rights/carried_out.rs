//! Erasure, carried out by the owner of the database: rows go, and the audit log is rewritten where it named somebody (CF-8).
//!
//! An order stands in the ledger (`erasures`) until nothing tells any more whom it meant. Each step may be stopped and
//! repeated: rows that are gone are not found again, and what was rewritten stays rewritten. An hour after it was carried out
//! an order is gone through once more, for what was still on its way into the log, and is then settled.
//!
//! Nothing goes while a legal hold stands on the organisation, and no record goes before it may.

use std::sync::Arc;

use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::going::months_after;
use crate::access::{Entity, login, removal, rows_about, rows_that_go, selves, unlinked};
use crate::app::{AppError, Fences, tables};
use crate::audit::{self, Action, AuditContext, Event, References};
use crate::clock::Clock;
use crate::crypto::Keys;
use crate::identity::{Husk, OrganisationId, take_credentials};
use crate::store::{Row, Statement, Store, Text, Transaction, sql};

/// After so long nothing of before is still on its way into the log.
const SETTLES: Duration = Duration::HOUR;
/// Records that one event names.
const NAMED: usize = 200;
/// Who erases, in the log.
const ERASURE: &str = "erasure";

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CarriedOut {
    /// Orders that were gone through.
    pub(crate) orders: u64,
    /// Orders that must wait: what they mean must be kept.
    pub(crate) waiting: u64,
    /// Rows that went.
    pub(crate) removed: u64,
    /// Parts of the audit log that were rewritten.
    pub(crate) rewritten: u64,
}

struct Order {
    id: Uuid,
    organisation: Uuid,
    entity: Option<String>,
    subject: Uuid,
    selves: Option<String>,
    carried_out_at: Option<OffsetDateTime>,
}

struct Erasure<'a> {
    store: &'a Store,
    keys: &'a Keys,
    clock: &'a Arc<dyn Clock>,
    entities: &'a [&'static Entity],
}

/// Carries out every order that is due. On PostgreSQL `owner` is a store of the owner's role.
///
/// # Errors
/// The first that failed; the others are carried out all the same.
pub(crate) async fn carry_out(
    owner: &Store,
    keys: &Keys,
    clock: &Arc<dyn Clock>,
    entities: &[&'static Entity],
) -> Result<CarriedOut, AppError> {
    let erasure = Erasure { store: owner, keys, clock, entities };
    let mut done = CarriedOut::default();
    let mut failed = None;
    let mut seen: Vec<Uuid> = Vec::new();
    // A record may bring along the account of whom it is.
    loop {
        let due = erasure.due().await?;
        let new: Vec<Order> = due.into_iter().filter(|order| !seen.contains(&order.id)).collect();
        if new.is_empty() {
            return failed.map_or(Ok(done), Err);
        }
        for order in new {
            seen.push(order.id);
            match erasure.one(&order, &mut done).await {
                Ok(()) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
    }
}

impl Erasure<'_> {
    async fn due(&self) -> Result<Vec<Order>, AppError> {
        let rows = sql("SELECT id, organisation_id, entity, subject_id, selves, carried_out_at FROM erasures
             WHERE settled_at IS NULL AND due_at <= $1 ORDER BY ordered_at, id")
        .bind(self.clock.now())
        .fetch_all(self.store)
        .await?;
        rows.iter().map(read).collect()
    }

    fn context(&self, organisation: Uuid) -> AuditContext {
        AuditContext::system(Arc::clone(self.clock), organisation, ERASURE)
    }

    async fn one(&self, order: &Order, done: &mut CarriedOut) -> Result<(), AppError> {
        let (_, held) = audit::retention(self.store, order.organisation).await?;
        if held {
            done.waiting += 1;
            return Ok(());
        }
        let (removed, references) = match &order.entity {
            None => self.account(order).await?,
            Some(entity) => match self.record(order, entity).await? {
                Some(removed) => (removed, None),
                None => {
                    done.waiting += 1;
                    return Ok(());
                }
            },
        };
        let rewritten = self.rewrite(order, references.as_deref()).await?;
        self.noted(order, removed, rewritten).await?;
        done.orders += 1;
        done.removed += removed;
        done.rewritten += rewritten;
        Ok(())
    }

    /// Removes what was somebody's alone; answers how many rows, and the records that they were.
    async fn account(&self, order: &Order) -> Result<(u64, Option<Vec<Uuid>>), AppError> {
        let (person, now) = (order.subject, self.clock.now());
        let who = (order.organisation, person, now);
        let selves = match &order.selves {
            Some(known) => serde_json::from_str(known).unwrap_or_default(),
            None => self.selves(who).await?,
        };
        let mut transaction = self.store.begin().await?;
        let mut going: Vec<(&'static Entity, Vec<Uuid>)> = Vec::new();
        for entity in self.entities.iter().copied() {
            if !entity.own.is_empty() && entity.kept_months().is_none() {
                let rows = rows_that_go(entity, self.entities, who).map_err(own)?;
                going.push((entity, ids(&rows.fetch_all(&mut transaction).await?)?));
            }
        }
        for (entity, ids) in &going {
            for id in ids {
                self.beside(&mut transaction, entity, *id).await?;
            }
        }
        let removed = self.remove(&mut transaction, order.organisation, going).await?;
        for entity in self.entities.iter().copied() {
            if entity.kept_months().is_none() {
                // What AI read stays as a keyed hash, and no word of it (CC-6, CC-10).
                sql("UPDATE ai_invocations SET output = NULL, preview = NULL WHERE organisation_id = $1
                     AND person_id = $2 AND entity = $3 AND (output IS NOT NULL OR preview IS NOT NULL)")
                .bind(order.organisation)
                .bind(person)
                .bind(entity.name)
                .execute(&mut transaction)
                .await?;
            }
            if let Some(unlinked) = unlinked(entity, person) {
                unlinked.execute(&mut transaction).await?;
            }
        }
        self.empty(&mut transaction, order.organisation, person).await?;
        let known = serde_json::to_string(&selves).unwrap_or_default();
        sql("UPDATE erasures SET selves = $2 WHERE id = $1 AND settled_at IS NULL")
            .bind(order.id)
            .bind(known)
            .execute(&mut transaction)
            .await?;
        transaction.commit().await?;
        Ok((removed, Some(selves)))
    }

    async fn selves(&self, who: (Uuid, Uuid, OffsetDateTime)) -> Result<Vec<Uuid>, AppError> {
        let mut found = Vec::new();
        for entity in self.entities.iter().copied() {
            if entity.subject == Some("id") && !entity.own.is_empty() {
                found.extend(ids(&selves(entity, who).map_err(own)?.fetch_all(self.store).await?)?);
            }
        }
        Ok(found)
    }

    /// Empties an account, once no other order keeps its name.
    async fn empty(
        &self,
        transaction: &mut Transaction,
        organisation: Uuid,
        person: Uuid,
    ) -> Result<(), AppError> {
        sql("DELETE FROM memberships WHERE person_id = $1 AND organisation_id = $2")
            .bind(person)
            .bind(organisation)
            .execute(&mut *transaction)
            .await?;
        let row = sql("SELECT email_index FROM people WHERE id = $1 AND erased_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM erasures e WHERE e.subject_id = people.id AND e.settled_at IS NULL AND e.due_at > $2)
               AND NOT EXISTS (SELECT 1 FROM memberships m WHERE m.person_id = people.id)")
        .bind(person)
        .bind(self.clock.now())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(()) };
        take_credentials(transaction, person, &row.bytes("email_index")?).await.map_err(own)?;
        let ring = self.keys.ring(OrganisationId::ENVIRONMENT.uuid()).await?;
        let random = uuid::Builder::from_random_bytes(random()?).into_uuid();
        let husk = Husk::new(&ring, self.keys.environment(), random, person).map_err(own)?;
        husk.write(transaction, self.clock.now()).await.map_err(own)
    }

    /// Removes a record and all that is about it, if it may go; nothing, if it must be kept still.
    async fn record(&self, order: &Order, name: &str) -> Result<Option<u64>, AppError> {
        let Some(root) = self.entities.iter().copied().find(|entity| entity.name == name) else {
            return Ok(None);
        };
        let mut transaction = self.store.begin().await?;
        let mut going: Vec<(&'static Entity, Vec<Uuid>)> = Vec::new();
        let mut until: Option<OffsetDateTime> = None;
        for entity in self.entities.iter().copied() {
            let Some(about) = rows_about(entity, order.organisation, order.subject).map_err(own)? else {
                continue;
            };
            let rows = about.fetch_all(&mut transaction).await?;
            let months = entity.kept_months().unwrap_or_default();
            for row in &rows {
                until = until.max(Some(months_after(row.timestamp("updated_at")?, months)));
            }
            going.push((entity, ids(&rows)?));
        }
        if let Some(until) = until.filter(|until| *until > self.clock.now()) {
            sql("UPDATE erasures SET due_at = $2 WHERE id = $1")
                .bind(order.id)
                .bind(until)
                .execute(&mut transaction)
                .await?;
            transaction.commit().await?;
            return Ok(None);
        }
        self.account_of(&mut transaction, order, root).await?;
        let known = tables(&mut transaction, self.entities, None).await?;
        // What was signed is frozen for as long as it is kept, and no longer.
        let fences = Fences::lower(&mut transaction, &known).await?;
        for (entity, ids) in &going {
            for id in ids {
                for runs in [
                    "DELETE FROM ai_applications WHERE invocation_id IN (SELECT id FROM ai_invocations WHERE record_id = $1)",
                    "DELETE FROM ai_invocations WHERE record_id = $1",
                ] {
                    sql(runs).bind(*id).execute(&mut transaction).await?;
                }
                self.beside(&mut transaction, entity, *id).await?;
            }
        }
        let removed = self.remove(&mut transaction, order.organisation, going).await?;
        fences.raise(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Some(removed))
    }

    /// Orders that the account goes along by which somebody signs in as this record, unless it sees others or works elsewhere.
    async fn account_of(
        &self,
        transaction: &mut Transaction,
        order: &Order,
        root: &'static Entity,
    ) -> Result<(), AppError> {
        let Some(login) = login(root, order.organisation, order.subject) else { return Ok(()) };
        let row = login.fetch_optional(&mut *transaction).await?;
        let Some(person) = row.map(|row| row.optional_uuid("person_id")).transpose()?.flatten() else {
            return Ok(());
        };
        let rows = sql("SELECT role, organisation_id FROM memberships WHERE person_id = $1")
            .bind(person)
            .fetch_all(&mut *transaction)
            .await?;
        for row in rows {
            let role = row.text("role")?;
            let sees_others = self.entities.iter().any(|entity| entity.opens_others(&[&role]));
            if sees_others || row.uuid("organisation_id")? != order.organisation {
                return Ok(());
            }
        }
        sql("INSERT INTO erasures (id, organisation_id, kind, subject_id, ordered_at, ordered_by_id, due_at)
             SELECT $1, organisation_id, 'account', $3, $4, ordered_by_id, $4 FROM erasures WHERE id = $2")
        .bind(uuid::Builder::from_random_bytes(random()?).into_uuid())
        .bind(order.id)
        .bind(person)
        .bind(self.clock.now())
        .execute(transaction)
        .await?;
        Ok(())
    }

    /// What hangs on a row without being a record of the app: files, assignments, what a rule found, what was sent of it or to
    /// whom it is about.
    async fn beside(
        &self,
        transaction: &mut Transaction,
        entity: &'static Entity,
        id: Uuid,
    ) -> Result<(), AppError> {
        for statement in [
            "DELETE FROM file_chunks WHERE record_id = $1",
            "DELETE FROM episode_tasks WHERE episode_id IN (SELECT id FROM rule_episodes WHERE record_id = $1)",
            "DELETE FROM rule_episodes WHERE record_id = $1",
            "DELETE FROM packet_keys WHERE packet_id IN (SELECT id FROM sent_packets WHERE record_id = $1 OR recipient_id = $1)",
            "DELETE FROM sent_packets WHERE record_id = $1 OR recipient_id = $1",
            "DELETE FROM outbox_messages WHERE record_id = $1 OR recipient_id = $1",
        ] {
            sql(statement).bind(id).execute(&mut *transaction).await?;
        }
        for (table, column) in self.hanging_on(transaction, entity.table).await? {
            let (table, column) = (exporter::identifier(&table), exporter::identifier(&column));
            let text = format!("DELETE FROM {table} WHERE {column} = $1");
            Statement::composed(Text::composed(text), vec![id.into()]).execute(&mut *transaction).await?;
        }
        Ok(())
    }

    /// Tables that are no entities and lead to this one, each with its column, as the database tells.
    async fn hanging_on(
        &self,
        transaction: &mut Transaction,
        table: &str,
    ) -> Result<Vec<(String, String)>, AppError> {
        let statement = if transaction.is_postgres() {
            "SELECT CAST(t.relname AS text) AS t, CAST(a.attname AS text) AS c FROM pg_constraint k
             JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class o ON o.oid = k.confrelid
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
             WHERE k.contype = 'f' AND o.relname = $1 AND array_length(k.conkey, 1) = 1
             ORDER BY t.relname, a.attname"
        } else {
            "SELECT m.name AS t, f.\"from\" AS c FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
             WHERE m.type = 'table' AND f.\"table\" = $1 ORDER BY m.name, f.\"from\""
        };
        let mut found = Vec::new();
        for row in sql(statement).bind(table).fetch_all(transaction).await? {
            let name = row.text("t")?;
            if !self.entities.iter().any(|entity| entity.table == name) {
                found.push((name, row.text("c")?));
            }
        }
        Ok(found)
    }

    /// Removes rows, those first that lead to others, and says in the log which.
    async fn remove(
        &self,
        transaction: &mut Transaction,
        organisation: Uuid,
        mut going: Vec<(&'static Entity, Vec<Uuid>)>,
    ) -> Result<u64, AppError> {
        let mut removed = 0;
        while !going.is_empty() {
            let leads = |from: &Entity, to: &Entity| {
                let leading = Some(crate::access::Leads::To(to.table));
                from.table != to.table && from.fields.iter().any(|field| field.leads == leading)
            };
            let free = going.iter().position(|(to, _)| !going.iter().any(|(from, _)| leads(from, to)));
            let (entity, ids) = going.swap_remove(free.unwrap_or(0));
            for some in ids.chunks(NAMED) {
                for id in some {
                    removed += removal(entity, *id).execute(&mut *transaction).await?;
                }
                let event = Event::new(Action::Delete).entity(entity.name).records(some.iter().copied());
                audit::append(transaction, &self.context(organisation), event.note("erased")).await?;
            }
        }
        Ok(removed)
    }

    /// Rewrites the log: of the organisation, and of the environment, where an account signs in.
    async fn rewrite(&self, order: &Order, selves: Option<&[Uuid]>) -> Result<u64, AppError> {
        let shared: Vec<&str> = self
            .entities
            .iter()
            .filter(|entity| entity.kept_months().is_some() && entity.has_phi())
            .map(|entity| entity.name)
            .collect();
        let references = match selves {
            Some(selves) => References::OfAccount { selves, shared: &shared },
            None => References::All,
        };
        let mut parts = 0;
        for organisation in [order.organisation, OrganisationId::ENVIRONMENT.uuid()] {
            let context = self.context(organisation);
            let erased =
                audit::erase_references(self.store, &context, order.subject, order.id, references).await?;
            parts += erased.parts;
        }
        Ok(parts)
    }

    /// Writes down what became of an order; settles it, once nothing of before can still come.
    async fn noted(&self, order: &Order, removed: u64, rewritten: u64) -> Result<(), AppError> {
        let now = self.clock.now();
        let settles = order.carried_out_at.is_some_and(|at| now - at >= SETTLES);
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        sql("UPDATE erasures SET carried_out_at = COALESCE(carried_out_at, $2), removed = removed + $3,
                 rewritten = rewritten + $4, settled_at = $5,
                 subject_id = CASE WHEN $5 IS NULL THEN subject_id ELSE NULL END,
                 selves = CASE WHEN $5 IS NULL THEN selves ELSE NULL END
             WHERE id = $1 AND settled_at IS NULL")
        .bind(order.id)
        .bind(now)
        .bind(count(removed))
        .bind(count(rewritten))
        .bind(settles.then_some(now))
        .execute(self.store)
        .await?;
        Ok(())
    }
}

fn read(row: &Row) -> Result<Order, AppError> {
    Ok(Order {
        id: row.uuid("id")?,
        organisation: row.uuid("organisation_id")?,
        entity: row.optional_text("entity")?,
        subject: row.uuid("subject_id")?,
        selves: row.optional_text("selves")?,
        carried_out_at: row.optional_timestamp("carried_out_at")?,
    })
}

fn ids(rows: &[Row]) -> Result<Vec<Uuid>, AppError> {
    Ok(rows.iter().map(|row| row.uuid("id")).collect::<Result<_, _>>()?)
}

fn random() -> Result<[u8; 16], AppError> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| crate::crypto::KeyError::Random)?;
    Ok(bytes)
}

fn own(error: impl std::error::Error + Send + Sync + 'static) -> AppError {
    AppError::Own(Box::new(error))
}
