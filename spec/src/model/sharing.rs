//! What leaves the app: messages, and documents by a link.

use super::{EntityIndex, FieldIndex, Hop, PlaceIndex, RoleIndex};
use crate::{document::Period, name::Name, rules::Expression};

/// A message outside the app. It says nothing of anybody's record but when and where.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// By which ways it goes: each of them.
    pub ways: Vec<Way>,
    /// Whose it is.
    pub to: Recipient,
    /// What it says, in order.
    pub says: Vec<MessageWord>,
    /// When it goes by itself.
    pub before: Option<Reminder>,
}

/// Who receives something: the person whom a record is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The role.
    pub role: RoleIndex,
    /// The entity of which a person of this role is a record.
    pub entity: EntityIndex,
    /// Its field with an e-mail address.
    pub email: Option<FieldIndex>,
    /// Its field with a telephone number.
    pub phone: Option<FieldIndex>,
}

/// How a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// E-mail.
    Email,
    /// A short message to a telephone.
    Sms,
}

impl Way {
    /// As the spec says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }
}

/// What a message may say. There is no word that a field of a record could be put into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageWord {
    /// The app's name.
    App,
    /// The name of the place of this kind whose record it is about; of the organisation, where it is the first.
    Place(PlaceIndex),
    /// The day and the time of what is ahead.
    Time,
    /// The day of what is ahead.
    Date,
    /// The way to a page behind a sign-in or a code.
    Link,
    /// The pseudonymous reference.
    Reference,
}

/// A message that goes some time before something.
#[derive(Clone, Debug)]
pub struct Reminder {
    /// The entity that has the moment.
    pub entity: EntityIndex,
    /// The moment; plain or queryable.
    pub moment: FieldIndex,
    /// How long before.
    pub before: Period,
    /// Before which of them.
    pub filter: Option<Expression>,
    /// The way from there to who receives it.
    pub way: Vec<Hop>,
}

/// A frozen rendering of a record, which is sent by a link.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its name.
    pub name: Name,
    /// What people call it.
    pub label: String,
    /// The entity that is rendered.
    pub entity: EntityIndex,
    /// Its fields that are shown, in order; whoever receives it may view each of them anyway.
    pub shows: Vec<FieldIndex>,
    /// Who receives it.
    pub to: Recipient,
    /// The way from the record to who receives it.
    pub way: Vec<Hop>,
    /// The roles that send it.
    pub sent_by: Vec<RoleIndex>,
    /// How long its link opens.
    pub link: Period,
    /// By which ways the link goes.
    pub ways: Vec<Way>,
    /// What is said beside the link.
    pub says: Vec<MessageWord>,
    /// The form that whoever receives it fills in, of a page by link; it then shows nothing.
    pub asks: Option<super::FormIndex>,
}

/// A message that a rule sends.
#[derive(Clone, Debug)]
pub struct ToldBy {
    /// The position in [`super::Model::messages`].
    pub message: usize,
    /// The way from the record of the rule to who receives it.
    pub way: Vec<Hop>,
}
