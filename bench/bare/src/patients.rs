//! `patients`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::Date;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Patient {
    id: Uuid,
    #[serde(flatten)]
    body: PatientBody,
}

#[derive(Serialize, Deserialize)]
pub struct PatientBody {
    name: String,
    date_of_birth: Date,
    sex: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    address: Option<String>,
    allergies: Option<String>,
    weight: Option<f64>,
}

fn read(row: &DatabaseRow) -> Result<Patient, sqlx::Error> {
    Ok(Patient {
        id: row.try_get("id")?,
        body: PatientBody {
            name: row.try_get("name")?,
            date_of_birth: row.try_get("date_of_birth")?,
            sex: row.try_get("sex")?,
            phone: row.try_get("phone")?,
            email: row.try_get("email")?,
            address: row.try_get("address")?,
            allergies: row.try_get("allergies")?,
            weight: row.try_get("weight")?,
        },
    })
}

pub async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Vec<Patient>>, Failure> {
    let rows = sqlx::query("SELECT id, name, date_of_birth, sex, phone, email, address, allergies, weight FROM patients ORDER BY id LIMIT $1 OFFSET $2")
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(&app.read)
        .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Patient>, Failure> {
    let row = sqlx::query("SELECT id, name, date_of_birth, sex, phone, email, address, allergies, weight FROM patients WHERE id = $1").bind(id).fetch_optional(&app.read).await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<PatientBody>,
) -> Result<(StatusCode, Json<Patient>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO patients (id, name, date_of_birth, sex, phone, email, address, allergies, weight) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Patient { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<PatientBody>,
) -> Result<Json<Patient>, Failure> {
    let done = bind(
        sqlx::query("UPDATE patients SET name = $2, date_of_birth = $3, sex = $4, phone = $5, email = $6, address = $7, allergies = $8, weight = $9 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Patient { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM patients WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q PatientBody) -> Statement<'q> {
    query
        .bind(id)
        .bind(&body.name)
        .bind(body.date_of_birth)
        .bind(&body.sex)
        .bind(&body.phone)
        .bind(&body.email)
        .bind(&body.address)
        .bind(&body.allergies)
        .bind(body.weight)
}
