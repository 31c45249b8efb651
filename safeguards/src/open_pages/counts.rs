//! How often somebody sends to an open page, counted where a restart does not forget it.
//!
//! A count is taken by one statement before anything else is done, so that a hundred at once are no more than a hundred in a row.
//! Its time begins with the first that is counted. A caller is known by a keyed hash of their network: the address itself is kept
//! nowhere, and the hash no longer than a day.

use std::net::IpAddr;

use time::Duration;

use super::{CALLER, OPEN_PAGES, OpenPage};
use crate::access::{Action, Context, Error, begin};
use crate::identity::limiter::network;
use crate::slice::Result;
use crate::store::sql;
use crate::web::{Code, Problem};

/// The time in which is counted.
const WITHIN: Duration = Duration::HOUR;
/// How often one caller sends in that time, right or wrong: a family behind one address, and no program.
pub(super) const OF_A_CALLER: i64 = 10;
/// How many answers a page of an organisation takes in that time: more than people can read.
pub(super) const OF_A_PAGE: i64 = 300;

/// Who is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counted {
    /// Whoever sends, by their network. Where it is not known, all of those are one.
    Caller(Option<IpAddr>),
    /// Everybody who sends to this page.
    Page,
}

/// Counts one more, or refuses it and says when to come again.
///
/// # Errors
/// 429 where there were too many.
pub(super) async fn one_more(context: &Context, page: &OpenPage, counted: Counted) -> Result<()> {
    let organisation = context.principal.organisation().uuid();
    let (who, most) = match counted {
        Counted::Caller(address) => {
            let network =
                address.map_or_else(|| "unknown".to_owned(), |address| network(address).to_string());
            (format!("caller {network}"), OF_A_CALLER)
        }
        Counted::Page => (format!("page {}", page.name), OF_A_PAGE),
    };
    let ring = context.keys.ring(organisation).await.map_err(Error::from)?;
    let key = ring.blind_index(OPEN_PAGES, CALLER, &who).map_err(Error::from)?.as_bytes().to_vec();
    let now = context.clock.now();
    let mut transaction = begin(context, Action::Create).await?;
    let taken =
        sql("INSERT INTO open_page_counts (organisation_id, key, since_at, taken) VALUES ($1, $2, $3, 1)
         ON CONFLICT (organisation_id, key) DO UPDATE SET
             taken = CASE WHEN open_page_counts.since_at <= $4 THEN 1 ELSE open_page_counts.taken + 1 END,
             since_at = CASE WHEN open_page_counts.since_at <= $4 THEN $3 ELSE open_page_counts.since_at END
         WHERE open_page_counts.since_at <= $4 OR open_page_counts.taken < $5
         RETURNING taken")
        .bind(organisation)
        .bind(key.clone())
        .bind(now)
        .bind(now - WITHIN)
        .bind(most)
        .fetch_optional(&mut transaction)
        .await
        .map_err(Error::from)?;
    if taken.is_some() {
        return Ok(transaction.commit().await.map_err(Error::from)?);
    }
    let since = sql("SELECT since_at FROM open_page_counts WHERE organisation_id = $1 AND key = $2")
        .bind(organisation)
        .bind(key)
        .fetch_optional(&mut transaction)
        .await
        .map_err(Error::from)?;
    transaction.rollback().await.map_err(Error::from)?;
    let since = since.map(|row| row.timestamp("since_at")).transpose().map_err(Error::Store)?;
    let wait = since.map_or(Duration::MINUTE, |since| since + WITHIN - now);
    let seconds = u32::try_from(wait.whole_seconds().max(1)).unwrap_or(1);
    Err(Problem::new(Code::TooMany)
        .detail("too much was sent to this page; come again later")
        .retry_after(seconds))
}
