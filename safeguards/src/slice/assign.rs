//! Who is responsible for a record. The change itself is a tenant statement of the slice; this reads.

use time::OffsetDateTime;
use uuid::Uuid;

use super::Result;
use crate::access::{Action, Context};
use crate::store::Statement;
use crate::web::Problem;

/// Somebody who is responsible for a record.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Assignee {
    /// The person.
    pub person_id: Uuid,
    /// The role in which they are.
    pub role: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// Who is responsible for records now.
#[derive(Clone, Copy, Debug)]
pub struct Assignments;

impl Assignments {
    /// The rows of a statement on an assignments table, which selects `person_id`, `role` and `starts_at`. The
    /// record has been shown before: assignments have no policy of their own beyond the organisation.
    pub async fn read(context: &Context, statement: Statement) -> Result<Vec<Assignee>> {
        let mut transaction = context.store.begin_as(&context.policy(Action::View)).await.map_err(failed)?;
        let rows = statement.fetch_all(&mut transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        let read = |row: &crate::store::Row| {
            Ok(Assignee {
                person_id: row.uuid("person_id")?,
                role: row.text("role")?,
                since: row.timestamp("starts_at")?,
            })
        };
        rows.iter().map(read).collect::<Result<_, crate::StoreError>>().map_err(failed)
    }
}

fn failed(error: crate::StoreError) -> Problem {
    Problem::from(crate::access::Error::from(error))
}
