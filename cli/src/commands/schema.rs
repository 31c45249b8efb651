use crate::outcome::{Failure, Outcome};

/// Prints the JSON Schema of `app.yaml`.
pub(crate) fn run() -> Result<Outcome, Failure> {
    let json = spec::schema();
    Ok(Outcome { text: serde_json::to_string_pretty(&json)?, json })
}
