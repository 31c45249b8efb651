//! Messages and documents: what `src/sharing.rs` prints.

use serde::Serialize;
use spec::Model;
use spec::field_type::Kind;
use spec::model::{
    Document, Entity, Field, FieldIndex, Message, MessageWord, PlaceIndex, Recipient, Reminder, Way,
};

use super::ai_actions::{OfEntityView, of_entity};
use super::function;
use super::open_pages::filled;
use super::tasks::up;

/// All that leaves the app.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct SharingView {
    /// Whether anything does.
    pub(crate) any: bool,
    pub(crate) recipients: Vec<RecipientView>,
    pub(crate) messages: Vec<MessageView>,
    pub(crate) reminders: Vec<ReminderView>,
    pub(crate) documents: Vec<DocumentView>,
    /// Whether any of them is a form that is filled in by a link.
    pub(crate) any_asked: bool,
    pub(crate) companies: Vec<CompanyView>,
    /// The entities whose records have a page of the messages about them.
    pub(crate) told: Vec<OfEntityView>,
}

/// Who receives something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RecipientView {
    pub(crate) constant: String,
    pub(crate) role: String,
    pub(crate) entity: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) placed: bool,
}

/// A message.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MessageView {
    pub(crate) constant: String,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) to: String,
    pub(crate) role: String,
    pub(crate) ways: Vec<String>,
    pub(crate) says: Vec<String>,
    /// When it goes, in words.
    pub(crate) when: String,
    /// What it says, in words.
    pub(crate) words: String,
}

/// A message that goes some time before something.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReminderView {
    pub(crate) message: String,
    /// The stem of its functions.
    pub(crate) function: String,
    pub(crate) ways: Vec<String>,
    pub(crate) entity: String,
    pub(crate) names: String,
    pub(crate) table: String,
    pub(crate) moment: String,
    pub(crate) column: String,
    pub(crate) minutes: u64,
    pub(crate) about: String,
    /// Before which of them; its own values are numbered behind the others.
    pub(crate) due: Option<String>,
    pub(crate) stands: Option<String>,
    pub(crate) beside: Vec<String>,
    pub(crate) today: bool,
}

/// A document.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DocumentView {
    pub(crate) constant: String,
    pub(crate) function: String,
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) label: String,
    pub(crate) on: OfEntityView,
    pub(crate) to: String,
    pub(crate) role: String,
    pub(crate) about: String,
    pub(crate) ways: Vec<String>,
    pub(crate) says: Vec<String>,
    pub(crate) sent_by: Vec<String>,
    pub(crate) minutes: u64,
    /// `24 hours`
    pub(crate) link: String,
    /// The fields that it shows, by the names that the policy knows.
    pub(crate) shows: Vec<String>,
    /// Those of them that it shows in their own words, which a test finds again.
    pub(crate) words: Vec<String>,
    /// The form that whoever receives it fills in.
    pub(crate) asks: Option<AskedByLinkView>,
}

/// A form that is filled in by a link.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AskedByLinkView {
    /// The role in which it is written.
    pub(crate) page_role: String,
    pub(crate) label: String,
    pub(crate) of: OfEntityView,
    /// What a test fills in: names of inputs and values.
    pub(crate) filled: Vec<(String, String)>,
}

/// A company by which messages leave.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CompanyView {
    pub(crate) way: String,
    pub(crate) constant: String,
}

pub(super) fn sharing(model: &Model) -> Result<SharingView, crate::Error> {
    let to = model.messages.iter().map(|message| &message.to);
    let mut recipients: Vec<RecipientView> = Vec::new();
    for recipient in to.chain(model.documents.iter().map(|document| &document.to)) {
        let view = recipient_view(model, recipient);
        if !recipients.contains(&view) {
            recipients.push(view);
        }
    }
    let reminders = model.messages.iter().filter_map(|message| Some((message, message.before.as_ref()?)));
    let reminders: Vec<ReminderView> = reminders
        .map(|(message, reminder)| reminder_view(model, message, reminder))
        .collect::<Result<_, _>>()?;
    let mut told = Vec::new();
    for index in
        model.messages.iter().filter_map(|message| message.before.as_ref()).map(|before| before.entity)
    {
        if !told.contains(&index) {
            told.push(index);
        }
    }
    Ok(SharingView {
        any: !recipients.is_empty(),
        recipients,
        messages: model.messages.iter().map(|message| message_view(model, message)).collect(),
        reminders,
        any_asked: model.documents.iter().any(|document| document.asks.is_some()),
        documents: model.documents.iter().map(|document| document_view(model, document)).collect(),
        companies: companies(model),
        told: told.into_iter().map(|index| of_entity(model, index)).collect(),
    })
}

fn constant(entity: &Entity) -> String {
    entity.name.snake().trim_end_matches('_').to_uppercase()
}

fn upper(name: &spec::Name) -> String {
    name.snake().trim_end_matches('_').to_uppercase()
}

fn to(model: &Model, recipient: &Recipient) -> String {
    format!("TO_{}", upper(&model[recipient.role].name))
}

fn recipient_view(model: &Model, recipient: &Recipient) -> RecipientView {
    let entity = &model[recipient.entity];
    let field = |at: FieldIndex| entity[at].name.to_string();
    RecipientView {
        constant: to(model, recipient),
        role: model[recipient.role].name.to_string(),
        entity: constant(entity),
        email: recipient.email.map(field),
        phone: recipient.phone.map(field),
        placed: entity.has_place_column(),
    }
}

pub(super) fn way(way: Way) -> String {
    match way {
        Way::Email => "Way::Email".to_owned(),
        Way::Sms => "Way::Sms".to_owned(),
    }
}

fn ways(all: &[Way]) -> Vec<String> {
    all.iter().map(|one| way(*one)).collect()
}

fn says(all: &[MessageWord]) -> Vec<String> {
    let word = |word: &MessageWord| match word {
        MessageWord::App => Some("Says::App"),
        MessageWord::Place(place) if *place == Model::ORGANISATION => Some("Says::Organisation"),
        MessageWord::Place(_) => Some("Says::Place"),
        MessageWord::Time => Some("Says::Time"),
        MessageWord::Date => Some("Says::Date"),
        MessageWord::Link => Some("Says::Link"),
        // `spec::buildable` names it.
        MessageWord::Reference => None,
    };
    all.iter().filter_map(word).map(str::to_owned).collect()
}

fn place(model: &Model, place: PlaceIndex) -> String {
    model[place].name.to_string()
}

fn message_view(model: &Model, message: &Message) -> MessageView {
    let word = |word: &MessageWord| match word {
        MessageWord::App => "app".to_owned(),
        MessageWord::Place(at) => place(model, *at),
        MessageWord::Time => "time".to_owned(),
        MessageWord::Date => "date".to_owned(),
        MessageWord::Link => "link".to_owned(),
        MessageWord::Reference => "reference".to_owned(),
    };
    let words: Vec<String> = message.says.iter().map(word).collect();
    let rules = model
        .rules
        .iter()
        .filter(|rule| rule.messages.iter().any(|told| model.messages[told.message].name == message.name));
    let rules: Vec<&str> = rules.map(|rule| rule.label.as_str()).collect();
    let when = match &message.before {
        Some(before) => {
            let entity = &model[before.entity];
            format!("{} before {}.{}", before.before, entity.name, entity[before.moment].name)
        }
        None if rules.is_empty() => "with a document".to_owned(),
        None => rules.join(", "),
    };
    MessageView {
        constant: upper(&message.name),
        name: message.name.to_string(),
        label: message.label.clone(),
        to: to(model, &message.to),
        role: model[message.to.role].name.to_string(),
        ways: message.ways.iter().map(|way| way.as_str().to_owned()).collect(),
        says: says(&message.says),
        when,
        words: words.join(", "),
    }
}

fn reminder_view(
    model: &Model,
    message: &Message,
    reminder: &Reminder,
) -> Result<ReminderView, crate::Error> {
    let entity = &model[reminder.entity];
    let table = &entity.table;
    let (condition, beside) = match &reminder.filter {
        Some(filter) => {
            let (text, beside) = crate::rules::sql(model, table, filter)?;
            (Some(text), beside)
        }
        None => (None, Vec::new()),
    };
    let numbered = |number: &str| condition.as_ref().map(|text| text.replace(":today", number));
    Ok(ReminderView {
        message: upper(&message.name),
        function: function(&message.name, "message"),
        ways: ways(&message.ways),
        entity: constant(entity),
        names: crate::view::entity::lower_first(&entity.plural),
        table: table.clone(),
        moment: entity[reminder.moment].name.to_string(),
        column: entity[reminder.moment].column.clone(),
        minutes: reminder.before.minutes(),
        about: up(model, reminder.entity, &reminder.way),
        today: condition.as_ref().is_some_and(|text| text.contains(":today")),
        due: numbered("$3"),
        stands: numbered("$2"),
        beside,
    })
}

fn document_view(model: &Model, document: &Document) -> DocumentView {
    let entity = &model[document.entity];
    let is_words = |field: &Field| matches!(field.kind, Kind::Text | Kind::LongText) && !field.list;
    let names = |fields: &mut dyn Iterator<Item = &FieldIndex>| {
        fields.map(|at| entity[*at].name.to_string()).collect()
    };
    DocumentView {
        constant: format!("{}_DOCUMENT", upper(&document.name)),
        function: function(&document.name, "document"),
        name: document.name.to_string(),
        path: document.name.kebab(),
        label: document.label.clone(),
        on: of_entity(model, document.entity),
        to: to(model, &document.to),
        role: model[document.to.role].name.to_string(),
        about: up(model, document.entity, &document.way),
        ways: ways(&document.ways),
        says: says(&document.says),
        sent_by: document.sent_by.iter().map(|role| model[*role].name.to_string()).collect(),
        minutes: document.link.minutes(),
        link: document.link.to_string(),
        shows: names(&mut document.shows.iter()),
        words: names(&mut document.shows.iter().filter(|at| is_words(&entity[**at]))),
        asks: document.asks.map(|form| {
            let form = &model[form];
            let always = form.questions.iter().filter(|question| question.when.is_none());
            AskedByLinkView {
                page_role: crate::view::open::role(&document.name),
                label: form.label.clone(),
                of: of_entity(model, form.entity),
                filled: always.flat_map(|question| filled(&model[form.entity], question.field)).collect(),
            }
        }),
    }
}

/// The companies that the spec names for e-mail and for text messages.
fn companies(model: &Model) -> Vec<CompanyView> {
    let named = |wanted: Way, words: &[&str]| {
        let for_it = |purpose: &String| words.contains(&purpose.to_lowercase().as_str());
        let company = model.sub_processors.iter().find(|company| company.purposes.iter().any(for_it))?;
        Some(CompanyView { way: way(wanted), constant: super::ai_actions::constant(&company.name) })
    };
    let email = named(Way::Email, &["email", "e-mail", "mail"]);
    email.into_iter().chain(named(Way::Sms, &["sms", "text messages", "texts"])).collect()
}
