//! `practitioners`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Practitioner {
    id: Uuid,
    #[serde(flatten)]
    body: PractitionerBody,
}

#[derive(Serialize, Deserialize)]
pub struct PractitionerBody {
    name: String,
    speciality: Option<String>,
    phone: Option<String>,
}

fn read(row: &DatabaseRow) -> Result<Practitioner, sqlx::Error> {
    Ok(Practitioner {
        id: row.try_get("id")?,
        body: PractitionerBody {
            name: row.try_get("name")?,
            speciality: row.try_get("speciality")?,
            phone: row.try_get("phone")?,
        },
    })
}

pub async fn list(
    State(app): State<App>,
    Query(page): Query<Page>,
) -> Result<Json<Vec<Practitioner>>, Failure> {
    let rows =
        sqlx::query("SELECT id, name, speciality, phone FROM practitioners ORDER BY id LIMIT $1 OFFSET $2")
            .bind(page.limit())
            .bind(page.offset())
            .fetch_all(&app.read)
            .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Practitioner>, Failure> {
    let row = sqlx::query("SELECT id, name, speciality, phone FROM practitioners WHERE id = $1")
        .bind(id)
        .fetch_optional(&app.read)
        .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<PractitionerBody>,
) -> Result<(StatusCode, Json<Practitioner>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO practitioners (id, name, speciality, phone) VALUES ($1, $2, $3, $4)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Practitioner { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<PractitionerBody>,
) -> Result<Json<Practitioner>, Failure> {
    let done = bind(
        sqlx::query("UPDATE practitioners SET name = $2, speciality = $3, phone = $4 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Practitioner { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM practitioners WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q PractitionerBody) -> Statement<'q> {
    query.bind(id).bind(&body.name).bind(&body.speciality).bind(&body.phone)
}
