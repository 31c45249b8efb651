//! `encounters`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Encounter {
    id: Uuid,
    #[serde(flatten)]
    body: EncounterBody,
}

#[derive(Serialize, Deserialize)]
pub struct EncounterBody {
    patient_id: Uuid,
    practitioner_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    began_at: OffsetDateTime,
    reason: Option<String>,
    status: String,
}

fn read(row: &DatabaseRow) -> Result<Encounter, sqlx::Error> {
    Ok(Encounter {
        id: row.try_get("id")?,
        body: EncounterBody {
            patient_id: row.try_get("patient_id")?,
            practitioner_id: row.try_get("practitioner_id")?,
            began_at: row.try_get("began_at")?,
            reason: row.try_get("reason")?,
            status: row.try_get("status")?,
        },
    })
}

pub async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Vec<Encounter>>, Failure> {
    let rows = sqlx::query("SELECT id, patient_id, practitioner_id, began_at, reason, status FROM encounters ORDER BY id LIMIT $1 OFFSET $2")
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(&app.read)
        .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Encounter>, Failure> {
    let row = sqlx::query(
        "SELECT id, patient_id, practitioner_id, began_at, reason, status FROM encounters WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&app.read)
    .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<EncounterBody>,
) -> Result<(StatusCode, Json<Encounter>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO encounters (id, patient_id, practitioner_id, began_at, reason, status) VALUES ($1, $2, $3, $4, $5, $6)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Encounter { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<EncounterBody>,
) -> Result<Json<Encounter>, Failure> {
    let done = bind(
        sqlx::query("UPDATE encounters SET patient_id = $2, practitioner_id = $3, began_at = $4, reason = $5, status = $6 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Encounter { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM encounters WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q EncounterBody) -> Statement<'q> {
    query
        .bind(id)
        .bind(body.patient_id)
        .bind(body.practitioner_id)
        .bind(body.began_at)
        .bind(&body.reason)
        .bind(&body.status)
}
