//! The JSON Schema of a spec, derived from the document's own types: what models are given.

use crate::document::AppSpec;

/// The schema (draft 2020-12) of [`AppSpec`] as it is written in `app.yaml`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(AppSpec).into()
}
