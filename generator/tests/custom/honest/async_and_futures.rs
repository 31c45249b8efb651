// does: waits for several slices

use std::future::Future;
use std::pin::Pin;

use safeguards::slice::prelude::*;

pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

pub fn boxed(viewer: &Viewer) -> Pending<'_, i64> {
    Box::pin(async move { crate::patients::count(viewer, &Wanted::first(1)).await })
}

pub async fn both(viewer: &Viewer) -> Result<(i64, Option<usize>)> {
    let patients = boxed(viewer).await?;
    let readings = within_reach(crate::readings::search(viewer, &Wanted::first(10)).await)?;
    Ok((patients, readings.map(|found| found.len())))
}
