use control_plane::support::Asked;
use control_plane::support::door::{Unanswered, Wanted, ask};
use serde_json::Value;

use super::serve::{SUPPORT_SOCKET, runtime};
use crate::arguments::Support;
use crate::outcome::{Failure, Outcome};

/// Lists the grants that stand, or looks at records by one, as a person of the platform.
pub(crate) fn run(command: &Support) -> Result<Outcome, Failure> {
    let (data, path, wanted) = match command {
        Support::Grants { data } => (data, "/grants".to_owned(), None),
        Support::Look { data, grant, entity, record, who } => {
            let asked = Asked { entity: entity.clone(), record: *record };
            let wanted = Wanted { support: who.clone(), asked };
            (data, format!("/grants/{grant}/looks"), Some(wanted))
        }
    };
    let socket = data.join("run").join(SUPPORT_SOCKET);
    let told = runtime()?.block_on(ask(&socket, &path, wanted.as_ref())).map_err(|error| match error {
        Unanswered::Broken(_) => Failure::Failed(error.into()),
        _ => Failure::input(error.to_string()),
    })?;
    let text = if wanted.is_some() { records(&told) } else { grants(&told) };
    Ok(Outcome { text, json: told })
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn grants(told: &Value) -> String {
    let lines = told.as_array().into_iter().flatten().map(|grant| {
        let [id, app, kind, until, reason] =
            ["id", "app", "kind", "expires_at", "reason"].map(|field| text(grant, field));
        format!("{id}  {app}, {kind}, until {until}\n    {reason}")
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { "Nobody lets support in at this moment.".to_owned() } else { lines.join("\n") }
}

fn records(told: &Value) -> String {
    let mut lines = Vec::new();
    for record in told["records"].as_array().into_iter().flatten() {
        lines.push(format!("{} {}", text(told, "entity"), text(record, "id")));
        let fields = record.as_object().into_iter().flatten().filter(|(name, _)| *name != "id");
        lines.extend(fields.map(|(name, value)| match value {
            Value::String(words) => format!("    {name}: {words}"),
            other => format!("    {name}: {other}"),
        }));
    }
    if lines.is_empty() {
        lines.push("There is no such record.".to_owned());
    }
    let withheld: Vec<&str> =
        told["withheld"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !withheld.is_empty() {
        lines.push(format!(
            "A list does not tell {}; name a record by --record to see it.",
            withheld.join(", ")
        ));
    }
    lines.join("\n")
}
