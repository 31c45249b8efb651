//! `notes`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Note {
    id: Uuid,
    #[serde(flatten)]
    body: NoteBody,
}

#[derive(Serialize, Deserialize)]
pub struct NoteBody {
    patient_id: Uuid,
    subjective: Option<String>,
    objective: Option<String>,
    assessment: Option<String>,
    plan: Option<String>,
    status: String,
}

fn read(row: &DatabaseRow) -> Result<Note, sqlx::Error> {
    Ok(Note {
        id: row.try_get("id")?,
        body: NoteBody {
            patient_id: row.try_get("patient_id")?,
            subjective: row.try_get("subjective")?,
            objective: row.try_get("objective")?,
            assessment: row.try_get("assessment")?,
            plan: row.try_get("plan")?,
            status: row.try_get("status")?,
        },
    })
}

pub async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Vec<Note>>, Failure> {
    let rows = sqlx::query("SELECT id, patient_id, subjective, objective, assessment, plan, status FROM notes ORDER BY id LIMIT $1 OFFSET $2")
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(&app.read)
        .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Note>, Failure> {
    let row = sqlx::query(
        "SELECT id, patient_id, subjective, objective, assessment, plan, status FROM notes WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&app.read)
    .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<NoteBody>,
) -> Result<(StatusCode, Json<Note>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO notes (id, patient_id, subjective, objective, assessment, plan, status) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Note { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<NoteBody>,
) -> Result<Json<Note>, Failure> {
    let done = bind(
        sqlx::query("UPDATE notes SET patient_id = $2, subjective = $3, objective = $4, assessment = $5, plan = $6, status = $7 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Note { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM notes WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q NoteBody) -> Statement<'q> {
    query
        .bind(id)
        .bind(body.patient_id)
        .bind(&body.subjective)
        .bind(&body.objective)
        .bind(&body.assessment)
        .bind(&body.plan)
        .bind(&body.status)
}
