use std::path::Path;

use anyhow::Context;
use control_plane::agreement::{self, VerifyingKey, moment};
use serde_json::json;

use crate::outcome::{Failure, Outcome};

/// A signed agreement is a page or two; what is far larger is none, and is not read.
const LARGEST: u64 = 20 << 20;

/// Checks a signed agreement, offline: that not a letter was changed, who signed it, and by which key.
pub(crate) fn verify(file: &Path, key: Option<&str>) -> Result<Outcome, Failure> {
    let trusted = key
        .map(|text| {
            VerifyingKey::parse(text).ok_or_else(|| {
                Failure::input("the key is 64 hexadecimal digits, as the platform publishes it at /legal/baa")
            })
        })
        .transpose()?;
    let size = std::fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?.len();
    if size > LARGEST {
        return Err(Failure::input(format!("{} is too large to be a signed agreement", file.display())));
    }
    let document = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let verified = agreement::verify(&document, trusted)
        .map_err(|error| Failure::input(format!("{}: {error}", file.display())))?;
    let statement = &verified.statement;
    let text = match statement.text() {
        Some(text) => format!("version {}, word for word as it was published", text.version),
        None => format!(
            "version {}, which this program does not know: compare SHA-256 {} with the published text",
            statement.version, statement.text_sha256
        ),
    };
    let trust = match trusted {
        Some(_) => "the key is the one you gave",
        None => {
            "compare this key with the one that the platform publishes at /legal/baa, or give it by --key"
        }
    };
    let (customer, operator) = (&statement.customer, &statement.business_associate);
    let lines = [
        "The agreement is whole: not a letter was changed since it was signed.".to_owned(),
        String::new(),
        format!("Customer            {}", customer.organisation()),
        format!("Signed by           {}, {}", customer.name(), customer.title()),
        format!("Business associate  {}", operator.organisation()),
        format!("Signed at           {}, from {}", moment(statement.signed_at), statement.signed_from),
        format!("Text                {text}"),
        format!("Countersigned by    {}", verified.key),
        format!("                    {trust}"),
    ];
    let json = json!({
        "verified": true,
        "key": verified.key.to_string(),
        "key_was_given": trusted.is_some(),
        "text_is_known": statement.text().is_some(),
        "statement": serde_json::to_value(statement)?,
    });
    Ok(Outcome { text: lines.join("\n"), json })
}
