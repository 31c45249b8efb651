use std::path::Path;

use serde_json::json;
use spec::Lock;

use super::source::valid_spec;
use crate::outcome::{Failure, Outcome};

/// Checks a spec, and names what cannot be built yet.
pub(crate) fn run(path: &Path) -> Result<Outcome, Failure> {
    let spec = valid_spec(path, &Lock::default())?;
    let not_yet = generator::unbuildable(&spec);
    let mut text = format!("{} is valid", path.display());
    for wish in &not_yet {
        text.push_str(&format!("\nnot yet: {} at {}{}", wish.said, wish.pointer, number(wish.construct)));
    }
    let listed: Vec<_> = not_yet
        .iter()
        .map(|wish| json!({ "construct": wish.construct, "pointer": wish.pointer.to_string(), "said": wish.said }))
        .collect();
    Ok(Outcome { text, json: json!({ "valid": true, "not yet": listed }) })
}

fn number(construct: Option<u8>) -> String {
    construct.map(|construct| format!(" (construct {construct})")).unwrap_or_default()
}
