//! Subcommands that look after a database: rotating its keys and verifying its audit log.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use super::AppError;
use super::services::Foundation;
use super::settings::DatabaseSetting;
use crate::audit::{self, Action, Audit, AuditContext, Event, WITNESS, WitnessCopy};
use crate::crypto::{KeyContext, WrappedKey};
use crate::folder::wrapped_key_path;
use crate::store::sql;

/// Adds a root key and a sealing key for each organisation, and wraps every key by the new root. What was
/// sealed before opens as before; what is written from now on is sealed by the new keys. It may be
/// repeated, and what was cut off is made good by the next time.
pub(super) async fn rotate_keys(foundation: &Foundation) -> Result<String, AppError> {
    let keys = foundation.keys();
    let rows = sql("SELECT DISTINCT organisation_id FROM organisation_keys ORDER BY organisation_id")
        .fetch_all(&foundation.store)
        .await?;
    let organisations: Vec<Uuid> =
        rows.iter().map(|row| row.uuid("organisation_id")).collect::<Result<_, _>>()?;
    foundation.root.rotate_root().await?;
    let wrapped = keys.rewrap().await?;
    if let DatabaseSetting::Sqlite(path) = &foundation.settings.database {
        rewrap_database_key(foundation, &wrapped_key_path(path)).await?;
    }
    let audit = Audit::start(&foundation.store, Arc::clone(&foundation.clock));
    for organisation in &organisations {
        let generation = keys.rotate(*organisation).await?;
        let context = AuditContext::system(Arc::clone(&foundation.clock), *organisation, "rotate-keys");
        let event = Event::new(Action::Key).entity("organisation key").note("rotated");
        audit.record(&context, event).await?;
        tracing::debug!(generation, "a key was rotated");
    }
    let copy = match foundation.settings.key_agent {
        true => String::new(),
        false => format!("; copy {} to where its copies are kept", foundation.settings.root_key.display()),
    };
    Ok(format!(
        "a new root key wraps {wrapped} keys; {} organisations, the environment among them, seal by new keys{copy}",
        organisations.len(),
    ))
}

async fn rewrap_database_key(foundation: &Foundation, path: &Path) -> Result<(), AppError> {
    let context = KeyContext { environment: foundation.environment, organisation: Uuid::nil() };
    let old = WrappedKey(fs::read(path).map_err(AppError::file(path))?);
    let new = foundation.root.rewrap(&context, &old).await?;
    let mut name = path.as_os_str().to_owned();
    name.push(".next");
    let draft = Path::new(&name);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(draft)?;
        file.write_all(&new.0)?;
        file.sync_all()?;
        // The old one opens under the older root as well, so it does not matter which of them a crash leaves.
        fs::rename(draft, path)
    })();
    written.map_err(AppError::file(path))
}

/// Verifies the audit log against the witness, and says what was found: in words, and for programs in the file `summary`.
pub(super) async fn verify_audit(
    foundation: &Foundation,
    summary: Option<&Path>,
) -> Result<String, AppError> {
    let folder = &foundation.settings.witness_folder;
    let witnesses = WitnessCopy::read_all(folder).map_err(AppError::file(folder))?;
    if witnesses.is_empty() {
        return Err(AppError::file(folder.join(WITNESS))(std::io::ErrorKind::NotFound.into()));
    }
    let root = foundation.settings.root_folder();
    let end = audit::known_end(root).map_err(AppError::file(root))?;
    let report = audit::verify_against(&foundation.store, &witnesses, end).await?;
    if let Some(path) = summary {
        fs::write(path, report.summary().to_string()).map_err(AppError::file(path))?;
    }
    let told = report.to_string();
    if report.is_green() { Ok(told) } else { Err(AppError::AuditFindings(told)) }
}
