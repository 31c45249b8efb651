//! `conditions`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::Date;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Condition {
    id: Uuid,
    #[serde(flatten)]
    body: ConditionBody,
}

#[derive(Serialize, Deserialize)]
pub struct ConditionBody {
    patient_id: Uuid,
    code: String,
    onset_on: Option<Date>,
    status: String,
}

fn read(row: &DatabaseRow) -> Result<Condition, sqlx::Error> {
    Ok(Condition {
        id: row.try_get("id")?,
        body: ConditionBody {
            patient_id: row.try_get("patient_id")?,
            code: row.try_get("code")?,
            onset_on: row.try_get("onset_on")?,
            status: row.try_get("status")?,
        },
    })
}

pub async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Vec<Condition>>, Failure> {
    let rows = sqlx::query(
        "SELECT id, patient_id, code, onset_on, status FROM conditions ORDER BY id LIMIT $1 OFFSET $2",
    )
    .bind(page.limit())
    .bind(page.offset())
    .fetch_all(&app.read)
    .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Condition>, Failure> {
    let row = sqlx::query("SELECT id, patient_id, code, onset_on, status FROM conditions WHERE id = $1")
        .bind(id)
        .fetch_optional(&app.read)
        .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<ConditionBody>,
) -> Result<(StatusCode, Json<Condition>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query(
            "INSERT INTO conditions (id, patient_id, code, onset_on, status) VALUES ($1, $2, $3, $4, $5)",
        ),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Condition { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<ConditionBody>,
) -> Result<Json<Condition>, Failure> {
    let done = bind(
        sqlx::query(
            "UPDATE conditions SET patient_id = $2, code = $3, onset_on = $4, status = $5 WHERE id = $1",
        ),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Condition { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM conditions WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q ConditionBody) -> Statement<'q> {
    query.bind(id).bind(body.patient_id).bind(&body.code).bind(body.onset_on).bind(&body.status)
}
