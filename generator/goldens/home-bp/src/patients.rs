//! Patients: what a record holds, the statements on it, and its JSON API.
//!
//! Each statement stands in sight. The slot `{visible}` becomes the policy of `access.rs` for who asks and what for,
//! `{reach}` tells which fields of a row that person may see. Hidden and missing are the same 404. The pages
//! are in `patients/pages.rs`; a form reads what pages and programs send alike.

pub mod pages;

use safeguards::slice::prelude::*;

use crate::access::PATIENT;
use crate::extensions::prepared_patient;
use crate::rules;

/// A patient, as far as its reader may see it: what is hidden is left out of JSON.
#[derive(Debug, Serialize)]
pub struct Patient {
    /// Its id and version, and who wrote it when.
    #[serde(flatten)]
    pub written: Written,
    /// The person who signs in as this record.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub person_id: Shown<Option<Uuid>>,
    /// Name.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub name: Shown<Option<String>>,
    /// Date of birth.
    #[serde(skip_serializing_if = "Shown::is_hidden", serialize_with = "safeguards::slice::json::date")]
    pub date_of_birth: Shown<Option<Date>>,
    /// Phone.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub phone: Shown<Option<String>>,
    /// Sex.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub sex: Shown<Option<String>>,
    /// Allergies.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub allergies: Shown<Option<Vec<String>>>,
    /// Target systolic, in mmHg.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub target_systolic: Shown<Option<i64>>,
    /// Target diastolic, in mmHg.
    #[serde(skip_serializing_if = "Shown::is_hidden")]
    pub target_diastolic: Shown<Option<i64>>,
    /// Age: computed at each reading.
    #[serde(skip_serializing_if = "Shown::is_hidden", serialize_with = "safeguards::slice::json::decimal")]
    pub age: Shown<Option<Decimal>>,
}

impl Record for Patient {
    const ENTITY: &'static Entity = &PATIENT;

    fn read(row: &Unsealed<'_>) -> Opened<Self> {
        let date_of_birth = row.field("date of birth")?;
        Ok(Self {
            written: Written::read(row)?,
            person_id: row.field("login")?,
            age: rules::patient_age(&date_of_birth, row.now()),
            name: row.field("name")?,
            date_of_birth,
            phone: row.field("phone")?,
            sex: row.field("sex")?,
            allergies: row.field("allergies")?,
            target_systolic: row.field("target systolic")?,
            target_diastolic: row.field("target diastolic")?,
        })
    }
}

/// What is asked for a patient.
pub fn form(links: &Links) -> Form {
    Form::new("/patients/new")
        .field(Field::text("name", "Name"))
        .field(Field::date("date_of_birth", "Date of birth"))
        .field(Field::shaped(Shape::Phone, "phone", "Phone").optional())
        .field(
            Field::choice(
                "sex",
                "Sex",
                [("female", "Female"), ("male", "Male"), ("other", "Other"), ("unknown", "Unknown")],
            )
            .optional(),
        )
        .field(Field::list("allergies", "Allergies", Field::text("allergies", "Allergies")).optional())
        .field(Field::integer("target_systolic", "Target systolic").unit("mmHg").range(80, 200).optional())
        .field(Field::integer("target_diastolic", "Target diastolic").unit("mmHg").range(40, 130).optional())
        .field(
            links
                .field("person_id", "Signs in as")
                .hint("The account by which this person sees the record.")
                .optional(),
        )
}

/// The form of a new patient, filled with what is usual.
pub fn blank(view: &View, links: &Links) -> Form {
    let _ = view;
    form(links).with("target_systolic", 140_i64).with("target_diastolic", 90_i64)
}

/// The form filled with what is recorded.
pub fn filled(view: &View, links: &Links, record: &Patient) -> Form {
    let _ = view;
    form(links)
        .with("name", record.name.known())
        .with("date_of_birth", record.date_of_birth.known())
        .with("phone", record.phone.known())
        .with("sex", record.sex.known())
        .with("allergies", record.allergies.known())
        .with("target_systolic", record.target_systolic.known())
        .with("target_diastolic", record.target_diastolic.known())
        .with("person_id", record.person_id.known())
        .version(record.written.version)
}

/// One patient within the viewer's reach.
pub async fn find(viewer: &Viewer, id: Uuid) -> Result<Patient> {
    Ok(one(id).show(viewer, Action::View).await?)
}

fn one(id: Uuid) -> Statement {
    tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, reference, person_id,
                name, date_of_birth, phone, sex, allergies, target_systolic, target_diastolic,
                {reach}
         FROM patients WHERE id = $1 AND {visible}"
    )
    .bind(id)
}

/// Patients within the viewer's reach, newest first unless told otherwise.
pub async fn search(viewer: &Viewer, wanted: &Wanted) -> Result<Vec<Patient>> {
    let found = tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, reference, person_id,
                name, date_of_birth, phone, sex, allergies, target_systolic, target_diastolic,
                {reach}
         FROM patients WHERE {visible} AND {filters} ORDER BY {order} LIMIT $1 OFFSET $2"
    );
    let found = found
        .bind(wanted.limit())
        .bind(wanted.offset())
        .filter_lookup("phone_index = {}", "phone", wanted.text("phone")?)
        .filter("target_systolic >= {}", wanted.integer("target_systolic_from")?)
        .filter("target_systolic <= {}", wanted.integer("target_systolic_to")?)
        .filter("target_diastolic >= {}", wanted.integer("target_diastolic_from")?)
        .filter("target_diastolic <= {}", wanted.integer("target_diastolic_to")?)
        .order(wanted.order(ORDERS, "patients.created_at DESC, patients.id DESC"));
    Ok(found.list(viewer).await?)
}

/// One page of what is wanted, and how many there are in all, as far as the viewer may list it.
pub async fn found(viewer: &Viewer, wanted: &Wanted) -> Result<Found<Patient>> {
    if let Some(sealed) = wanted.sealed(SEARCHED, SEALED_ORDERS) {
        return Ok(sealed_ones(wanted)?.search(viewer, &sealed).await.or_else(Found::beyond)?);
    }
    let records = search(viewer, wanted).await?;
    let total = match wanted.total(records.len()) {
        Some(total) => total,
        None => count(viewer, wanted).await?,
    };
    Ok(Found::of(records, total))
}

/// One page of what is wanted, for a program, which does not ask how many there are in all.
async fn page(viewer: &Viewer, wanted: &Wanted) -> Result<Vec<Patient>> {
    if let Some(sealed) = wanted.sealed(SEARCHED, SEALED_ORDERS) {
        return Ok(sealed_ones(wanted)?.search(viewer, &sealed).await?.records);
    }
    search(viewer, wanted).await
}

/// What is sealed is opened to be compared: up to 5,000 records that the viewer may list anyway.
fn sealed_ones(wanted: &Wanted) -> Result<Statement> {
    let found = tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, reference, person_id,
                name, date_of_birth, phone, sex, allergies, target_systolic, target_diastolic,
                {reach}
         FROM patients WHERE {visible} AND {filters} ORDER BY {order} LIMIT {cap}"
    );
    Ok(found
        .filter_lookup("phone_index = {}", "phone", wanted.text("phone")?)
        .filter("target_systolic >= {}", wanted.integer("target_systolic_from")?)
        .filter("target_systolic <= {}", wanted.integer("target_systolic_to")?)
        .filter("target_diastolic >= {}", wanted.integer("target_diastolic_from")?)
        .filter("target_diastolic <= {}", wanted.integer("target_diastolic_to")?)
        .order(wanted.order(ORDERS, "patients.created_at DESC, patients.id DESC")))
}

/// How many there are of what is wanted, as far as the viewer may list it.
pub async fn count(viewer: &Viewer, wanted: &Wanted) -> Result<i64> {
    let found = tenant!("SELECT count(*) AS n FROM patients WHERE {visible} AND {filters}");
    let found = found
        .filter_lookup("phone_index = {}", "phone", wanted.text("phone")?)
        .filter("target_systolic >= {}", wanted.integer("target_systolic_from")?)
        .filter("target_systolic <= {}", wanted.integer("target_systolic_to")?)
        .filter("target_diastolic >= {}", wanted.integer("target_diastolic_from")?)
        .filter("target_diastolic <= {}", wanted.integer("target_diastolic_to")?);
    Ok(found.count(viewer, &PATIENT).await?)
}

/// The orders that a list can be asked for.
const ORDERS: &[(&str, &str)] = &[
    ("target_systolic", "target_systolic, patients.id"),
    ("-target_systolic", "target_systolic DESC, patients.id DESC"),
    ("target_diastolic", "target_diastolic, patients.id"),
    ("-target_diastolic", "target_diastolic DESC, patients.id DESC"),
];

/// The fields that words are looked for in.
const SEARCHED: &[&str] = &["name"];

/// The orders that have to be opened first, by the names of their fields.
const SEALED_ORDERS: &[(&str, &str)] =
    &[("name", "name"), ("date_of_birth", "date of birth"), ("phone", "phone"), ("sex", "sex")];

/// What patients are called where something links to them.
pub async fn titles(viewer: &Viewer, ids: impl IntoIterator<Item = Option<Uuid>>) -> Result<Vec<Called>> {
    let found =
        tenant!("SELECT id, version, reference, name, {reach} FROM patients WHERE {among} AND {visible}");
    let found: Vec<PatientTitle> = found.among(ids.into_iter().flatten()).list(viewer).await?;
    Ok(called(viewer, found))
}

/// A patient by name, or by what else its reader may see.
struct PatientTitle(Called);

impl Record for PatientTitle {
    const ENTITY: &'static Entity = &PATIENT;

    fn read(row: &Unsealed<'_>) -> Opened<Self> {
        let titles = [row.field::<Option<String>>("name")?.words()];
        Ok(Self(Called::new(row.id()?, &titles, &row.reference()?, "Patient")))
    }
}

fn called(_: &Viewer, titles: Vec<PatientTitle>) -> Vec<Called> {
    titles.into_iter().map(|title| title.0).collect()
}

/// Makes a patient; says its id.
pub async fn insert(viewer: &Viewer, answers: &Answers) -> Result<Uuid> {
    let made = new(viewer, answers).await?;
    Ok(made.insert(viewer, &PATIENT).await?)
}

/// The statement that makes a patient of these answers.
async fn new(viewer: &Viewer, answers: &Answers) -> Result<Statement> {
    let answers = &prepared_patient(viewer, None, answers).await?;
    let made = tenant!("INSERT INTO patients ({fields}) VALUES ({values})").answers(&PATIENT, answers);
    Ok(made)
}

/// Changes the patient that the person saw at this version; says the new one.
pub async fn update(viewer: &Viewer, id: Uuid, version: i64, answers: &Answers) -> Result<i64> {
    let answers = &prepared_patient(viewer, Some(id), answers).await?;
    let changed =
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
    Ok(changed.answers(&PATIENT, answers).update(viewer, &PATIENT, Action::Update, id, version).await?)
}

/// The statement that assigns the patient to this person in this role from now on.
fn assignment(viewer: &Viewer, id: Uuid, role: &str, person: Uuid) -> safeguards::store::Statement {
    let made = sql("INSERT INTO patient_assignments
             (id, organisation_id, patient_id, person_id, role, starts_at, assigned_by_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)");
    let made =
        made.bind(viewer.ids.next()).bind(viewer.principal.organisation().uuid()).bind(id).bind(person);
    made.bind(role).bind(viewer.clock.now()).bind(viewer.principal.person().uuid())
}

/// The roles that a patient is assigned to.
pub const ASSIGNED_TO: &[&str] = &["physician"];

/// Those that are assigned to nobody, the oldest first.
pub async fn unassigned(viewer: &Viewer, most: i64) -> Result<Vec<Patient>> {
    let found = tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, reference, person_id,
                name, date_of_birth, phone, sex, allergies, target_systolic, target_diastolic,
                {reach}
         FROM patients
         WHERE {visible}
           AND NOT EXISTS (SELECT 1 FROM patient_assignments
                           WHERE patient_assignments.patient_id = patients.id AND patient_assignments.ends_at IS NULL)
         ORDER BY patients.created_at, patients.id LIMIT $1"
    );
    Ok(found.bind(most).beside(&["patient_assignments"]).list(viewer).await?)
}

/// Who is responsible for a patient now. Ask for the record first: this has no policy of its own.
pub async fn assignees(viewer: &Viewer, id: Uuid) -> Result<Vec<Assignee>> {
    let current = sql("SELECT person_id, role, starts_at FROM patient_assignments
         WHERE patient_id = $1 AND organisation_id = $2 AND ends_at IS NULL ORDER BY starts_at");
    let organisation = viewer.principal.organisation().uuid();
    Assignments::read(viewer, current.bind(id).bind(organisation)).await
}

/// Assigns the patient that the person saw at this version; who had it before is relieved, and it stays on record.
pub async fn assign(viewer: &Viewer, id: Uuid, version: i64, role: &str, person: Uuid) -> Result<i64> {
    if !ASSIGNED_TO.contains(&role) || !viewer.has_colleague(role, person).await? {
        return Err(Problem::not_found());
    }
    let assigned =
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
    let relieved = sql("UPDATE patient_assignments SET ends_at = $1
         WHERE patient_id = $2 AND organisation_id = $3 AND role = $4 AND ends_at IS NULL");
    let relieved =
        relieved.bind(viewer.clock.now()).bind(id).bind(viewer.principal.organisation().uuid()).bind(role);
    let assigned = assigned.also(relieved).also(assignment(viewer, id, role, person));
    Ok(assigned.update(viewer, &PATIENT, Action::Move("assign"), id, version).await?)
}

/// Invites the person whom the patient is, by their address: who takes the link signs in as patient and sees this record as their own.
pub async fn invite(viewer: &Viewer, id: Uuid, version: i64, email: &str) -> Result<Link> {
    viewer.granted(&PATIENT, Action::Move("invite")).await?;
    find(viewer, id).await?;
    let draft = viewer.draft_invitation("patient", None, email).await?;
    let invited =
        tenant!("UPDATE patients SET {fields} WHERE id = {id} AND version = {version} AND {visible}");
    let invited = invited.field("login", draft.person.uuid()).also(draft.statement);
    invited.update(viewer, &PATIENT, Action::Move("invite"), id, version).await?;
    Ok(draft.link)
}

/// The filters that a program can ask for: open ones name nobody and may stand in an address; `find` holds words to look for.
const FILTERS: &[ListFilter] = &[
    ListFilter::text("find"),
    ListFilter::text("phone"),
    ListFilter::integer("target_systolic_from"),
    ListFilter::integer("target_systolic_to"),
    ListFilter::integer("target_diastolic_from"),
    ListFilter::integer("target_diastolic_to"),
];

/// `GET /api/patients`: filters that name nobody stand in the address.
pub async fn api_list(viewer: Viewer, wanted: Wanted) -> Result<Json<Vec<Patient>>> {
    viewer.granted(&PATIENT, Action::List).await?;
    let wanted = wanted.asked(FILTERS, &[ORDERS, SEALED_ORDERS])?;
    Ok(Json(page(&viewer, &wanted).await?))
}

/// `POST /api/patients/search`: filters that could name somebody stand in the body.
pub async fn api_search(viewer: Viewer, body: Body) -> Result<Json<Vec<Patient>>> {
    viewer.granted(&PATIENT, Action::List).await?;
    let wanted = body.wanted(FILTERS, &[ORDERS, SEALED_ORDERS])?;
    Ok(Json(page(&viewer, &wanted).await?))
}

/// `GET /api/patients/{id}`
pub async fn api_show(viewer: Viewer, Id(id): Id) -> Result<Json<Patient>> {
    find(&viewer, id).await.map(Json)
}

/// `GET /api/patients/{id}/who-looked`
pub async fn api_who_looked(viewer: Viewer, Id(id): Id) -> Result<Json<Looks>> {
    let record = find(&viewer, id).await?;
    if !pages::reviews(&viewer, &record) {
        return Err(Problem::not_found());
    }
    viewer.looks(&PATIENT, id).await.map(Json)
}

/// `POST /api/patients`
pub async fn api_create(viewer: Viewer, body: Body) -> Result<Response> {
    viewer.granted(&PATIENT, Action::Create).await?;
    let form = viewer.writable(blank(&viewer.view, &Links::any()), &PATIENT, Action::Create);
    let answers = body.answers(&viewer.view, form, &[])?;
    let id = viewer.ids.next();
    let made = new(&viewer, &answers).await?;
    Ok(created(id, made.insert_shown::<Patient>(&viewer, id, one(id)).await?))
}

/// `PATCH /api/patients/{id}`: fields that are not sent stay as they are.
pub async fn api_update(viewer: Viewer, Id(id): Id, body: Body) -> Result<Json<Patient>> {
    let record = find(&viewer, id).await?;
    let form = viewer.writable(filled(&viewer.view, &Links::any(), &record), &PATIENT, Action::Update);
    let answers = body.changes(&viewer.view, form)?;
    update(&viewer, id, body.version()?, &answers).await?;
    find(&viewer, id).await.map(Json)
}

/// `POST /api/patients/{id}/assign`: `role`, `person_id` and `version`.
pub async fn api_assign(viewer: Viewer, Id(id): Id, body: Body) -> Result<Json<Vec<Assignee>>> {
    assign(&viewer, id, body.version()?, &body.text("role")?, body.record("person_id")?).await?;
    assignees(&viewer, id).await.map(Json)
}

/// `POST /api/patients/{id}/invite`: `email` and `version`; the link is shown once.
pub async fn api_invite(viewer: Viewer, Id(id): Id, body: Body) -> Result<Response> {
    Ok(invited(&invite(&viewer, id, body.version()?, &body.text("email")?).await?))
}
