//! Reading a form: all mistakes at once, one stage at a time.

use super::data::{ADD, BACK, CHANGE, CHECKING, CONFIRMED, REMOVE, STEP, VERSION};
use super::value::Reading;
use super::{Answer, Answers, Field, Form, FormData, Stage};
use crate::pages::View;

/// Something wrong with an answer, in words that say how to put it right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field's name.
    pub field: String,
    /// The name of the input that the link on top of the page leads to.
    pub at: String,
    /// The sentence. It never repeats what was typed.
    pub text: String,
}

/// Answers by the names of their fields.
type Named = Vec<(String, Answer)>;

impl Form {
    /// Reads what was sent. `Err` is the form to show next: with its mistakes (422), or in its next
    /// state (another line in a list, the next question, the page of all answers), which is no
    /// mistake and answers 200.
    pub fn parse(mut self, view: &View, data: FormData) -> Result<Answers, Box<Self>> {
        self.take(data);
        if self.lines_changed() {
            return Err(Box::new(self));
        }
        let steps = self.steps().len();
        let sent = self.sent_step().min(steps.saturating_sub(1));
        if self.data.first(BACK).is_some() {
            self.stage = Stage::Ask(self.step_before(sent));
            return Err(Box::new(self));
        }
        if let Some(step) = self.data.first(CHANGE).and_then(|name| self.step_of(name)) {
            self.data.set(CHECKING, "yes");
            self.stage = Stage::Ask(step);
            return Err(Box::new(self));
        }
        // Whoever sends the page of all answers has been through every step.
        let checking = self.data.first(CHECKING).is_some() || self.data.first(CONFIRMED).is_some();
        let until = if checking { steps.saturating_sub(1) } else { sent };
        let read = self.read_until(view, until);
        let answers = match read {
            Ok(answers) => answers,
            Err((step, mistakes)) => {
                // A question that a change has newly opened is asked, not blamed.
                let unseen = checking && step != sent;
                self.mistakes = if unseen { Vec::new() } else { mistakes };
                self.stage = Stage::Ask(step);
                return Err(Box::new(self));
            }
        };
        if let Some(next) = self.step_after(until) {
            self.stage = Stage::Ask(next);
            return Err(Box::new(self));
        }
        if self.checked && self.data.first(CONFIRMED) != Some("yes") {
            self.stage = Stage::Review;
            return Err(Box::new(self));
        }
        Ok(Answers { answers, data: self.data })
    }

    /// Keeps what belongs to this form, and the version that it was filled with.
    fn take(&mut self, data: FormData) {
        let version = self.data.first(VERSION).map(str::to_owned);
        self.data = data;
        if let (Some(version), None) = (version, self.data.first(VERSION)) {
            self.data.set(VERSION, version);
        }
    }

    fn sent_step(&self) -> usize {
        self.data.first(STEP).and_then(|step| step.parse().ok()).unwrap_or(0)
    }

    /// A button of a list was pressed: nothing is checked yet.
    fn lines_changed(&mut self) -> bool {
        let is_list = |form: &Self, name: &str| {
            form.fields
                .iter()
                .any(|field| field.name == name && matches!(field.kind, super::Kind::List { .. }))
        };
        let added = self.data.first(ADD).map(str::to_owned).filter(|name| is_list(self, name));
        let removed = self.data.first(REMOVE).and_then(|item| {
            let (name, index) = item.rsplit_once('.')?;
            Some((name.to_owned(), index.parse::<usize>().ok()?))
        });
        let removed = removed.filter(|(name, _)| is_list(self, name));
        let list = match (added, removed) {
            (Some(name), _) => {
                let next = self.data.items(&name).max(1);
                self.data.set(&format!("{name}.{next}"), "");
                name
            }
            (None, Some((name, index))) => {
                self.data.remove_item(&name, index);
                name
            }
            (None, None) => return false,
        };
        self.stage = Stage::Ask(self.step_of(&list).unwrap_or(0));
        true
    }

    fn asked(&self, step: &[&Field]) -> bool {
        step.iter().any(|field| self.applies(field))
    }

    fn step_before(&self, step: usize) -> usize {
        let steps = self.steps();
        (0..step).rev().find(|before| self.asked(&steps[*before])).unwrap_or(0)
    }

    fn step_after(&self, step: usize) -> Option<usize> {
        let steps = self.steps();
        (step + 1..steps.len()).find(|after| self.asked(&steps[*after]))
    }

    /// All answers of the steps up to and with `until`, or the first step that has mistakes and them.
    fn read_until(&self, view: &View, until: usize) -> Result<Named, (usize, Vec<Mistake>)> {
        let mut answers = Vec::with_capacity(self.fields.len());
        for (index, step) in self.steps().into_iter().enumerate().take(until + 1) {
            let mut mistakes = Vec::new();
            for field in step {
                if !self.applies(field) {
                    answers.push((field.name.to_string(), Answer::Empty));
                    continue;
                }
                match (Reading { view, data: &self.data, field, name: &field.name }).read() {
                    Ok(answer) => answers.push((field.name.to_string(), answer)),
                    Err(wrong) => mistakes.extend(wrong),
                }
            }
            if !mistakes.is_empty() {
                return Err((index, mistakes));
            }
        }
        Ok(answers)
    }

    /// What was typed into one field, as far as it can be read.
    pub(crate) fn read_one(&self, view: &View, field: &Field) -> Option<Answer> {
        Reading { view, data: &self.data, field, name: &field.name }.read().ok()
    }
}
