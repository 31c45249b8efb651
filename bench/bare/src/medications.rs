//! `medications`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::Date;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Medication {
    id: Uuid,
    #[serde(flatten)]
    body: MedicationBody,
}

#[derive(Serialize, Deserialize)]
pub struct MedicationBody {
    patient_id: Uuid,
    drug: String,
    dose: String,
    frequency: Option<String>,
    began_on: Option<Date>,
}

fn read(row: &DatabaseRow) -> Result<Medication, sqlx::Error> {
    Ok(Medication {
        id: row.try_get("id")?,
        body: MedicationBody {
            patient_id: row.try_get("patient_id")?,
            drug: row.try_get("drug")?,
            dose: row.try_get("dose")?,
            frequency: row.try_get("frequency")?,
            began_on: row.try_get("began_on")?,
        },
    })
}

pub async fn list(
    State(app): State<App>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Medication>>, Failure> {
    let rows = sqlx::query("SELECT id, patient_id, drug, dose, frequency, began_on FROM medications ORDER BY id LIMIT $1 OFFSET $2")
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(&app.read)
        .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Medication>, Failure> {
    let row =
        sqlx::query("SELECT id, patient_id, drug, dose, frequency, began_on FROM medications WHERE id = $1")
            .bind(id)
            .fetch_optional(&app.read)
            .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<MedicationBody>,
) -> Result<(StatusCode, Json<Medication>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO medications (id, patient_id, drug, dose, frequency, began_on) VALUES ($1, $2, $3, $4, $5, $6)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Medication { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<MedicationBody>,
) -> Result<Json<Medication>, Failure> {
    let done = bind(
        sqlx::query("UPDATE medications SET patient_id = $2, drug = $3, dose = $4, frequency = $5, began_on = $6 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Medication { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM medications WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q MedicationBody) -> Statement<'q> {
    query
        .bind(id)
        .bind(body.patient_id)
        .bind(&body.drug)
        .bind(&body.dose)
        .bind(&body.frequency)
        .bind(body.began_on)
}
