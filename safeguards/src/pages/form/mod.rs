//! Forms, from one description: how they look and how they are read.
//!
//! A [`Form`] is a list of [`Field`]s. [`Show`] renders it; [`Form::parse`] reads what was sent and
//! returns typed [`Answers`], or the form again with *all* mistakes at once and with what was typed.
//! So a handler is two arms:
//!
//! ```
//! use safeguards::pages::{Field, Form, FormData, Page, View};
//!
//! fn form(view: &View) -> Form {
//!     Form::new("/patients")
//!         .field(Field::text("name", "Full name").longest(120))
//!         .field(Field::date("birth_date", "Date of birth").not_after(view.today()))
//!         .field(Field::decimal("weight", "Weight").unit("kg").range(20, 300).optional())
//! }
//!
//! fn create(view: &View, data: FormData) -> Result<String, Page> {
//!     let answers = form(view).parse(view, data).map_err(|form| view.page("New patient").with(form))?;
//!     Ok(answers.text("name").unwrap_or_default().to_owned())
//! }
//! ```
//!
//! [`Form::check_first`] puts a page of all answers before the end, and [`Form::one_at_a_time`] asks
//! one section a page, with branches ([`Field::only_when`]). Both live inside `parse`: while there is
//! something left to ask or to check, it returns the form in its next state, and nothing is kept on
//! the server. What was answered before travels in hidden fields, and is read again in full at the end.

mod answer;
mod confirm;
mod data;
mod field;
mod parse;
mod render;
#[cfg(test)]
mod tests;
mod value;

pub use answer::{Answer, Answers, UnexpectedAnswer};
pub use confirm::Confirm;
pub use data::FormData;
pub use field::{Choice, Field, Kind, Shape};
pub use parse::Mistake;

use std::borrow::Cow;

/// A sentence of the API as one on a page.
pub(super) fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    let stop = if sentence.ends_with('.') { "" } else { "." };
    first + letters.as_str() + stop
}

/// Which part of the form is in front of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The fields of this step.
    Ask(usize),
    /// All answers, before they are sent.
    Review,
}

/// A form: its fields, what was typed, and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Form {
    to: String,
    fields: Vec<Field>,
    data: FormData,
    mistakes: Vec<Mistake>,
    stage: Stage,
    paged: bool,
    checked: bool,
    submit: Option<Cow<'static, str>>,
    cancel: Option<String>,
    danger: bool,
}

impl Form {
    /// A form that is sent to a path of this app by POST.
    #[must_use]
    pub fn new(to: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            fields: Vec::new(),
            data: FormData::default(),
            mistakes: Vec::new(),
            stage: Stage::Ask(0),
            paged: false,
            checked: false,
            submit: None,
            cancel: None,
            danger: false,
        }
    }

    /// One more field. Names are unique within a form and hold no dot.
    #[must_use]
    pub fn field(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    /// More fields.
    #[must_use]
    pub fn extend(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// Leaves a field out, as for a role that may not see or change it.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|field| field.name != name);
        self
    }

    /// Fills a field with what is recorded now.
    #[must_use]
    pub fn with(mut self, name: &str, answer: impl Into<Answer>) -> Self {
        let answer = answer.into();
        if let Some(field) = self.fields.iter().find(|field| field.name == name) {
            self.data.put(field, name, &answer);
        }
        self
    }

    /// Fills a field with a moment, on the clocks of the view's zone.
    #[must_use]
    pub fn with_moment(self, view: &super::View, name: &str, moment: Option<time::OffsetDateTime>) -> Self {
        let local = moment.map(|moment| view.local(moment));
        self.with(name, local)
    }

    /// Fills all fields with what was typed.
    #[must_use]
    pub fn fill(mut self, data: &FormData) -> Self {
        self.data = data.clone();
        self
    }

    /// The version of the record that the reader sees, so that a lost update is found when the form
    /// comes back, see [`Answers::version`].
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.data.set(data::VERSION, version.to_string());
        self
    }

    /// What the main button says; "Save" unless told.
    #[must_use]
    pub fn submit(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.submit = Some(text.into());
        self
    }

    /// The main button is red: what it does cannot be taken back.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// A link that leaves the form without sending it.
    #[must_use]
    pub fn cancel(mut self, to: impl Into<String>) -> Self {
        self.cancel = Some(to.into());
        self
    }

    /// All answers are shown once more before they are sent.
    #[must_use]
    pub fn check_first(mut self) -> Self {
        self.checked = true;
        self
    }

    /// One section a page; without sections, one field a page.
    #[must_use]
    pub fn one_at_a_time(mut self) -> Self {
        self.paged = true;
        self
    }

    /// A mistake that only the handler could find, like a name that is taken. It stands at the field
    /// and on top of the page.
    #[must_use]
    pub fn mistake(mut self, name: &str, text: impl Into<String>) -> Self {
        let at = self.fields.iter().find(|field| field.name == name).map(Field::first_input);
        self.mistakes.push(Mistake { field: name.to_owned(), at: at.unwrap_or_default(), text: text.into() });
        self.stage = Stage::Ask(self.step_of(name).unwrap_or(0));
        self
    }

    /// The form again after its answers were refused: with what was typed, and with what was wrong.
    ///
    /// # Errors
    /// The problem itself, when it is about none of the fields.
    pub fn refused(
        self,
        answers: Answers,
        problem: crate::web::Problem,
    ) -> Result<Self, crate::web::Problem> {
        if problem.fields().is_empty() {
            return Err(problem);
        }
        let form = self.fill(&answers.data);
        let wrong = problem.fields().iter();
        Ok(wrong.fold(form, |form, wrong| {
            let name = wrong.pointer.trim_start_matches('/');
            let sentence = capital(&wrong.detail);
            form.mistake(name, sentence)
        }))
    }

    /// Sends it elsewhere, as when the same form makes a record and changes it.
    #[must_use]
    pub fn to(mut self, path: impl Into<String>) -> Self {
        self.to = path.into();
        self
    }

    /// What it is filled with.
    #[must_use]
    pub fn data(&self) -> &FormData {
        &self.data
    }

    /// What is wrong with the answers; none while the form is only not finished.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// The fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter()
    }

    /// The steps: one of all fields, or one a section, or one a field.
    pub(crate) fn steps(&self) -> Vec<Vec<&Field>> {
        if !self.paged {
            return vec![self.fields.iter().collect()];
        }
        let sectioned = self.fields.iter().any(|field| field.section.is_some());
        let mut steps: Vec<Vec<&Field>> = Vec::new();
        for field in &self.fields {
            match steps.last_mut() {
                Some(step) if sectioned && field.section.is_none() => step.push(field),
                _ => steps.push(vec![field]),
            }
        }
        steps
    }

    fn step_of(&self, name: &str) -> Option<usize> {
        self.steps().iter().position(|step| step.iter().any(|field| field.name == name))
    }

    /// Whether a field is asked, given the answers so far.
    pub(crate) fn applies(&self, field: &Field) -> bool {
        let Some((name, value)) = &field.condition else { return true };
        // A condition points backwards, so that branches cannot form a ring.
        let mut earlier = self.fields.iter().take_while(|other| other.name != field.name);
        let asked = earlier.find(|other| other.name == *name).is_some_and(|other| self.applies(other));
        asked && self.data.all(name).any(|typed| typed == value)
    }
}
