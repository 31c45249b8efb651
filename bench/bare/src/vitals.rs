//! `vitals`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Vital {
    id: Uuid,
    #[serde(flatten)]
    body: VitalBody,
}

#[derive(Serialize, Deserialize)]
pub struct VitalBody {
    patient_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    taken_at: OffsetDateTime,
    systolic: i64,
    diastolic: i64,
    pulse: Option<i64>,
    temperature: Option<f64>,
}

fn read(row: &DatabaseRow) -> Result<Vital, sqlx::Error> {
    Ok(Vital {
        id: row.try_get("id")?,
        body: VitalBody {
            patient_id: row.try_get("patient_id")?,
            taken_at: row.try_get("taken_at")?,
            systolic: row.try_get("systolic")?,
            diastolic: row.try_get("diastolic")?,
            pulse: row.try_get("pulse")?,
            temperature: row.try_get("temperature")?,
        },
    })
}

pub async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Vec<Vital>>, Failure> {
    let rows = sqlx::query("SELECT id, patient_id, taken_at, systolic, diastolic, pulse, temperature FROM vitals ORDER BY id LIMIT $1 OFFSET $2")
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(&app.read)
        .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Vital>, Failure> {
    let row = sqlx::query(
        "SELECT id, patient_id, taken_at, systolic, diastolic, pulse, temperature FROM vitals WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&app.read)
    .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<VitalBody>,
) -> Result<(StatusCode, Json<Vital>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO vitals (id, patient_id, taken_at, systolic, diastolic, pulse, temperature) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Vital { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<VitalBody>,
) -> Result<Json<Vital>, Failure> {
    let done = bind(
        sqlx::query("UPDATE vitals SET patient_id = $2, taken_at = $3, systolic = $4, diastolic = $5, pulse = $6, temperature = $7 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Vital { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM vitals WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q VitalBody) -> Statement<'q> {
    query
        .bind(id)
        .bind(body.patient_id)
        .bind(body.taken_at)
        .bind(body.systolic)
        .bind(body.diastolic)
        .bind(body.pulse)
        .bind(body.temperature)
}
