// tries: reads the machine's clock through a type that is offered
// finds: member: `now_utc`

use safeguards::slice::prelude::OffsetDateTime;

pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
