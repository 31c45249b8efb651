//! What people may ask of the app about themselves, and get at once: all that is kept of them, a copy of it, and an end of
//! their account (CC-10, CC-11, CL-10, HG-1, HG-7); and erasure, by whoever answers for the organisation (CF-8).
//!
//! | page | who |
//! |---|---|
//! | `/account/data` | everybody, what is kept of them |
//! | `/account/data/copy`, `GET /api/account/data` | the same to take home, after showing anew who they are |
//! | `/account/delete` | everybody, their own account |
//! | `/account/compliance/erasures` | who administers agreements |
//!
//! What is asked for in words, and answered by people, is `requests`.

mod carried_out;
mod copy;
mod erasures;
mod gathered;
mod going;
mod leaving;

use super::{Facts, begin, below, break_glass, only_who_answers, sealing};
use crate::app::Services;
use crate::slice::{Result, Routes, get, post};

pub(crate) use carried_out::carry_out;
pub(super) use erasures::waiting;

/// The routes of this part.
pub(super) fn routes() -> Routes {
    Routes::new()
        .route("/account/data", get(copy::page))
        .route("/account/data/copy", post(copy::download))
        .route("/api/account/data", get(copy::api))
        .route("/account/delete", get(leaving::ask).post(leaving::leave))
        .route("/account/compliance/erasures", get(erasures::list))
        .route("/account/compliance/erasures/new", get(erasures::ask).post(erasures::find))
        .route(
            "/account/compliance/erasures/account/{id}",
            get(erasures::ask_account).post(erasures::account),
        )
        .route("/account/compliance/erasures/record/{id}", get(erasures::ask_record).post(erasures::record))
}

/// Where the database is the app's own, what was ordered is carried out at once; elsewhere its owner does it.
async fn at_once(services: &Services, facts: &Facts) -> Result<()> {
    if services.store.is_postgres() {
        return Ok(());
    }
    carry_out(&services.store, &services.keys, &services.clock, facts.entities)
        .await
        .map(drop)
        .map_err(|_| crate::web::Problem::unavailable("erasure").retry_after(5))
}
