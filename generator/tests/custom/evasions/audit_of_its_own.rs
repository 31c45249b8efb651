// tries: writes or hides events itself
// finds: path: is the audit log itself

use safeguards::audit::{Audit, Event};

pub async fn quiet(_: &Audit, _: Event) {}
