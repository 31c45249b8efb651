//! What becomes of a message that waits: whether it may still be sent, to which address, and in which words.

use time::OffsetDateTime;
use uuid::Uuid;

use super::outbox::{CODE, Message};
use super::packets::{self, Packet};
use super::wording::{Code, MessageWord, PlaceName};
use super::{Declared, Document, Letter, Recipient, SECRET, Says, Way, Wording, open};
use crate::access::{self, Action, Context, Error, Moment, begin, look};
use crate::ai::attestation;
use crate::app::Services;
use crate::crypto::Normal;
use crate::identity::{EmailAddress, Token};
use crate::pages::View;
use crate::store::{self, Text, sql};

/// What becomes of a message that is looked at.
pub(super) enum Fate {
    Goes(Letter, &'static Recipient),
    Waits(&'static str),
    Dies(&'static str),
}

/// What is said and who receives it.
struct Content<'d> {
    to: &'static Recipient,
    says: &'static [Says],
    packet: Option<(&'d Document, Packet)>,
}

/// Whether a message may be sent, and what it says then.
pub(super) async fn fate(
    itself: &Context,
    services: &Services,
    declared: &Declared,
    message: &Message,
) -> access::Result<Fate> {
    if message.until <= itself.clock.now() {
        return Ok(Fate::Dies("it would come too late"));
    }
    let content = match content(itself, declared, message).await? {
        Ok(content) => content,
        Err(why) => return Ok(Fate::Dies(why)),
    };
    let Some(to) = address(itself, content.to, message.way, message.recipient).await? else {
        return Ok(Fate::Dies("there is no address on the record"));
    };
    if let Err(why) = ready(itself, services, declared, message.way).await? {
        return Ok(Fate::Waits(why));
    }
    let Some((subject, body)) = words(itself, services, declared, message, &content).await? else {
        return Ok(Fate::Dies("it has nothing to tell any more"));
    };
    let letter =
        Letter { id: message.id, way: message.way, to, subject, body, written_at: message.written_at };
    Ok(Fate::Goes(letter, content.to))
}

/// What a message says, if what it is about still stands.
async fn content<'d>(
    itself: &Context,
    declared: &'d Declared,
    message: &Message,
) -> access::Result<std::result::Result<Content<'d>, &'static str>> {
    if let Some(packet) = message.packet {
        let Some((document, packet)) = packets::standing(itself, declared, packet).await? else {
            return Ok(Err("it was revoked, or is over"));
        };
        let packet = Some((document, packet));
        return Ok(Ok(Content { to: document.to, says: document.says, packet }));
    }
    let Some(said) = declared.sharing.messages.iter().find(|known| known.name == message.name) else {
        return Ok(Err("this version of the app does not say it"));
    };
    let stands = match message.said_at {
        Some(at) => is_ahead(itself, declared, message, at).await?,
        None => holds(itself, message).await?,
    };
    if !stands {
        return Ok(Err("what it is about is no longer so"));
    }
    Ok(Ok(Content { to: said.to, says: said.says, packet: None }))
}

/// Whether the record still has this moment, is one to be told of, and leads to the same person.
async fn is_ahead(
    itself: &Context,
    declared: &Declared,
    message: &Message,
    at: OffsetDateTime,
) -> access::Result<bool> {
    let reminders = declared.sharing.reminders.iter();
    let Some(reminder) = reminders
        .filter(|reminder| reminder.message.name == message.name)
        .find(|reminder| reminder.entity.table == message.entity.table)
    else {
        return Ok(false);
    };
    let moment = Moment { now: itself.clock.now(), zone: declared.zone };
    if (reminder.stands)(&moment, message.record).ids(itself, reminder.entity).await?.is_empty() {
        return Ok(false);
    }
    let mut transaction = begin(itself, Action::List).await?;
    let read = (&[reminder.moment][..], &[reminder.about][..]);
    let found = look(itself, &mut transaction, reminder.entity, read, message.record, |row| {
        Ok(row.field::<Option<OffsetDateTime>>(reminder.moment)?.value().copied().flatten())
    })
    .await?;
    transaction.rollback().await?;
    Ok(found.is_some_and(|(now, about)| now == Some(at) && about.first() == Some(&Some(message.recipient))))
}

/// Whether what a rule waited for still holds.
async fn holds(itself: &Context, message: &Message) -> access::Result<bool> {
    let mut transaction = begin(itself, Action::List).await?;
    let open =
        sql("SELECT id FROM rule_episodes WHERE id = $1 AND organisation_id = $2 AND ended_at IS NULL")
            .bind(message.occasion.parse::<Uuid>().unwrap_or_default())
            .bind(itself.principal.organisation().uuid())
            .fetch_optional(&mut transaction)
            .await?;
    transaction.rollback().await?;
    Ok(open.is_some())
}

/// The address that the record has now, in the one form in which such things are compared.
pub(super) async fn address(
    itself: &Context,
    to: &'static Recipient,
    way: Way,
    record: Uuid,
) -> access::Result<Option<String>> {
    let Some(field) = to.field(way) else { return Ok(None) };
    let mut transaction = begin(itself, Action::List).await?;
    let found = look(itself, &mut transaction, to.entity, (&[field], &[]), record, |row| {
        Ok(row.field::<Option<String>>(field)?.value().cloned().flatten())
    })
    .await?;
    transaction.rollback().await?;
    let Some((Some(address), _)) = found else { return Ok(None) };
    Ok(match way {
        Way::Email => EmailAddress::parse(&address).ok().map(|address| address.as_str().to_owned()),
        Way::Sms => Normal::Phone.apply(&address),
    })
}

/// Whether messages leave by this way, or why not (CF-23).
pub(super) async fn ready(
    itself: &Context,
    services: &Services,
    declared: &Declared,
    way: Way,
) -> access::Result<std::result::Result<(), &'static str>> {
    let Some(post) = services.post.by(way) else {
        return Ok(Err("whoever runs the app has not set up how it goes"));
    };
    if !post.leaves() {
        return Ok(Ok(()));
    }
    let companies = declared.sharing.companies.iter();
    let Some((_, company)) = companies.clone().find(|(its, _)| *its == way) else {
        return Ok(Err("no company is named in the app by which it goes"));
    };
    let standing = attestation::standing(itself, company).await.map_err(|_| Error::NotFound)?;
    Ok(match standing {
        Some(attestation) if !attestation.is_over(itself.clock.now()) => Ok(()),
        _ => Err("no agreement with the company by which it goes is attested"),
    })
}

/// The subject and the lines of a message.
async fn words(
    itself: &Context,
    services: &Services,
    declared: &Declared,
    message: &Message,
    content: &Content<'_>,
) -> access::Result<Option<(Wording, Vec<Wording>)>> {
    let view = View::new(declared.app, itself.clock.now()).zone(declared.zone);
    let origin = services.settings.public_url.origin();
    let secret = match &message.secret {
        Some(sealed) => Some(open(itself, SECRET, message.id, sealed.clone()).await?),
        None => None,
    };
    let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok());
    let place = |says| place_name(itself, content.to, message.recipient, says);
    let mut subject = Wording::of(&[MessageWord::Ours("A message for you")]);
    let mut body = Vec::new();
    if message.name == CODE {
        let Some(code) = secret.map(Code::new) else { return Ok(None) };
        body.push(Wording::of(&[
            MessageWord::Code(&code),
            MessageWord::Ours(" is your code for "),
            MessageWord::Home(origin),
            MessageWord::Ours(". Tell nobody. If you did not ask for it, you need not do anything."),
        ]));
        return Ok(Some((Wording::of(&[MessageWord::Ours("Your code")]), body)));
    }
    for word in content.says {
        match (word, message.said_at) {
            (Says::App, _) => {
                let from = [MessageWord::Ours("From "), MessageWord::App(declared.app)];
                (subject, body) = begun(subject, body, Wording::of(&from));
            }
            (Says::Organisation | Says::Place, _) => {
                let name = place(*word).await?;
                let from = [MessageWord::Ours("From "), MessageWord::Place(&name)];
                (subject, body) = begun(subject, body, Wording::of(&from));
            }
            (Says::Time, Some(at)) => {
                body.push(Wording::of(&[MessageWord::Ours("When: "), MessageWord::Moment(&view, at)]));
            }
            (Says::Date, Some(at)) => {
                body.push(Wording::of(&[MessageWord::Ours("When: "), MessageWord::Day(&view, at)]));
            }
            (Says::Time | Says::Date, None) => return Ok(None),
            (Says::Link, _) => {
                let Some((_, packet)) = &content.packet else {
                    body.push(Wording::of(&[MessageWord::Ours("Sign in here: "), MessageWord::Home(origin)]));
                    continue;
                };
                let Some(token) = secret.as_deref().and_then(Token::parse) else { return Ok(None) };
                body.push(Wording::of(&[
                    MessageWord::Ours("Something was sent to you. Open it here: "),
                    MessageWord::Packet(origin, &token),
                ]));
                body.push(Wording::of(&[
                    MessageWord::Ours(
                        "You are asked for a code that is sent to you then. The link opens until ",
                    ),
                    MessageWord::Moment(&view, packet.until),
                    MessageWord::Ours("."),
                ]));
            }
        }
    }
    Ok((!body.is_empty()).then_some((subject, body)))
}

/// Whose message it is stands in its subject and on its first line.
fn begun(subject: Wording, mut body: Vec<Wording>, from: Wording) -> (Wording, Vec<Wording>) {
    let subject = if body.is_empty() { from.clone() } else { subject };
    body.push(from);
    (subject, body)
}

async fn place_name(
    itself: &Context,
    to: &'static Recipient,
    recipient: Uuid,
    says: Says,
) -> access::Result<PlaceName> {
    let mut transaction = begin(itself, Action::List).await?;
    if says == Says::Place && to.placed {
        let text = format!(
            "SELECT p.name FROM {} r JOIN places p ON p.id = r.place_id WHERE r.id = $1",
            to.entity.table
        );
        let found = store::Statement::composed(Text::composed(text), vec![recipient.into()]);
        if let Some(row) = found.fetch_optional(&mut transaction).await? {
            transaction.rollback().await?;
            return Ok(PlaceName::of(&row)?);
        }
    }
    let row = sql("SELECT name FROM organisations WHERE id = $1")
        .bind(itself.principal.organisation().uuid())
        .fetch_one(&mut transaction)
        .await?;
    transaction.rollback().await?;
    Ok(PlaceName::of(&row)?)
}
