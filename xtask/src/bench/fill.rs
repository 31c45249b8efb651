//! Records that are obviously made up, the same ones on both sides.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::{drive, request};
use super::load::Side;

/// So many records between two renewals of the access token.
const CHUNK: usize = 10_000;

/// The ids of the records of one side.
pub(super) struct Records {
    pub(super) patients: Vec<String>,
    pub(super) practitioners: Vec<String>,
}

/// Patient `number`, as the body of a request.
pub(super) fn patient(number: usize) -> Value {
    let sexes = ["female", "male", "other", "unknown"];
    json!({
        "name": format!("Example Patient {number}"),
        "date_of_birth": format!("{}-{:02}-{:02}", 1930 + number % 80, 1 + number % 12, 1 + number % 28),
        "sex": sexes[number % sexes.len()],
        "phone": format!("+1 202 555 01{:02}", number % 100),
        "email": format!("patient.{number}@example.org"),
        "address": format!("{number} Example Street, Springfield"),
        "allergies": "None known; made up for measuring",
        "weight": 50 + number % 50,
    })
}

fn practitioner(number: usize) -> Value {
    json!({ "name": format!("Example Practitioner {number}"), "speciality": "Made up", "phone": "+1 202 555 0100" })
}

/// Writes `count` patients through the API, and some practitioners, whose records hold nothing to seal.
pub(super) async fn fill(side: &mut Side, count: usize) -> anyhow::Result<Records> {
    let mut patients = Vec::with_capacity(count);
    for start in (0..count).step_by(CHUNK) {
        let numbers = start..count.min(start + CHUNK);
        patients.extend(write(side, "/patients", numbers.map(patient)).await?);
        eprintln!("bench: {} records of {count} in the {} app", patients.len(), side.name());
    }
    let path = side.practitioners();
    let practitioners = write(side, path, (0..500).map(practitioner)).await?;
    Ok(Records { patients, practitioners })
}

async fn write(
    side: &mut Side,
    path: &str,
    bodies: impl Iterator<Item = Value>,
) -> anyhow::Result<Vec<String>> {
    side.renew().await?;
    let requests: Vec<_> =
        bodies.map(|body| request("POST", &side.path(path), side.token(), Some(&body))).collect();
    let ids = Arc::new(Mutex::new(vec![String::new(); requests.len()]));
    let taken = Arc::clone(&ids);
    drive(side.address(), requests, move |number, body| {
        if let Ok(Made { id }) = serde_json::from_slice(body) {
            taken.lock().unwrap_or_else(PoisonError::into_inner)[number] = id;
        }
    })
    .await?;
    let ids = std::mem::take(&mut *ids.lock().unwrap_or_else(PoisonError::into_inner));
    ensure!(ids.iter().all(|id| !id.is_empty()), "a record that was made came back without its id");
    Ok(ids)
}

#[derive(Deserialize)]
struct Made {
    id: String,
}
