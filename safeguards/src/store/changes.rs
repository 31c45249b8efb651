//! What committed transactions have changed, told to whoever listens in this process.
//!
//! A transaction collects what it changes and tells it once it is durable, here and nowhere else: nothing can be told
//! before it is so, and nothing of what was rolled back is told at all. What is told is ids, and whoever listens asks the
//! policy before anybody hears of it. An app is one process, so no table and no other process takes part.

use std::sync::Arc;

use tokio::sync::broadcast;
use uuid::Uuid;

/// How many changes wait for whoever listens slowest; beyond, it misses some, and is told so.
const KEPT: usize = 256;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// A row of a tenant table was made or changed.
    Row(ChangedRow),
    /// Sessions have ended, or may do less: whoever holds one open looks again.
    Sessions,
}

/// A row that was made or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangedRow {
    /// Of which organisation.
    pub(crate) organisation: Uuid,
    /// The stable id of its entity.
    pub(crate) entity: u32,
    /// The row.
    pub(crate) id: Uuid,
    /// Which fields were written, by their stable ids; none where the row is new or what changed is no field.
    pub(crate) fields: Arc<[u32]>,
}

/// Where changes of one database are told.
#[derive(Clone, Debug)]
pub(crate) struct Changes(broadcast::Sender<Change>);

impl Changes {
    pub(super) fn new() -> Self {
        Self(broadcast::channel(KEPT).0)
    }

    /// Hears all that is told from now on.
    #[cfg(feature = "tenant")]
    pub(crate) fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }

    pub(super) fn tell(&self, changes: Vec<Change>) {
        for change in changes {
            // Nobody may be listening.
            let _heard = self.0.send(change);
        }
    }
}

#[cfg(all(test, feature = "tenant", feature = "testing"))]
mod tests {
    use tokio::sync::broadcast::error::TryRecvError;

    use super::*;
    use crate::store::sql;
    use crate::testing;

    fn row(number: u128) -> Change {
        let (organisation, id) = (Uuid::nil(), Uuid::from_u128(number));
        Change::Row(ChangedRow { organisation, entity: 1, id, fields: Arc::new([]) })
    }

    /// CF-19: what is told was committed. What was rolled back or failed is told to nobody, and nothing is told before.
    #[tokio::test]
    async fn what_is_committed_is_told_and_nothing_else() {
        for database in testing::both().await {
            let mut heard = database.store.changes().listen();
            let mut given_up = database.store.begin().await.expect("a transaction");
            given_up.changed(row(1));
            given_up.rollback().await.expect("it is rolled back");
            let mut failed = database.store.begin().await.expect("a transaction");
            failed.changed(row(2));
            sql("SELECT nothing FROM nowhere")
                .fetch_all(&mut failed)
                .await
                .expect_err("there is no such table");
            failed.commit().await.expect_err("a statement failed");
            let mut kept = database.store.begin().await.expect("a transaction");
            kept.changed(row(3));
            assert_eq!(heard.try_recv(), Err(TryRecvError::Empty), "not before it is durable");
            kept.commit().await.expect("it is kept");
            assert_eq!(heard.try_recv(), Ok(row(3)));
            assert_eq!(heard.try_recv(), Err(TryRecvError::Empty));
        }
    }

    /// CF-19: of what waits for whoever listens there is a bound, and whoever missed some is told so.
    #[tokio::test]
    async fn who_listens_too_slowly_is_told_that_they_missed_some() {
        let changes = Changes::new();
        let mut slow = changes.listen();
        changes.tell((0..300).map(row).collect());
        assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(300 - KEPT as u64)));
        assert_eq!(slow.try_recv(), Ok(row(300 - KEPT as u128)));
    }
}
