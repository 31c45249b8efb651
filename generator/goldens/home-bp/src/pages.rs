//! Pages that bring several things together for a role.

use safeguards::slice::prelude::*;

/// `GET /pages/diary`: Diary.
pub async fn diary(viewer: Viewer) -> Result<Page> {
    viewer.only(&["patient"])?;
    let page = viewer.page("Diary");
    let found = crate::readings::search(&viewer, &Wanted::first(50)).await?;
    let page = page.with(crate::readings::pages::table(&viewer, "Readings", &found).await?);
    let found = crate::readings::search(&viewer, &Wanted::first(200)).await?;
    let page = page.with(crate::readings::pages::chart(&viewer, &found));
    Ok(page)
}
