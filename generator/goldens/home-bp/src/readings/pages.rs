//! The pages about readings.

use safeguards::pages::{Lines, Series};
use safeguards::slice::prelude::*;

use super::{Reading, blank, find, form, found, insert};
use crate::access::READING;
use crate::extensions::{Extensions, extensions};

/// What pages show of a reading, a line a field: the name by which the policy knows it, its label, its content.
pub const LINES: &[Line<Reading>] = &[
    Line::new("patient", "Patient", |record, names| names.link("/patients", &record.patient_id)),
    Line::sorted_number("systolic", "Systolic", |record, _| record.systolic.content().unit("mmHg")),
    Line::sorted_number("diastolic", "Diastolic", |record, _| record.diastolic.content().unit("mmHg")),
    Line::sorted_number("pulse", "Pulse", |record, _| record.pulse.content().unit("bpm")),
    Line::sorted("taken at", "Taken at", |record, _| record.taken_at.content()),
    Line::new("note", "How do you feel?", |record, _| record.note.narrative()),
];

/// The columns of a table.
pub const COLUMNS: &[&str] = &["taken at", "patient", "systolic", "diastolic", "pulse"];
/// The same on the page of a patient, where that one goes without saying.
const COLUMNS_OF_ONE: &[&str] = &["taken at", "systolic", "diastolic", "pulse"];

/// What these readings link to, by the names that the viewer may see.
pub async fn names(viewer: &Viewer, found: &[Reading]) -> Result<Names> {
    let mut names = Names::default();
    names.add(crate::patients::titles(viewer, found.iter().map(|record| record.patient_id.known())).await?);
    let writers =
        found.iter().flat_map(|record| [record.written.created_by_id, record.written.updated_by_id]);
    names.add(viewer.people(writers.map(|writer| writer.value().copied())).await?);
    Ok(names)
}

/// The table of some readings.
pub async fn table(viewer: &Viewer, caption: &str, found: &[Reading]) -> Result<Table> {
    let names = names(viewer, found).await?;
    let records = found.iter().map(|record| (record, &record.written));
    let table = viewer.table(caption, (&READING, LINES, COLUMNS), records, &names, "/readings");
    Ok(table.empty("No readings yet", "What you may see will stand here."))
}

/// `GET /readings`
pub async fn index(viewer: Viewer, wanted: Wanted) -> Result<Page> {
    viewer.granted(&READING, Action::List).await?;
    let wanted = viewer.with_search(wanted).await?;
    let found = found(&viewer, &wanted).await?;
    let table = table(&viewer, "Readings", &found.records).await?;
    let table = viewer.placed_found(table, &wanted, &found);
    let page = viewer.page("Readings");
    Ok(page.with(table))
}

/// `POST /readings/search`: terms that could name somebody are kept sealed, and the address has their id only.
pub async fn search_page(viewer: Viewer, terms: FormData) -> Result<Response> {
    viewer.granted(&READING, Action::List).await?;
    Ok(go(viewer.keep_search("/readings", terms).await?))
}

/// `GET /patients/{id}/readings`: those of one patient.
pub async fn of_patient(viewer: Viewer, Id(id): Id, listing: Listing) -> Result<Page> {
    viewer.granted(&READING, Action::List).await?;
    let above = crate::patients::find(&viewer, id).await?;
    let wanted = Wanted::of(&listing, "patient_id", id);
    let found = found(&viewer, &wanted).await?;
    let names = names(&viewer, &found.records).await?;
    let records = found.records.iter().map(|record| (record, &record.written));
    let table = viewer.table("Readings", (&READING, LINES, COLUMNS_OF_ONE), records, &names, "/readings");
    let table = table.empty("No readings yet", "What you may see will stand here.");
    let page = crate::patients::pages::framed(&viewer, &above).await?.titled("Readings");
    let page = if viewer.may(&READING, Action::Create) {
        page.action("Add reading", format!("/patients/{id}/readings/new"))
    } else {
        page
    };
    let page = page.with(chart(&viewer, &found.records));
    Ok(page.with(viewer.placed_found(table, &wanted, &found)))
}

/// Readings over time, of what the viewer may see; the table beside it says the same.
pub fn chart(viewer: &Viewer, found: &[Reading]) -> Lines {
    let mut lines = Lines::new("Readings", "mmHg");
    if viewer.sees(&READING, "systolic") {
        let points = found
            .iter()
            .rev()
            .filter_map(|record| Some((record.taken_at.known()?, Decimal::from(record.systolic.known()?))));
        lines = lines.series(Series::new("Systolic", points));
    }
    if viewer.sees(&READING, "diastolic") {
        let points = found
            .iter()
            .rev()
            .filter_map(|record| Some((record.taken_at.known()?, Decimal::from(record.diastolic.known()?))));
        lines = lines.series(Series::new("Diastolic", points));
    }
    lines
}

/// `GET /readings/{id}`
pub async fn show(viewer: Viewer, Id(id): Id) -> Result<Page> {
    let record = find(&viewer, id).await?;
    let names = names(&viewer, std::slice::from_ref(&record)).await?;
    let detail = viewer.detail((&READING, LINES), &record, &record.written, &names);
    let page = framed(&viewer, &record).await?;
    let page = page.with(detail);
    extensions().section_of_reading(&viewer, &record, page).await
}

/// A page about one reading: its name, what is around it, and the way to its parts.
pub async fn framed(viewer: &Viewer, record: &Reading) -> Result<Page> {
    let page = viewer.page(title(viewer, record));
    let page = match record.patient_id.known() {
        Some(id) => page.about_patient(crate::patients::pages::banner(viewer, id).await?),
        None => page,
    };
    let page = match record.patient_id.known() {
        Some(above) if viewer.may(&crate::access::PATIENT, Action::View) => {
            page.back("Readings", viewer.back_to(format!("/patients/{above}/readings")))
        }
        _ => page.back("Readings", viewer.back_to("/readings")),
    };
    Ok(page)
}

fn title(viewer: &Viewer, record: &Reading) -> String {
    viewer.called_by_moment("Reading", record.taken_at.known())
}

async fn links(viewer: &Viewer) -> Result<Links> {
    let _ = viewer;
    Ok(Links::any())
}

/// `GET /patients/{id}/readings/new`
pub async fn new(viewer: Viewer, Id(above): Id) -> Result<Page> {
    viewer.granted(&READING, Action::Create).await?;
    let form = viewer.writable(blank(&viewer.view, &links(&viewer).await?), &READING, Action::Create);
    new_page(&viewer, above, form).await
}

/// `POST /patients/{id}/readings/new`
pub async fn create(viewer: Viewer, Id(above): Id, data: FormData) -> Result<Response> {
    viewer.granted(&READING, Action::Create).await?;
    let form = viewer.writable(form(&links(&viewer).await?), &READING, Action::Create);
    match form.clone().parse(&viewer.view, data) {
        Ok(answers) => match insert(&viewer, above, &answers).await {
            Ok(id) => Ok(go(format!("/readings/{id}"))),
            Err(problem) => {
                Ok(new_page(&viewer, above, form.refused(answers, problem)?).await?.into_response())
            }
        },
        Err(form) => Ok(new_page(&viewer, above, *form).await?.into_response()),
    }
}

async fn new_page(viewer: &Viewer, above: Uuid, form: Form) -> Result<Page> {
    let record = crate::patients::find(viewer, above).await?;
    let page = crate::patients::pages::framed(viewer, &record).await?;
    let form =
        form.to(format!("/patients/{above}/readings/new")).cancel(format!("/patients/{above}/readings"));
    Ok(page.titled("Add reading").with(form))
}
