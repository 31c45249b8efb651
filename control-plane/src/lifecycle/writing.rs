//! Archives are written by the tenant's own binary, on an errand; what it left is carried out and kept sealed.

use std::fs;
use std::io::Read;
use std::path::PathBuf;

use safeguards::sql;
use serde::Deserialize;
use uuid::Uuid;

use super::departure::Lifecycle;
use super::errand::{Errand, carried_out, copy_folder, digest_of, keep_secret};
use super::work::{io_later, later};
use crate::agreement;
use crate::ids::{AccountId, EnvironmentId, ProjectId};
use crate::operations::StepError;

/// What a tenant's program may say of an archive.
const LONGEST_SUMMARY: u64 = 64 << 10;

/// An archive that is to be written.
pub(super) struct Order {
    /// Its name where archives are kept.
    pub(super) name: String,
    /// Of which environment.
    pub(super) environment: EnvironmentId,
    /// Whose agreements go along.
    pub(super) account: AccountId,
    /// Whose source goes along.
    pub(super) project: ProjectId,
    /// Of the one organisation that it is about; its archive has no source.
    pub(super) organisation: Option<Uuid>,
}

/// What the tenant's binary says of an archive that it made.
#[derive(Deserialize)]
pub(super) struct Summary {
    pub(super) signed_by: String,
    pub(super) head: Option<String>,
}

/// An archive that was made and kept.
pub(super) struct Made {
    pub(super) environment: EnvironmentId,
    pub(super) name: String,
    pub(super) bytes: i64,
    pub(super) sha256: String,
    pub(super) summary: Summary,
}

impl Lifecycle {
    /// Has the tenant's own binary write the archive, and keeps it sealed. What opens it goes into the folder of keys.
    pub(super) async fn write_archive(&self, order: &Order) -> Result<Made, StepError> {
        let Order { name, environment, account, project, organisation } = order;
        let folder = Errand::make(&self.platform.configuration.data, name).map_err(io_later)?;
        let mut arguments: Vec<String> = [
            "export",
            "--to",
            "{folder}/archive.zip",
            "--new-passphrase-file",
            "{folder}/passphrase",
            "--summary",
            "{folder}/summary.json",
        ]
        .map(str::to_owned)
        .into();
        match self.source_of(*project).await? {
            Some(source) if organisation.is_none() => {
                copy_folder(&source, &folder.0.join("project")).map_err(io_later)?;
                arguments.extend(["--project".into(), "{folder}/project".into()]);
            }
            _ => arguments.push("--without-project".into()),
        }
        let signed = agreement::documents(&self.platform, *account).await?;
        let agreements = folder.0.join("agreements");
        fs::create_dir(&agreements).map_err(io_later)?;
        for (id, document) in signed {
            fs::write(agreements.join(format!("agreement-{id}.html")), document).map_err(io_later)?;
        }
        arguments.extend(["--agreements".into(), "{folder}/agreements".into()]);
        if let Some(organisation) = organisation {
            arguments.extend(["--organisation".into(), organisation.to_string()]);
        }
        self.host.run(*environment, &arguments, &folder.0).await.map_err(later)?;
        let file = folder.0.join("archive.zip");
        let (sha256, bytes) = digest_of(&file).map_err(io_later)?;
        let summary = carried_out(&folder.0.join("summary.json")).map_err(io_later)?;
        let summary = serde_json::from_reader(summary.take(LONGEST_SUMMARY))
            .map_err(|_| StepError::Later("the app told nothing of its archive".into()))?;
        // The key first: an archive without its key is nothing, a key without its archive opens nothing.
        let secret = self.passphrase_file(name);
        keep_secret(&folder.0.join("passphrase"), &secret).map_err(io_later)?;
        let kept = self.archives.keep(name, &file).await;
        kept.map_err(|error| StepError::Later(error.to_string()))?;
        Ok(Made { environment: *environment, name: name.clone(), bytes, sha256, summary })
    }

    /// The folder of the source that serves.
    async fn source_of(&self, project: ProjectId) -> Result<Option<PathBuf>, StepError> {
        let row = sql("SELECT version_id FROM environments WHERE project_id = $1 AND version_id IS NOT NULL
             AND destroyed_at IS NULL ORDER BY kind DESC, id LIMIT 1")
        .bind(project)
        .fetch_optional(&self.platform.store)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let version = row.uuid("version_id")?.to_string();
        let folder = self.platform.configuration.projects_folder().join(project.to_string()).join(version);
        Ok(Some(folder).filter(|folder| folder.is_dir()))
    }
}
