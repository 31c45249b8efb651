//! Danger is typed, not clicked.

use maud::{Markup, html};

use super::{Field, Form, FormData};
use crate::pages::words::fill;
use crate::pages::{Notice, Show, View};

const PHRASE: &str = "phrase";

/// A page that says what will happen and asks for a phrase before it does.
#[derive(Clone, Debug)]
pub struct Confirm {
    phrase: String,
    warning: String,
    consequences: Vec<String>,
    form: Form,
}

impl Confirm {
    /// What will happen, and the phrase to type: best a reference, never a patient's name.
    #[must_use]
    pub fn new(to: impl Into<String>, warning: impl Into<String>, phrase: impl Into<String>) -> Self {
        Self {
            phrase: phrase.into(),
            warning: warning.into(),
            consequences: Vec::new(),
            form: Form::new(to).danger(),
        }
    }

    /// One thing that follows, as a sentence.
    #[must_use]
    pub fn consequence(mut self, sentence: impl Into<String>) -> Self {
        self.consequences.push(sentence.into());
        self
    }

    /// What the red button says, like "Delete this record".
    #[must_use]
    pub fn button(mut self, text: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        self.form = self.form.submit(text);
        self
    }

    /// Where "Cancel" leads.
    #[must_use]
    pub fn cancel(mut self, to: impl Into<String>) -> Self {
        self.form = self.form.cancel(to);
        self
    }

    /// The version of the record that the reader saw.
    #[must_use]
    pub fn version(mut self, version: i64) -> Self {
        self.form = self.form.version(version);
        self
    }

    fn asking(&self, view: &View) -> Form {
        let label = fill(view.words.danger_type, &[&self.phrase]);
        self.form.clone().field(Field::text(PHRASE, label))
    }

    /// Whether the phrase was typed: the version that was confirmed, or the page to show again.
    pub fn parse(mut self, view: &View, data: FormData) -> Result<Option<i64>, Box<Self>> {
        let typed = data.first(PHRASE).unwrap_or_default().trim().to_owned();
        if typed == self.phrase {
            return Ok(data.first(super::data::VERSION).and_then(|version| version.parse().ok()));
        }
        let text = fill(view.words.danger_mismatch, &[&self.phrase]);
        let at = PHRASE.to_owned();
        self.form = self.form.fill(&data);
        self.form.mistakes = vec![super::Mistake { field: at.clone(), at, text }];
        Err(Box::new(self))
    }
}

impl Show for Confirm {
    fn show(&self, view: &View) -> Markup {
        html! {
            (Notice::danger(&self.warning).show(view))
            @if !self.consequences.is_empty() { ul.consequences { @for consequence in &self.consequences { li { (consequence) } } } }
            (self.asking(view).show(view))
        }
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        self.asking(view).summary(view)
    }
}

impl<T: Show> Show for Box<T> {
    fn show(&self, view: &View) -> Markup {
        (**self).show(view)
    }

    fn summary(&self, view: &View) -> Option<Markup> {
        (**self).summary(view)
    }
}
