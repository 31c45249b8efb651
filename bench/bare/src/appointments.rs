//! `appointments`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Appointment {
    id: Uuid,
    #[serde(flatten)]
    body: AppointmentBody,
}

#[derive(Serialize, Deserialize)]
pub struct AppointmentBody {
    patient_id: Uuid,
    practitioner_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    starts_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    ends_at: OffsetDateTime,
    reason: Option<String>,
    status: String,
}

fn read(row: &DatabaseRow) -> Result<Appointment, sqlx::Error> {
    Ok(Appointment {
        id: row.try_get("id")?,
        body: AppointmentBody {
            patient_id: row.try_get("patient_id")?,
            practitioner_id: row.try_get("practitioner_id")?,
            starts_at: row.try_get("starts_at")?,
            ends_at: row.try_get("ends_at")?,
            reason: row.try_get("reason")?,
            status: row.try_get("status")?,
        },
    })
}

pub async fn list(
    State(app): State<App>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Appointment>>, Failure> {
    let rows = sqlx::query("SELECT id, patient_id, practitioner_id, starts_at, ends_at, reason, status FROM appointments ORDER BY id LIMIT $1 OFFSET $2")
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(&app.read)
        .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Appointment>, Failure> {
    let row = sqlx::query("SELECT id, patient_id, practitioner_id, starts_at, ends_at, reason, status FROM appointments WHERE id = $1").bind(id).fetch_optional(&app.read).await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<AppointmentBody>,
) -> Result<(StatusCode, Json<Appointment>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO appointments (id, patient_id, practitioner_id, starts_at, ends_at, reason, status) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Appointment { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<AppointmentBody>,
) -> Result<Json<Appointment>, Failure> {
    let done = bind(
        sqlx::query("UPDATE appointments SET patient_id = $2, practitioner_id = $3, starts_at = $4, ends_at = $5, reason = $6, status = $7 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Appointment { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM appointments WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q AppointmentBody) -> Statement<'q> {
    query
        .bind(id)
        .bind(body.patient_id)
        .bind(body.practitioner_id)
        .bind(body.starts_at)
        .bind(body.ends_at)
        .bind(&body.reason)
        .bind(&body.status)
}
