//! Files that leave: streamed from a copy of their own, which goes when the last byte was sent or the reader has left.

use std::path::PathBuf;

use safeguards::axum::body::Body;
use safeguards::axum::http::header;
use safeguards::axum::response::{IntoResponse, Response};
use tempfile::TempDir;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::Site;
use crate::accounts::Owner;
use crate::error::{Refusal, Result};
use crate::ids::EnvironmentId;
use crate::lifecycle::{Departure, StepUp};

/// How much is read at a time.
const PART: usize = 64 << 10;

/// An archive, sealed as it is, to its owner.
pub(super) async fn archive(
    site: &Site,
    owner: &Owner,
    departure: &Departure,
    environment: EnvironmentId,
    proof: &StepUp,
) -> Result<Response> {
    let fault = |_| Refusal::Fault("a copy of an archive cannot be made");
    let folder = site.platform.configuration.data.join("sending");
    safeguards::folder::make_folder(&folder).map_err(|_| Refusal::Fault("the folder of what is sent"))?;
    let copy = tempfile::tempdir_in(&folder).map_err(fault)?;
    let path = copy.path().join("archive.zip");
    let lifecycle = &site.lifecycle;
    // What opens it is shown on its page, apart from the file.
    let _passphrase =
        lifecycle.fetch(owner.account(), departure.id, environment, owner.person(), &path, proof).await?;
    let length = tokio::fs::metadata(&path).await.map_err(fault)?.len();
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"archive-{environment}.zip\"")),
    ];
    Ok((headers, streamed(copy, path).await.map_err(fault)?).into_response())
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
