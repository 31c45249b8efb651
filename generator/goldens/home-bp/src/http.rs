//! Every route of this app, a line each. Signing in, the account and the audit are the library's.

use safeguards::Services;
use safeguards::axum::Router;
use safeguards::slice::{Routes, finished, get, post};

use crate::lists;
use crate::measures;
use crate::pages;
use crate::{custom, home};
use crate::{patients, readings};

/// The routes behind a signed-in person: each handler takes a `Viewer`, whom nobody else is.
pub fn routes(services: Services) -> Router {
    let routes = Routes::new()
        .route("/", get(home::page))
        // Patients
        .route("/patients", get(patients::pages::index))
        .route("/patients/search", post(patients::pages::search_page))
        .route("/patients/new", get(patients::pages::new).post(patients::pages::create))
        .route("/patients/{id}", get(patients::pages::show))
        .route("/patients/{id}/who-looked", get(patients::pages::who_looked))
        .route("/api/patients/{id}/who-looked", get(patients::api_who_looked))
        .route("/patients/{id}/edit", get(patients::pages::edit).post(patients::pages::change))
        .route("/patients/{id}/assign", get(patients::pages::ask_whom).post(patients::pages::assign_page))
        .route(
            "/patients/{id}/invite",
            get(patients::pages::ask_to_invite).post(patients::pages::invite_page),
        )
        .route("/api/patients", get(patients::api_list).post(patients::api_create))
        .route("/api/patients/search", post(patients::api_search))
        .route("/api/patients/{id}", get(patients::api_show).patch(patients::api_update))
        .route("/api/patients/{id}/assign", post(patients::api_assign))
        .route("/api/patients/{id}/invite", post(patients::api_invite))
        // Readings
        .route("/readings", get(readings::pages::index))
        .route("/readings/search", post(readings::pages::search_page))
        .route("/patients/{id}/readings", get(readings::pages::of_patient))
        .route("/patients/{id}/readings/new", get(readings::pages::new).post(readings::pages::create))
        .route("/readings/{id}", get(readings::pages::show))
        .route("/api/readings", get(readings::api_list).post(readings::api_create))
        .route("/api/readings/search", post(readings::api_search))
        .route("/api/readings/{id}", get(readings::api_show))
        // Lists
        .route("/lists/high-readings", get(lists::high_readings_page))
        .route("/api/lists/high-readings", get(lists::high_readings_api))
        .route("/lists/silent", get(lists::silent_page))
        .route("/api/lists/silent", get(lists::silent_api))
        // Pages
        .route("/pages/diary", get(pages::diary))
        // Measures
        .route("/measures", get(measures::page))
        .route("/api/measures/readings-by-week", get(measures::readings_by_week_api))
        .merge(custom::routes());
    finished(routes, &home::FRONT, services)
}
