//! A wish for a change of an app that exists: `let nurses see vitals too`, `rename phone to mobile`.
//!
//! The same grammar reads it, over a world that is made of the spec that stands. What it says is applied to that
//! spec and nothing else is: no default is filled in but for a record that is new. What can lose data or shows
//! somebody more than today is told apart, so that whoever asks can be asked again.

mod access;
mod apply;
mod difference;
mod rename;
mod told;
mod wishes;
mod world;

pub use difference::differences;
pub use told::{Difference, without_retired};

use crate::plan::{Answer, Answers, PlanError, Question};
use crate::sentences::split;
use crate::{features, spanish};
use spec::access::{Widening, widened};
use spec::{AppSpec, ValidatedSpec};

/// What became of a wish for a change.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The new spec; it has been validated against the ids of the old one.
    pub spec: AppSpec,
    /// The new spec as text.
    pub text: String,
    /// What is different, in people's words: `Nurses will also see vitals.`
    pub differences: Vec<String>,
    /// What somebody may do and could not before, by the grants of both versions.
    pub widened: Vec<Widening>,
    /// What can lose data, in people's words; each wants a confirmation of its own.
    pub loses: Vec<String>,
    /// What a person should decide, each with its safe default, which has been taken.
    pub questions: Vec<Question>,
    /// What was said and was not understood; nothing in it narrows.
    pub not_understood: Vec<String>,
}

impl Changed {
    /// Whether somebody has to confirm it by typing: it can lose data, or shows what is kept to somebody new.
    pub fn wants_confirmation(&self) -> bool {
        !self.loses.is_empty() || self.widened.iter().any(Widening::shows_what_is_kept)
    }
}

/// Changes a spec as a prompt says. A pure function of both.
///
/// # Errors
/// [`PlanError`] says why nothing changes: it was not understood, a restriction in it was not, or the app that it
/// asks for would not hold.
pub fn change(current: &ValidatedSpec, prompt: &str) -> Result<Changed, PlanError> {
    change_answered(current, prompt, &Answers::new())
}

/// As [`change`], with answers to its questions by what they are about. [`Answer::Drop`] to a question whether a
/// value was renamed says that it was not: the old one is retired and a new one begins empty.
///
/// # Errors
/// As [`change`].
pub fn change_answered(
    current: &ValidatedSpec,
    prompt: &str,
    answers: &Answers,
) -> Result<Changed, PlanError> {
    let sentences = split(&wishes::plainly(prompt));
    if sentences.is_empty() {
        return Err(PlanError::NotAnApp {
            why: "this says no change: write one, as in `let nurses see vitals too` or `add allergies to patients`".into(),
        });
    }
    if spanish::is_spanish(&sentences) || world::is_spanish(current.document()) {
        return Err(PlanError::NotAnApp {
            why: "changes are read in English, of apps in English, so far; nothing was changed (por ahora los cambios se leen en inglés)".into(),
        });
    }
    let mut draft = apply::Draft::new(current.document().clone());
    let mut rest = Vec::new();
    for sentence in sentences {
        match wishes::read(&sentence, &draft.spec) {
            Some(wish) => draft.take(wish, answers),
            None => rest.push(sentence),
        }
    }
    draft.pair_renames(answers);
    if !rest.is_empty() {
        draft.read_on(rest, features::settles)?;
    }
    if draft.spec == *current.document() {
        let why = if draft.not_understood.is_empty() {
            "nothing in this changes the app: it is so already".to_owned()
        } else {
            format!("not understood, so nothing was changed: {}", draft.not_understood.join(" | "))
        };
        return Err(PlanError::NotAnApp { why });
    }
    let valid = draft.settle(current.lock())?;
    let differences = differences(current.document(), valid.document());
    Ok(Changed {
        text: valid.document().to_yaml(),
        widened: widened(current, &valid),
        differences,
        loses: draft.loses,
        questions: draft.questions,
        not_understood: draft.not_understood,
        spec: valid.document().clone(),
    })
}

/// Whether a question was answered by saying no to it.
fn refused(answers: &Answers, about: &str) -> bool {
    matches!(answers.get(about), Some(Answer::Drop))
}
