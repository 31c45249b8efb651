//! Who looked at a person's record, and to whom of it was disclosed: for whose record it is, and for whoever answers for
//! the log (CL-3, CL-10).

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::places::capitalised;
use super::{Called, Result, Viewer};
use crate::access::Error;
use crate::audit::{self, Actor, Disclosure, Event, Outcome, PLATFORM_SUPPORT, Purpose, Seen};
use crate::pages::{Column, Content, Look, Notice, Page, Row, Table, WhoLooked};

/// How many looks are told at once, the latest first.
const LATEST: u32 = 200;

/// A look at something about a person, or a change of it.
#[derive(Clone, Debug, Serialize)]
pub struct LookTold {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who: a name, or a part of the system.
    pub who: String,
    /// What they did.
    pub action: audit::Action,
    /// With which kind of record.
    pub entity: Option<String>,
    /// For which purpose.
    pub purpose: Purpose,
    /// How it ended.
    pub outcome: Outcome,
}

/// All of it.
#[derive(Clone, Debug, Serialize)]
pub struct Looks {
    /// The latest looks first.
    pub looks: Vec<LookTold>,
    /// The accounting of disclosures of six years (45 CFR 164.528), in the order of time.
    pub disclosures: Vec<Disclosure>,
}

impl Viewer {
    /// Who looked at a record that the viewer has found, or at anything about the person whose it is. The question is
    /// itself an event, before it is answered.
    pub async fn looks(&self, entity: &'static crate::access::Entity, record: Uuid) -> Result<Looks> {
        let organisation = self.principal.organisation().uuid();
        let asked = Event::new(audit::Action::View).entity(entity.name).record(record).subject(record);
        let asked = asked.note("who looked");
        self.audit.record(&self.circumstances, asked).await.map_err(Error::AuditUnavailable)?;
        let seen = audit::who_looked(&self.store, organisation, record, None, LATEST);
        let seen = seen.await.map_err(Error::from)?;
        let disclosures = audit::accounting(&self.store, organisation, record, self.clock.now());
        let disclosures = disclosures.await.map_err(Error::from)?;
        let people = seen.iter().flat_map(|seen| [Some(&seen.actor), seen.impersonator.as_ref()]);
        let names = self.people(people.map(|id| id?.parse().ok())).await?;
        let looks = seen.into_iter().map(|seen| told(&names, seen)).collect();
        Ok(Looks { looks, disclosures })
    }

    /// The same as a page.
    pub async fn who_looked(
        &self,
        page: Page,
        entity: &'static crate::access::Entity,
        record: Uuid,
    ) -> Result<Page> {
        let Looks { looks, disclosures } = self.looks(entity, record).await?;
        let whole = looks.len() < LATEST as usize;
        let page = page.with(WhoLooked::new(looks.into_iter().map(shown)));
        let page = if whole {
            page
        } else {
            page.with(
                Notice::information(format!("These are the {LATEST} latest looks"))
                    .text("Earlier ones are in the audit log, which your organisation exports and verifies."),
            )
        };
        Ok(page.with(accounted(disclosures)))
    }
}

fn told(names: &[Called], seen: Seen) -> LookTold {
    let id: Option<Uuid> = seen.actor.parse().ok();
    let name = id.and_then(|id| names.iter().find(|called| called.id == id));
    let behind = seen.impersonator.as_deref().map(|id| {
        let known = names.iter().find(|called| id.parse() == Ok(called.id));
        known.map_or_else(|| id.to_owned(), |called| called.title.clone())
    });
    let support = seen.actor == Actor::System(PLATFORM_SUPPORT).text();
    LookTold {
        at: seen.at,
        who: match (name, seen.recipient) {
            // CF-3: whoever looked through a colleague's eyes is named first.
            (name, _) if behind.is_some() => {
                let whom = name.map_or(seen.actor, |called| called.title.clone());
                format!("{}, as {whom}", behind.unwrap_or_default())
            }
            (Some(called), _) => called.title.clone(),
            // By whose leave, and why, is among the disclosures.
            (None, Some(recipient)) if support => format!("Platform support: {recipient}"),
            (None, _) => seen.actor,
        },
        action: seen.action,
        entity: seen.entity,
        purpose: seen.purpose,
        outcome: seen.outcome,
    }
}

fn shown(look: LookTold) -> Look {
    Look {
        at: look.at,
        who: Content::from(look.who),
        role: String::new(),
        did: words(look.action.as_str()),
        what: look.entity.map_or(Content::Empty, |entity| Content::from(words(&entity))),
        why: Content::from(words(look.purpose.as_str())),
        refused: (look.outcome != Outcome::Succeeded).then(|| look.outcome.as_str().to_owned()),
    }
}

fn accounted(disclosures: Vec<Disclosure>) -> Table {
    let table = ["When", "To whom", "What", "Why", "On what basis"].into_iter();
    let table = table.fold(Table::new("Disclosures outside, in the last six years"), |table, label| {
        table.column(Column::new(label))
    });
    let rows = disclosures.into_iter().map(|disclosure| {
        Row::new()
            .cell(disclosure.at)
            .cell(disclosure.recipient)
            .cell(disclosure.entity.map(|entity| words(&entity)))
            .cell(words(disclosure.purpose.as_str()))
            .cell(disclosure.basis)
    });
    let rows: Vec<Row> = rows.collect();
    table.rows(rows).empty(
        "Nothing was disclosed",
        "What leaves for treatment, payment or operations, or to you, is not part of this list (45 CFR 164.528).",
    )
}

/// A name of the code as one of people.
fn words(name: &str) -> String {
    capitalised(&name.replace('-', " "))
}
