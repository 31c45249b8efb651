//! The ticket of a form: when it was made, 128 random bits, and a keyed hash of both for one address (HMAC-SHA-256, 256 bits).
//!
//! Who has none was not shown the form. One sends one answer: a button that is pressed twice, a page that is sent again and
//! a ticket that somebody copied send nothing more.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use time::{Duration, OffsetDateTime};

use super::{OPEN_PAGES, TICKET};
use crate::access::{Action, Context, Error, begin};
use crate::hexadecimal;
use crate::identity::random;
use crate::slice::Result;
use crate::store::{Statement, sql};
use crate::web::Problem;

/// How long a form may stand open before it is sent.
const LASTS: Duration = Duration::hours(12);
const MOMENT: usize = 8;
const NONCE: usize = 16;
const TAG: usize = 32;

/// A ticket that was made here, for this address.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    made_at: OffsetDateTime,
    nonce: [u8; NONCE],
}

/// A new ticket for the form at an address.
pub(super) async fn new(context: &Context, address: &str) -> Result<String> {
    let nonce = random::<NONCE>().map_err(|_| Problem::unavailable("randomness"))?;
    let moment = context.clock.now().unix_timestamp().to_be_bytes();
    let tag = tag(context, address, moment, nonce).await?;
    Ok(hexadecimal::written(moment.iter().chain(&nonce).chain(&tag)))
}

/// Reads a ticket. One that was made elsewhere, for another address or by hand is none.
///
/// # Errors
/// 403 for what is no ticket.
pub(super) async fn read(context: &Context, address: &str, text: &str) -> Result<Ticket> {
    let forged =
        || Problem::forbidden().detail("open the page and send its form").cause("open page: no ticket");
    let whole = |bytes: &Vec<u8>| bytes.len() == MOMENT + NONCE + TAG;
    let bytes = hexadecimal::read(text).filter(whole).ok_or_else(forged)?;
    let (moment, rest) = bytes.split_at(MOMENT);
    let (nonce, given) = rest.split_at(NONCE);
    let (mut seconds, mut known) = ([0; MOMENT], [0; NONCE]);
    seconds.copy_from_slice(moment);
    known.copy_from_slice(nonce);
    let expected = tag(context, address, seconds, known).await?;
    verify_slices_are_equal(&expected, given).map_err(|_| forged())?;
    let made_at = OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(seconds)).map_err(|_| forged())?;
    Ok(Ticket { made_at, nonce: known })
}

/// What became of a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is taken for this answer.
    Now,
    /// Its answer was written before.
    Sent,
    /// Its answer is on its way, or nobody knows what became of it: the process ended meanwhile.
    Unclear,
}

impl Ticket {
    /// Whether its time is over.
    pub(super) fn is_over(&self, now: OffsetDateTime) -> bool {
        now - self.made_at > LASTS
    }

    /// Takes it, for one answer: of two at once one has it.
    pub(super) async fn take(&self, context: &Context) -> Result<Taken> {
        let mut transaction = begin(context, Action::Create).await?;
        let taken = sql(
            "INSERT INTO open_page_tickets (organisation_id, nonce, used_at, sent) VALUES ($1, $2, $3, $4)
             ON CONFLICT (organisation_id, nonce) DO NOTHING",
        )
        .bind(context.principal.organisation().uuid())
        .bind(self.nonce.to_vec())
        .bind(context.clock.now())
        .bind(false)
        .execute(&mut transaction)
        .await
        .map_err(Error::from)?;
        if taken == 1 {
            transaction.commit().await.map_err(Error::from)?;
            return Ok(Taken::Now);
        }
        let known = sql("SELECT sent FROM open_page_tickets WHERE organisation_id = $1 AND nonce = $2")
            .bind(context.principal.organisation().uuid())
            .bind(self.nonce.to_vec())
            .fetch_optional(&mut transaction)
            .await
            .map_err(Error::from)?;
        transaction.rollback().await.map_err(Error::from)?;
        let sent = known.map(|row| row.boolean("sent")).transpose().map_err(Error::Store)?;
        Ok(if sent == Some(true) { Taken::Sent } else { Taken::Unclear })
    }

    /// Its answer is written: whoever sends it again hears the same.
    pub(super) async fn sent(&self, context: &Context) -> Result<()> {
        let sent = sql("UPDATE open_page_tickets SET sent = $3 WHERE organisation_id = $1 AND nonce = $2")
            .bind(context.principal.organisation().uuid())
            .bind(self.nonce.to_vec())
            .bind(true);
        self.done(context, sent).await
    }

    /// Its answer could not be written: it may be sent again.
    pub(super) async fn give_back(&self, context: &Context) -> Result<()> {
        let back = sql("DELETE FROM open_page_tickets WHERE organisation_id = $1 AND nonce = $2")
            .bind(context.principal.organisation().uuid())
            .bind(self.nonce.to_vec());
        self.done(context, back).await
    }

    async fn done(&self, context: &Context, statement: Statement) -> Result<()> {
        let mut transaction = begin(context, Action::Create).await?;
        statement.execute(&mut transaction).await.map_err(Error::from)?;
        Ok(transaction.commit().await.map_err(Error::from)?)
    }
}

async fn tag(
    context: &Context,
    address: &str,
    moment: [u8; MOMENT],
    nonce: [u8; NONCE],
) -> Result<[u8; TAG]> {
    let organisation = context.principal.organisation().uuid();
    let ring = context.keys.ring(organisation).await.map_err(Error::from)?;
    let said = format!("{address} {:016x} {:032x}", u64::from_be_bytes(moment), u128::from_be_bytes(nonce));
    Ok(*ring.blind_index(OPEN_PAGES, TICKET, &said).map_err(Error::from)?.as_bytes())
}
