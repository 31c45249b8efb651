// does: asks the app for time and ids

use std::time::Duration;

use safeguards::slice::prelude::*;

pub const PATIENCE: Duration = Duration::from_secs(30);

pub fn due(viewer: &Viewer, taken: OffsetDateTime) -> bool {
    let waited = viewer.clock.now() - taken;
    waited > minutes(90) && viewer.view.today().weekday() != Weekday::Sunday
}

pub fn ticket(viewer: &Viewer) -> Uuid {
    viewer.ids.next()
}

pub fn when(viewer: &Viewer, taken: &Shown<Option<OffsetDateTime>>) -> String {
    taken.known().map_or_else(|| "never".to_owned(), |at| viewer.view.moment(at))
}
