//! From typed answers to the fields that a statement writes.

use crate::access::{Entity, Field, Statement, Storage};
use crate::pages::{Answer, Answers};
use crate::store::{Kind, Value};
use crate::web::Problem;

/// A statement that takes the answers of a form.
pub trait WriteAnswers: Sized {
    /// Writes every answer into the field of its name; `taken_at` is the name of `taken at`, or its column.
    fn answers(self, entity: &'static Entity, answers: &Answers) -> Self;

    /// Writes one answer into the field of this name, if there is one.
    fn answer_if(self, entity: &'static Entity, name: &str, answer: Option<&Answer>) -> Self;

    /// Binds the next `$n` to the answer of this name: as it is, or by its blind index where the field is sealed.
    fn bind_answer(self, entity: &'static Entity, name: &str, answers: &Answers) -> Self;
}

impl WriteAnswers for Statement {
    fn answers(self, entity: &'static Entity, answers: &Answers) -> Self {
        answers.iter().fold(self, |statement, (name, answer)| match field_of(entity, name) {
            Some(field) => statement.field(field.name, value(field, answer)),
            None => statement,
        })
    }

    fn answer_if(self, entity: &'static Entity, name: &str, answer: Option<&Answer>) -> Self {
        match (field_of(entity, name), answer) {
            (Some(field), Some(answer)) => self.field(field.name, value(field, answer)),
            _ => self,
        }
    }

    fn bind_answer(self, entity: &'static Entity, name: &str, answers: &Answers) -> Self {
        let Some(field) = field_of(entity, name) else { return self };
        let value = value(field, answers.answer(name));
        match field.storage {
            Storage::Sealed { lookup: Some(_) } => self.lookup(field.name, value),
            _ => self.bind(value),
        }
    }
}

impl Answers {
    /// These answers, which were derived from others: each new name is a field of the entity. What no field is called would
    /// be written nowhere, and nobody would notice.
    ///
    /// # Errors
    /// 500: the code that derives them names a field that is not there.
    pub fn as_fields_of(self, entity: &'static Entity, before: &Self) -> super::Result<Self> {
        let strange = self.iter().any(|(name, _)| !before.names(name) && field_of(entity, name).is_none());
        if strange { Err(Problem::internal("derived field")) } else { Ok(self) }
    }
}

/// The field that a form or a JSON body calls by this name.
pub(super) fn field_of(entity: &'static Entity, name: &str) -> Option<&'static Field> {
    let matches = |field: &&Field| field.column == name || field.name.replace([' ', '-'], "_") == name;
    entity.fields.iter().find(matches)
}

fn value(field: &Field, answer: &Answer) -> Value {
    match answer {
        Answer::Empty => Value::Null(field.kind.stored()),
        // A choice among records is made by their ids.
        Answer::Text(text) if field.kind.stored() == Kind::Uuid => {
            text.parse::<uuid::Uuid>().map_or(Value::Null(Kind::Uuid), Value::from)
        }
        Answer::Text(text) => Value::from(text.clone()),
        Answer::Integer(number) => Value::from(*number),
        Answer::Decimal(number) => Value::from(*number),
        Answer::Boolean(flag) => Value::from(*flag),
        Answer::Date(date) => Value::from(*date),
        Answer::Time(time) => Value::from(format!("{:02}:{:02}", time.hour(), time.minute())),
        Answer::Moment(moment) => Value::from(*moment),
        Answer::Record(id) => Value::from(*id),
        Answer::Many(items) => Value::from(items.iter().map(Answer::json).collect::<serde_json::Value>()),
    }
}
