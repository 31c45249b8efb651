//! `invoices`: list, show, create, update, delete.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use time::Date;
use uuid::Uuid;

use crate::{App, Database, DatabaseRow, Failure, Page};

#[derive(Serialize)]
pub struct Invoice {
    id: Uuid,
    #[serde(flatten)]
    body: InvoiceBody,
}

#[derive(Serialize, Deserialize)]
pub struct InvoiceBody {
    patient_id: Uuid,
    number: String,
    amount_cents: i64,
    issued_on: Date,
    status: String,
}

fn read(row: &DatabaseRow) -> Result<Invoice, sqlx::Error> {
    Ok(Invoice {
        id: row.try_get("id")?,
        body: InvoiceBody {
            patient_id: row.try_get("patient_id")?,
            number: row.try_get("number")?,
            amount_cents: row.try_get("amount_cents")?,
            issued_on: row.try_get("issued_on")?,
            status: row.try_get("status")?,
        },
    })
}

pub async fn list(State(app): State<App>, Query(page): Query<Page>) -> Result<Json<Vec<Invoice>>, Failure> {
    let rows = sqlx::query("SELECT id, patient_id, number, amount_cents, issued_on, status FROM invoices ORDER BY id LIMIT $1 OFFSET $2")
        .bind(page.limit())
        .bind(page.offset())
        .fetch_all(&app.read)
        .await?;
    Ok(Json(rows.iter().map(read).collect::<Result<_, _>>()?))
}

pub async fn show(State(app): State<App>, Path(id): Path<Uuid>) -> Result<Json<Invoice>, Failure> {
    let row = sqlx::query(
        "SELECT id, patient_id, number, amount_cents, issued_on, status FROM invoices WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&app.read)
    .await?;
    Ok(Json(read(&row.ok_or(Failure::NotFound)?)?))
}

pub async fn create(
    State(app): State<App>,
    Json(body): Json<InvoiceBody>,
) -> Result<(StatusCode, Json<Invoice>), Failure> {
    let id = Uuid::now_v7();
    bind(
        sqlx::query("INSERT INTO invoices (id, patient_id, number, amount_cents, issued_on, status) VALUES ($1, $2, $3, $4, $5, $6)"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    Ok((StatusCode::CREATED, Json(Invoice { id, body })))
}

pub async fn update(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Json(body): Json<InvoiceBody>,
) -> Result<Json<Invoice>, Failure> {
    let done = bind(
        sqlx::query("UPDATE invoices SET patient_id = $2, number = $3, amount_cents = $4, issued_on = $5, status = $6 WHERE id = $1"),
        id,
        &body,
    )
    .execute(&app.write)
    .await?;
    if done.rows_affected() == 0 {
        return Err(Failure::NotFound);
    }
    Ok(Json(Invoice { id, body }))
}

pub async fn delete(State(app): State<App>, Path(id): Path<Uuid>) -> Result<StatusCode, Failure> {
    let done = sqlx::query("DELETE FROM invoices WHERE id = $1").bind(id).execute(&app.write).await?;
    if done.rows_affected() == 0 { Err(Failure::NotFound) } else { Ok(StatusCode::NO_CONTENT) }
}

type Statement<'q> = sqlx::query::Query<'q, Database, <Database as sqlx::Database>::Arguments>;

fn bind<'q>(query: Statement<'q>, id: Uuid, body: &'q InvoiceBody) -> Statement<'q> {
    query
        .bind(id)
        .bind(body.patient_id)
        .bind(&body.number)
        .bind(body.amount_cents)
        .bind(body.issued_on)
        .bind(&body.status)
}
