//! Lists that somebody works through: saved queries under the policy of whoever asks.

use safeguards::slice::prelude::*;

use crate::patients::{self, Patient};

use crate::readings::{self, Reading};

/// High readings: systolic > 160 or diastolic > 100.
pub async fn high_readings(viewer: &Viewer, wanted: &Wanted) -> Result<Vec<Reading>> {
    viewer.only(&["nurse", "physician"])?;
    let found = tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, patient_id, systolic,
                diastolic, pulse, taken_at, note,
                {reach}
         FROM readings
         WHERE {visible} AND ((readings.systolic > 160) OR (readings.diastolic > 100))
         ORDER BY taken_at DESC, readings.id LIMIT $1 OFFSET $2"
    );
    let found = found.bind(wanted.limit()).bind(wanted.offset());
    Ok(found.list(viewer).await?)
}

/// The table of some of them.
pub async fn high_readings_table(viewer: &Viewer, found: &[Reading]) -> Result<Table> {
    let names = readings::pages::names(viewer, found).await?;
    let columns = &["patient", "systolic", "diastolic", "pulse", "taken at"];
    let records = found.iter().map(|record| (record, &record.written));
    let lines = (&crate::access::READING, readings::pages::LINES, &columns[..]);
    let table = viewer.table("High readings", lines, records, &names, "/readings");
    Ok(table.empty("High readings: none", "When there is something to see to, it will stand here."))
}

/// `GET /lists/high-readings`
pub async fn high_readings_page(viewer: Viewer, wanted: Wanted) -> Result<Page> {
    let found = high_readings(&viewer, &wanted).await?;
    let table = high_readings_table(&viewer, &found).await?;
    Ok(viewer.page("High readings").about("systolic > 160 or diastolic > 100").with(viewer.placed_by_rows(
        table,
        &wanted,
        found.len(),
    )))
}

/// `GET /api/lists/high-readings`
pub async fn high_readings_api(viewer: Viewer, wanted: Wanted) -> Result<Json<Vec<Reading>>> {
    high_readings(&viewer, &wanted.asked(&[], &[])?).await.map(Json)
}

/// Silent: without reading in 3 days.
pub async fn silent(viewer: &Viewer, wanted: &Wanted) -> Result<Vec<Patient>> {
    viewer.only(&["nurse"])?;
    let found = tenant!(
        "SELECT id, version, created_at, created_by_id, updated_at, updated_by_id, reference, person_id,
                name, date_of_birth, phone, sex, allergies, target_systolic, target_diastolic,
                {reach}
         FROM patients
         WHERE {visible} AND NOT EXISTS (SELECT 1 FROM readings WHERE readings.patient_id = patients.id AND readings.taken_at >= $3)
           AND patients.created_at < $3
         ORDER BY patients.created_at DESC, patients.id LIMIT $1 OFFSET $2"
    );
    let found = found.bind(wanted.limit()).bind(wanted.offset());
    let found = found.bind(viewer.ago(3, 0));
    let found = found.beside(&["readings"]);
    Ok(found.list(viewer).await?)
}

/// The table of some of them.
pub async fn silent_table(viewer: &Viewer, found: &[Patient]) -> Result<Table> {
    let names = patients::pages::names(viewer, found).await?;
    let columns =
        &["name", "reference", "date of birth", "phone", "sex", "target systolic", "target diastolic"];
    let records = found.iter().map(|record| (record, &record.written));
    let lines = (&crate::access::PATIENT, patients::pages::LINES, &columns[..]);
    let table = viewer.table("Silent", lines, records, &names, "/patients");
    Ok(table.empty("Silent: none", "When there is something to see to, it will stand here."))
}

/// `GET /lists/silent`
pub async fn silent_page(viewer: Viewer, wanted: Wanted) -> Result<Page> {
    let found = silent(&viewer, &wanted).await?;
    let table = silent_table(&viewer, &found).await?;
    Ok(viewer.page("Silent").about("without reading in 3 days").with(viewer.placed_by_rows(
        table,
        &wanted,
        found.len(),
    )))
}

/// `GET /api/lists/silent`
pub async fn silent_api(viewer: Viewer, wanted: Wanted) -> Result<Json<Vec<Patient>>> {
    silent(&viewer, &wanted.asked(&[], &[])?).await.map(Json)
}
