//! `messages`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Message {
    id: Uuid,
    #[serde(flatten)]
    body: MessageBody,
}

#[derive(Serialize, Deserialize)]
pub struct MessageBody {
    patient_id: Uuid,
    #[serde(with = "time::serde::rfc3339")]
    sent_at: OffsetDateTime,
    body: String,
}

fn read(row: &DatabaseRow) -> Result<Message, sqlx::Error> {
    Ok(Message {
        id: row.try_get("id")?,
        body: MessageBody {
            patient_id: row.try_get("patient_id")?,
            sent_at: row.try_get("sent_at")?,
            body: row.try_get("body")?,
        },
    })
}

pub async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Vec<Message>>, Failure> {
    let rows =
        sqlx::query("SELECT id, patient_id, sent_at, body FROM messages ORDER BY id LIMIT $1 OFFSET $2")
            .bind(page.limit())
            .bind(page.offset())
            .fetch_all(&app.read)
            .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Message>, Failure> {
    let row = sqlx::query("SELECT id, patient_id, sent_at, body FROM messages WHERE id = $1")
        .bind(id)
        .fetch_optional(&app.read)
        .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<MessageBody>,
) -> Result<(StatusCode, Json<Message>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO messages (id, patient_id, sent_at, body) VALUES ($1, $2, $3, $4)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Message { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<MessageBody>,
) -> Result<Json<Message>, Failure> {
    let done = bind(
        sqlx::query("UPDATE messages SET patient_id = $2, sent_at = $3, body = $4 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Message { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM messages WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q MessageBody) -> Statement<'q> {
    query.bind(id).bind(body.patient_id).bind(body.sent_at).bind(&body.body)
}
