//! All that the app keeps of somebody, as far as they may see it: section by section, for a page and for a copy.

use serde_json::{Map, Value as Json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Facts, begin, sealing};
use crate::access::{Action, Context, Entity, Error, Field, Leads, StoredFile, as_json, is_said};
use crate::audit::Purpose;
use crate::slice::{Result, Viewer, capitalised};
use crate::store::{self, Row, Value, sql};
use crate::web::Problem;

/// A kind of thing that is kept of somebody.
pub(super) struct Section {
    /// What it is called in JSON, among the records of the app or beside them.
    pub(super) key: String,
    pub(super) is_of_records: bool,
    /// What people call it.
    pub(super) title: String,
    /// What there is of it.
    pub(super) items: Vec<Item>,
}

/// One of them: as JSON, and in lines of words.
#[derive(Default)]
pub(super) struct Item {
    pub(super) json: Map<String, Json>,
    pub(super) lines: Vec<(String, String)>,
    /// The files that belong to it, each with its path in a copy.
    pub(super) files: Vec<(String, StoredFile)>,
}

impl Item {
    /// One more thing to say.
    fn say(mut self, label: &str, json: impl Into<Json>, words: impl Into<String>) -> Self {
        let words = words.into();
        self.json.insert(label.to_lowercase().replace([' ', '-'], "_"), json.into());
        if !words.is_empty() {
            self.lines.push((label.to_owned(), words));
        }
        self
    }

    /// One more word.
    fn word(self, label: &str, word: impl Into<String>) -> Self {
        let word = word.into();
        self.say(label, word.clone(), word)
    }

    /// One more number.
    fn count(self, label: &str, count: i64) -> Self {
        self.say(label, count, count.to_string())
    }

    /// One more moment, if there was one.
    fn moment(self, viewer: &Viewer, label: &str, at: Option<OffsetDateTime>) -> Result<Self> {
        let Some(at) = at else { return Ok(self.say(label, Json::Null, "")) };
        let json = store::timestamp_text(at).map_err(Error::Store)?;
        Ok(self.say(label, json, viewer.view.moment(at)))
    }
}

/// Whoever asks, to whom their own data goes: what is read by it has that purpose in the log (45 CFR 164.502(a)(1)(i)).
pub(super) fn to_the_individual(viewer: &Viewer) -> Context {
    let mut context: Context = (**viewer).clone();
    context.circumstances.purpose = Purpose::Individual;
    context
}

/// Gathers all of it. Records are in the log as what is done with them, before they are returned.
pub(super) async fn gather(viewer: &Viewer, facts: &Facts, done: Action) -> Result<Vec<Section>> {
    let context = to_the_individual(viewer);
    let mut sections = vec![account(viewer).await?];
    let mut selves = Vec::new();
    for entity in facts.entities.iter().copied() {
        let items = records(viewer, &context, entity, done).await?;
        if entity.subject == Some("id") {
            let ids = items.iter().filter_map(|item| item.json.get("id")?.as_str()?.parse().ok());
            selves.extend(ids.map(|id| (entity, id)));
        }
        let of_records = section(entity.table.replace('_', "-"), items);
        sections.push(Section { is_of_records: true, ..of_records });
    }
    sections.push(signed_in(viewer).await?);
    sections.extend(of_the_library(viewer).await?);
    sections.push(requests(viewer).await?);
    sections.push(looks(viewer, &selves).await?);
    sections.retain(|section| !section.items.is_empty());
    Ok(sections)
}

fn section(key: String, items: Vec<Item>) -> Section {
    let title = capitalised(&key.replace('-', " "));
    Section { key: key.replace('-', "_"), is_of_records: false, title, items }
}

async fn account(viewer: &Viewer) -> Result<Section> {
    let session = viewer.session();
    let profile = session.identity().profile(session.row()).await?;
    let mut item = Item::default().word("Id", profile.id.to_string()).word("E-mail", profile.email);
    item = item.word("Name", profile.display_name.unwrap_or_default());
    item = item.moment(viewer, "Account since", Some(profile.created_at))?;
    item = item.moment(viewer, "Password changed", profile.password_changed_at)?;
    item = item.moment(viewer, "Second factor since", profile.second_factor.enrolled_at)?;
    for organisation in session.identity().leaving(session).await? {
        let roles: Vec<&str> = organisation.roles.iter().map(|role| role.as_str()).collect();
        item = item.word(&format!("Roles in {}", organisation.organisation.name), roles.join(", "));
    }
    Ok(section("account".to_owned(), vec![item]))
}

async fn records(
    viewer: &Viewer,
    context: &Context,
    entity: &'static Entity,
    done: Action,
) -> Result<Vec<Item>> {
    let found = context.own_records(entity, done).await?;
    let named = |field: &&str| entity.field(field).is_some_and(|field| field.leads == Some(Leads::ToPerson));
    let people = found.iter().flat_map(|record| &record.fields).filter(|(field, _)| named(field));
    let people = people.map(|(_, value)| if let Value::Uuid(id) = value { Some(*id) } else { None });
    let names = viewer.people(people.collect::<Vec<_>>()).await?;
    let mut items = Vec::with_capacity(found.len());
    for record in found {
        let mut item = Item::default();
        item.json.insert("id".to_owned(), record.id.to_string().into());
        if let Some(reference) = record.reference {
            item = item.word("Reference", reference);
        }
        for (name, value) in &record.fields {
            let Some(field) = entity.field(name) else { continue };
            let words = match value {
                Value::Uuid(id) => {
                    let called = names.iter().find(|called| called.id == *id);
                    called.map_or_else(String::new, |called| called.title.clone())
                }
                value => words(viewer, field, value),
            };
            item = item.say(&capitalised(name), as_json(value)?, words);
        }
        for (name, file) in record.files {
            let path = format!("files/{}/{}/{}", entity.table, record.id, plain(&file.name));
            let said = format!("{} ({}), {path}", file.name, file.size_in_words());
            let json = serde_json::json!({ "file": path, "sha256": file.sha256, "size": file.size });
            item = item.say(&capitalised(name), json, said);
            item.files.push((path, file));
        }
        item = item.moment(viewer, "Made", record.written[0])?;
        items.push(item.moment(viewer, "Last changed", record.written[1])?);
    }
    Ok(items)
}

/// A name of a file that is no way out of its folder.
fn plain(name: &str) -> String {
    let safe = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | ' ');
    let plain: String = name.chars().map(|letter| if safe(letter) { letter } else { '_' }).collect();
    plain.trim_start_matches('.').to_owned()
}

/// A value as people read it; never a number without its unit.
fn words(viewer: &Viewer, field: &Field, value: &Value) -> String {
    if !is_said(value) {
        return String::new();
    }
    let unit = field.unit.map_or_else(String::new, |unit| format!(" {unit}"));
    match value {
        Value::Bool(true) => "Yes".to_owned(),
        Value::Bool(false) => "No".to_owned(),
        Value::Integer(number) => format!("{number}{unit}"),
        Value::Decimal(number) => format!("{number}{unit}"),
        Value::Text(text) => text.clone(),
        Value::Date(date) => viewer.view.date(*date),
        Value::Timestamp(at) => viewer.view.moment(*at),
        Value::Json(Json::Array(items)) => {
            let texts =
                items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            texts.collect::<Vec<_>>().join(", ")
        }
        Value::Json(other) => other.to_string(),
        Value::Null(_) | Value::Bytes(_) | Value::Uuid(_) => String::new(),
    }
}

async fn signed_in(viewer: &Viewer) -> Result<Section> {
    let session = viewer.session();
    let mut items = Vec::new();
    for device in session.identity().devices(session.row()).await? {
        let item = Item::default().word("Device", device.device.unwrap_or_default());
        let item =
            item.word("Address", device.address).moment(viewer, "Signed in", Some(device.started_at))?;
        items.push(item.moment(viewer, "Last used", Some(device.seen_at))?);
    }
    Ok(section("where-you-are-signed-in".to_owned(), items))
}

/// How a row of one of the library's tables is told.
type Told = fn(&Viewer, &Row) -> Result<Item>;

/// What the library's own tables say of a person `$2` in an organisation `$1`.
const TABLES: [(&str, &str, Told); 6] = [
    (
        "documents-accepted",
        "SELECT document, version, capacity, accepted_at AS at FROM document_acceptances
         WHERE organisation_id = $1 AND person_id = $2 ORDER BY accepted_at, id",
        |viewer, row| {
            let item = Item::default().word("Document", text(row, "document")?);
            item.word("Version", text(row, "version")?).word("For", text(row, "capacity")?).moment(
                viewer,
                "Accepted",
                at(row)?,
            )
        },
    ),
    (
        "training",
        "SELECT course, completed_at AS at FROM trainings
         WHERE organisation_id = $1 AND person_id = $2 ORDER BY completed_at, id",
        |viewer, row| {
            Item::default().word("Course", text(row, "course")?).moment(viewer, "Completed", at(row)?)
        },
    ),
    (
        "usage",
        "SELECT name, period, used, allowed FROM limit_usage
         WHERE organisation_id = $1 AND person_id = $2 ORDER BY name, period",
        |_, row| {
            let item = Item::default().word("What", text(row, "name")?).word("Period", text(row, "period")?);
            Ok(item.count("Used", number(row, "used")?).count("Allowed", number(row, "allowed")?))
        },
    ),
    (
        "tiers",
        "SELECT name, tier, given_at AS at FROM limit_tiers
         WHERE organisation_id = $1 AND person_id = $2 ORDER BY name",
        |viewer, row| {
            let item = Item::default().word("What", text(row, "name")?).word("Tier", text(row, "tier")?);
            item.moment(viewer, "Given", at(row)?)
        },
    ),
    (
        "asked-of-ai",
        "SELECT action, engine, model, characters, outcome, items, began_at AS at FROM ai_invocations
         WHERE organisation_id = $1 AND person_id = $2 ORDER BY began_at, id",
        |viewer, row| {
            let item =
                Item::default().word("Action", text(row, "action")?).word("Asked", text(row, "engine")?);
            let item = item.word("Model", optional(row, "model")?).word("Outcome", optional(row, "outcome")?);
            let item = item.count("Characters read", number(row, "characters")?);
            item.count("Proposals", number(row, "items")?).moment(viewer, "When", at(row)?)
        },
    ),
    (
        "emergency-access",
        "SELECT kind, starts_at AS at, ends_at FROM emergency_accesses
         WHERE organisation_id = $1 AND person_id = $2 ORDER BY starts_at, id",
        |viewer, row| {
            let ended = row.optional_timestamp("ends_at").map_err(Error::Store)?;
            let item = Item::default().word("Kind", text(row, "kind")?).moment(viewer, "From", at(row)?)?;
            item.moment(viewer, "Until", ended)
        },
    ),
];

fn text(row: &Row, column: &str) -> Result<String> {
    Ok(row.text(column).map_err(Error::Store)?)
}

fn optional(row: &Row, column: &str) -> Result<String> {
    Ok(row.optional_text(column).map_err(Error::Store)?.unwrap_or_default())
}

fn number(row: &Row, column: &str) -> Result<i64> {
    Ok(row.integer(column).map_err(Error::Store)?)
}

fn at(row: &Row) -> Result<Option<OffsetDateTime>> {
    Ok(row.optional_timestamp("at").map_err(Error::Store)?)
}

async fn of_the_library(viewer: &Viewer) -> Result<Vec<Section>> {
    let mut reading = begin(viewer).await?;
    let mut sections = Vec::new();
    for (key, statement, told) in TABLES {
        let rows = sql(statement)
            .bind(viewer.principal.organisation())
            .bind(viewer.principal.person())
            .fetch_all(&mut reading)
            .await
            .map_err(Error::from)?;
        let items = rows.iter().map(|row| told(viewer, row)).collect::<Result<Vec<_>>>()?;
        sections.push(section(key.to_owned(), items));
    }
    reading.rollback().await.map_err(Error::from)?;
    Ok(sections)
}

/// What they asked for as their right, with every word that was written about it.
async fn requests(viewer: &Viewer) -> Result<Section> {
    let rows = sql("SELECT r.kind, r.standing, e.id, e.step, e.words, e.written_at AS at
         FROM rights_requests r JOIN compliance_entries e ON e.about_id = r.id AND e.organisation_id = r.organisation_id
         WHERE r.organisation_id = $1 AND r.person_id = $2 ORDER BY e.written_at, e.id")
    .bind(viewer.principal.organisation())
    .bind(viewer.principal.person())
    .fetch_all(&viewer.store)
    .await
    .map_err(Error::from)?;
    let mut items = Vec::new();
    for row in rows {
        let (id, sealed): (Uuid, Vec<u8>) =
            (row.uuid("id").map_err(Error::Store)?, row.bytes("words").map_err(Error::Store)?);
        let words = sealing::open(viewer, sealing::Column::Words, id, sealed).await?;
        let item =
            Item::default().word("What", text(&row, "kind")?).word("Standing", text(&row, "standing")?);
        let item = item.word("Step", text(&row, "step")?).word("Words", words);
        items.push(item.moment(viewer, "When", at(&row)?)?);
    }
    Ok(section("requests".to_owned(), items))
}

/// Who looked at the records that they are, the latest of it, and to whom these were disclosed.
async fn looks(viewer: &Viewer, selves: &[(&'static Entity, Uuid)]) -> Result<Section> {
    let mut items = Vec::new();
    for (entity, record) in selves.iter().copied() {
        let looks = viewer.looks(entity, record).await?;
        for look in looks.looks {
            let what = look.entity.unwrap_or_default();
            let item = Item::default().word("Who", look.who).word("Did", look.action.as_str());
            let item = item.word("What", what).word("Why", look.purpose.as_str());
            items.push(item.moment(viewer, "When", Some(look.at))?);
        }
        for disclosure in looks.disclosures {
            let item = Item::default().word("Disclosed to", disclosure.recipient);
            let item = item.word("What", disclosure.entity.unwrap_or_default());
            let item = item.word("Why", disclosure.purpose.as_str());
            let item = item.word("On what basis", disclosure.basis.unwrap_or_default());
            items.push(item.moment(viewer, "When", Some(disclosure.at))?);
        }
    }
    Ok(section("who-looked".to_owned(), items))
}

/// All sections as one document.
pub(super) fn document(viewer: &Viewer, facts: &Facts, sections: &[Section]) -> Result<Vec<u8>> {
    let (mut kept, mut records) = (Map::new(), Map::new());
    for section in sections {
        let items = section.items.iter().map(|item| Json::Object(item.json.clone())).collect();
        let place = if section.is_of_records { &mut records } else { &mut kept };
        place.insert(section.key.clone(), Json::Array(items));
    }
    let at = store::timestamp_text(viewer.clock.now()).map_err(Error::Store)?;
    let document = serde_json::json!({ "app": facts.app, "copied_at": at, "kept": kept, "records": records });
    serde_json::to_vec_pretty(&document).map_err(|_| Problem::internal("copy"))
}
