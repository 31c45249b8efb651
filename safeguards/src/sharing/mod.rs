//! What leaves the app: messages, and packets by a link (CL-3, CL-7, CF-23).
//!
//! ```text
//! a moment that comes near ─┐
//! a rule                    ├─▶ outbox_messages ──a round──▶ may it still? ──▶ words, address ──▶ log ──▶ the post
//! a packet, a code          ┘   (of what, to whom)            else it dies
//!
//! record ──as its sender sees it──▶ packet, sealed ──▶ link ──GET──▶ a page that asks ──POST──▶ a code to the address on the
//!                                                                                              record ──POST──▶ the packet
//! ```
//!
//! - **No word of a record.** A message is made of [`wording`] that no field fits into. Its row names what it is about and
//!   nothing else; words and address are found when it is sent, and so is whether it may be sent.
//! - **A link is no key.** Whoever has it is asked for a code that goes to the address on the record: a link that was passed
//!   on shows nothing. To look at its page uses nothing up, so a scanner of mail does no harm.
//! - **What was sent** is frozen, sealed and kept; it is opened by whoever may send it, and by its code, each time on record.
//!   It ends when it is revoked, when its time is over, when its sender no longer may send it, when the record leads
//!   to somebody else, or when the record is removed.
//! - **The post** ([`Post`]) leaves the machine by a company that the organisation has attested, and in no other way.

mod answering;
mod fate;
mod opening;
mod outbox;
mod packets;
mod pages;
mod post;
mod reminders;
mod wording;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::access::{self, Context, Entity, Moment, Statement, begin, look};
use crate::ai::SubProcessor;
use crate::crypto::{Binding, Purpose, Sealed};
use crate::pages::Zone;
use crate::slice::Front;

pub use answering::{AskedByLink, Later};
pub(crate) use opening::routes;
pub(crate) use outbox::round;
pub use outbox::{Sent, sent_about};
pub use packets::{Line, forgotten, live, revoke, send};
pub use pages::{messages_page, offered, page, sent_page};
pub(crate) use post::{Folder, Program};
pub use post::{Letter, NotTaken, Post, Taken, Transport, Way};
pub use wording::{PlaceName, Wording};

/// Where this part's columns are sealed, and its keyed hashes made; the library's own tables count down from `u32::MAX`.
const SHARING: u32 = u32::MAX - 60;
/// What a message tells that opens something.
const SECRET: u32 = 1;
/// What was rendered.
const CONTENT: u32 = 2;
/// The keyed hash of what was rendered.
const DIGEST: u32 = 3;
/// The keyed hash of a code.
const CODE: u32 = 4;

/// Each sealed column as an archive knows it: table, column, and the place that its values are sealed to.
pub(crate) const SEALED: [(&str, &str, (u32, u32)); 1] = [("sent_packets", "content", (SHARING, CONTENT))];
/// Columns that open something, and are nobody's record.
pub(crate) const SECRETS: [(&str, &str); 2] = [("outbox_messages", "secret"), ("sent_packets", "code")];

/// Who receives something: the person whom a record is about.
#[derive(Debug)]
pub struct Recipient {
    /// The role of these people.
    pub role: &'static str,
    /// The entity that they are a record of.
    pub entity: &'static Entity,
    /// Its field with an e-mail address.
    pub email: Option<&'static str>,
    /// Its field with a telephone number.
    pub phone: Option<&'static str>,
    /// Whether its records are of a place below the organisation.
    pub placed: bool,
}

impl Recipient {
    /// The field to which a message goes by this way.
    fn field(&self, way: Way) -> Option<&'static str> {
        match way {
            Way::Email => self.email,
            Way::Sms => self.phone,
        }
    }
}

/// What a message says, a line a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// The app's name.
    App,
    /// The organisation's name.
    Organisation,
    /// The name of the place of whoever receives it.
    Place,
    /// The day and the time of what is ahead.
    Time,
    /// The day of what is ahead.
    Date,
    /// The way to a page behind a sign-in or a code.
    Link,
}

/// A message outside the app, as `sharing.rs` of an app declares it.
#[derive(Debug)]
pub struct Message {
    /// Its name in the spec.
    pub name: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// Who receives it.
    pub to: &'static Recipient,
    /// What it says, in order.
    pub says: &'static [Says],
}

/// A message that goes some time before something.
#[derive(Debug)]
pub struct Reminder {
    /// The message.
    pub message: &'static Message,
    /// By which ways it goes.
    pub ways: &'static [Way],
    /// The entity that has the moment.
    pub entity: &'static Entity,
    /// The field with the moment.
    pub moment: &'static str,
    /// How many minutes before.
    pub minutes: i64,
    /// The column that names whoever receives it, or a query in parentheses that goes up to them.
    pub about: &'static str,
    /// The records whose moment comes before the second argument, and of which nobody was told.
    pub due: fn(moment: &Moment, until: OffsetDateTime) -> Statement,
    /// A record, if it is still one to be told of.
    pub stands: fn(moment: &Moment, record: Uuid) -> Statement,
}

/// A frozen rendering of a record that is sent by a link, as `sharing.rs` of an app declares it.
#[derive(Debug)]
pub struct Document {
    /// Its name in the spec.
    pub name: &'static str,
    /// The end of its addresses: `/protocols/{id}/documents/` and this.
    pub path: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// The entity of the record that is rendered.
    pub on: &'static Entity,
    /// The addresses of those records.
    pub pages: &'static str,
    /// Who receives it.
    pub to: &'static Recipient,
    /// The column that names whoever receives it, or a query in parentheses that goes up to them.
    pub about: &'static str,
    /// By which ways the link goes.
    pub ways: &'static [Way],
    /// What is said with the link.
    pub says: &'static [Says],
    /// The roles that send it.
    pub sent_by: &'static [&'static str],
    /// For how many minutes the link opens.
    pub minutes: i64,
    /// The form that whoever receives it fills in, of a page by link: nothing of the record is sent then.
    pub asks: Option<AskedByLink>,
}

impl Document {
    /// Its address of a record.
    fn of(&self, record: Uuid) -> String {
        format!("{}/{record}/documents/{}", self.pages, self.path)
    }
}

/// All that an app tells and sends.
#[derive(Debug)]
pub struct Sharing {
    /// Its messages.
    pub messages: &'static [&'static Message],
    /// Those that go some time before something.
    pub reminders: &'static [Reminder],
    /// Its documents.
    pub documents: &'static [&'static Document],
    /// The companies by which messages leave, each with its way.
    pub companies: &'static [(Way, &'static SubProcessor)],
}

/// What this part works with, beside the services: what the app declares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared {
    pub(crate) app: &'static str,
    pub(crate) zone: Zone,
    pub(crate) front: Option<&'static Front>,
    pub(crate) entities: &'static [&'static Entity],
    pub(crate) sharing: &'static Sharing,
}

/// To whom a record leads now; nobody, where it is gone.
async fn recipient_of(
    itself: &Context,
    entity: &'static Entity,
    about: &'static str,
    record: Uuid,
) -> access::Result<Option<Uuid>> {
    let mut transaction = begin(itself, access::Action::List).await?;
    let found = look(itself, &mut transaction, entity, (&[], &[about]), record, |_| Ok(())).await?;
    transaction.rollback().await?;
    Ok(found.and_then(|(_, about)| about.into_iter().next().flatten()))
}

/// Seals what belongs to a row of this part.
async fn seal(context: &Context, field: u32, row: Uuid, plain: &[u8]) -> access::Result<Vec<u8>> {
    let organisation = context.principal.organisation().uuid();
    let ring = context.keys.ring(organisation).await?;
    Ok(ring.seal(Purpose::Field, &place(context, field, row), plain)?.into_bytes())
}

/// Opens it again.
async fn open(context: &Context, field: u32, row: Uuid, sealed: Vec<u8>) -> access::Result<Vec<u8>> {
    let organisation = context.principal.organisation().uuid();
    let ring = context.keys.ring(organisation).await?;
    Ok(ring.open(Purpose::Field, &place(context, field, row), &Sealed::from_bytes(sealed))?.to_vec())
}

/// HMAC-SHA-256 under the organisation's key: what has little entropy could be guessed back from a plain hash.
async fn keyed(context: &Context, field: u32, row: Uuid, text: &str) -> access::Result<Vec<u8>> {
    let ring = context.keys.ring(context.principal.organisation().uuid()).await?;
    // NUL stands in no text that is stored.
    Ok(ring.blind_index(SHARING, field, &format!("{row}\0{text}"))?.as_bytes().to_vec())
}

fn place(context: &Context, field: u32, row: Uuid) -> Binding {
    Binding {
        environment: context.keys.environment(),
        organisation: context.principal.organisation().uuid(),
        entity: SHARING,
        field,
        row,
    }
}
