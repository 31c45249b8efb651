//! What the safeguards are measured against: the same tables behind axum and sqlx, by hand, with no
//! authentication, no policy, no encryption and no audit. Never use it for anything else.

mod appointments;
mod conditions;
mod encounters;
mod invoices;
mod medications;
mod messages;
mod notes;
mod patients;
mod practitioners;
mod vitals;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use sqlx::Pool;

#[cfg(feature = "postgres")]
type Database = sqlx::Postgres;
#[cfg(feature = "postgres")]
type DatabaseRow = sqlx::postgres::PgRow;
#[cfg(not(feature = "postgres"))]
type Database = sqlx::Sqlite;
#[cfg(not(feature = "postgres"))]
type DatabaseRow = sqlx::sqlite::SqliteRow;

#[derive(Clone)]
struct App {
    read: Pool<Database>,
    write: Pool<Database>,
}

#[derive(Deserialize)]
struct Page {
    limit: Option<i64>,
    offset: Option<i64>,
}

impl Page {
    fn limit(&self) -> i64 {
        self.limit.unwrap_or(50).clamp(1, 500)
    }

    fn offset(&self) -> i64 {
        self.offset.unwrap_or(0).max(0)
    }
}

enum Failure {
    NotFound,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
            Self::Database(error) => {
                eprintln!("{error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

#[cfg(feature = "postgres")]
async fn open(url: &str) -> Result<App, sqlx::Error> {
    let pool = sqlx::postgres::PgPoolOptions::new().max_connections(10).connect(url).await?;
    sqlx::raw_sql(include_str!("../postgres.sql")).execute(&pool).await?;
    Ok(App { read: pool.clone(), write: pool })
}

/// One writer and a pool of readers, with the durability that the safeguarded app has.
#[cfg(not(feature = "postgres"))]
async fn open(url: &str) -> Result<App, sqlx::Error> {
    use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
    let options = SqliteConnectOptions::new()
        .filename(url)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let write = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    sqlx::raw_sql(include_str!("../sqlite.sql")).execute(&write).await?;
    let read = SqlitePoolOptions::new().max_connections(4).connect_with(options.read_only(true)).await?;
    Ok(App { read, write })
}

fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/patients", get(patients::list).post(patients::create))
        .route("/patients/{id}", get(patients::show).put(patients::update).delete(patients::delete))
        .route("/practitioners", get(practitioners::list).post(practitioners::create))
        .route(
            "/practitioners/{id}",
            get(practitioners::show).put(practitioners::update).delete(practitioners::delete),
        )
        .route("/appointments", get(appointments::list).post(appointments::create))
        .route(
            "/appointments/{id}",
            get(appointments::show).put(appointments::update).delete(appointments::delete),
        )
        .route("/encounters", get(encounters::list).post(encounters::create))
        .route("/encounters/{id}", get(encounters::show).put(encounters::update).delete(encounters::delete))
        .route("/vitals", get(vitals::list).post(vitals::create))
        .route("/vitals/{id}", get(vitals::show).put(vitals::update).delete(vitals::delete))
        .route("/notes", get(notes::list).post(notes::create))
        .route("/notes/{id}", get(notes::show).put(notes::update).delete(notes::delete))
        .route("/medications", get(medications::list).post(medications::create))
        .route(
            "/medications/{id}",
            get(medications::show).put(medications::update).delete(medications::delete),
        )
        .route("/conditions", get(conditions::list).post(conditions::create))
        .route("/conditions/{id}", get(conditions::show).put(conditions::update).delete(conditions::delete))
        .route("/invoices", get(invoices::list).post(invoices::create))
        .route("/invoices/{id}", get(invoices::show).put(invoices::update).delete(invoices::delete))
        .route("/messages", get(messages::list).post(messages::create))
        .route("/messages/{id}", get(messages::show).put(messages::update).delete(messages::delete))
        .with_state(app)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = open(&std::env::var("DATABASE_URL")?).await?;
    let listener = tokio::net::TcpListener::bind(std::env::var("LISTEN")?).await?;
    axum::serve(listener, router(app)).await?;
    Ok(())
}
