//! Readings, part of a patient: what a record holds, the statements on it, and its JSON API.
//!
//! Each statement stands in sight. The slot `{visible}` becomes the policy of `access.rs` for who asks and what for,
//! `{reach}` tells which fields of a row that person may see. Hidden and missing are the same 404. The pages
//! are in `readings/pages.rs`; a form reads what pages and programs send alike.

pub mod pages;

use safeguards::slice::prelude::*;

use crate::access::READING;
use crate::extensions::prepared_reading;

/// A reading, as far as its reader may see it: what is hidden is left out of JSON.
#[derive(Debug, Serialize)]
pub struct Reading {
    /// Its id and version, and who wrote it when.
    #[serde(flatten)]
    pub written: Written,
    /// The patient that it is part of.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub patient_id: Shown<Option<Uuid>>,
    /// Systolic, in mmHg.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub systolic: Shown<Option<i64>>,
    /// Diastolic, in mmHg.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub diastolic: Shown<Option<i64>>,
    /// Pulse, in bpm.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub pulse: Shown<Option<i64>>,
    /// Taken at.
    #[serde(skip_serializing_if = "Shown::is_hidden", serialize_with = "safeguards::slice::json::moment")]
    pub taken_at: Shown<Option<OffsetDateTime>>,
    /// How do you feel?
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub note: Shown<Option<String>>,
}

impl Record for Reading {
    const ENTITY: &'static Entity = &READING;

    fn read(row: &Unsealed<'_>) -> Opened<Self> {
        Ok(Self {
            written: Written::read(row)?,
            patient_id: row.field("patient")?,
            systolic: row.field("systolic")?,
            diastolic: row.field("diastolic")?,
            pulse: row.field("pulse")?,
            taken_at: row.field("taken at")?,
            note: row.field("note")?,
        })
    }
}

/// What is asked for a reading.
pub fn form(links: &Links) -> Form {
    let _ = links;
    Form::new("/readings/new")
        .field(Field::integer("systolic", "Systolic").unit("mmHg").range(50, 260))
        .field(Field::integer("diastolic", "Diastolic").unit("mmHg").range(30, 200))
        .field(Field::integer("pulse", "Pulse").unit("bpm").range(20, 250).optional())
        .field(Field::moment("taken_at", "Taken at").optional())
        .field(
            Field::paragraphs("note", "How do you feel?").hint("Anything the nurse should know.").optional(),
        )
}

/// The form of a new reading, filled with what is usual.
pub fn blank(view: &View, links: &Links) -> Form {
    form(links).with_moment(view, "taken_at", Some(view.this_minute()))
}

/// One reading within the viewer's reach.
pub async fn find(viewer: &Viewer, id: Uuid) -> Result<Reading> {
    Ok(one(id).show(viewer, Action::View).await?)
}

fn one(id: Uuid) -> Statement {
    tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, patient_id, systolic,
                diastolic, pulse, taken_at, note,
                {reach}
         FROM readings WHERE id = $1 AND {visible}"
    )
    .bind(id)
}

/// Readings within the viewer's reach, latest taken at first unless told otherwise.
pub async fn search(viewer: &Viewer, wanted: &Wanted) -> Result<Vec<Reading>> {
    let found = tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, patient_id, systolic,
                diastolic, pulse, taken_at, note,
                {reach}
         FROM readings WHERE {visible} AND {filters} ORDER BY {order} LIMIT $1 OFFSET $2"
    );
    let found = found
        .bind(wanted.limit())
        .bind(wanted.offset())
        .filter("patient_id = {}", wanted.record("patient_id")?)
        .filter("systolic >= {}", wanted.integer("systolic_from")?)
        .filter("systolic <= {}", wanted.integer("systolic_to")?)
        .filter("diastolic >= {}", wanted.integer("diastolic_from")?)
        .filter("diastolic <= {}", wanted.integer("diastolic_to")?)
        .filter("pulse >= {}", wanted.integer("pulse_from")?)
        .filter("pulse <= {}", wanted.integer("pulse_to")?)
        .filter("taken_at >= {}", wanted.moment("taken_at_from")?)
        .filter("taken_at <= {}", wanted.moment("taken_at_to")?)
        .order(wanted.order(ORDERS, "taken_at DESC, readings.id DESC"));
    Ok(found.list(viewer).await?)
}

/// One page of what is wanted, and how many there are in all, as far as the viewer may list it.
pub async fn found(viewer: &Viewer, wanted: &Wanted) -> Result<Found<Reading>> {
    let records = search(viewer, wanted).await?;
    let total = match wanted.total(records.len()) {
        Some(total) => total,
        None => count(viewer, wanted).await?,
    };
    Ok(Found::of(records, total))
}

/// One page of what is wanted, for a program, which does not ask how many there are in all.
async fn page(viewer: &Viewer, wanted: &Wanted) -> Result<Vec<Reading>> {
    search(viewer, wanted).await
}

/// How many there are of what is wanted, as far as the viewer may list it.
pub async fn count(viewer: &Viewer, wanted: &Wanted) -> Result<i64> {
    let found = tenant!("SELECT count(*) AS n FROM readings WHERE {visible} AND {filters}");
    let found = found
        .filter("patient_id = {}", wanted.record("patient_id")?)
        .filter("systolic >= {}", wanted.integer("systolic_from")?)
        .filter("systolic <= {}", wanted.integer("systolic_to")?)
        .filter("diastolic >= {}", wanted.integer("diastolic_from")?)
        .filter("diastolic <= {}", wanted.integer("diastolic_to")?)
        .filter("pulse >= {}", wanted.integer("pulse_from")?)
        .filter("pulse <= {}", wanted.integer("pulse_to")?)
        .filter("taken_at >= {}", wanted.moment("taken_at_from")?)
        .filter("taken_at <= {}", wanted.moment("taken_at_to")?);
    Ok(found.count(viewer, &READING).await?)
}

/// The orders that a list can be asked for.
const ORDERS: &[(&str, &str)] = &[
    ("systolic", "systolic, readings.id"),
    ("-systolic", "systolic DESC, readings.id DESC"),
    ("diastolic", "diastolic, readings.id"),
    ("-diastolic", "diastolic DESC, readings.id DESC"),
    ("pulse", "pulse, readings.id"),
    ("-pulse", "pulse DESC, readings.id DESC"),
    ("taken_at", "taken_at, readings.id"),
    ("-taken_at", "taken_at DESC, readings.id DESC"),
];

/// Makes a reading; says its id.
pub async fn insert(viewer: &Viewer, patient_id: Uuid, answers: &Answers) -> Result<Uuid> {
    let made = new(viewer, patient_id, answers).await?;
    Ok(made.insert(viewer, &READING).await?)
}

/// The statement that makes a reading of these answers.
async fn new(viewer: &Viewer, patient_id: Uuid, answers: &Answers) -> Result<Statement> {
    let answers = &prepared_reading(viewer, None, answers).await?;
    let made = tenant!("INSERT INTO readings ({fields}) VALUES ({values})").answers(&READING, answers);
    let made = made.field("patient", patient_id);
    Ok(made)
}

/// The filters that a program can ask for: open ones name nobody and may stand in an address.
const FILTERS: &[ListFilter] = &[
    ListFilter::record("patient_id").open(),
    ListFilter::integer("systolic_from"),
    ListFilter::integer("systolic_to"),
    ListFilter::integer("diastolic_from"),
    ListFilter::integer("diastolic_to"),
    ListFilter::integer("pulse_from"),
    ListFilter::integer("pulse_to"),
    ListFilter::moment("taken_at_from"),
    ListFilter::moment("taken_at_to"),
];

/// `GET /api/readings`: filters that name nobody stand in the address.
pub async fn api_list(viewer: Viewer, wanted: Wanted) -> Result<Json<Vec<Reading>>> {
    viewer.granted(&READING, Action::List).await?;
    let wanted = wanted.asked(FILTERS, &[ORDERS])?;
    Ok(Json(page(&viewer, &wanted).await?))
}

/// `POST /api/readings/search`: filters that could name somebody stand in the body.
pub async fn api_search(viewer: Viewer, body: Body) -> Result<Json<Vec<Reading>>> {
    viewer.granted(&READING, Action::List).await?;
    let wanted = body.wanted(FILTERS, &[ORDERS])?;
    Ok(Json(page(&viewer, &wanted).await?))
}

/// `GET /api/readings/{id}`
pub async fn api_show(viewer: Viewer, Id(id): Id) -> Result<Json<Reading>> {
    find(&viewer, id).await.map(Json)
}

/// `POST /api/readings`
pub async fn api_create(viewer: Viewer, body: Body) -> Result<Response> {
    viewer.granted(&READING, Action::Create).await?;
    let form = viewer.writable(blank(&viewer.view, &Links::any()), &READING, Action::Create);
    let answers = body.answers(&viewer.view, form, &["patient_id"])?;
    let id = viewer.ids.next();
    let made = new(&viewer, body.record("patient_id")?, &answers).await?;
    Ok(created(id, made.insert_shown::<Reading>(&viewer, id, one(id)).await?))
}
