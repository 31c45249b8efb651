//! The pages about patients.

use safeguards::slice::prelude::*;

use super::{
    ASSIGNED_TO, Patient, assign, assignees, blank, filled, find, form, found, insert, invite, update,
};
use crate::access::{self, PATIENT};
use crate::extensions::{Extensions, extensions};

/// What pages show of a patient, a line a field: the name by which the policy knows it, its label, its content.
pub const LINES: &[Line<Patient>] = &[
    Line::new("reference", "Reference", |record, _| record.written.reference.clone().map(Some).content()),
    Line::sorted("name", "Name", |record, _| record.name.content()),
    Line::sorted("date of birth", "Date of birth", |record, _| record.date_of_birth.content()),
    Line::sorted("phone", "Phone", |record, _| record.phone.content()),
    Line::sorted("sex", "Sex", |record, _| record.sex.chosen()),
    Line::new("allergies", "Allergies", |record, _| record.allergies.content()),
    Line::sorted_number("target systolic", "Target systolic", |record, _| {
        record.target_systolic.content().unit("mmHg")
    }),
    Line::sorted_number("target diastolic", "Target diastolic", |record, _| {
        record.target_diastolic.content().unit("mmHg")
    }),
    Line::number("date of birth", "Age", |record, _| record.age.content()),
    Line::new("login", "Signs in as", |record, names| names.person(&record.person_id)),
];

/// The columns of a table.
pub const COLUMNS: &[&str] =
    &["name", "reference", "date of birth", "phone", "sex", "target systolic", "target diastolic"];
/// What these patients link to, by the names that the viewer may see.
pub async fn names(viewer: &Viewer, found: &[Patient]) -> Result<Names> {
    let mut names = Names::default();
    let writers =
        found.iter().flat_map(|record| [record.written.created_by_id, record.written.updated_by_id]);
    names.add(viewer.people(writers.map(|writer| writer.value().copied())).await?);
    names.add(viewer.people(found.iter().map(|record| record.person_id.known())).await?);
    Ok(names)
}

/// The table of some patients.
pub async fn table(viewer: &Viewer, caption: &str, found: &[Patient]) -> Result<Table> {
    let names = names(viewer, found).await?;
    let records = found.iter().map(|record| (record, &record.written));
    let table = viewer.table(caption, (&PATIENT, LINES, COLUMNS), records, &names, "/patients");
    Ok(table.empty("No patients yet", "What you may see will stand here."))
}

/// The banner over every page about a patient: what must not be confused. None for who may not view the record.
pub async fn banner(viewer: &Viewer, id: Uuid) -> Result<Option<PatientBanner>> {
    if !viewer.may(&PATIENT, Action::View) {
        return Ok(None);
    }
    let record = within_reach(find(viewer, id).await)?;
    Ok(record.map(|record| banner_of(viewer, &record)))
}

fn banner_of(viewer: &Viewer, record: &Patient) -> PatientBanner {
    let title = title(viewer, record);
    let reference = record.written.reference.value().filter(|reference| **reference != title).cloned();
    PatientBanner::new(title)
        .to(format!("/patients/{}", record.written.id))
        .reference_if(reference)
        .born(record.date_of_birth.content())
        .sex(record.sex.chosen())
        .allergies(record.allergies.allergies())
}

/// `GET /patients`
pub async fn index(viewer: Viewer, wanted: Wanted) -> Result<Page> {
    viewer.granted(&PATIENT, Action::List).await?;
    let wanted = viewer.with_search(wanted).await?;
    let found = found(&viewer, &wanted).await?;
    let table = table(&viewer, "Patients", &found.records).await?;
    let table = viewer.placed_found(table, &wanted, &found);
    let filters = viewer.readable(filters(), &PATIENT);
    let filters = if viewer.sees(&PATIENT, "name") { filters } else { filters.without("find") };
    let table = viewer.filtered(table, filters, &wanted, Some("/patients/search"));
    let page = viewer.page("Patients");
    let page =
        if viewer.may(&PATIENT, Action::Create) { page.action("Add patient", "/patients/new") } else { page };
    Ok(page.with(table))
}

/// `POST /patients/search`: terms that could name somebody are kept sealed, and the address has their id only.
pub async fn search_page(viewer: Viewer, terms: FormData) -> Result<Response> {
    viewer.granted(&PATIENT, Action::List).await?;
    Ok(go(viewer.keep_search("/patients", terms).await?))
}

fn filters() -> Form {
    Form::new("/patients/search")
        .field(Field::text("find", "Name").optional())
        .field(Field::text("phone", "Phone").optional())
}

/// `GET /patients/{id}`
pub async fn show(viewer: Viewer, Id(id): Id) -> Result<Page> {
    let record = find(&viewer, id).await?;
    let names = names(&viewer, std::slice::from_ref(&record)).await?;
    let detail = viewer.detail((&PATIENT, LINES), &record, &record.written, &names);
    let page = framed(&viewer, &record).await?;
    let page = if viewer.may(&PATIENT, Action::Update) {
        page.action("Change", format!("/patients/{id}/edit"))
    } else {
        page
    };
    let page = if viewer.may(&PATIENT, Action::Move("assign")) {
        page.action("Assign", format!("/patients/{id}/assign"))
    } else {
        page
    };
    let page = if viewer.may(&PATIENT, Action::Move("invite")) {
        page.action("Invite to sign in", format!("/patients/{id}/invite"))
    } else {
        page
    };
    let page = if reviews(&viewer, &record) {
        page.option("Who looked", format!("/patients/{id}/who-looked"))
    } else {
        page
    };
    let team = assignees(&viewer, id).await?;
    let page = page.with(detail);
    let people = viewer.people(team.iter().map(|assignee| Some(assignee.person_id))).await?;
    let page = page.with(viewer.team(&team, &people));
    extensions().section_of_patient(&viewer, &record, page).await
}

/// Who sees who looked at a patient, beside whose record it is: whoever answers for the log.
pub const REVIEWERS: &[&str] = &["owner"];

/// Whether the viewer sees who looked at this record.
pub fn reviews(viewer: &Viewer, record: &Patient) -> bool {
    viewer.is(REVIEWERS) || record.person_id.known() == Some(viewer.principal.person().uuid())
}

/// `GET /patients/{id}/who-looked`: each look and change, and the accounting of disclosures (45 CFR 164.528).
pub async fn who_looked(viewer: Viewer, Id(id): Id) -> Result<Page> {
    let record = find(&viewer, id).await?;
    if !reviews(&viewer, &record) {
        return Err(Problem::not_found());
    }
    viewer.who_looked(framed(&viewer, &record).await?.titled("Who looked"), &PATIENT, id).await
}

/// A page about one patient: its name, what is around it, and the way to its parts.
pub async fn framed(viewer: &Viewer, record: &Patient) -> Result<Page> {
    let id = record.written.id;
    let tabs = Tabs::new().tab("Patient", format!("/patients/{id}"));
    let tabs = if viewer.may(&access::READING, Action::List) {
        tabs.tab("Readings", format!("/patients/{id}/readings"))
    } else {
        tabs
    };
    // The banner says who it is: neither the heading nor the browser's history repeats it.
    let page = viewer.page("Patient").patient(&banner_of(viewer, record));
    let page = page.back("Patients", viewer.back_to("/patients"));
    Ok(page.tabs(&tabs))
}

fn title(_: &Viewer, record: &Patient) -> String {
    let titles: &[String] = &[record.name.words()];
    Called::new(record.written.id, titles, &record.written.reference, "Patient").title
}

async fn links(viewer: &Viewer) -> Result<Links> {
    let links = Links::any();
    let links = links.offer("person_id", viewer.colleagues("patient").await?);
    Ok(links)
}

/// `GET /patients/new`
pub async fn new(viewer: Viewer) -> Result<Page> {
    viewer.granted(&PATIENT, Action::Create).await?;
    let form = viewer.writable(blank(&viewer.view, &links(&viewer).await?), &PATIENT, Action::Create);
    new_page(&viewer, form).await
}

/// `POST /patients/new`
pub async fn create(viewer: Viewer, data: FormData) -> Result<Response> {
    viewer.granted(&PATIENT, Action::Create).await?;
    let form = viewer.writable(form(&links(&viewer).await?), &PATIENT, Action::Create);
    match form.clone().parse(&viewer.view, data) {
        Ok(answers) => match insert(&viewer, &answers).await {
            Ok(id) => Ok(go(format!("/patients/{id}"))),
            Err(problem) => Ok(new_page(&viewer, form.refused(answers, problem)?).await?.into_response()),
        },
        Err(form) => Ok(new_page(&viewer, *form).await?.into_response()),
    }
}

async fn new_page(viewer: &Viewer, form: Form) -> Result<Page> {
    let page = viewer.page("Add patient").back("Patients", "/patients");
    Ok(page.with(form.cancel("/patients")))
}

/// `GET /patients/{id}/edit`
pub async fn edit(viewer: Viewer, Id(id): Id) -> Result<Page> {
    viewer.granted(&PATIENT, Action::Update).await?;
    let record = find(&viewer, id).await?;
    let form = filled(&viewer.view, &links(&viewer).await?, &record);
    edit_page(&viewer, &record, viewer.writable(form, &PATIENT, Action::Update)).await
}

/// `POST /patients/{id}/edit`
pub async fn change(viewer: Viewer, Id(id): Id, data: FormData) -> Result<Response> {
    let record = find(&viewer, id).await?;
    let form = filled(&viewer.view, &links(&viewer).await?, &record);
    let form = viewer.writable(form, &PATIENT, Action::Update);
    match form.clone().parse(&viewer.view, data) {
        Ok(answers) => match update(&viewer, id, answers.version().unwrap_or_default(), &answers).await {
            Ok(_) => Ok(go(format!("/patients/{id}"))),
            Err(problem) => {
                Ok(edit_page(&viewer, &record, form.refused(answers, problem)?).await?.into_response())
            }
        },
        Err(form) => Ok(edit_page(&viewer, &record, *form).await?.into_response()),
    }
}

async fn edit_page(viewer: &Viewer, record: &Patient, form: Form) -> Result<Page> {
    let (page, id) = (framed(viewer, record).await?, record.written.id);
    let form = form.to(format!("/patients/{id}/edit")).cancel(format!("/patients/{id}"));
    Ok(page.titled("Change patient").with(form))
}

/// `GET /patients/{id}/assign`
pub async fn ask_whom(viewer: Viewer, Id(id): Id) -> Result<Page> {
    viewer.granted(&PATIENT, Action::Move("assign")).await?;
    let record = find(&viewer, id).await?;
    Ok(framed(&viewer, &record).await?.titled("Assign patient").with(assign_form(&viewer, &record).await?))
}

/// `POST /patients/{id}/assign`
pub async fn assign_page(viewer: Viewer, Id(id): Id, data: FormData) -> Result<Response> {
    let record = find(&viewer, id).await?;
    match assign_form(&viewer, &record).await?.parse(&viewer.view, data) {
        Ok(answers) => {
            let (role, person) = viewer.chosen(&answers, "assignee")?;
            assign(&viewer, id, answers.version().unwrap_or_default(), &role, person).await?;
            Ok(go(format!("/patients/{id}")))
        }
        Err(form) => Ok(framed(&viewer, &record).await?.titled("Assign patient").with(*form).into_response()),
    }
}

async fn assign_form(viewer: &Viewer, record: &Patient) -> Result<Form> {
    let id = record.written.id;
    let form = Form::new(format!("/patients/{id}/assign")).version(record.written.version).submit("Assign");
    Ok(form
        .field(viewer.choice_of_colleagues("assignee", "Who", ASSIGNED_TO).await?)
        .cancel(format!("/patients/{id}")))
}

/// `GET /patients/{id}/invite`
pub async fn ask_to_invite(viewer: Viewer, Id(id): Id) -> Result<Page> {
    viewer.granted(&PATIENT, Action::Move("invite")).await?;
    let record = find(&viewer, id).await?;
    invitation_page(&viewer, &record, invitation_form(&record)).await
}

/// `POST /patients/{id}/invite`
pub async fn invite_page(viewer: Viewer, Id(id): Id, data: FormData) -> Result<Response> {
    let record = find(&viewer, id).await?;
    match invitation_form(&record).parse(&viewer.view, data) {
        Ok(answers) => {
            let email = answers.text("email").unwrap_or_default();
            let link = invite(&viewer, id, answers.version().unwrap_or_default(), email).await?;
            Ok(viewer.link_page(framed(&viewer, &record).await?, &link))
        }
        Err(form) => Ok(invitation_page(&viewer, &record, *form).await?.into_response()),
    }
}

fn invitation_form(record: &Patient) -> Form {
    let id = record.written.id;
    let email = Field::shaped(Shape::Email, "email", "E-mail address")
        .hint("Whoever takes the link sees this record as their own.");
    let form = Form::new(format!("/patients/{id}/invite")).version(record.written.version).field(email);
    form.submit("Make the invitation").cancel(format!("/patients/{id}"))
}

async fn invitation_page(viewer: &Viewer, record: &Patient, form: Form) -> Result<Page> {
    Ok(framed(viewer, record).await?.titled("Invite to sign in").with(form))
}
