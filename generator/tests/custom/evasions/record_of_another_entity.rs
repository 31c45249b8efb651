// tries: reads rows of an entity as a type of its own, fields and all
// finds: path: how a slice makes statements

use safeguards::slice::prelude::*;

pub struct Bare(String);

impl Record for Bare {
    const ENTITY: &'static Entity = &crate::access::PATIENT;

    fn read(row: &Unsealed<'_>) -> Opened<Self> {
        Ok(Self(row.field("name")?))
    }
}
