//! A JSON body, read by the same form that a page shows.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde_json::{Map, Value};
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime, Time};
use uuid::Uuid;

use super::list_filter::{ListFilter, Orders, whole};
use super::{Result, Wanted};
use crate::pages::{Answer, Answers, Field, Form, FormData, Kind, Shape, View};
use crate::web::{Code, FieldProblem, Problem};

/// An object of named values. Names that the form does not ask for are refused, so that a misspelt field is
/// never lost in silence.
#[derive(Clone, Default)]
pub struct Body(Map<String, Value>);

impl std::fmt::Debug for Body {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[sealed]")
    }
}

impl Body {
    /// A body of these values, for records that the app makes by itself.
    pub fn of(values: Map<String, Value>) -> Self {
        Self(values)
    }

    /// The id under a name that every such body must have, like the record that a new one is part of.
    pub fn record(&self, name: &str) -> Result<Uuid> {
        let id = self.0.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
        id.ok_or_else(|| wrong(name, "must be the id of a record"))
    }

    /// The version that a change names.
    pub fn version(&self) -> Result<i64> {
        self.0
            .get("version")
            .and_then(|version| whole(version.as_number()?))
            .ok_or_else(|| wrong("version", "must be the version that you changed"))
    }

    /// A text that every such body must have.
    pub fn text(&self, name: &str) -> Result<String> {
        let text = self.0.get(name).and_then(Value::as_str).map(str::to_owned);
        text.ok_or_else(|| wrong(name, "must be text"))
    }

    /// What a program searches for: these filters and no others, an order, a page.
    pub fn wanted(&self, filters: &[ListFilter], orders: &[Orders]) -> Result<Wanted> {
        let mut terms = FormData::default();
        for (name, value) in &self.0 {
            let own = match name.as_str() {
                "page" => Some(ListFilter::integer("page")),
                "sort" => Some(ListFilter::text("sort")),
                _ => None,
            };
            let known = own.as_ref().or_else(|| filters.iter().find(|filter| filter.name == name));
            let known = known.ok_or_else(|| wrong(name, "is not a filter of this list"))?;
            terms.set(name, known.text_of(value).map_err(|detail| wrong(name, detail))?);
        }
        Wanted::sent("/", terms).asked_in_private(filters, orders)
    }

    /// The answers for a new record: what is not sent keeps what the form is filled with.
    pub fn answers(&self, view: &View, form: Form, beside: &[&str]) -> Result<Answers> {
        self.known(&form, beside)?;
        parse(view, self.put(view, form)?)
    }

    /// The answers for a change: fields that are not sent are not asked.
    pub fn changes(&self, view: &View, form: Form) -> Result<Answers> {
        self.known(&form, &["version"])?;
        let absent: Vec<String> = form
            .fields()
            .map(|field| field.name().to_owned())
            .filter(|name| !self.0.contains_key(name))
            .collect();
        let form = absent.iter().fold(form, |form, name| form.without(name));
        parse(view, self.put(view, form)?)
    }

    fn known(&self, form: &Form, beside: &[&str]) -> Result<()> {
        let known = |name: &str| beside.contains(&name) || form.fields().any(|field| field.name() == name);
        let unknown = self.0.keys().filter(|name| !known(name));
        let wrong: Vec<_> =
            unknown.map(|name| problem(name, "is not a field that you may write here")).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Problem::invalid(wrong)) }
    }

    fn put(&self, view: &View, form: Form) -> Result<Form> {
        let mut wrong = Vec::new();
        let mut sent = BTreeMap::new();
        for field in form.fields() {
            if let Some(value) = self.0.get(field.name()) {
                match answer(view, field.kind(), value) {
                    Some(answer) => drop(sent.insert(field.name().to_owned(), answer)),
                    None => wrong.push(problem(field.name(), expected(field))),
                }
            }
        }
        if !wrong.is_empty() {
            return Err(Problem::invalid(wrong));
        }
        Ok(sent.into_iter().fold(form, |form, (name, answer)| form.with(&name, answer)))
    }
}

fn parse(view: &View, form: Form) -> Result<Answers> {
    let data = form.data().clone();
    form.parse(view, data).map_err(|form| {
        let mistake = |mistake: &crate::pages::Mistake| problem(&mistake.field, mistake.text.clone());
        Problem::invalid(form.mistakes().iter().map(mistake).collect())
    })
}

/// The value as an answer of this kind; a moment is put on the clocks of the view's zone, as a page has it.
pub(crate) fn answer(view: &View, kind: &Kind, value: &Value) -> Option<Answer> {
    if value.is_null() {
        return Some(Answer::Empty);
    }
    let text = || value.as_str().map(str::to_owned);
    Some(match kind {
        Kind::Integer { .. } => Answer::Integer(whole(value.as_number()?)?),
        Kind::Decimal { .. } => match value {
            Value::Number(number) => Answer::Decimal(number.to_string().parse().ok()?),
            _ => Answer::Decimal(text()?.parse().ok()?),
        },
        Kind::Date { .. } => Answer::Date(Date::parse(value.as_str()?, &Iso8601::DATE).ok()?),
        Kind::Time => Answer::Time(Time::parse(value.as_str()?, &Iso8601::TIME).ok()?),
        Kind::Moment => Answer::Moment(view.local(OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()?)),
        Kind::YesNo | Kind::Tick => Answer::Boolean(value.as_bool()?),
        Kind::List { of, .. } => {
            let items = value.as_array()?.iter().map(|item| answer(view, of.kind(), item));
            Answer::Many(items.collect::<Option<_>>()?)
        }
        Kind::Choices(_) => {
            let items =
                value.as_array()?.iter().map(|item| item.as_str().map(|text| Answer::Text(text.to_owned())));
            Answer::Many(items.collect::<Option<_>>()?)
        }
        // On a page, nothing chosen is an empty text; in JSON it is null.
        Kind::Choice(_) | Kind::Text { shape: Shape::Record | Shape::Email, .. } => {
            Answer::Text(text().filter(|text| !text.is_empty())?)
        }
        Kind::Text { .. } | Kind::Paragraphs { .. } | Kind::Code { .. } => Answer::Text(text()?),
    })
}

fn expected(field: &Field) -> &'static str {
    match field.kind() {
        Kind::Integer { .. } => "must be a whole number",
        Kind::Decimal { .. } => "must be a decimal number, as a string or a number",
        Kind::Date { .. } => "must be a date like 2026-03-13",
        Kind::Time => "must be a time like 14:05",
        Kind::Moment => "must be a moment like 2026-03-13T14:05:00Z",
        Kind::YesNo | Kind::Tick => "must be true or false",
        Kind::List { .. } | Kind::Choices(_) => "must be a list",
        Kind::Choice(_) => "must be one of its choices, or null for none",
        Kind::Text { shape: Shape::Record, .. } => "must be the id of a record, or null for none",
        Kind::Text { shape: Shape::Email, .. } => "must be an e-mail address, or null for none",
        _ => "must be text",
    }
}

fn wrong(name: &str, detail: &'static str) -> Problem {
    Problem::invalid(vec![problem(name, detail)])
}

/// Names may hold `~` and `/`, which a JSON pointer escapes (RFC 6901, section 3).
fn problem(name: &str, detail: impl Into<String>) -> FieldProblem {
    let name: String = name.chars().take(80).collect();
    FieldProblem {
        pointer: format!("/{}", name.replace('~', "~0").replace('/', "~1")),
        detail: detail.into(),
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim).unwrap_or_default();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(Code::UnsupportedFormat).detail("Send application/json."));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Problem::new(Code::Malformed))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(values)) => Ok(Self(values)),
            _ => Err(Problem::new(Code::Malformed).detail("Send one JSON object.")),
        }
    }
}
