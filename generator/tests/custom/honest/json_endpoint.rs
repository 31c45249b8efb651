// does: answers with JSON of a type of its own

use safeguards::slice::prelude::*;
use safeguards::slice::{Routes, get};
use serde::Deserialize;

pub fn routes() -> Routes {
    Routes::new().route("/api/load/{id}", get(load))
}

/// How much a patient's heart does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Load {
    readings: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_pressure: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    #[serde(default)]
    pub rounded: bool,
}

async fn load(viewer: Viewer, Id(id): Id, Query(asked): Query<Asked>) -> Result<Json<Load>> {
    let patient = crate::patients::find(&viewer, id).await?;
    let found = crate::readings::search(&viewer, &Wanted::with("patient_id", patient.written.id)).await?;
    let means: Vec<f64> = found
        .iter()
        .filter_map(|reading| Some((reading.systolic.known()?, reading.diastolic.known()?)))
        .map(|(systolic, diastolic)| (systolic as f64 + 2.0 * diastolic as f64) / 3.0)
        .collect();
    let mean = (!means.is_empty()).then(|| means.iter().sum::<f64>() / means.len() as f64);
    let mean = if asked.rounded { mean.map(f64::round) } else { mean };
    Ok(Json(Load { readings: found.len(), mean_pressure: mean }))
}
