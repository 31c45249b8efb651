use std::path::Path;

use control_plane::lifecycle::certificate::{self, CertificateError};
use serde_json::json;

use super::source::read;
use crate::outcome::{Failure, Outcome};

/// Verifies a certificate of destruction, the file or the page, without any network.
pub(crate) fn verify(file: &Path, key: Option<&str>) -> Result<Outcome, Failure> {
    let text = read(file)?;
    match certificate::verify(&text, key) {
        Ok((told, signed)) => {
            let advice =
                if key.is_some() { "" } else { " (compare it with the one that the platform publishes)" };
            let text = format!(
                "The certificate is as it was issued.\n{told}  signed by {}{advice}",
                signed.public_key
            );
            let json = json!({ "verified": true, "signed_by": signed.public_key, "certificate": told });
            Ok(Outcome { text, json })
        }
        Err(CertificateError::Unreadable) => {
            Err(Failure::input(format!("{}: {}", file.display(), CertificateError::Unreadable)))
        }
        Err(error) => {
            let json = json!({ "verified": false, "error": error.to_string() });
            Err(Failure::Refuted { report: error.to_string(), json })
        }
    }
}
