//! What stands in an address.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::Problem;

/// The parts of a path, as axum's extractor of the same name reads them. What cannot be read names nothing that there is: it
/// is the same 404 as what is hidden and what is missing.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(parts)| Self(parts)).map_err(|_| Problem::not_found())
    }
}
