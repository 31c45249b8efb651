// does: shows records as a table of the app

use safeguards::slice::prelude::*;
use safeguards::slice::{Routes, get};

use crate::patients;

pub fn routes() -> Routes {
    Routes::new().route("/elderly", get(elderly))
}

async fn elderly(viewer: Viewer, wanted: Wanted) -> Result<Page> {
    viewer.granted(&crate::access::PATIENT, Action::List).await?;
    let mut found = patients::search(&viewer, &wanted).await?;
    found.retain(|patient| patient.age.known().is_some_and(|age| age >= Decimal::from(65)));
    let table = patients::pages::table(&viewer, "65 and older", &found).await?;
    Ok(viewer.page("65 and older").about("By their age today").with(table))
}
