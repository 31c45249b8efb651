// tries: makes an id that no test can foretell
// finds: member: `new_v4`

use safeguards::slice::prelude::Uuid;

pub fn id() -> Uuid {
    Uuid::new_v4()
}
