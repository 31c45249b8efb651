//! Messages that go some time before something: once a minute, what comes near is had wait.

use time::Duration;

use super::{Declared, Reminder};
use crate::access::{self, Action, Context, Moment, Waiting, begin, look};

/// Has everything wait that has come near; tells how much.
///
/// # Errors
/// The database or the audit log failed. What was done before is done.
pub(super) async fn come_near(itself: &Context, declared: &Declared) -> access::Result<usize> {
    let mut found = 0;
    for reminder in declared.sharing.reminders {
        let moment = Moment { now: itself.clock.now(), zone: declared.zone };
        let until = moment.now + Duration::minutes(reminder.minutes);
        for id in (reminder.due)(&moment, until).ids(itself, reminder.entity).await? {
            found += usize::from(wait(itself, reminder, id).await?);
        }
    }
    Ok(found)
}

async fn wait(itself: &Context, reminder: &'static Reminder, record: uuid::Uuid) -> access::Result<bool> {
    let mut transaction = begin(itself, Action::List).await?;
    let read = (&[reminder.moment][..], &[reminder.about][..]);
    let found = look(itself, &mut transaction, reminder.entity, read, record, |row| {
        Ok(row.field::<Option<time::OffsetDateTime>>(reminder.moment)?.value().copied().flatten())
    });
    let Some((Some(at), about)) = found.await? else {
        transaction.rollback().await?;
        return Ok(false);
    };
    for way in reminder.ways {
        let waiting = Waiting {
            message: reminder.message.name,
            way: way.as_str(),
            entity: reminder.entity,
            record,
            recipient: about.first().copied().flatten(),
            occasion: at.unix_timestamp_nanos().to_string(),
            said_at: Some(at),
            packet: None,
            secret: None,
            until: at,
        };
        waiting.write(itself, &mut transaction).await?;
    }
    transaction.commit().await?;
    Ok(true)
}
