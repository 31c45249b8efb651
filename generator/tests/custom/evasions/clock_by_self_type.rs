// tries: reads it through the type's brackets
// finds: member: `now_utc`

use safeguards::slice::prelude::OffsetDateTime;

pub fn now() -> OffsetDateTime {
    <OffsetDateTime>::now_utc()
}
