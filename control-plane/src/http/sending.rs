//! Files that leave: streamed from a copy of their own, which goes when the last byte was sent or the reader has left.

use std::path::PathBuf;

use safeguards::axum::body::Body;
use safeguards::axum::http::header;
use safeguards::axum::response::{IntoResponse, Response};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::Site;
use crate::accounts::{Owned, Owner};
use crate::error::{Refusal, Result};
use crate::ids::EnvironmentId;
use crate::lifecycle::{Copy, Departure, StepUp};

/// How much is read at a time.
const PART: usize = 64 << 10;

/// An archive, sealed as it is, to its owner. What opens it is shown on its page, apart from the file.
pub(super) async fn archive(
    site: &Site,
    owner: &Owner,
    departure: &Departure,
    environment: EnvironmentId,
    proof: &StepUp,
) -> Result<Response> {
    let (folder, path) = place(site)?;
    let lifecycle = &site.lifecycle;
    let by = owner.person();
    let _passphrase = lifecycle.fetch(owner.account(), departure.id, environment, by, &path, proof).await?;
    send(folder, path, &format!("archive-{environment}.zip")).await
}

/// A copy of an app that goes on, in the same way.
pub(super) async fn copy(site: &Site, owner: &Owner, copy: &Owned<Copy>, proof: &StepUp) -> Result<Response> {
    let (folder, path) = place(site)?;
    site.lifecycle.fetch_copy(owner, copy, &path, proof).await?;
    send(folder, path, &format!("copy-{}.zip", copy.id)).await
}

fn fault(_: std::io::Error) -> Refusal {
    Refusal::Fault("a file cannot be sent")
}

/// A place for a file of its own, and of this answer alone.
fn place(site: &Site) -> Result<(TempDir, PathBuf)> {
    let folder = site.platform.configuration.data.join("sending");
    safeguards::folder::make_folder(&folder).map_err(|_| Refusal::Fault("the folder of what is sent"))?;
    let folder = tempfile::tempdir_in(&folder).map_err(fault)?;
    let path = folder.path().join("archive.zip");
    Ok((folder, path))
}

async fn send(folder: TempDir, path: PathBuf, name: &str) -> Result<Response> {
    let length = tokio::fs::metadata(&path).await.map_err(fault)?.len();
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, streamed(folder, path).await.map_err(fault)?).into_response())
}

async fn streamed(copy: TempDir, path: PathBuf) -> std::io::Result<Body> {
    let file = File::open(path).await?;
    Ok(Body::from_stream(futures_util::stream::unfold(Some((file, copy)), |reading| async move {
        let (mut file, copy) = reading?;
        let mut part = vec![0; PART];
        match file.read(&mut part).await {
            Ok(0) => None,
            Ok(read) => {
                part.truncate(read);
                Some((Ok(part), Some((file, copy))))
            }
            // The connection breaks, so that nobody takes a part for the whole.
            Err(error) => Some((Err(error), None)),
        }
    })))
}
